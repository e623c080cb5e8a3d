"""The benchmark of conformance knows every effect and tells right from wrong."""

import importlib.util
from pathlib import Path

import pytest

from wetdry.degradations import Effect

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))  # where python looks when it runs the script
        spec = importlib.util.spec_from_file_location("conformance", BENCHMARKS / "conformance.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def test_every_effect_has_a_probe_or_a_reason(script):
    assert script.gaps() == []


def test_an_effect_without_either_is_found_and_so_is_a_reason_for_nothing(script, monkeypatch):
    monkeypatch.setitem(Effect.kinds, "unheard_of", Effect)
    monkeypatch.setitem(script.UNMEASURED, "gain.colour", "there is none")
    assert script.gaps() == ["gain.colour", "unheard_of"]


@pytest.mark.parametrize("kind", ["bell", "gain", "hum", "early_reflections", "width", "tremolo"])
def test_what_is_asked_for_is_had(script, kind):
    readings = script.measured([kind], script.bursts())[kind]
    assert readings and max(reading.share for reading in readings) <= 1


def test_an_error_beyond_what_is_allowed_counts(script):
    far = script.Reading("gain_db", "dB", asked=6, had=6.3, allowed=0.1)
    assert far.error == pytest.approx(0.3) and far.share == pytest.approx(3)
    under = script.Reading("ceiling_db", "dBFS", asked=-1, had=-4, allowed=0, at_most=True)
    assert under.error == under.share == 0
    nothing = script.Reading("gain_db", "dB", asked=6, had=float("nan"), allowed=0.1)
    assert nothing.share == float("inf")


def test_the_page_shows_every_effect(script):
    text = (BENCHMARKS.parent / "docs" / "conformance.md").read_text()
    missing = [k for k in Effect.kinds if f"\n| {k} |" not in text and f"\n- `{k}`: " not in text]
    assert not missing, "run python benchmarks/conformance.py --page docs/conformance.md"
