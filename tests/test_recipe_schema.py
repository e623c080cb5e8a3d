"""The JSON schema of recipes agrees with what loads, as far as a schema can."""

from pathlib import Path

import jsonschema
import pytest

from wetdry.degradations.language.yaml_tree import plain, read_yaml
from wetdry.errors import RecipeError
from wetdry.mixing import find_recipe, preset_names, recipe_schema
from wetdry.mixing.recipes import parse_recipe

REPO = Path(__file__).parents[1]
SHOWN = [(REPO / name).read_text() for name in ("README.md", "docs/recipes.md")]
LANGUAGE = """
include: clean
severity: {truncated_normal: [0.5, 0.2, 0, 1]}
linked:
  heaviness: {triangular: [0, 0.2, 1]}
  genre: {choice: [rock, jazz], weights: [2, 1]}
  loud: {choice: [true, false]}
  twice: = 2 * heaviness
levels: {all: {loudness_lufs: = -30 + 5 * heaviness}}
stems:
  all:
    - one_of: [none, {gain: {gain_db: [-3, 3]}}]
      weights: [2, 1]
    - some_of: [{gain: {gain_db: 1}}, [{noise: {snr_db: 40, colour: {choice: [pink]}}}]]
      count: {choice: [0, 1], weights: [1, 3]}
      when: stem_class in (Drums, Bass) and loud
    - parallel: [none, {compressor: {threshold_db: = -20 - 10 * twice, ratio: {normal: [4, 1]}}}]
      mix: [0.2, 0.5]
      keep: true
    - repeat: [{graphic_equalizer: {gains_db: {each: {triangular: [-6, 0, 6]}}}}]
      times: {normal: [1, 1]}
      probability: 0.5
      name: again
"""


def valid(text):
    """Tell whether the schema lets a recipe pass."""
    judge = jsonschema.Draft202012Validator(recipe_schema())
    return judge.is_valid(plain(read_yaml(text, "r.yaml")))


@pytest.mark.parametrize(
    "text",
    [LANGUAGE, *(block for page in SHOWN for block in page.split("```yaml\n")[1:]),
     *(find_recipe(name).text for name in preset_names())],
)  # fmt: skip
def test_what_loads_also_fits_the_schema(text, request):
    if "neural_codec" in text:
        request.getfixturevalue("fetched")
    text = text.split("```")[0]
    parse_recipe(text, "r.yaml", Path(), {})
    assert valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "master: [{gain: {gain_db: {triangular: [0, 1]}}}]",
        "master: [{gain: {gain_db: high}}]",
        "master: [{some_of: [{gain: {gain_db: 1}}]}]",
        "master: [{shuffle: [], weights: [1]}]",
        "master: [{gain: {gain_db: 1}, keep: 1}]",
        "severity: 2",
        "linked: {a: {choice: [1], weights: [-1]}}",
        "include: [clean]",
    ],
)
def test_what_the_schema_refuses_does_not_load(text):
    assert not valid(text)
    with pytest.raises(RecipeError):
        parse_recipe(text, "r.yaml", Path(), {})
