"""Wet stays with dry: the measured lag of every effect that claims to keep time."""

from functools import cache

import numpy as np
import pytest
import soundfile

from wetdry.degradations import (
    BandLimit,
    BandPass,
    Bell,
    Compressor,
    FoldBack,
    GraphicEqualizer,
    HardClip,
    HighShelf,
    Limiter,
    LowPass,
    LowShelf,
    MidSideGain,
    Mp3,
    Mp3Vbr,
    Noise,
    NoiseFloor,
    Opus,
    Saturation,
    Vorbis,
)
from wetdry.degradations.effect import Effect
from wetdry.mixing.alignment import lag_samples

IN_TIME = [
    Compressor(threshold_db=-40, ratio=10, attack_ms=1, release_ms=50),
    Limiter(ceiling_dbtp=-18),
    Saturation(drive_db=30),
    HardClip(ceiling_db=-30),
    BandLimit(bandwidth_hz=3999.5),
    BandLimit(bandwidth_hz=11_025),
    *(Mp3(bitrate_kbps=kbps) for kbps in (32, 56, 64, 128)),
    *(Mp3Vbr(quality=q) for q in (0, 4.5, 9)),
    *(Opus(bitrate_kbps=kbps) for kbps in (32, 96)),
    *(Vorbis(quality=q) for q in (0, 7)),
    *(Noise(snr_db=3, colour=c) for c in ("white", "pink", "brown")),
    NoiseFloor(level_dbfs=-40),
]
GENTLE = [
    Bell(centre_hz=800, gain_db=6),
    LowShelf(cutoff_hz=200, gain_db=-6),
    HighShelf(cutoff_hz=5000, gain_db=-6),
    GraphicEqualizer(gains_db=(3.0, -3.0) * 8),
]


@cache
def music(sample_rate, seconds=2):
    """Plucked strings and drums: harmonics and noise bursts that die away."""
    rng = np.random.default_rng(5)
    t = np.arange(seconds * sample_rate) / sample_rate
    out = np.zeros((2, t.size))
    for beat in np.arange(0.1, seconds - 0.3, 0.25):
        since = np.clip(t - beat, 0, None)
        decay = np.exp(-since * 12) * (t >= beat)
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        tone = sum(np.sin(2 * np.pi * root * k * since + k) / k for k in range(1, 20))
        drum = rng.standard_normal(t.size) * np.exp(-since * 60)
        pan = rng.uniform(0.2, 0.8)
        out += np.array([[pan], [1 - pan]]) * decay * (tone + drum)
    return (0.5 * out / np.abs(out).max()).astype(np.float32)


@cache
def bass(sample_rate, seconds=4):
    """A plucked bass below 500 Hz, in sixteen bits: above there is only their noise."""
    rng = np.random.default_rng(8)
    t = np.arange(seconds * sample_rate) / sample_rate
    out = np.zeros(t.size)
    for beat in np.arange(0, seconds, 0.3):
        since = np.clip(t - beat, 0, None)
        root = 41.2 * 2 ** (rng.integers(0, 12) / 12)
        tone = sum(np.sin(2 * np.pi * root * k * since + k * k) / k for k in range(1, 6))
        out += tone * np.exp(-since * 8) * (t >= beat) * np.minimum(since * 100, 1)
    return np.rint(0.5 * out / np.abs(out).max() * 2**15).astype(np.float32)[np.newaxis] / 2**15


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
@pytest.mark.parametrize("effect", [*IN_TIME, *GENTLE], ids=str)
def test_the_wet_sound_is_within_a_sample_of_the_dry(effect, sample_rate):
    dry = music(sample_rate)
    assert abs(lag_samples(dry, effect(dry, sample_rate), sample_rate)) < 1


@pytest.mark.parametrize(
    "kind", sorted(k for k, effect in Effect.kinds.items() if not effect.moves_time)
)
def test_every_effect_that_claims_to_keep_time_keeps_it(kind, typical):
    dry = music(48_000, seconds=8)
    assert abs(lag_samples(dry, typical(kind)(dry, 48_000), 48_000)) < 0.5


@pytest.mark.parametrize(
    "effect", [LowPass(cutoff_hz=4000, order=8), BandPass(centre_hz=2000, q=0.7)], ids=str
)
def test_the_bulk_of_a_steep_filters_delay_is_taken_out(effect):
    def plain_lag(wet):  # no single delay: the meter rightly names none
        spectra = np.fft.rfft(dry, 2**18), np.fft.rfft(wet, 2**18)
        correlation = np.abs(np.fft.irfft((spectra[1] * spectra[0].conj()).sum(axis=0)))
        return (int(np.argmax(correlation)) + 2**17) % 2**18 - 2**17

    dry = music(48_000)
    raw = plain_lag(effect.apply(dry, 48_000))
    assert raw > 0 and abs(plain_lag(effect(dry, 48_000))) <= raw / 2


@pytest.mark.parametrize("shift", [-4000, -313, -1, 0, 1, 25, 2400])
def test_a_known_shift_is_found_under_noise_and_distortion(shift):
    dry = music(48_000)
    wet = np.roll(Saturation(drive_db=20)(dry, 48_000), shift, axis=1)
    wet = Noise(snr_db=6)(Mp3(bitrate_kbps=64)(wet, 48_000), 48_000)
    assert lag_samples(dry, wet, 48_000) == pytest.approx(shift, abs=0.5)


def test_a_flipped_or_quieter_or_mono_copy_is_not_late():
    dry = music(48_000)
    for wet in (-dry, dry * 1e-3, dry.mean(axis=0, keepdims=True)):
        assert lag_samples(dry, wet.astype(np.float32), 48_000) == pytest.approx(0, abs=0.01)


def test_half_a_sample_is_seen():
    fine = BandLimit(bandwidth_hz=20_000)(music(96_000), 96_000)
    assert lag_samples(fine[:, 0::2], fine[:, 1::2], 48_000) == pytest.approx(-0.5, abs=0.1)


def test_against_silence_there_is_no_lag():
    dry = music(48_000)
    assert np.isnan(lag_samples(dry, np.zeros_like(dry), 48_000))
    assert np.isnan(lag_samples(np.zeros_like(dry), dry, 48_000))
    assert np.isnan(lag_samples(dry[:, :0], dry[:, :0], 48_000))


SHAPERS = [HardClip(ceiling_db=-30), Saturation(drive_db=30), FoldBack(drive_db=15)]


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2, 7, 100])
@pytest.mark.parametrize("effect", SHAPERS, ids=str)
def test_harmonics_of_a_dull_bass_do_not_pass_for_a_delay(effect, shift):
    dry = bass(48_000)
    wet = np.roll(effect(dry, 48_000), shift, axis=1)
    assert lag_samples(dry, wet, 48_000) == pytest.approx(shift, abs=0.2)


def test_where_a_delay_cannot_be_known_none_is_named():
    rng = np.random.default_rng(6)
    dry = rng.standard_normal((1, 96_000)).astype(np.float32)
    assert np.isnan(lag_samples(dry, rng.standard_normal(dry.shape).astype(np.float32), 48_000))
    buried = dry + 10 * rng.standard_normal(dry.shape).astype(np.float32)
    assert np.isnan(lag_samples(dry, buried, 48_000))


def test_the_channels_that_are_most_alike_are_compared():
    dry = np.random.default_rng(7).standard_normal((2, 96_000)).astype(np.float32) * 0.1
    one_flipped = dry * np.array([[1], [-1]], np.float32)
    for wet in (dry[::-1].copy(), one_flipped, MidSideGain(mid_db=-24, side_db=6)(dry, 48_000)):
        late = np.roll(wet, 3, axis=1)
        assert lag_samples(dry, late, 48_000) == pytest.approx(3, abs=0.1)


@cache
def excerpts(folder):
    """Five seconds of every fifth real stem, bass too."""
    found = []
    for path in sorted(folder.glob("*/*/*.flac"))[::5]:
        sample_rate = soundfile.info(path).samplerate
        dry = soundfile.read(path, 5 * sample_rate, dtype="float32", always_2d=True)[0].T
        if np.abs(dry).max() > 0.02:
            found.append((np.ascontiguousarray(dry), sample_rate))
    return found


@pytest.mark.stems
@pytest.mark.parametrize("effect", IN_TIME, ids=str)
def test_real_stems_stay_in_time_and_a_delay_put_in_is_seen(effect, real_stems):
    known = 0
    for dry, sample_rate in excerpts(real_stems):
        wet = effect(dry, sample_rate)
        for shift in (0, 1, 7):
            lag = lag_samples(dry, np.roll(wet, shift, axis=1), sample_rate)
            known += np.isfinite(lag)
            assert np.isnan(lag) or abs(lag - shift) < 0.5
    assert known > 0.6 * 3 * len(excerpts(real_stems))
