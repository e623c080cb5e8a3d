"""Codecs: nothing moves, nothing clips, and the bits are about those asked for."""

import numpy as np
import pytest

from wetdry.degradations import Mp3, Mp3Vbr, Opus, Vorbis
from wetdry.mixing.alignment import lag_samples

CODECS = [
    *(Mp3(bitrate_kbps=kbps) for kbps in (32, 40, 48, 56, 64, 80, 96, 128, 192, 320)),
    *(Mp3Vbr(quality=q) for q in (0, 9)),
    *(Opus(bitrate_kbps=kbps) for kbps in (32, 64, 256)),
    *(Vorbis(quality=q) for q in (0, 10)),
]


def music(sample_rate, seconds=1.0, channels=2, peak=0.7):
    """Bursts of noise and chords."""
    rng = np.random.default_rng(4)
    t = np.arange(int(seconds * sample_rate)) / sample_rate
    decay = np.exp(-(t % 0.25) * 15)
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (220, 277.2, 329.6, 1760, 5274))
    audio = decay * (chord + rng.standard_normal((channels, t.size)))
    return (peak * audio / np.abs(audio).max()).astype(np.float32)


@pytest.mark.parametrize("sample_rate", [22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("codec", CODECS, ids=str)
def test_length_and_time_are_kept_at_every_rate(codec, sample_rate):
    audio = music(sample_rate, seconds=0.8, channels=1)
    coded = codec(audio, sample_rate)
    assert coded.shape == audio.shape
    assert abs(lag_samples(audio, coded, sample_rate)) < 0.5
    assert np.abs(coded - audio).std() < audio.std()


@pytest.mark.parametrize(
    "codec",
    [Mp3(bitrate_kbps=320), Mp3Vbr(quality=0), Opus(bitrate_kbps=256), Vorbis(quality=9)],
    ids=str,
)
def test_samples_beyond_full_scale_are_not_clipped(codec):
    audio = music(48_000, peak=4.0)
    coded = codec(audio, 48_000)
    assert np.vdot(coded, audio) / np.vdot(audio, audio) == pytest.approx(1, abs=0.1)
    assert np.abs(coded).max() == pytest.approx(4, rel=0.15)


def coded_kbps(codec, audio, sample_rate):
    """What the encoder really writes, per second."""
    return len(codec.encoded(audio, sample_rate)) * 8 / 1000 / (audio.shape[1] / sample_rate)


@pytest.mark.parametrize("kbps", [32, 56, 64, 128, 320])
def test_an_mp3_of_constant_rate_has_that_rate(kbps):
    audio = music(44_100, seconds=4)
    real = coded_kbps(Mp3(bitrate_kbps=kbps), audio, 44_100)
    assert real == pytest.approx(kbps, rel=0.03)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kbps", [32, 96, 192])
def test_opus_comes_near_its_target(kbps, channels):
    audio = music(48_000, seconds=4, channels=channels)
    real = coded_kbps(Opus(bitrate_kbps=kbps), audio, 48_000)
    assert real == pytest.approx(kbps, rel=0.35)


@pytest.mark.parametrize(
    "worse, better",
    [
        (Mp3(bitrate_kbps=48), Mp3(bitrate_kbps=192)),
        (Mp3Vbr(quality=9), Mp3Vbr(quality=1)),
        (Opus(bitrate_kbps=32), Opus(bitrate_kbps=192)),
        (Vorbis(quality=0), Vorbis(quality=9)),
    ],
    ids=str,
)
def test_more_bits_leave_less_error(worse, better):
    audio = music(44_100)
    errors = [(codec(audio, 44_100) - audio).std() for codec in (worse, better)]
    assert errors[0] > 1.5 * errors[1]


def test_ogg_files_differ_but_their_samples_do_not():
    audio, codec = music(48_000), Vorbis(quality=5)
    assert codec.encoded(audio, 48_000) != codec.encoded(audio, 48_000)  # a random serial number
    assert codec(audio, 48_000).tobytes() == codec(audio, 48_000).tobytes()
