"""The page of effects says what the code says, of every effect."""

import importlib.util
import json
from pathlib import Path

import pytest

from wetdry.degradations import Effect

REPO = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("effects_page", REPO / "scripts/effects_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_effect_has_an_example_and_a_picture_unless_its_weights_are_not_here(script):
    ours = {kind: effect for kind, effect in Effect.kinds.items() if not effect.foreign}
    assert set(script.examples()) == set(ours)
    pictures = {path.stem for path in (REPO / "docs" / "effects").glob("*.png")}
    assert {kind for kind, effect in ours.items() if not effect.needs} <= pictures <= set(ours)


def test_the_page_is_what_the_registry_says_today(script):
    measured = json.loads(script.MEASURED.read_text())
    assert (REPO / "docs" / "effects.md").read_text() == script.page(measured), (
        "run python scripts/effects_page.py"
    )


def test_the_readmes_table_is_what_the_registry_says_today(script):
    readme = (REPO / "README.md").read_text()
    assert readme == script.readme_with_table(readme), "run python scripts/effects_page.py"


def test_every_number_of_every_effect_is_explained(script):
    for kind, effect in Effect.kinds.items():
        _, meanings, _ = script.described(effect)
        missing = set(script.slots_of(effect)) - set(meanings)
        assert not missing, f"{kind} does not explain {', '.join(sorted(missing))}"
