"""The documentation as a site: it builds strictly, asks nobody anything, no link is dead."""

import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

REPO = Path(__file__).parents[1]
DOCS = REPO / "docs"
ROOMS = ("degradations", "mixing", "datasets", "manifests", "cascade")
ASKED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
SHOWN = ("table", "li", "pre", "h1", "h2", "h3", "img")
KINDS = {
    "table_open": "table",
    "list_item_open": "li",
    "fence": "pre",
    "code_block": "pre",
    "image": "img",
}
FOREIGN = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import")


class Reader(HTMLParser):
    """What a page asks for, links to and has to show."""

    def __init__(self, path):
        super().__init__()
        self.asked, self.links, self.anchors = [], [], set()
        self.shown: Counter[str] = Counter()
        self.inside = False
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        self.inside |= tag == "article"
        if tag in ASKED and found.get(ASKED[tag]):
            self.asked.append(found[ASKED[tag]])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        self.shown[tag] += self.inside

    def handle_endtag(self, tag):
        self.inside &= tag != "article"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the site, built anew; a warning fails it."""
    pytest.importorskip("mkdocs", reason="pip install 'wetdry[docs]'")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=REPO, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site):
    return {path: Reader(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def test_nothing_is_asked_of_another_host(site, pages):
    for path, page in pages.items():
        foreign = [to for to in page.asked if urlsplit(to).netloc]
        assert foreign == [], path
    for path in site.rglob("*.css"):
        assert not FOREIGN.search(path.read_text()), path


def test_every_link_goes_to_a_file_and_a_place_that_are_there(pages):
    assert len(pages) > 30
    for path, page in pages.items():
        for to in page.links + page.asked:
            parts = urlsplit(to)
            if parts.scheme:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert there.is_file(), f"{path}: {to}"
            if parts.fragment and there in pages:
                assert unquote(parts.fragment) in pages[there].anchors, f"{path}: {to}"


def sources():
    """Return (Markdown, its page) of all that is read on GitHub, too."""
    made = {"README.md": "index", "CHANGELOG.md": "changelog", "LOG.md": "log"}
    made |= {f"docs/{path.name}": path.stem for path in DOCS.glob("*.md")}
    return sorted(made.items())


@pytest.mark.parametrize(("source", "page"), sources(), ids=lambda name: Path(name).stem)
def test_a_page_shows_what_github_shows(source, page, site, pages):
    github: Counter[str | None] = Counter()
    for token in MarkdownIt("commonmark").enable("table").parse((REPO / source).read_text()):
        github[token.tag if token.type == "heading_open" else KINDS.get(token.type)] += 1
        github.update(KINDS.get(inner.type) for inner in token.children or ())
    shown = pages[site / f"{page}.html"].shown
    assert {tag: shown[tag] for tag in SHOWN} == {tag: github[tag] for tag in SHOWN}


def test_every_page_of_the_folder_is_in_the_site_and_what_readers_meet_first_is_in_order(site):
    home = Reader(site / "index.html").links
    for path in DOCS.glob("*.md"):
        assert f"{path.stem}.html" in home
    first = ["tutorial.html", "notebooks/first_look.html", "recipes.html", "cascade.html"]
    assert sorted(first, key=home.index) == first


@pytest.mark.parametrize("room", ROOMS)
def test_all_that_a_room_exports_is_described(room, pages, site):
    anchors = pages[site / "api" / f"{room}.html"].anchors
    missing = [
        name
        for name in import_module(f"wetdry.{room}").__all__
        if f"wetdry.{room}.{name}" not in anchors
    ]
    assert missing == []


def test_links_of_the_readme_and_of_pages_lead_somewhere_on_github():
    for path in (REPO / "README.md", *DOCS.glob("*.md")):
        for token in MarkdownIt().enable("table").parse(path.read_text()):
            for inner in token.children or ():
                to = urlsplit(inner.attrGet("href") or inner.attrGet("src") or "")
                if to.path and not to.scheme:
                    assert (path.parent / to.path).is_file(), f"{path.name}: {to.path}"
