"""Distortion and lo-fi, against the series and circuits that they stand for."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import jv

from wetdry.degradations import (
    Amplifier,
    BitCrush,
    Cubic,
    Diode,
    Exciter,
    FoldBack,
    Rectifier,
    SampleRateReduction,
    Saturation,
    Tape,
    Tube,
)
from wetdry.errors import AudioError
from wetdry.mixing.alignment import lag_samples

RATE = 48_000
MIDDLE = slice(RATE // 4, 3 * RATE // 4)


def tone(hz, level=1.0):
    return (level * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE))[np.newaxis].astype(np.float32)


def harmonics(effect, hz, level):
    """Amplitudes of 0, 1, 2, ... times a tone of a whole number of Hz, over its own."""
    wet = effect(tone(hz, level), RATE)[0, MIDDLE]
    lines = np.abs(np.fft.rfft(wet))[:: hz // 2]  # each line is 2 Hz wide
    return lines / (RATE / 4) / level


def loudest_alias_db(effect, hz):
    """The loudest thing below 20 kHz that is no harmonic of the tone, relative to the tone."""
    wet = effect(tone(hz), RATE)[0, MIDDLE]
    power = np.abs(np.fft.rfft(wet * np.kaiser(wet.size, 14))) ** 2
    at = np.fft.rfftfreq(wet.size, 1 / RATE)
    away = np.abs(at - hz * np.round(at / hz)) > 100
    return 10 * np.log10(power[away & (at < 20_000)].max() / power.max())


def decaying_noise(seconds=1):
    """Coloured noise bursts, stereo, that peak at 1: a stand-in for drums."""
    rng, time = np.random.default_rng(4), np.arange(int(seconds * RATE)) / RATE
    noise = np.cumsum(rng.standard_normal((2, time.size)), axis=1) * 0.1
    noise = np.diff(noise * np.exp(-time % 0.25 * 12), axis=1, prepend=0)
    noise = np.apply_along_axis(np.convolve, 1, noise, np.hanning(16), "same")
    return (noise / np.abs(noise).max()).astype(np.float32)


@pytest.mark.parametrize(
    "effect, at_5_khz_db, at_9_khz_db",
    [
        (Cubic(drive_db=24), -63, -50),
        (Diode(drive_db=24), -65, -44),
        (Tube(drive_db=24), -76, -50),
        (Tube(drive_db=24, bias=1), -76, -50),
        (FoldBack(drive_db=24), -110, -110),
        (Rectifier(mix=1), -90, -85),
        (Tape(drive_db=24), -42, -32),
        (Tape(drive_db=24, oversampling=8), -65, -46),
        (Exciter(frequency_hz=3000), -87, -75),
        (Amplifier(drive_db=24, cabinet="none"), -71, -48),
    ],
    ids=str,
)
def test_aliases_lie_below_what_the_docstrings_state(effect, at_5_khz_db, at_9_khz_db):
    assert loudest_alias_db(effect, 4999) < at_5_khz_db
    assert loudest_alias_db(effect, 9001) < at_9_khz_db


@pytest.mark.parametrize(
    "effect",
    [
        Cubic(drive_db=12),
        Diode(drive_db=12),
        Tube(drive_db=12, bias=1),
        FoldBack(drive_db=12),
        Tape(drive_db=12, bias=0.2),
        Exciter(frequency_hz=500, drive_db=12, amount_db=0),
        SampleRateReduction(rate_hz=40_000),
    ],
    ids=lambda effect: effect.kind,
)
def test_quiet_sound_keeps_its_level(effect):
    wet = effect(tone(700, 1e-4), RATE)[0, MIDDLE]
    assert 20 * np.log10(np.sqrt(2) * wet.std() / 1e-4) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("level", [0.1, 0.5, 1.4])
def test_below_clipping_a_cubic_makes_a_third_harmonic_and_no_other(level):
    lines = harmonics(Cubic(drive_db=0), 1000, level)
    assert lines[1] == pytest.approx(1 - level**2 / 9, rel=1e-4)
    assert lines[3] == pytest.approx(level**2 / 27, rel=1e-3)
    assert np.delete(lines, [1, 3]).max() < 1e-5


@pytest.mark.parametrize("bias", [0.1, 0.5, 1.0])
def test_a_tubes_octave_is_that_of_its_second_derivative(bias):
    lines = harmonics(Tube(drive_db=20, bias=bias), 1000, 0.002)  # u = 0.02
    assert lines[2] == pytest.approx(0.02 * np.tanh(bias) / 2, rel=0.01)


def test_a_tube_without_bias_is_saturation():
    loud = tone(440)
    assert Tube(drive_db=20, bias=0, oversampling=4)(loud, RATE) == pytest.approx(
        Saturation(drive_db=20)(loud, RATE), abs=1e-6
    )


@pytest.mark.parametrize("u", [0.5, 2.4048, 10.0])
def test_a_folded_tone_has_the_harmonics_of_bessel(u):
    lines = harmonics(FoldBack(drive_db=20), 500, u / 10)
    orders = np.arange(1, 20, 2)
    assert lines[1:20:2] * u == pytest.approx(2 * np.abs(jv(orders, u)), abs=2e-5)
    assert lines[2:20:2].max() < 1e-5


@pytest.mark.parametrize("level", [1e-3, 1.0])
def test_a_rectified_tone_has_the_harmonics_of_fourier_at_any_level(level):
    orders = np.arange(2, 13, 2)
    series = 4 / np.pi / (orders**2 - 1)
    full = harmonics(Rectifier(mix=1), 500, level)
    half = harmonics(Rectifier(mix=0.5), 500, level)
    assert full[2:13:2] == pytest.approx(series, rel=2e-3)
    assert half[2:13:2] == pytest.approx(series / 2, rel=2e-3)
    assert full[1] < 1e-4 and half[1] == pytest.approx(0.5, rel=1e-4)


@settings(max_examples=20, deadline=None)
@given(drive_db=st.floats(0, 48), level=st.floats(0.01, 1))
def test_diodes_obey_their_circuit(drive_db, level):
    drive = 10 ** (drive_db / 20)
    slow = tone(100, level)[:, :480]
    v = Diode(drive_db=drive_db, oversampling=1)(slow, RATE).astype(float) * drive * 0.6
    current = 2 * 2.52e-9 * np.sinh(v / 0.0453)
    source = drive * slow * 0.6 * (1 + 2 * 2.52e-9 * 2200 / 0.0453)
    np.testing.assert_allclose(v + 2200 * current, source, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "effect",
    [Tube(drive_db=24, bias=1), Rectifier(mix=1), Tape(drive_db=24), Amplifier(drive_db=24)],
    ids=lambda effect: effect.kind,
)
def test_no_direct_current_is_left(effect):
    wet = effect(tone(440), RATE)[0, MIDDLE]
    assert abs(wet.mean()) < wet.std() * 1e-3


@pytest.mark.parametrize("curve", [Saturation, Cubic, Diode])
def test_what_was_bent_below_the_knee_is_bent_back(curve):
    dry, bent = decaying_noise() * 0.25, curve(drive_db=12)
    wet = bent(dry, RATE)
    error_db = [
        20 * np.log10((x - dry).std() / dry.std()) for x in (wet, bent.inverse()(wet, RATE))
    ]
    assert error_db[1] < -54 and error_db[1] < error_db[0] - 15
    assert bent.inverse().inverse() == bent


@pytest.mark.parametrize("curve", [Saturation, Cubic, Diode])
def test_nothing_is_bent_back_above_full_scale(curve):
    square = np.sign(tone(100))
    restored = curve(drive_db=40, oversampling=1).inverse()(square, RATE)
    assert np.abs(restored).max() <= 1 + 1e-6


@pytest.mark.parametrize("bits", [6, 8.5, 12])
@pytest.mark.parametrize("dither, variance", [(False, 1 / 12), (True, 1 / 4)])
def test_the_error_of_rounding_has_the_power_of_theory(bits, dither, variance):
    dry = np.random.default_rng(0).uniform(-1, 1, (2, RATE)).astype(np.float32)
    step = 2 ** (1 - bits)
    error = (BitCrush(bits=bits, dither=dither)(dry, RATE) - dry) / step
    assert error.var() == pytest.approx(variance, rel=0.02)
    assert abs(error.mean()) < 0.01


def test_dither_lets_a_tone_below_the_last_step_be_heard():
    faint = tone(1000, 0.3 / 128)  # of a step of 8 bits
    assert not BitCrush(bits=8)(faint, RATE).any()
    heard = harmonics(BitCrush(bits=8, dither=True, seed=3), 1000, 0.3 / 128)
    assert heard[1] == pytest.approx(1, abs=0.05) and heard[2:6].max() < 0.05


def test_every_level_is_a_whole_number_of_steps():
    wet = BitCrush(bits=3)(tone(97), RATE)
    assert set(np.unique(wet * 4)) == set(range(-4, 5))


@pytest.mark.parametrize("hz, rate_hz", [(1000, 8000), (3000, 11_025), (1000, 7321.7)])
def test_a_held_tone_comes_back_mirrored_at_the_levels_of_the_hold(hz, rate_hz):
    wet = SampleRateReduction(rate_hz=rate_hz)(tone(hz), RATE)[0, MIDDLE]
    window, time = np.kaiser(wet.size, 14), np.arange(wet.size) / RATE
    for image in (hz, rate_hz - hz, rate_hz + hz, 2 * rate_hz - hz):
        found = 2 * abs((wet * window) @ np.exp(-2j * np.pi * image * time)) / window.sum()
        theory = abs(np.sinc(image / rate_hz))
        assert 20 * np.log10(found / theory) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("sample_rate", [16_000, 48_000, 96_000])
@pytest.mark.parametrize("rate_hz", [500.0, 3999.5, 11_025.0])
def test_a_hold_is_not_late(rate_hz, sample_rate):
    time = np.arange(sample_rate) / sample_rate
    slow = np.sin(2 * np.pi * 97 * time)[np.newaxis].astype(np.float32)
    held = SampleRateReduction(rate_hz=rate_hz)(slow, sample_rate)
    probe = np.exp(-2j * np.pi * 97 * time) * np.kaiser(time.size, 14)
    late_s = -np.angle((held[0] @ probe) / (slow[0] @ probe)) / (2 * np.pi * 97)
    assert late_s * sample_rate == pytest.approx(0, abs=1e-3)


def test_a_rate_that_does_not_reduce_is_refused():
    with pytest.raises(AudioError, match=r"sample_rate_reduction\.rate_hz"):
        SampleRateReduction(rate_hz=16_000)(tone(100), 16_000)
    assert SampleRateReduction(rate_hz=12_000)(tone(100), 16_000).any()


@pytest.mark.parametrize("sample_rate", [16_000, 96_000])
@pytest.mark.parametrize(
    "effect",
    [
        Cubic(drive_db=12),
        Diode(drive_db=12),
        Tube(drive_db=12),
        FoldBack(drive_db=12),
        Rectifier(mix=0.4),
        BitCrush(bits=8),
        Tape(drive_db=12),
        Exciter(frequency_hz=3000),
    ],
    ids=lambda effect: effect.kind,
)
def test_other_sample_rates_are_heard_alike_and_in_time(effect, sample_rate):
    dry = decaying_noise() * 0.5
    wet = effect(dry, sample_rate)
    assert abs(lag_samples(dry, wet, sample_rate)) < 1
    assert abs(20 * np.log10(wet.std() / dry.std())) < 6


@pytest.mark.stems
@pytest.mark.parametrize("curve", [Saturation, Cubic, Diode])
def test_real_stems_are_bent_back(curve, real_stems):
    for stem_class in ("Drums", "Vocals", "Bass"):
        for path in sorted(real_stems.glob(f"*/{stem_class}/*.flac"))[:3]:
            dry, sample_rate = soundfile.read(path, 441_000, dtype="float32", always_2d=True)
            if np.abs(dry).max() > 0.02:
                dry = np.ascontiguousarray(dry.T / np.abs(dry).max()) * np.float32(0.25)
                bent = curve(drive_db=12)
                error = bent.inverse()(bent(dry, sample_rate), sample_rate) - dry
                assert error.std() < dry.std() * 10 ** (-54 / 20)
