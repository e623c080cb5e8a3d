"""The soft clipper is its curve, aliases little, and can nearly be undone."""

import numpy as np
import pytest

from wetdry.degradations import SoftClipper

RATE = 48_000
TIME = np.arange(RATE) / RATE


def tone(hz, level_db=0.0):
    return np.tile(10 ** (level_db / 20) * np.sin(2 * np.pi * hz * TIME), (2, 1)).astype(np.float32)


def db(values):
    return 20 * np.log10(np.maximum(np.abs(values), 1e-30))


def test_the_clipper_is_the_curve_of_its_docstring():
    ramp = np.linspace(-1, 1, 4001, dtype=np.float32)[np.newaxis]
    wet = SoftClipper(ceiling_db=-6, knee_db=6, oversampling=1)(ramp, RATE)
    a, c = 10 ** (-12 / 20), 10 ** (-6 / 20)
    bent = np.sign(ramp) * (a + (c - a) * np.tanh((np.abs(ramp) - a) / (c - a)))
    assert wet == pytest.approx(np.where(np.abs(ramp) > a, bent, ramp), abs=1e-6)
    assert np.abs(wet).max() < c
    assert np.diff(wet).min() > 0 and np.diff(np.diff(wet)).max() < 1e-5  # no corner


def test_a_narrow_knee_is_nearly_a_hard_clip():
    wet = SoftClipper(ceiling_db=-6, knee_db=0.1, oversampling=1)(tone(100), RATE)
    assert wet == pytest.approx(np.clip(tone(100), -0.5012, 0.5012), abs=0.006)


def loudest_alias_db(effect, hz):
    """The loudest thing below 20 kHz that is no harmonic of the tone, relative to the tone."""
    middle = effect(tone(hz), RATE)[0, RATE // 4 : 3 * RATE // 4]
    power = np.abs(np.fft.rfft(middle * np.kaiser(middle.size, 14))) ** 2
    at = np.fft.rfftfreq(middle.size, 1 / RATE)
    away = np.abs(at - hz * np.round(at / hz)) > 100
    return 10 * np.log10(power[away & (at < 20_000)].max() / power.max())


@pytest.mark.parametrize("hz, alias_db", [(997, -105), (4999, -68), (9001, -49)])
def test_the_clippers_aliases_lie_below_what_the_docstring_states(hz, alias_db):
    assert loudest_alias_db(SoftClipper(ceiling_db=-12), hz) < alias_db


def band_limited(seconds=1):
    """Noise below 5 kHz, as peaky as music, with a peak at full scale."""
    spectrum = np.fft.rfft(np.random.default_rng(4).standard_normal(seconds * RATE))
    spectrum[5000 * seconds :] = 0
    wave = np.fft.irfft(spectrum)
    return (wave / np.abs(wave).max())[np.newaxis].astype(np.float32)


@pytest.mark.parametrize("ceiling_db, undone_db", [(-3, -70), (-6, -45), (-9, -33)])
def test_what_the_clipper_pressed_stands_up_again_to_a_stated_level(ceiling_db, undone_db):
    dry = band_limited()
    clipper = SoftClipper(ceiling_db=ceiling_db)
    wet = clipper(dry, RATE)
    left = clipper.inverse()(wet, RATE) - dry
    middle = slice(2000, -2000)
    assert db(left[:, middle].std() / dry.std()) < undone_db
    assert left[:, middle].std() < (wet - dry)[:, middle].std() / 8
    assert clipper.inverse().inverse() == clipper


@pytest.mark.parametrize("hz, passed_db", [(997, 0.02), (3001, 0.5), (6007, 1.3)])
def test_a_clipped_tone_passes_the_ceiling_by_no_more_than_stated(hz, passed_db):
    wet = SoftClipper(ceiling_db=-12)(tone(hz), RATE)[:, 1000:-1000]
    assert db(wet).max() < -12 + passed_db
