"""The licences of the stems reach the card of what is made of them."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from wetdry.cli import app
from wetdry.datasets import Order, generate, pack, parse_splits, replay_dataset, scan, write_card
from wetdry.manifests.licences import identifier, terms_of
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{gain: {gain_db: [-3, 3]}}]}
"""
SHARED = "CC BY-NC-SA 4.0"


def order(samples=4):
    recipe = parse_recipe(RECIPE, "small", Path(), {})
    return Order(recipe, samples, splits=parse_splits(["train=1"]))


@pytest.fixture
def made(stems, tmp_path):
    """Return a function: a dataset of the small songs, with a LICENSE in some folders."""

    def make(licences: dict[str, str], name="set"):
        folder = shutil.copytree(stems, tmp_path / f"stems of {name}")
        for place, text in licences.items():
            (folder / place / "LICENSE").write_text(f"# {text}\nand all its words\n")
        generate(order(), scan(folder), folder, tmp_path / name)
        return tmp_path / name

    return make


def told(dataset):
    text = (dataset / "README.md").read_text()
    header = YAML(typ="safe").load(text.split("---\n")[1])["license"]
    return header, json.loads((dataset / "croissant.json").read_text())["license"], text


def test_one_licence_of_all_songs_is_that_of_the_dataset_and_what_it_asks_for_is_shown(made):
    header, croissant, text = told(made({".": SHARED}))
    assert (header, croissant) == ("cc-by-nc-sa-4.0", SHARED)
    assert f"| licence | {SHARED} |" in text
    asked = "no commercial use; share alike; name the authors"
    assert f"| {SHARED} | {asked} | 3: `alder`, `birch`, `cedar` |" in text


@pytest.mark.filterwarnings("ignore")  # rdflib and mlcroissant warn about themselves
def test_songs_of_several_licences_and_of_none_are_listed_by_theirs(made):
    dataset = made({"alder": SHARED, "birch": "Free for | my <b>friends</b>"})
    header, croissant, text = told(dataset)
    assert header == ["cc-by-nc-sa-4.0", "other", "unknown"]
    assert croissant == [SHARED, "Free for | my <b>friends</b>", "unknown"]
    assert "| 1: `alder` |" in text
    assert "Free for \\| my &lt;b&gt;friends&lt;/b&gt; | see its text | 1: `birch` |" in text
    assert "| unknown | nothing tells: ask before you publish | 1: `cedar` |" in text
    mlcroissant = pytest.importorskip("mlcroissant")
    found = mlcroissant.Dataset(jsonld=str(dataset / "croissant.json"))
    assert not found.metadata.issues.errors


def test_stems_without_a_licence_leave_no_trace_of_one(made):
    dataset = made({})
    header, croissant, text = told(dataset)
    assert header == croissant == "unknown" and "## Licences" not in text
    assert "licences" not in json.loads((dataset / "dataset.json").read_text())


def test_only_songs_that_are_drawn_from_count(stems, tmp_path):
    folder = shutil.copytree(stems, tmp_path / "stems")
    (folder / "alder" / "LICENSE").write_text(SHARED)
    only = Order(order().recipe, 2, splits=parse_splits(["train=birch,cedar"]))
    generate(only, scan(folder), folder, tmp_path / "set")
    assert told(tmp_path / "set")[0] == "unknown"


def test_what_is_stated_stands_until_it_is_taken_back(made):
    dataset = made({"alder": SHARED, "birch": "CC0"})
    derived = told(dataset)
    write_card(dataset, licence="cc-by-4.0")
    header, croissant, text = told(dataset)
    assert header == croissant == "cc-by-4.0"
    assert f"| {SHARED} |" in text  # the sources' own are still listed
    assert CliRunner().invoke(app, ["card", str(dataset)]).exit_code == 0
    assert told(dataset) == derived


def test_a_dataset_without_its_audio_keeps_them(made, tmp_path):
    dataset = made({".": SHARED})
    pack(dataset, tmp_path / "packed")
    assert told(tmp_path / "packed") == told(dataset)
    replayed = replay_dataset(tmp_path / "packed", tmp_path / "stems of set", tmp_path / "again")
    assert replayed.identical and told(tmp_path / "again") == told(dataset)


def test_a_catalog_without_the_column_makes_the_same_dataset(stems, catalog, tmp_path):
    for name, table in {"a": catalog, "b": catalog.drop(columns="licence")}.items():
        generate(order(2), pd.DataFrame(table), stems, tmp_path / name)
    for file in ("dataset.json", "README.md", "manifest.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize(
    ("text", "name", "asked"),
    [
        ("CC BY 4.0", "cc-by-4.0", "name the authors"),
        ("cc-by-sa-3.0", "cc-by-sa-3.0", "share alike; name the authors"),
        (
            "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 International",
            "cc-by-nc-nd-4.0",
            "no commercial use; no derivatives: a mixture is one; name the authors",
        ),
        ("CC0 1.0 Universal", "cc0-1.0", "see its text"),
        ("research and teaching (Mixing Secrets)", "other", "no commercial use"),
        ("All rights reserved", "other", "see its text"),
        ("unknown", "unknown", "nothing tells: ask before you publish"),
    ],
)
def test_names_of_licences_are_understood(text, name, asked):
    assert (identifier(text), terms_of(text)) == (name, asked)
