"""Noise: its level, its colour, its address."""

import numpy as np
import pytest
from scipy.signal import welch

from wetdry.degradations import Noise, NoiseFloor
from wetdry.degradations.effects.noise import coloured_noise

RATE = 48_000
TONE = np.tile(0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE), (2, 1)).astype("f4")


def rms_db(audio):
    return 20 * np.log10(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


@pytest.mark.parametrize("colour", ["white", "pink", "brown"])
@pytest.mark.parametrize("snr_db", [-10, 0, 30])
def test_the_ratio_is_the_one_asked_for(snr_db, colour):
    added = Noise(snr_db=snr_db, colour=colour, seed=3)(TONE, RATE) - TONE
    assert rms_db(TONE) - rms_db(added) == pytest.approx(snr_db, abs=0.1)


def test_a_floor_does_not_care_about_the_music():
    for audio in (TONE, np.zeros_like(TONE)):
        added = NoiseFloor(level_dbfs=-50, seed=1)(audio, RATE) - audio
        assert rms_db(added) == pytest.approx(-50, abs=0.05)


@pytest.mark.parametrize("colour, db_per_octave", [("white", 0), ("pink", -3.01), ("brown", -6.02)])
def test_the_spectrum_falls_as_its_colour_says(colour, db_per_octave):
    noise = coloured_noise((1, 20 * RATE), RATE, colour, 0)[0]
    hz, power = welch(noise, RATE, nperseg=8192)
    band = (hz > 60) & (hz < 16_000)
    slope = np.polyfit(np.log2(hz[band]), 10 * np.log10(power[band]), 1)[0]
    assert slope == pytest.approx(db_per_octave, abs=0.1)


def test_the_channels_and_the_seeds_are_independent():
    first, second = coloured_noise((2, RATE), RATE, "white", 0)
    other = coloured_noise((1, RATE), RATE, "white", 1)[0]
    for a, b in ((first, second), (first, other), (second, other)):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.02


def test_noise_is_gaussian():
    noise = coloured_noise((1, 10 * RATE), RATE, "white", 5)
    assert np.mean(noise**4) == pytest.approx(3, abs=0.1)
    assert np.mean(noise) == pytest.approx(0, abs=0.01)
