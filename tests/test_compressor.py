"""The compressor, against the theory of Giannoulis, Massberg and Reiss."""

import numpy as np
import pytest

from wetdry.degradations import Compressor

RATE = 48_000


def steps(*levels_db, seconds=1.0):
    """Constant values, one level after the other: their peak level is known at every sample."""
    levels = 10 ** (np.repeat(levels_db, int(seconds * RATE)) / 20)
    return np.tile(levels, (2, 1)).astype(np.float32)


@pytest.mark.parametrize("ratio", [1, 2, 4, 30])
@pytest.mark.parametrize("level_db", [-50, -21, -10, 0])
def test_the_static_curve_rises_by_one_over_the_ratio(level_db, ratio):
    compressor = Compressor(threshold_db=-20, ratio=ratio, attack_ms=5, knee_db=0)
    settled = 20 * np.log10(compressor(steps(level_db), RATE)[0, -1])
    expected = level_db if level_db < -20 else -20 + (level_db + 20) / ratio
    assert settled == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("level_db", [-27, -23, -20, -17, -13])
def test_the_knee_bends_as_in_the_paper(level_db):
    knee, slope, over = 12, 1 / 4 - 1, level_db + 20
    expected = 0 if over < -knee / 2 else slope * over
    if abs(over) <= knee / 2:
        expected = slope * (over + knee / 2) ** 2 / (2 * knee)
    compressor = Compressor(threshold_db=-20, ratio=4, attack_ms=5, knee_db=knee)
    assert compressor.gain_curve_db(steps(level_db), RATE)[-1] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("attack_ms, release_ms", [(1, 50), (30, 300)])
def test_attack_and_release_are_63_percent_of_the_way(attack_ms, release_ms):
    compressor = Compressor(
        threshold_db=-20, ratio=2, attack_ms=attack_ms, release_ms=release_ms, knee_db=0
    )
    curve = compressor.gain_curve_db(steps(-60, 0, -60, seconds=2), RATE)
    attacked = curve[2 * RATE + int(attack_ms / 1000 * RATE) - 1]
    released = curve[4 * RATE + int(release_ms / 1000 * RATE) - 1]
    assert attacked == pytest.approx(-10 * (1 - np.exp(-1)), abs=0.02)
    assert released == pytest.approx(-10 * np.exp(-1), abs=0.02)


def test_makeup_lifts_everything():
    compressor = Compressor(threshold_db=0, ratio=4, makeup_db=6, knee_db=0)
    quiet = steps(-40)
    assert compressor(quiet, RATE) == pytest.approx(quiet * 10 ** (6 / 20), rel=1e-5)


def test_a_panned_tone_stays_where_it_is():
    tone = np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)
    panned = (np.array([[0.9], [0.1]]) * tone).astype(np.float32)
    wet = Compressor(threshold_db=-30, ratio=8, attack_ms=1)(panned, RATE)
    balance = np.diff(20 * np.log10(wet.std(axis=1)) - 20 * np.log10(panned.std(axis=1)))
    assert abs(balance) < 0.1


def test_the_gain_curve_lets_stems_still_sum_to_the_compressed_bus():
    rng = np.random.default_rng(3)
    stems = rng.standard_normal((3, 2, RATE)).astype(np.float32) * 0.2
    compressor = Compressor(threshold_db=-30, ratio=4)
    bus = stems.sum(axis=0)
    gain = 10 ** (compressor.gain_curve_db(bus, RATE) / 20)
    assert (stems * gain).sum(axis=0) == pytest.approx(compressor(bus, RATE), abs=1e-5)


def test_louder_in_is_never_softer_out():
    compressor = Compressor(threshold_db=-30, ratio=10)
    settled = [compressor(steps(db), RATE)[0, -1] for db in range(-60, 1, 5)]
    assert np.all(np.diff(settled) > 0)
