"""Every law of effects is broken by an effect that commits the sin against it."""

from typing import Annotated

import numpy as np
import pytest
from pydantic import Field, model_validator

from wetdry.degradations import Bell, Compressor, Effect, Gain, Hum, Limiter, Width
from wetdry.mixing import check_effect
from wetdry.mixing.law_checks import measure_effect

pytestmark = pytest.mark.usefixtures("registry")
AmountDb = Annotated[float, Field(ge=-12, le=12)]
CALLS: list[int] = []


def sinner(**sins):
    """An effect of good repute, but for what is given: methods, fields, declarations."""

    class Sinner(Effect, kind="sinner"):
        """Louder.

        Parameters
        ----------
        gain_db, offset : float
            How much.
        """

        label = "level"
        gain_db: AmountDb = 3.0

        def apply(self, audio, sample_rate):
            return audio * np.float32(10 ** (self.gain_db / 20))

    if not sins:
        return Sinner
    return type(
        "Sinned",
        (Sinner,),
        {"__doc__": Sinner.__doc__, "__module__": __name__, **sins},
        kind="sinned",
    )


def faults(effect):
    return {verdict.law: verdict for verdict in check_effect(effect) if verdict.fault}


def changes_its_input(self, audio, sample_rate):
    audio *= 2
    return audio.copy()


def is_one_short(self, audio, sample_rate):
    return audio[:, :-1]


def makes_mono(self, audio, sample_rate):
    return audio.mean(axis=0)


def makes_nothing(self, audio, sample_rate):
    audio * 2


def is_late(self, audio, sample_rate):
    return np.pad(audio, ((0, 0), (32, 0)))[:, : audio.shape[1]]


def is_never_the_same(self, audio, sample_rate):
    return audio + 1e-3 * np.random.default_rng().standard_normal(audio.shape) * audio


def remembers(self, audio, sample_rate):
    CALLS.append(0)
    return audio * np.float32(1 / len(CALLS))


def divides_by_the_peak(self, audio, sample_rate):
    return audio / np.abs(audio).max()


def is_nan_at_the_end_of_its_number(self, audio, sample_rate):
    return audio * np.sqrt(np.float32(11.9 - self.gain_db))


def needs_two_samples(self, audio, sample_rate):
    return audio + 0 * np.diff(audio, axis=1).max(axis=1, keepdims=True)


def hisses(self, audio, sample_rate):
    return audio + np.float32(1e-4)


def is_all_on_the_right(self, audio, sample_rate):
    return audio[::-1].copy()


def is_inverted_by(factor):
    return lambda self: Gain(gain_db=-self.gain_db * factor)


@model_validator(mode="after")
def takes_no_quiet_numbers(self):
    if self.gain_db < -6:
        raise ValueError("too quiet")
    return self


SINS = [
    ("leaves its input alone", {"apply": changes_its_input}),
    ("leaves its input alone", {"apply": lambda self, audio, sample_rate: audio}),
    ("keeps the shape", {"apply": is_one_short}),
    ("keeps the shape", {"apply": makes_mono}),
    ("keeps the shape", {"apply": makes_nothing}),
    ("keeps time", {"apply": is_late}),
    ("keeps time", {"latency_samples": lambda self, sample_rate: 32}),
    ("gives the same bytes twice", {"apply": is_never_the_same}),
    ("gives the same bytes twice", {"apply": remembers}),
    ("stays finite", {"apply": divides_by_the_peak}),
    ("stays finite", {"apply": is_nan_at_the_end_of_its_number}),
    ("answers any sound", {"apply": needs_two_samples}),
    ("keeps silence silent", {"apply": hisses}),
    ("keeps left on the left", {"apply": is_all_on_the_right}),
    ("is undone as it declares", {"undoable": "exactly", "inverse": is_inverted_by(0.99)}),
    ("is undone as it declares", {"undoable": "exactly"}),
    ("is undone as it declares", {"inverse": is_inverted_by(1.0)}),
    ("does nothing at neutral", {"neutral": {"gain_db": 1.0}}),
    ("declares what can be", {"neutral": {"gain_db": 20.0}}),
    ("declares what can be", {"neutral": {"mix": 0.0}}),
    ("declares lengths of latency and tail", {"tail_s": lambda self: -1.0}),
    ("declares lengths of latency and tail", {"latency_samples": lambda self, sample_rate: 0.5}),
    ("refuses what is no audio", {"__call__": lambda self, audio, sample_rate: audio * 2}),
    ("tells what is heard", {"__doc__": "\n\nParameters\n----------\ngain_db : float\n"}),
    ("reads back from its row", {"row": lambda self: {"effect": "sinned", "gain": self.gain_db}}),
    ("takes every number within its bounds", {"check": takes_no_quiet_numbers}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("law", "sins"), SINS, ids=lambda value: None if isinstance(value, dict) else value
)
def test_a_sin_breaks_the_law_against_it(law, sins):
    assert law in faults(sinner(**sins))


def test_who_commits_none_breaks_none():
    assert faults(sinner()) == {}


@pytest.mark.parametrize(
    ("law", "name", "annotation"),
    [
        ("explains every number", "amount_db", AmountDb),
        ("bounds every number", "offset", float),
        ("bounds every number", "offset", Annotated[float, Field(ge=0)]),
        ("names units", "gain", AmountDb),
        ("names units", "cutoff", Annotated[float, Field(ge=20, le=20_000)]),
        ("names units", "freq", Annotated[int, Field(ge=20, le=20_000)]),
        ("has fields that can be drawn", "offset", AmountDb | None),
        ("has fields that can be drawn", "offset", str),
        ("has fields that can be drawn", "offset", tuple[float, ...]),
    ],
)
def test_a_number_that_readers_and_recipes_cannot_understand_breaks_a_law(law, name, annotation):
    assert law in faults(sinner(__annotations__={name: annotation}, **{name: 1.0}))


def test_the_smallest_case_is_told_as_it_stands_in_yaml():
    found = faults(sinner(apply=is_nan_at_the_end_of_its_number))["stays finite"]
    assert found.example == "{sinned: {gain_db: 12}} on 1 sample of silence, mono at 44100 Hz"
    found = faults(sinner(apply=needs_two_samples))["answers any sound"]
    assert found.example == "{sinned: {gain_db: 3}} on 1 sample of silence, mono at 44100 Hz"
    assert "zero-size array" in found.fault and "test_laws.py:" in found.fault


def test_what_is_wrong_is_said_with_what_was_wanted():
    found = faults(sinner(apply=is_late))["keeps time"].fault
    assert "0 declared, 32.0 measured" in found and "moves_time" in found
    assert (
        "gain_db"
        in faults(sinner(__annotations__={"gain": AmountDb}, gain=1.0))["names units"].fault
    )
    twice = faults(sinner(apply=is_never_the_same))["gives the same bytes twice"].fault
    assert "seed" in twice


def test_what_is_declared_frees_from_a_law():
    assert not faults(sinner(apply=is_late, moves_time=True))
    assert not faults(sinner(apply=is_late, latency_samples=lambda self, rate: 0, moves_time=True))
    assert not faults(sinner(apply=is_all_on_the_right, moves_image=True))
    assert not faults(sinner(apply=hisses, adds_noise=True))


def test_a_frequency_is_tried_at_rates_that_hold_it():
    def apply(self, audio, sample_rate):
        assert 2 * self.centre_hz < sample_rate
        return audio.copy()

    doc = sinner().__doc__.replace("offset", "centre_hz")
    wide = Annotated[float, Field(ge=20, le=30_000)]
    high = sinner(__annotations__={"centre_hz": wide}, centre_hz=30_000.0, apply=apply, __doc__=doc)
    assert not faults(high)


@pytest.mark.parametrize("effect", [Bell, Compressor, Gain, Hum, Limiter, Width])
def test_wetdrys_own_effects_pass(effect):
    assert faults(effect) == {}


def test_measures_are_those_of_the_raw_effect():
    late = measure_effect(sinner(apply=is_late))
    assert late.latency_samples == 0 and late.measured_samples == pytest.approx(32, abs=0.01)
    assert late.times_real_time > 10 and late.inverse_db is None
    assert measure_effect(Gain).inverse_db < -120


def test_a_check_comes_out_alike_each_time():
    bad = sinner(apply=is_nan_at_the_end_of_its_number)
    assert check_effect(bad) == check_effect(bad)
