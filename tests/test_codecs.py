"""Codecs: nothing moves, nothing clips, and the bits are about those asked for."""

import numpy as np
import pytest

from wetdry.degradations import Aac, Gsm, Mp3, Mp3Vbr, Opus, Vorbis
from wetdry.mixing.alignment import lag_samples

CODECS = [
    *(Mp3(bitrate_kbps=kbps) for kbps in (32, 40, 48, 56, 64, 80, 96, 128, 192, 320)),
    *(Mp3Vbr(quality=q) for q in (0, 9)),
    *(Opus(bitrate_kbps=kbps) for kbps in (32, 64, 256)),
    *(Vorbis(quality=q) for q in (0, 10)),
    *(Aac(bitrate_kbps=kbps) for kbps in (24, 64, 128, 256)),
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
    audio = music(sample_rate, seconds=3, channels=1)
    coded = codec(audio, sample_rate)
    assert coded.shape == audio.shape
    assert abs(lag_samples(audio, coded, sample_rate)) < 0.5
    assert np.abs(coded - audio).std() < audio.std()


@pytest.mark.parametrize(
    "codec",
    [
        Mp3(bitrate_kbps=320),
        Mp3Vbr(quality=0),
        Opus(bitrate_kbps=256),
        Vorbis(quality=9),
        Aac(bitrate_kbps=256),
    ],
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


@pytest.mark.parametrize("sample_rate", [32_000, 44_100, 48_000])
@pytest.mark.parametrize(
    "kbps, channels", [(32, 1), (128, 1), (32, 2), (64, 2), (128, 2), (256, 2)]
)
def test_aac_comes_within_13_percent_of_its_target(kbps, channels, sample_rate):
    audio = music(sample_rate, seconds=4, channels=channels)
    packets = Aac(bitrate_kbps=kbps).packets(audio, sample_rate)[1]
    assert sum(map(len, packets)) * 8 / 4000 == pytest.approx(kbps, rel=0.13)


def test_aac_needs_no_container_to_keep_time():
    audio = np.zeros((1, 48_000), np.float32)
    audio[0, 20_000] = 0.5
    assert np.abs(Aac(bitrate_kbps=192)(audio, 48_000)[0]).argmax() == 20_000


@pytest.mark.parametrize("codec", [Aac(bitrate_kbps=64), Gsm(), Mp3(bitrate_kbps=64)], ids=str)
@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 96_000])
def test_no_length_is_lost_to_rounding(codec, sample_rate):
    for samples in (1, 2, 3, 5, 9601):
        assert codec(music(sample_rate)[:, :samples], sample_rate).shape == (2, samples)


def test_a_call_over_gsm_ends_below_4_khz_and_each_channel_is_a_call_of_its_own():
    audio = music(48_000)
    coded = Gsm()(audio, 48_000)
    power = np.abs(np.fft.rfft(coded[0])) ** 2
    assert power[4200:].sum() < 1e-4 * power.sum()
    for channel, alone in zip(audio, coded, strict=True):
        assert np.array_equal(Gsm()(channel[np.newaxis], 48_000)[0], alone)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_a_call_over_gsm_is_not_late(sample_rate):
    audio = music(sample_rate, seconds=8, channels=1)
    coded = Gsm()(audio, sample_rate)  # what is left is measured to a tenth of its own sample
    assert abs(lag_samples(audio, coded, sample_rate)) < max(0.1 * sample_rate / 8000, 0.25)


def test_gsm_whispers_in_silence():
    assert 0 < np.abs(Gsm()(np.zeros((1, 48_000), np.float32), 48_000)).max() < 1e-3


@pytest.mark.parametrize(
    "worse, better",
    [
        (Mp3(bitrate_kbps=48), Mp3(bitrate_kbps=192)),
        (Mp3Vbr(quality=9), Mp3Vbr(quality=1)),
        (Opus(bitrate_kbps=32), Opus(bitrate_kbps=192)),
        (Vorbis(quality=0), Vorbis(quality=9)),
        (Aac(bitrate_kbps=48), Aac(bitrate_kbps=192)),
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
