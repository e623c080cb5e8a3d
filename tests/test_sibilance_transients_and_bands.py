"""De-essers, transient shapers and multiband compressors, against theory."""

import numpy as np
import pytest
from scipy.signal import lfilter

from wetdry.degradations import (
    Compressor,
    Deesser,
    MultibandCompressor,
    TransientShaper,
)

from .test_dynamics import RATE, TIME, db, noise, steps, tone


@pytest.mark.parametrize("mode", ["split", "wide"])
@pytest.mark.parametrize("level_db", [-40, -22, -12])
def test_sibilance_is_turned_down_by_what_the_ratio_says(mode, level_db):
    numbers = {"ratio": 4, "attack_ms": 0.1, "release_ms": 500}  # follows peaks, holds them
    wet = Deesser(threshold_db=-24, range_db=6, mode=mode, **numbers)(tone(7000, level_db), RATE)
    wanted = -min(max(level_db + 24, 0) * 0.75, 6)
    had = db(wet[:, RATE // 2 :].std() / tone(7000, level_db)[:, RATE // 2 :].std())
    assert had == pytest.approx(wanted, abs=0.15)


def test_split_spares_what_is_not_sibilance_and_wide_does_not():
    voice, hiss = tone(300, -12), tone(7000, -12)
    lines = {}
    for mode in ("split", "wide"):
        wet = Deesser(threshold_db=-40, mode=mode)(voice + hiss, RATE)
        lines[mode] = db(np.abs(np.fft.rfft(wet[0]))[[300, 7000]] / (RATE / 2)) + 12
    assert lines["split"] == pytest.approx([0, -12], abs=0.1)
    assert lines["wide"] == pytest.approx([-12, -12], abs=0.1)


def test_without_sibilance_the_sound_passes_bit_for_bit():
    voice = tone(300, -6)
    for mode in ("split", "wide"):
        assert np.array_equal(Deesser(threshold_db=-35, mode=mode)(voice, RATE), voice)


def test_split_it_is_a_bell_that_reaches_its_depth_and_raises_nothing():
    click = np.zeros((2, RATE), np.float32)
    click[:, RATE // 2] = 1.0
    deep = Deesser(threshold_db=-60, ratio=30, range_db=18, release_ms=500)
    response = db(np.fft.rfft(deep.keyed(click, tone(7000), RATE)[0]))  # one line per Hz
    assert response.max() < 1e-3
    assert response[7000] == pytest.approx(-18, abs=0.01)


def test_an_onset_gets_all_of_attack_db_and_steady_sound_nothing():
    audio = np.concatenate([np.zeros((2, RATE), np.float32), tone(200, -6)], axis=1)
    for attack_db in (-12, 9):
        curve = TransientShaper(attack_db=attack_db, sustain_db=0).gain_curve_db(audio, RATE)
        assert curve[RATE + int(0.01 * RATE)] == pytest.approx(attack_db, abs=0.01)
        assert curve[RATE + int(0.3 * RATE) :] == pytest.approx(0, abs=0.05)


def test_the_onset_is_full_for_two_thirds_of_its_time_and_over_after_three():
    audio = steps(-200, -10)
    curve = TransientShaper(attack_db=10, sustain_db=0, attack_ms=50).gain_curve_db(audio, RATE)
    full = RATE + np.arange(int(0.033 * RATE))  # 1 - exp(-t) is half at 0.69
    assert curve[full] == pytest.approx(10, abs=1e-3)
    assert curve[RATE + int(0.036 * RATE)] < 10 and curve[RATE + int(0.15 * RATE)] < 1


@pytest.mark.parametrize("level_db", [-40, -10])
def test_a_decay_is_moved_by_sustain_db_at_any_level(level_db):
    decay = tone(200, level_db) * np.exp(-TIME * 20).astype(np.float32)
    wet = TransientShaper(attack_db=0, sustain_db=-12)(decay, RATE)
    late = slice(RATE // 3, RATE // 2)
    assert db(wet[:, late].std() / decay[:, late].std()) == pytest.approx(-12, abs=0.05)


def test_shaping_follows_the_shape_and_not_the_level():
    hits = noise() * np.exp(-(TIME % 0.25) * 30).astype(np.float32)
    shaper = TransientShaper(attack_db=9, sustain_db=-9)
    loud, soft = shaper.gain_curve_db(hits, RATE), shaper.gain_curve_db(hits * 0.01, RATE)
    assert loud == pytest.approx(soft, abs=1e-3)


@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
@pytest.mark.parametrize("low_hz, high_hz", [(40, 1000), (200, 3000), (800, 12_000)])
def test_bands_that_do_nothing_sum_flat(low_hz, high_hz, sample_rate):
    click = np.zeros((1, 2 * sample_rate), np.float32)
    click[0, 0] = 1.0
    idle = MultibandCompressor(ratios=(1, 1, 1), low_crossover_hz=low_hz, high_crossover_hz=high_hz)
    response = db(np.fft.rfft(idle(click, sample_rate)[0]))
    assert np.abs(response[20:]).max() < 0.01


def test_crossovers_stand_at_minus_6_db_and_fall_by_24_db_per_octave():
    click = np.zeros((1, 4 * RATE), np.float32)
    click[0, 0] = 1.0
    bands = MultibandCompressor(low_crossover_hz=200, high_crossover_hz=4000).bands(click, RATE)
    low, mid, high = (db(np.fft.rfft(band[0]))[::4] for band in bands)  # one line per Hz
    assert [low[200], mid[200], mid[4000], high[4000]] == pytest.approx([-6.02] * 4, abs=0.05)
    assert low[800] - low[1600] == pytest.approx(24, abs=0.5)
    assert mid[50] - mid[25] == pytest.approx(24, abs=0.5)
    assert high[1000] - high[500] == pytest.approx(24, abs=0.5)


def test_each_band_is_its_own_compressor():
    tones = [(30, 0), (800, 1), (14_000, 2)]
    multiband = MultibandCompressor(
        thresholds_db=(-30, -12, -24), ratios=(2, 30, 4), makeups_db=(3, 0, 6), knee_db=0
    )
    for hz, band in tones:
        compressor = multiband.compressors()[band]
        alone, wet = compressor(tone(hz, -6), RATE), multiband(tone(hz, -6), RATE)
        late = slice(RATE // 2, None)
        assert db(wet[:, late].std() / alone[:, late].std()) == pytest.approx(
            0, abs=0.25
        )  # the others leak


def test_one_pole_ballistics_are_scipys_filter():
    """Two roads: with attack = release the smoothing is a plain recursive filter."""
    level = np.abs(noise()).max(axis=0)
    same = Compressor(threshold_db=-60, ratio=2, attack_ms=20, release_ms=20, knee_db=0)
    pole = np.exp(-1000 / (20 * RATE))
    wanted = np.maximum(db(level) + 60, 0) / 2
    expected = -lfilter([1 - pole], [1, -pole], wanted)
    assert same.gain_curve_db(noise(), RATE) == pytest.approx(expected, abs=1e-3)
