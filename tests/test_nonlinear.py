"""Distortion: the harmonics that belong to the curve, and hardly any others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetdry.degradations import HardClip, Saturation

RATE = 48_000


def tone(hz, level=1.0):
    return (level * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE))[np.newaxis].astype(np.float32)


def loudest_alias_db(effect, hz):
    """The loudest thing below 20 kHz that is no harmonic of the tone, relative to the tone."""
    middle = effect(tone(hz), RATE)[0, RATE // 4 : 3 * RATE // 4]
    power = np.abs(np.fft.rfft(middle * np.kaiser(middle.size, 14))) ** 2
    at = np.fft.rfftfreq(middle.size, 1 / RATE)
    away = np.abs(at - hz * np.round(at / hz)) > 100
    return 10 * np.log10(power[away & (at < 20_000)].max() / power.max())


@pytest.mark.parametrize(
    "hz, saturation_db, clip_db", [(997, -130, -75), (4999, -44, -50), (9001, -31, -46)]
)
def test_aliases_of_a_high_tone_lie_below_what_the_docstring_states(hz, saturation_db, clip_db):
    assert loudest_alias_db(Saturation(drive_db=24), hz) < saturation_db
    assert loudest_alias_db(HardClip(ceiling_db=-24), hz) < clip_db


@pytest.mark.parametrize("effect", [Saturation, HardClip])
def test_more_oversampling_means_less_aliasing(effect):
    into = {"drive_db": 24} if effect is Saturation else {"ceiling_db": -24}
    levels = [loudest_alias_db(effect(**into, oversampling=n), 9001) for n in (1, 2, 4, 8)]
    assert levels == sorted(levels, reverse=True) and levels[0] - levels[-1] > 25


def test_saturation_is_the_tangent_of_its_docstring():
    wet = Saturation(drive_db=12)(tone(100), RATE)[0, 5000:-5000]
    drive = 10 ** (12 / 20)
    assert wet == pytest.approx(np.tanh(drive * tone(100)[0, 5000:-5000]) / drive, abs=1e-4)


def test_quiet_sound_keeps_its_level():
    quiet = tone(440, 0.001)
    for effect in (Saturation(drive_db=12), HardClip(ceiling_db=-12)):
        wet = effect(quiet, RATE)[0, 5000:-5000]
        assert wet == pytest.approx(quiet[0, 5000:-5000], abs=2e-7)


@settings(max_examples=25, deadline=None)
@given(drive_db=st.floats(0, 48), level=st.floats(0.01, 1))
def test_a_symmetric_curve_makes_only_odd_harmonics(drive_db, level):
    wet = Saturation(drive_db=drive_db)(tone(1000, level), RATE)[0, RATE // 4 : 3 * RATE // 4]
    lines = np.abs(np.fft.rfft(wet))[::500]  # each half a second long: line n at 1000 n Hz
    assert lines[2:20:2].max() < lines[1] * 1e-3


def test_a_driven_tone_gets_the_harmonics_of_a_square_wave():
    wet = Saturation(drive_db=48)(tone(500), RATE)[0, RATE // 4 : 3 * RATE // 4]
    lines = np.abs(np.fft.rfft(wet))[::250]
    assert lines[[3, 5, 7]] / lines[1] == pytest.approx([1 / 3, 1 / 5, 1 / 7], rel=0.01)


def test_without_oversampling_no_sample_passes_the_ceiling():
    wet = HardClip(ceiling_db=-6, oversampling=1)(tone(6007), RATE)
    assert np.abs(wet).max() == pytest.approx(10 ** (-6 / 20), rel=1e-6)


@pytest.mark.parametrize("hz", [997, 3001, 6007])
def test_with_oversampling_a_tone_passes_the_ceiling_by_at_most_2_db(hz):
    wet = HardClip(ceiling_db=-12)(tone(hz), RATE)[:, 1000:-1000]
    assert 20 * np.log10(np.abs(wet).max()) < -10
