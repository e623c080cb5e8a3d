"""The JSON schema of recipes agrees with what loads, as far as a schema can."""

import re
from pathlib import Path

import pytest

from wetdry.degradations.yaml_tree import plain, read_yaml
from wetdry.errors import RecipeError
from wetdry.mixing import load_recipe, preset_names, recipe_schema
from wetdry.mixing.recipes import parse_recipe

README = Path(__file__).parents[1] / "README.md"
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


def valid(value, schema, root):
    """Tell whether a value fits a JSON schema, as far as ours go."""
    if "$ref" in schema:
        return valid(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    types = {
        "object": isinstance(value, dict), "array": isinstance(value, list),
        "string": isinstance(value, str), "boolean": isinstance(value, bool), "number": number,
        "integer": number and value == int(value),
    }  # fmt: skip
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    good = not wanted or any(types[name] for name in wanted)
    good &= value in schema["enum"] if "enum" in schema else True
    good &= value == schema["const"] if "const" in schema else True
    good &= any(valid(value, s, root) for s in schema["anyOf"]) if "anyOf" in schema else True
    if not good:
        return False
    if number:
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if isinstance(value, str):
        return bool(re.search(schema.get("pattern", ""), value))
    if isinstance(value, list):
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        inside = all(valid(item, schema.get("items", {}), root) for item in value)
        return least <= len(value) <= most and inside
    return not isinstance(value, dict) or fits(value, schema, root)


def fits(value, schema, root):
    """Tell whether a mapping fits."""
    others = schema.get("additionalProperties", {})
    one_of = schema.get("oneOf", [])
    return (
        all(key in value for key in schema.get("required", ()))
        and all(key in schema.get("propertyNames", {}).get("enum", [key]) for key in value)
        and all(
            others is not False or key in schema.get("properties", {}) for key in value
        )
        and all(valid(v, schema.get("properties", {}).get(k, others or {}), root)
                for k, v in value.items())
        and (not one_of or sum(fits(value, s, root) for s in one_of) == 1)
        and all(set(needs) <= set(value) for key, needs in
                schema.get("dependentRequired", {}).items() if key in value)
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [LANGUAGE, *README.read_text().split("```yaml\n")[1:],
     *(load_recipe(name).text for name in preset_names())],
)  # fmt: skip
def test_what_loads_also_fits_the_schema(text):
    text = text.split("```")[0]
    parse_recipe(text, "r.yaml", Path(), {})
    schema = recipe_schema()
    assert valid(plain(read_yaml(text, "r.yaml")), schema, schema)


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
    schema = recipe_schema()
    assert not valid(plain(read_yaml(text, "r.yaml")), schema, schema)
    with pytest.raises(RecipeError):
        parse_recipe(text, "r.yaml", Path(), {})
