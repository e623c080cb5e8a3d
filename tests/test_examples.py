"""The recipes that users start from: they load, the schema agrees, and they fit on a screen."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from wetdry.mixing import load_recipe, preset_names, recipe_schema

REPO = Path(__file__).parents[1]
EXAMPLES = sorted((REPO / "examples").glob("*.yaml"))
PRESETS = [REPO / "mixing" / "presets" / f"{name}.yaml" for name in preset_names()]


@pytest.fixture(scope="module")
def judge() -> Any:
    jsonschema.Draft202012Validator.check_schema(recipe_schema())  # takes seconds: once is enough
    return jsonschema.Draft202012Validator(recipe_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_loads_says_what_it_is_for_and_fits_on_a_screen(path):
    assert load_recipe(path).about
    assert path.read_text().count("\n") <= 40


@pytest.mark.parametrize("path", [*EXAMPLES, *PRESETS], ids=lambda path: path.stem)
def test_the_schema_agrees_with_what_ships(path, judge):
    judge.validate(YAML(typ="safe").load(path.read_text()))


def test_the_schema_refuses_what_the_reader_refuses(judge):
    wrongs: list[dict[str, Any]] = [
        {"stems": {"all": [{"compresor": {}}]}},
        {"stems": {"Vocals": [{"gain": {"gain_db": "loud"}}]}},
        {"severity": 2},
    ]
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            judge.validate(wrong)


def test_there_are_five_examples_and_the_readme_names_them():
    readme = (REPO / "README.md").read_text()
    assert len(EXAMPLES) == 5
    assert all(f"examples/{path.name}" in readme for path in EXAMPLES)
