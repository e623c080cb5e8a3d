"""The report of a dataset: whole, needing nothing else, the same each time, and honest."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wetdry.datasets import scan
from wetdry.datasets.build import generate
from wetdry.datasets.plans.plan import Order
from wetdry.datasets.reports.comparison import write_comparison
from wetdry.datasets.reports.dataset import write_report
from wetdry.errors import ShardError
from wetdry.manifests.rows import effect_numbers
from wetdry.mixing.recipes import load_recipe

RATE = 16_000
EVIL = "<script>alert(1)"
RECIPE = f"""
about: For tests of <script>alert(2)</script> the report.
sample_rate: {RATE}
seconds: 2
lead_in_s: 0.1
stems:
  all:
    - bell: {{centre_hz: {{log_uniform: [200, 4000]}}, gain_db: [-6, 6]}}
    - compressor: {{threshold_db: [-30, -10], ratio: [2, 6]}}
  Bass: [{{high_pass: {{cutoff_hz: [50, 100], family: {{choice: [butterworth, bessel]}}}}}}]
reject: {{inaudible_below: 0.15}}
buses: {{rhythm: {{of: [Drums], chain: [{{saturation: {{drive_db: [3, 9]}}}}]}}}}
master: [{{limiter: {{ceiling_dbtp: -1}}}}]
"""
VOID = {"meta", "img", "input", "br"}


class Page(HTMLParser):
    """What a browser would make of a page: open elements, attributes, texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data


def assert_stands_alone(text: str) -> Page:
    page = Page(text)
    assert page.open == []
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", text)
    for name, attributes in page.elements:
        assert name not in ("link", "iframe", "object", "embed", "base")
        assert (attributes.get("src") or "data:").startswith("data:")
        assert (attributes.get("href") or "#").startswith("#")
    anchors = {a["href"] for name, a in page.elements if name == "a"}
    assert anchors == {f"#{a['id']}" for name, a in page.elements if name == "section"}
    scripts = [a.get("type") for name, a in page.elements if name == "script"]
    assert scripts.count(None) == 1 and set(scripts) <= {None, "application/json"}
    return page


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    for song in ("one", "two", EVIL, "four"):
        for stem_class in ("Vocals", "Bass", "Drums"):
            path = folder / "stems" / song / stem_class / "take <b>&1.wav"
            path.parent.mkdir(parents=True)
            soundfile.write(path, 0.1 * rng.standard_normal((4 * RATE, 1)), RATE)
    (folder / "stems" / "one" / "Guitars").mkdir()
    (folder / "stems" / "one" / "Guitars" / "torn <i>.wav").write_bytes(b"RIFF")
    (folder / "recipe.yaml").write_text(RECIPE)
    catalog = scan(folder / "stems")
    order = Order(load_recipe(folder / "recipe.yaml"), samples=6)
    generate(order, catalog, folder / "stems", folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def text(dataset) -> str:
    seen: list[tuple[int, int]] = []
    out = write_report(dataset, dataset.parent / "a.html", progress=lambda *done: seen.append(done))
    assert seen[-1][0] == seen[-1][1] == len(seen)
    return out.read_text("utf-8")


def test_a_report_is_well_formed_and_asks_nothing_of_anybody(text):
    assert_stands_alone(text)


def test_the_same_dataset_gives_the_same_bytes(dataset, text):
    again = write_report(dataset, dataset.parent / "b.html")
    assert again.read_bytes() == text.encode()


def test_names_that_look_like_html_are_only_text(text):
    page = Page(text)
    assert EVIL in page.text and "<script>alert(2)" in page.text
    assert "take <b>&1.wav" in page.text


def test_every_effect_that_was_drawn_is_shown_with_its_numbers(dataset, text):
    import pandas as pd

    page = Page(text)
    drawn = effect_numbers(pd.read_parquet(dataset / "manifest.parquet"))
    shown_effects = {a["data-effect"] for _, a in page.elements if "data-effect" in a}
    assert shown_effects == {*drawn["effect"], "saturation"}
    assert "bus rhythm" in page.text
    assert "threshold, dB" in page.text and "butterworth" in page.text


def test_what_was_set_aside_is_shown_with_its_cure(dataset, text):
    (entry,) = json.loads((dataset / "set_aside.json").read_text())
    page = Page(text)
    assert all(entry[field] in page.text for field in ("what", "reason", "cure"))


def test_two_samples_are_heard_as_mixture_dry_and_wet(text):
    elements = Page(text).elements
    takes = [a["data-name"] for name, a in elements if name == "figure" and "data-name" in a]
    assert takes.count("mixture") == 2
    assert {f"Vocals, {kind}" for kind in ("dry", "wet")} <= set(takes)
    assert len([name for name, _ in elements if name == "audio"]) == len(takes)


def test_every_draw_is_found_again_in_the_recipe(dataset, text):
    import pandas as pd

    tracks = pd.read_parquet(dataset / "manifest.parquet")["tracks"].explode()
    assert sum(track["redraws"] for track in tracks) > 0  # the chain that stayed is looked at
    page = Page(text)
    steps = {a["data-step"] for _, a in page.elements if "data-step" in a}
    assert {"all / bell", "all / compressor", "Bass / high_pass", "master / limiter"} <= steps
    assert "others were edited" not in page.text and "none differs" in page.text


def test_two_datasets_are_told_apart(dataset, tmp_path):
    page = assert_stands_alone(write_comparison(dataset, dataset, tmp_path / "a.html").read_text())
    assert "letter for letter" in page.text and EVIL in page.text
    (tmp_path / "other.yaml").write_text(RECIPE.replace("[-30, -10]", "[-60, -50]"))
    order = Order(load_recipe(tmp_path / "other.yaml"), samples=6, seed=1)
    stems = dataset.parent / "stems"
    generate(order, scan(stems), stems, tmp_path / "other")
    page = assert_stands_alone(
        write_comparison(dataset, tmp_path / "other", tmp_path / "b.html").read_text()
    )
    assert "1 lines go, 1 come" in page.text and "[-60, -50]" in page.text
    assert "Vocals: compressor: threshold, dB" in page.text and "distance 1.00" in page.text


def test_a_folder_without_a_dataset_is_refused(tmp_path):
    with pytest.raises(ShardError, match="wetdry generate"):
        write_report(tmp_path, tmp_path / "out.html")
    assert list(tmp_path.iterdir()) == []
