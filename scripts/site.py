"""What `mkdocs build` does beside: pages of README, docstrings and notebooks, links out of docs/.

The same pages are read on GitHub. There a link may go to any file of the repository; here a file
that is no page is shown on one of its own, under files/.
"""

import ast
import json
import posixpath
import re
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from wetdry.degradations import Effect

REPO = Path(__file__).parents[1]
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "LOG.md": "log.md",
    "CONTRIBUTING.md": "contributing.md",
}
ROOMS = ("degradations", "mixing", "datasets", "manifests", "cascade")
EFFECT = "\n    options: {members: false}"
LENT = tempfile.TemporaryDirectory(prefix="wetdry_site_")  # gone when the process ends
ITEM = re.compile(r"([-*+]|\d+\.) ")
ROW = re.compile(r"\|")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
PAGE = re.compile(r"(?<=\]\()(\w+\.md)")
ROLE = re.compile(r":[a-z]+:(`~?[\w.]+`)")


@event_priority(100)  # before mkdocstrings looks where to look
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lay the package where static analysis finds it under its import name."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text())
    for package in project["tool"]["setuptools"]["packages"]:
        room = Path(LENT.name, *package.split("."))
        room.mkdir(exist_ok=True)
        for path in REPO.joinpath(*package.split(".")[1:]).glob("*.py"):
            code = ROLE.sub(r"`\1`", path.read_text())
            (room / path.name).write_text(PAGE.sub(r"../\1", code))  # docstrings say it from docs/
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [LENT.name]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    pages = {there: (REPO / here).read_text() for here, there in OUTSIDE.items()}
    pages |= {f"api/{room}.md": room_page(room) for room in ROOMS}
    for file in files:
        if file.src_uri.endswith(".ipynb"):
            pages[page_of(file.src_uri)] = notebook_page(file)
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    linked = {
        there
        for file in files.documentation_pages()
        for line, is_code in spaced(file.content_string)
        if not is_code
        for found in LINK.finditer(line)
        if is_shown(there := aim(file.src_uri, found[1]))
    }
    for path in sorted(linked):
        files.append(file_page(path, config))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn what GitHub reads into what Python-Markdown reads, with links that hold here."""
    here = page.file.src_uri

    def link(found: re.Match[str]) -> str:
        path = aim(here, found[1])
        there = f"files/{path}.md" if is_shown(path) else OUTSIDE.get(path, page_of(path))
        return posixpath.relpath(there.removeprefix("docs/"), posixpath.dirname(here) or ".")

    lines = spaced(markdown)
    return "\n".join(line if is_code else LINK.sub(link, line) for line, is_code in lines)


def aim(uri: str, link: str) -> str:
    """Return the file of the repository that a link on a page goes to."""
    source = next((name for name, there in OUTSIDE.items() if there == uri), f"docs/{uri}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def is_shown(path: str) -> bool:
    """Whether a file of the repository gets a page because others link to it."""
    return not path.startswith("docs/") and path not in OUTSIDE and (REPO / path).is_file()


def page_of(uri: str) -> str:
    """Return the page that shows a notebook; other files are themselves."""
    return re.sub(r"\.ipynb$", ".md", uri)


def spaced(markdown: str) -> Iterator[tuple[str, bool]]:
    """Yield (line, is it code), with an empty line before lists and tables that interrupt."""
    fence, before = "", ""
    for line in markdown.split("\n"):
        mark = re.match(r" *(`{3,}|~{3,})", line)
        for start in () if fence else (ITEM, ROW):
            if start.match(line) and re.match(r"\S", before) and not start.match(before):
                yield "", False
        yield line, bool(fence or mark)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip() == fence:
            fence = ""
        before = line


def file_page(path: str, config: MkDocsConfig) -> File:
    """Return a page with a file of the repository."""
    uri = f"files/{path}.md"
    text = f"# {path}\n\n````{Path(path).suffix[1:]}\n{(REPO / path).read_text()}````\n"
    return File.generated(config, uri, content=text, inclusion=InclusionLevel.NOT_IN_NAV)


def room_page(room: str) -> str:
    """Return the page of what a room exports."""
    tree = ast.parse((REPO / room / "__init__.py").read_text())
    effects = {effect.__name__ for effect in Effect.kinds.values()}
    (exported,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    parts = [f"# wetdry.{room}", ast.get_docstring(tree) or ""]
    for name in exported:  # of an effect its numbers count: what it can do is Effect's
        parts.append(f"::: wetdry.{room}.{name}" + EFFECT * (name in effects))
    return "\n\n".join([*parts, ""])


def notebook_page(file: File) -> str:
    """Return a notebook as a page: cells, and the outputs that are stored with them."""
    parts = []
    for cell in json.loads(file.content_string)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        else:
            parts += [f"```python\n{source}\n```", *map(output, cell["outputs"])]
    name = posixpath.basename(file.src_uri)
    return "\n\n".join([*parts, f'<a href="{name}" download>{name}</a>', ""])


def output(made: dict[str, Any]) -> str:
    """Return one output of a cell: a picture, a table, or text."""
    data = made.get("data", {"text/plain": made.get("text", "")})
    if "image/png" in data:
        return f'<img src="data:image/png;base64,{"".join(data["image/png"]).strip()}" alt="plot">'
    if "text/html" in data:
        kept = re.sub(r"<style.*?</style>", "", "".join(data["text/html"]), flags=re.DOTALL)
        plain = re.sub(r"<(table|tr)\b[^>]*>", r"<\1>", kept)  # as the theme's own: it scrolls
        return "<div>" + re.sub(r"\n\s*", "", plain) + "</div>"
    return f"```text\n{''.join(data['text/plain']).rstrip()}\n```"
