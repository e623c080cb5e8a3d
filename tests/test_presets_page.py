"""The page of presets says what the presets say."""

import importlib.util
import json
from pathlib import Path

import pytest

from wetdry.mixing import preset_names

REPO = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("presets_page", REPO / "scripts/presets_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_presets_say_today(script):
    measured = json.loads(script.MEASURED.read_text())
    page = (REPO / "docs" / "presets.md").read_text()
    assert page == script.page(measured), "run python scripts/presets_page.py"


def test_every_preset_but_those_that_need_weights_shows_three_samples(script):
    measured = json.loads(script.MEASURED.read_text())
    assert set(preset_names()) - set(measured) == {"dt9", "dt10", "dt11", "dt12"}
    assert all(len(rows) == 3 for rows in measured.values())
    pictures = {path.stem for path in (REPO / "docs" / "presets").glob("*.png")}
    assert pictures == set(measured)
