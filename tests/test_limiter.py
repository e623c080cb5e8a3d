"""The limiter: a ceiling for what a converter would play, not only for the samples."""

import numpy as np
import pytest
from scipy.signal import resample, resample_poly

from wetdry.degradations import BandLimit, Gain, Limiter, LoudnessLimiter
from wetdry.mixing.loudness import integrated_lufs
from wetdry.mixing.peaks import true_peak_dbtp

RATE = 48_000
TIME = np.arange(RATE) / RATE


def true_peak_db(audio):
    """The peak 16 times oversampled, by another filter than the limiter's."""
    padded = np.pad(audio.astype(np.float64), ((0, 0), (256, 256)))
    fine = resample_poly(padded, 16, 1, axis=1, window=("kaiser", 12.0))
    return 20 * np.log10(np.abs(fine).max())


def nasty():
    """Signals whose peaks lie between samples, come without warning or never end."""
    rng = np.random.default_rng(0)
    noise = BandLimit(bandwidth_hz=20_000)(rng.standard_normal((2, RATE), np.float32), RATE)
    quarter = 3 * np.sin(2 * np.pi * 12_000 * TIME + np.pi / 4)
    burst = 8 * np.sin(2 * np.pi * 11_025 * TIME + 1) * (TIME % 0.5 < 0.01)
    return {
        "noise": noise,
        "a quarter of the rate": np.stack([quarter, quarter]),
        "a square wave": np.tile(4 * np.sign(np.sin(2 * np.pi * 997 * TIME)), (2, 1)),
        "random signs": np.where(rng.random((2, RATE)) < 0.5, -2.0, 2.0),
        "clicks": 5.0 * (rng.random((2, RATE)) < 1e-3),
        "bursts on one side": np.stack([burst, np.zeros(RATE)]),
        "a click at the very start": np.eye(1, RATE) * 9,
        "a click at the very end": np.eye(1, RATE, RATE - 1) * 9,
    }


@pytest.mark.parametrize("ceiling_dbtp", [-1.0, -12.0])
@pytest.mark.parametrize("name", nasty())
def test_the_true_peak_stays_under_the_ceiling(name, ceiling_dbtp):
    audio = nasty()[name].astype(np.float32)
    for lookahead_ms in (0.5, 2.0):
        wet = Limiter(ceiling_dbtp=ceiling_dbtp, lookahead_ms=lookahead_ms)(audio, RATE)
        assert true_peak_db(wet) < ceiling_dbtp + 0.02
        assert true_peak_dbtp(wet, RATE) < ceiling_dbtp + (0.2 if name == "random signs" else 0.06)
        assert np.abs(wet).max() <= 10 ** (ceiling_dbtp / 20) * 1.0001


def test_what_is_under_the_ceiling_passes_bit_for_bit():
    audio = (0.3 * np.sin(2 * np.pi * 440 * TIME))[np.newaxis].astype(np.float32)
    assert np.array_equal(Limiter(ceiling_dbtp=-1)(audio, RATE), audio)


def test_a_steady_tone_is_held_at_the_ceiling():
    audio = np.sin(2 * np.pi * 440 * TIME)[np.newaxis].astype(np.float32)
    wet = Limiter(ceiling_dbtp=-6)(audio, RATE)
    assert 20 * np.log10(np.abs(wet[0, RATE // 2 :]).max()) == pytest.approx(-6, abs=0.1)


def test_the_gain_recovers_by_63_percent_in_the_release_time():
    audio = np.full((1, 2 * RATE), 0.01, np.float32)
    audio[0, :RATE] = 1.0
    curve = Limiter(ceiling_dbtp=-12, release_ms=100, lookahead_ms=0.5).gain_curve_db(audio, RATE)
    assert curve[RATE // 2] == pytest.approx(-12, abs=0.05)
    early, later = curve[RATE + RATE // 20], curve[RATE + RATE // 20 + RATE // 10]
    assert later == pytest.approx(early * np.exp(-1), rel=0.01)


def test_the_gain_is_down_before_the_peak_comes():
    audio = np.full((1, RATE), 0.01, np.float32)
    audio[0, RATE // 2] = 1.0
    curve = Limiter(ceiling_dbtp=-6, lookahead_ms=2).gain_curve_db(audio, RATE)
    first = int(np.nonzero(curve < -1e-6)[0][0])
    assert 0 < RATE // 2 - first <= 0.0021 * RATE
    assert curve[RATE // 2] <= -5.99


def test_both_channels_get_the_same_gain():
    audio = np.stack([4 * np.sin(2 * np.pi * 220 * TIME), 0.1 * np.sin(2 * np.pi * 330 * TIME)])
    audio = audio.astype(np.float32)
    wet = Limiter(ceiling_dbtp=-3)(audio, RATE)
    loud = np.abs(audio).min(axis=0) > 1e-3
    gains = wet[:, loud] / audio[:, loud]
    assert gains[0] == pytest.approx(gains[1], rel=1e-4)


@pytest.mark.parametrize(
    "sample_rate, bandwidth_hz, over_db",
    [(48_000, 8000, 0.02), (48_000, 20_000, 0.02), (44_100, 18_000, 0.02), (44_100, 20_000, 0.05)],
)
def test_ideal_reconstruction_stays_within_hundredths(sample_rate, bandwidth_hz, over_db):
    noise = np.random.default_rng(1).standard_normal((2, sample_rate), np.float32)
    audio = BandLimit(bandwidth_hz=bandwidth_hz)(noise, sample_rate)
    for numbers in ({"release_ms": 5, "lookahead_ms": 0.5}, {"lookahead_ms": 10}):
        wet = Limiter(ceiling_dbtp=-6, **numbers)(audio, sample_rate)
        padded = np.pad(wet.astype(np.float64), ((0, 0), (4096, 4096)))
        fine = resample(padded, 16 * padded.shape[1], axis=1)
        assert 20 * np.log10(np.abs(fine).max()) < -6 + over_db


def music(seconds=3):
    """Decaying bursts of noise over a tone: 15 dB between peak and RMS."""
    time = np.arange(seconds * RATE) / RATE
    noise = np.random.default_rng(2).standard_normal((2, time.size))
    bursts = noise * np.exp(-(time % 0.5) * 20) + 0.2 * np.sin(2 * np.pi * 110 * time)
    return BandLimit(bandwidth_hz=18_000)((0.2 * bursts).astype(np.float32), RATE)


@pytest.mark.parametrize("gain_db", [-20, 10])
@pytest.mark.parametrize("target_lufs", [-30, -16, -11, -9])
def test_the_loudness_limiter_has_its_loudness_under_its_ceiling(target_lufs, gain_db):
    wet = LoudnessLimiter(target_lufs=target_lufs)(Gain(gain_db=gain_db)(music(), RATE), RATE)
    assert integrated_lufs(wet, RATE) == pytest.approx(target_lufs, abs=0.06)
    assert true_peak_dbtp(wet, RATE) < -1 + 0.06


def test_what_needs_no_limiting_gets_one_gain():
    curve = LoudnessLimiter(target_lufs=-40).gain_curve_db(music(), RATE)
    assert np.ptp(curve) == 0
    assert curve[0] == pytest.approx(-40 - integrated_lufs(music(), RATE), abs=1e-3)


def test_the_loudness_limiter_is_a_gain_and_a_limiter():
    audio = np.pad(music(), ((0, 0), (0, 2 * RATE)))
    curve = LoudnessLimiter(target_lufs=-10).gain_curve_db(audio, RATE)
    drive_db = float(curve[-1])  # long released
    driven = Limiter().gain_curve_db(Gain(gain_db=drive_db)(audio, RATE), RATE)
    assert np.abs(curve - drive_db - driven).max() < 1e-3


def test_a_loudness_out_of_reach_is_driven_for_and_silence_is_not():
    lonely = np.zeros((1, RATE), np.float32)
    lonely[0, RATE // 2] = 0.5  # a click cannot be as loud as -4 LUFS
    effect = LoudnessLimiter(target_lufs=-4, ceiling_dbtp=-3)
    assert true_peak_dbtp(effect(lonely, RATE), RATE) == pytest.approx(-3, abs=0.06)
    assert not effect(lonely * 0, RATE).any()


def test_stems_under_the_curve_of_their_bus_still_sum():
    stems = [music(1), 0.5 * music(1)[::-1]]
    effect = LoudnessLimiter(target_lufs=-9)
    bus = (stems[0] + stems[1]).astype(np.float32)
    parts = [effect.keyed(stem, bus, RATE) for stem in stems]
    assert parts[0] + parts[1] == pytest.approx(effect(bus, RATE), abs=1e-5)
