"""Recipes that begin with another recipe and say what is different."""

import json
from pathlib import Path

import pytest

from wetdry.datasets import Order, draw_one, plan
from wetdry.errors import RecipeError
from wetdry.mixing import load_recipe
from wetdry.mixing.recipes import parse_recipe

HEAVY = """
sample_rate: 22050
seconds: 1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
levels: {all: {loudness_lufs: [-30, -20], pan: [-0.5, 0.5]}}
stems:
  all: [{compressor: {threshold_db: -30, ratio: [2, 8]}}]
medium: [{mp3: {bitrate_kbps: 64}}]
reject: {destroyed_above: 20}
"""


def recipe(text):
    return parse_recipe(text, "r.yaml", Path(), {})


def test_an_included_recipe_is_changed_where_it_says(tmp_path, catalog):
    (tmp_path / "base.yaml").write_text(HEAVY)
    (tmp_path / "mid.yaml").write_text("include: base.yaml\nseconds: 2\nmedium: none\n")
    (tmp_path / "top.yaml").write_text(
        "include: mid.yaml\nstems: {Bass: [{gain: {gain_db: 3}}]}\nreject: ~\n"
        "levels: {all: {loudness_lufs: {normal: [-25, 2]}}}\n"
    )
    loaded = load_recipe(tmp_path / "top.yaml")
    by_hand = recipe(
        HEAVY.replace("seconds: 1", "seconds: 2")
        .replace("medium: [{mp3: {bitrate_kbps: 64}}]", "")
        .replace("stems:\n", "stems:\n  Bass: [{gain: {gain_db: 3}}]\n")
        .replace("reject: {destroyed_above: 20}", "")
        .replace("loudness_lufs: [-30, -20]", "loudness_lufs: {normal: [-25, 2]}")
    )
    one, two = (draw_one(Order(r, 0), catalog, "train", 3) for r in (loaded, by_hand))
    assert one == two
    assert [name for name, _ in loaded.included] == ["mid.yaml", "base.yaml"]


def test_an_error_names_the_file_in_which_the_wrong_thing_stands(tmp_path):
    (tmp_path / "base.yaml").write_text("seconds: 2\nmaster: [{gain: {gain_db: 300}}]\n")
    (tmp_path / "top.yaml").write_text("include: base.yaml\n")
    with pytest.raises(RecipeError, match=r"base.yaml:2: master\[0\].gain.gain_db: wanted"):
        load_recipe(tmp_path / "top.yaml")
    (tmp_path / "top.yaml").write_text("include: base.yaml\nmaster: []\nmedium: [{gian: {}}]\n")
    with pytest.raises(RecipeError, match=r"top.yaml:3: medium\[0\].gian"):
        load_recipe(tmp_path / "top.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "include: top.yaml",
            r"top.yaml:1: include: wanted recipes that do not include themselves",
        ),
        ("include: other.yaml", r"other.yaml:1: include: wanted recipes that do not include"),
        ("include: /etc/r.yaml", r"wanted a preset, or a .yaml file from the recipe's folder on"),
        ("include: [clean]", r"wanted a preset, or a .yaml file"),
        ("include: realstic", r"top.yaml:1: include: realstic: wanted a .yaml file or a preset"),
        ("include: gone.yaml", r"top.yaml:1: include: .*cannot be read"),
        ("include: 0.yaml", r"wanted at most 8 recipes that include one another"),
    ],
)
def test_an_include_that_cannot_be_is_refused(text, message, tmp_path):
    (tmp_path / "other.yaml").write_text("include: top.yaml")
    for number in range(12):
        (tmp_path / f"{number}.yaml").write_text(f"include: {number + 1}.yaml")
    (tmp_path / "top.yaml").write_text(text)
    with pytest.raises(RecipeError, match=message):
        load_recipe(tmp_path / "top.yaml")


def test_a_changed_include_or_severity_is_another_dataset(tmp_path, catalog):
    (tmp_path / "base.yaml").write_text(HEAVY)
    (tmp_path / "top.yaml").write_text("include: base.yaml\n")
    _, first = plan(Order(load_recipe(tmp_path / "top.yaml"), 2), catalog)
    assert first["included"] == [{"name": "base.yaml", "text": HEAVY}]
    assert json.loads(json.dumps(first)) == first
    _, milder = plan(Order(load_recipe(tmp_path / "top.yaml", severity=0.5), 2), catalog)
    assert milder != first and milder["severity"] == 0.5
    (tmp_path / "base.yaml").write_text(HEAVY + "# changed\n")
    _, second = plan(Order(load_recipe(tmp_path / "top.yaml"), 2), catalog)
    assert second != first and recipe(HEAVY).included == ()
