"""Equalizers and pass filters: the dB asked for are the dB had."""

import numpy as np
import pytest
from scipy import signal

from wetdry.degradations import (
    BandLimit,
    BandPass,
    BandStop,
    Bell,
    GraphicEqualizer,
    HighPass,
    HighShelf,
    LowPass,
    LowShelf,
)
from wetdry.degradations.effects.filters import BANDS_HZ
from wetdry.errors import AudioError

RATE = 48_000


def gain_db(effect, *frequencies_hz, sample_rate=RATE):
    """The gain that an effect gives to tones, measured from its answer to a click."""
    click = np.zeros((1, 2 * sample_rate), np.float32)
    click[0, sample_rate // 2] = 1.0
    turns = np.exp(-2j * np.pi * np.outer(frequencies_hz, np.arange(click.shape[1])) / sample_rate)
    return 20 * np.log10(np.abs(turns @ effect(click, sample_rate)[0]) + 1e-12)


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
@pytest.mark.parametrize("asked_db", [-24, -6, 3, 12])
@pytest.mark.parametrize("centre_hz", [60, 1000, 15_000])
def test_a_bell_has_the_gain_asked_for_at_its_centre(centre_hz, asked_db, sample_rate):
    bell = Bell(centre_hz=centre_hz, gain_db=asked_db, q=2)
    assert gain_db(bell, centre_hz, sample_rate=sample_rate) == pytest.approx(asked_db, abs=0.01)


def test_a_bell_leaves_far_frequencies_alone():
    assert gain_db(Bell(centre_hz=1000, gain_db=12, q=4), 20, 20_000) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("asked_db", [-12, 6])
def test_a_shelf_has_its_gain_at_the_far_end_and_half_at_its_cutoff(asked_db):
    low = gain_db(LowShelf(cutoff_hz=800, gain_db=asked_db), 20, 800, 20_000)
    high = gain_db(HighShelf(cutoff_hz=800, gain_db=asked_db), 20, 800, 20_000)
    assert low == pytest.approx([asked_db, asked_db / 2, 0], abs=0.05)
    assert high == pytest.approx([0, asked_db / 2, asked_db], abs=0.05)


@pytest.mark.parametrize("band", range(16))
def test_a_slider_of_the_graphic_equalizer_moves_its_own_band(band):
    gains = [0.0] * 16
    gains[band] = 6.0
    had = gain_db(GraphicEqualizer(gains_db=tuple(gains)), *BANDS_HZ)
    at_a_shelf = band in (0, 15)  # half its gain at the corner
    assert had[band] == pytest.approx(3 if at_a_shelf else 6, abs=0.01)
    assert had.argmax() == band and np.delete(had, band).max() < 1.3


def test_the_graphic_equalizer_is_its_bells_and_shelves_one_after_the_other():
    gains = tuple(np.linspace(-9, 9, 16))
    audio = np.random.default_rng(0).standard_normal((2, 5000)).astype(np.float32) * 0.1
    at_once = GraphicEqualizer(gains_db=gains)(audio, RATE)
    one_by_one = LowShelf(cutoff_hz=25, gain_db=gains[0], q=0.7)(audio, RATE)
    for n in range(1, 15):
        q = BANDS_HZ[n] / (BANDS_HZ[n + 1] - BANDS_HZ[n - 1]) * 2.5
        one_by_one = Bell(centre_hz=BANDS_HZ[n], gain_db=gains[n], q=q)(one_by_one, RATE)
    one_by_one = HighShelf(cutoff_hz=20_000, gain_db=gains[15], q=0.7)(one_by_one, RATE)
    assert at_once == pytest.approx(one_by_one, abs=1e-6)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
@pytest.mark.parametrize("family", ["butterworth", "bessel"])
def test_smooth_families_are_3_db_down_at_the_cutoff_and_steeper_with_the_order(family, order):
    low = LowPass(cutoff_hz=500, family=family, order=order)
    high = HighPass(cutoff_hz=500, family=family, order=order)
    assert gain_db(low, 20, 500) == pytest.approx([0, -3.01], abs=0.05)
    assert gain_db(high, 500, 20_000) == pytest.approx([-3.01, 0], abs=0.05)
    assert gain_db(low, 2000, 4000) @ [1, -1] == pytest.approx(6.02 * order, rel=0.2)


@pytest.mark.parametrize("family", ["chebyshev2", "elliptic"])
def test_a_stop_band_is_as_deep_as_asked_for(family):
    low = LowPass(cutoff_hz=1000, family=family, order=6, attenuation_db=60)
    assert gain_db(low, *np.geomspace(2000, 20_000, 50)).max() < -59.9


def test_band_filters_keep_or_drop_their_band():
    edges = BandPass(centre_hz=1000, q=1).edges_hz()
    kept = gain_db(BandPass(centre_hz=1000, q=1), 50, edges[0], 1000, edges[1], 15_000)
    dropped = gain_db(BandStop(centre_hz=1000, q=1), 50, edges[0], 1000, edges[1], 15_000)
    assert kept[[1, 2, 3]] == pytest.approx([-3.01, 0, -3.01], abs=0.05) and kept.max() < 0.01
    assert dropped[[0, 1, 3, 4]] == pytest.approx([0, -3.01, -3.01, 0], abs=0.05)
    assert max(kept[0], kept[4], dropped[2]) < -60


def test_band_limiting_ends_the_spectrum_at_the_bandwidth():
    kept = gain_db(BandLimit(bandwidth_hz=8000), 100, 7200)
    assert kept == pytest.approx(0, abs=0.1)
    assert gain_db(BandLimit(bandwidth_hz=8000), 8100, 12_000, 20_000).max() < -80


def test_a_long_silence_after_a_sound_leaves_no_trace_of_a_filter():
    audio = np.zeros((1, 40 * RATE), np.float32)
    audio[0, 0] = 1.0
    late = BandPass(centre_hz=60, q=8, order=8)(audio, RATE)[0, 30 * RATE :]
    assert not late.any()  # memories that decay into denormal numbers would make it slow


@pytest.mark.parametrize(
    "effect",
    [
        Bell(centre_hz=8000, gain_db=3),
        LowPass(cutoff_hz=8000),
        BandPass(centre_hz=4000, q=0.5),
        GraphicEqualizer(gains_db=(1.0,) * 16),
        BandLimit(bandwidth_hz=8000),
    ],
    ids=str,
)
def test_a_frequency_that_the_rate_cannot_hold_is_refused(effect):
    with pytest.raises(AudioError, match=f"{effect.kind}.* half the sample rate"):
        effect(np.zeros((1, 100), np.float32), 16_000)


def test_delays_of_a_design_agree_with_scipys_group_delay():
    from wetdry.degradations.effects.pass_filters import _delays

    zeros, poles, _ = signal.butter(3, 0.2, output="zpk")
    w, theirs = signal.group_delay(signal.butter(3, 0.2), 64)
    back = np.exp(-1j * w)[:, np.newaxis]
    ours = _delays(poles * back) - _delays(zeros * back)
    assert ours[:60] == pytest.approx(theirs[:60], abs=1e-3)
