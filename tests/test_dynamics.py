"""Dynamics: static curves, time constants, keys and switches, against theory."""

import numpy as np
import pytest

from wetdry.degradations import (
    Compressor,
    Ducking,
    Dynamics,
    Effect,
    Expander,
    Gate,
    UpwardCompressor,
)
from wetdry.degradations.effects.detectors import rms_levels
from wetdry.errors import AudioError

RATE = 48_000
TIME = np.arange(RATE) / RATE
KEYED = sorted(k for k, e in Effect.kinds.items() if issubclass(e, Dynamics))


def steps(*levels_db, seconds=1.0):
    """Constant values, one level after the other: peak and RMS are known at every sample."""
    levels = 10 ** (np.repeat(levels_db, int(seconds * RATE)) / 20)
    return np.tile(levels, (2, 1)).astype(np.float32)


def tone(hz, level_db=0.0):
    return np.tile(10 ** (level_db / 20) * np.sin(2 * np.pi * hz * TIME), (2, 1)).astype(np.float32)


def noise(name=0, samples=RATE, level=0.2):
    return (level * np.random.default_rng(name).standard_normal((2, samples))).astype(np.float32)


def db(values):
    return 20 * np.log10(np.maximum(np.abs(values), 1e-30))


# The compressor's detector, look-ahead and link


def test_the_rms_detector_reads_a_sine_3_db_lower_and_a_square_wave_alike():
    for wave, rms_db in ((tone(1000), -3.01), (np.sign(tone(1000) + 1e-9), 0.0)):
        levels = rms_levels(wave.astype(np.float32), 50, RATE)
        assert db(levels[0, -1]) == pytest.approx(rms_db, abs=0.05)


def test_the_rms_detector_has_risen_63_percent_in_power_after_its_average():
    levels = rms_levels(steps(0), 20, RATE)
    assert levels[0, int(0.02 * RATE) - 1] ** 2 == pytest.approx(1 - np.exp(-1), abs=1e-3)


@pytest.mark.parametrize("level_db", [-40, -15, -3])
def test_an_rms_compressor_has_the_static_curve_of_the_rms(level_db):
    compressor = Compressor(
        threshold_db=-20, ratio=4, detector="rms", average_ms=50, attack_ms=50, knee_db=0
    )
    curve = compressor.gain_curve_db(tone(1000, level_db), RATE)
    expected = -max(level_db - 3.01 + 20, 0) * 0.75
    assert curve[-1] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("lookahead_ms", [1, 5, 20])
def test_looking_ahead_moves_the_gain_and_not_the_sound(lookahead_ms):
    audio = noise() * steps(-40, 0, seconds=0.5)
    compressor = Compressor(threshold_db=-30, ratio=4)
    early = compressor.model_copy(update={"lookahead_ms": lookahead_ms})
    ahead = round(lookahead_ms / 1000 * RATE)
    plain, moved = (c.gain_curve_db(audio, RATE) for c in (compressor, early))
    assert np.array_equal(moved[:-ahead], plain[ahead:])
    assert early(audio, RATE)[:, :-1] == pytest.approx(
        (audio * 10 ** (moved / 20))[:, :-1], abs=1e-6
    )


def test_unlinked_is_two_monos_and_half_linked_lies_halfway_in_db():
    audio = noise() * np.array([[1.0], [0.1]], np.float32)
    curves = {
        link: Compressor(threshold_db=-40, ratio=4, link=link).gain_curve_db(audio, RATE)
        for link in (0.0, 0.5, 1.0)
    }
    mono = [Compressor(threshold_db=-40, ratio=4).gain_curve_db(a[None], RATE) for a in audio]
    assert curves[1.0].shape == (RATE,) and curves[0.0].shape == (2, RATE)
    assert np.array_equal(curves[0.0], np.stack(mono))
    assert curves[0.5] == pytest.approx((curves[0.0] + curves[1.0]) / 2, abs=1e-4)


@pytest.mark.parametrize("link", [0.0, 0.3, 1.0])
def test_the_curve_of_a_bus_leaves_stems_that_sum_whatever_the_link(link):
    stems = [noise(n) * np.array([[1.0], [0.3]], np.float32) for n in range(3)]
    bus = np.sum(stems, axis=0)
    compressor = Compressor(threshold_db=-30, ratio=4, link=link, lookahead_ms=2)
    gain = 10 ** (compressor.gain_curve_db(bus, RATE) / 20)
    summed = np.sum([stem * gain for stem in stems], axis=0)
    assert summed == pytest.approx(compressor(bus, RATE), abs=1e-5)


@pytest.mark.parametrize("hz, heard_db", [(50, -12.3), (100, -3.01), (1000, 0)])
def test_the_side_chain_does_not_hear_the_lows(hz, heard_db):
    numbers = {"threshold_db": -40, "ratio": 30, "detector": "rms", "average_ms": 100}
    deaf = Compressor(**numbers, attack_ms=50, knee_db=0, sidechain_high_pass_hz=100)
    whole = Compressor(**numbers, attack_ms=50, knee_db=0)
    curves = [c.gain_curve_db(tone(hz, -6), RATE)[-RATE // 5 :].mean() for c in (deaf, whole)]
    assert curves[0] - curves[1] == pytest.approx(-heard_db * (1 - 1 / 30), abs=0.15)


# Keys


@pytest.mark.parametrize("kind", KEYED)
def test_the_sound_as_its_own_key_is_the_plain_effect(kind, typical):
    audio = noise(1, 9600)
    effect = typical(kind)
    assert np.array_equal(effect.keyed(audio, audio.copy(), RATE), effect(audio, RATE))


@pytest.mark.parametrize("kind", KEYED)
def test_a_key_that_is_shared_keeps_the_sum_of_stems(kind, typical):
    stems, key = [noise(n, 9600) for n in range(3)], noise(9, 9600, 0.6)
    effect = typical(kind)
    keyed = np.sum([effect.keyed(stem, key, RATE) for stem in stems], axis=0)
    together = effect.keyed(np.sum(stems, axis=0), key, RATE)
    assert keyed == pytest.approx(together, abs=2e-5 * float(np.abs(together).max()))


@pytest.mark.parametrize("shape", [(2, 99), (2, 100)])
def test_a_key_that_does_not_fit_is_refused_by_name(shape):
    with pytest.raises(AudioError, match="gate: wanted a key"):
        Gate(threshold_db=-20).keyed(
            np.zeros((1, 100), np.float32), np.zeros(shape, np.float32), RATE
        )


def test_a_voice_ducks_the_music_by_the_depth_and_silence_does_not():
    music, voice = noise(), steps(-120, -10, -120) * np.ones((1, 1), np.float32)
    ducking = Ducking(threshold_db=-30, depth_db=12, attack_ms=10, release_ms=100, hold_ms=50)
    music = np.tile(music, 3)
    ducked = ducking.keyed(music, voice, RATE)
    assert np.array_equal(ducked[:, : RATE - 1], music[:, : RATE - 1])
    gain = ducking.gain_curve_db(voice, RATE)
    assert gain[2 * RATE - 1] == pytest.approx(-12, abs=0.01)
    assert gain[RATE + int(0.01 * RATE) - 1] == pytest.approx(-12 * (1 - np.exp(-1)), abs=0.02)
    released = 2 * RATE + int(0.15 * RATE)  # hold, then one time constant
    assert gain[released - 1] == pytest.approx(-12 * np.exp(-1), abs=0.02)


# Below the threshold


@pytest.mark.parametrize("ratio", [1, 2, 5])
@pytest.mark.parametrize("level_db", [-90, -44, -33, -30, -10])
def test_the_expander_falls_by_its_ratio_until_its_range(level_db, ratio):
    expander = Expander(threshold_db=-30, ratio=ratio, range_db=24, knee_db=0, average_ms=1)
    wanted = -min(max(-30 - level_db, 0) * (ratio - 1), 24)
    assert expander.gain_curve_db(steps(level_db), RATE)[-1] == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("ratio", [1, 2, 10])
@pytest.mark.parametrize("level_db", [-90, -50, -33, -30, -10])
def test_the_upward_compressor_rises_to_its_ratio_until_its_range(level_db, ratio):
    upward = UpwardCompressor(threshold_db=-30, ratio=ratio, range_db=12, knee_db=0, average_ms=1)
    wanted = min(max(-30 - level_db, 0) * (1 - 1 / ratio), 12)
    assert upward.gain_curve_db(steps(level_db), RATE)[-1] == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("over_db", [-9, -5, 0, 5, 9])
def test_the_knee_below_is_the_compressors_mirrored(over_db):
    below = Expander(threshold_db=-30, ratio=2, knee_db=12, range_db=60)
    above = Compressor(threshold_db=-30, ratio=2, knee_db=12)
    mirrored = above.gain_curve_db(steps(-30 + over_db), RATE)[-1] * 2  # of slope 1/2, not 1
    found = below.gain_curve_db(steps(-30 - over_db), RATE)[-1]
    assert found == pytest.approx(mirrored, abs=0.01)


@pytest.mark.parametrize("effect, sign", [(Expander, -1), (UpwardCompressor, 1)])
def test_the_gain_below_moves_with_its_time_constants(effect, sign):
    numbers = {"threshold_db": -20, "ratio": 2, "range_db": 10, "knee_db": 0}
    times = {"attack_ms": 50, "release_ms": 200, "average_ms": 0.5}
    curve = effect(**numbers, **times).gain_curve_db(steps(-100, 0, -100, seconds=2), RATE)
    assert curve[2 * RATE - 1] == pytest.approx(10 * sign, abs=0.01)
    attacked = curve[2 * RATE + int(0.05 * RATE)]
    released = curve[4 * RATE + int(0.2 * RATE)]
    assert attacked == pytest.approx(sign * 10 * np.exp(-1), abs=0.05)
    assert released == pytest.approx(sign * 10 * (1 - np.exp(-1)), abs=0.2)  # and the average's


def test_up_after_down_is_a_straight_line_again():
    """Expanding by 2 and then compressing upwards by 2 about one threshold changes nothing."""
    settled = {"threshold_db": -20, "range_db": 60, "knee_db": 0, "average_ms": 1}
    down = Expander(ratio=2, **settled)(steps(-32, seconds=2), RATE)
    up = UpwardCompressor(ratio=2, **settled)(down, RATE)
    assert db(down[0, -1]) == pytest.approx(-44, abs=0.01)
    assert db(up[0, -1]) == pytest.approx(-32, abs=0.01)


# Gates


def test_the_gate_opens_closes_and_holds_where_it_says():
    gate = Gate(threshold_db=-20, hysteresis_db=6, hold_ms=100, range_db=40, attack_ms=1)
    between = gate.gain_curve_db(steps(-30, -23, -10, -23, -27), RATE)
    assert between[2 * RATE - 1] == pytest.approx(-40, abs=0.01)  # loud enough to stay, not to open
    assert between[3 * RATE - 1] == pytest.approx(0, abs=0.01)
    assert between[4 * RATE + int(0.1 * RATE) - 1] == pytest.approx(0, abs=0.01)
    assert between[4 * RATE + int(0.2 * RATE) - 1] == pytest.approx(
        -40 * (1 - np.exp(-1)), abs=0.05
    )


def test_the_gate_opens_by_63_percent_in_the_attack_time():
    gate = Gate(threshold_db=-20, attack_ms=10, range_db=30)
    opened = gate.gain_curve_db(steps(-60, 0), RATE)[RATE + int(0.01 * RATE) - 1]
    assert opened == pytest.approx(-30 * np.exp(-1), abs=0.02)


def test_a_steady_tone_above_the_threshold_does_not_make_the_gate_chatter():
    curve = Gate(threshold_db=-20, hold_ms=12).gain_curve_db(tone(45, -10), RATE)
    assert curve[RATE // 10 :] == pytest.approx(0, abs=1e-6)


def test_a_gate_that_looks_ahead_lets_the_onset_through():
    audio = steps(-60, 0, seconds=0.5)
    late, early = (Gate(threshold_db=-20, lookahead_ms=ms)(audio, RATE) for ms in (0, 10))
    first = audio.shape[1] // 2
    assert db(late[0, first]) < -10 and db(early[0, first]) > -0.1


# The de-esser


# The transient shaper


# Bands
