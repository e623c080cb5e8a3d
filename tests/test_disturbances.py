"""Hum, clicks, dropouts, lost packets, recordings: how loud, how often, how long."""

import numpy as np
import pytest
import soundfile
from scipy.signal import find_peaks, welch

from wetdry.degradations import (
    Clicks,
    Crackle,
    DcOffset,
    Dropouts,
    Hiss,
    Hum,
    NoiseFloor,
    PacketLoss,
    RecordedNoise,
)
from wetdry.errors import AssetError

RATE = 48_000
SILENCE = np.zeros((2, 10 * RATE), np.float32)
ONES = np.ones((2, 10 * RATE), np.float32) * 0.5


def rms_db(audio):
    return 20 * np.log10(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


# Hum and hiss


@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("mains_hz", [50, 60])
def test_hum_stands_on_the_harmonics_of_the_mains_and_nowhere_else(mains_hz, sample_rate):
    hum = Hum(level_dbfs=-40, mains_hz=mains_hz, harmonics=5, tilt_db=-6.0206, seed=3)
    added = hum(np.zeros((2, 2 * sample_rate), np.float32), sample_rate)
    assert rms_db(added) == pytest.approx(-40, abs=0.01)
    assert np.array_equal(*added)
    lines = np.abs(np.fft.rfft(added[0]))
    found = np.flatnonzero(lines > lines.max() * 1e-3) / 2
    assert found.tolist() == [k * mains_hz for k in range(1, 6)]
    assert lines[2 * mains_hz :: 2 * mains_hz][:5] / lines.max() == pytest.approx(
        1 / np.arange(1, 6), rel=1e-3
    )


def test_hum_has_no_seam():
    odd = Hum(level_dbfs=-20, harmonics=3)(SILENCE[:, : 5 * 22_050], 22_050)
    assert np.abs(np.diff(odd[0])).max() < 2 * np.pi * 150 / 22_050 * 0.2


@pytest.mark.parametrize("corner_hz", [500, 5000])
def test_hiss_rises_by_6_db_per_octave_up_to_its_corner(corner_hz):
    added = Hiss(level_dbfs=-45, corner_hz=corner_hz, seed=4)(SILENCE, RATE)
    assert rms_db(added) == pytest.approx(-45, abs=0.05)
    hz, power = welch(added.ravel(), RATE, nperseg=4096)
    band = (hz > 50) & (hz < 20_000)
    shape = 10 * np.log10(power[band] * (hz[band] ** 2 + corner_hz**2) / hz[band] ** 2)
    assert np.abs(shape - shape.mean()).max() < 1.2


@pytest.mark.parametrize("colour, db_per_octave", [("blue", 3.01), ("violet", 6.02)])
def test_blue_and_violet_noise_rise(colour, db_per_octave):
    added = NoiseFloor(level_dbfs=-40, colour=colour)(SILENCE, RATE)
    hz, power = welch(added[0], RATE, nperseg=8192)
    band = (hz > 60) & (hz < 16_000)
    slope = np.polyfit(np.log2(hz[band]), 10 * np.log10(power[band]), 1)[0]
    assert slope == pytest.approx(db_per_octave, abs=0.1)


# Clicks


@pytest.mark.parametrize("rate_hz", [5, 40])
def test_clicks_come_as_often_as_asked_for_and_independently(rate_hz):
    counts, gaps = [], []
    for seed in range(30):
        at = np.flatnonzero(Clicks(rate_hz=rate_hz, level_dbfs=-20, seed=seed)(SILENCE, RATE)[0])
        counts.append(at.size)
        gaps.append(np.diff(at))
    assert np.mean(counts) == pytest.approx(10 * rate_hz, rel=4 / np.sqrt(300 * rate_hz))
    assert np.var(counts) / np.mean(counts) == pytest.approx(1, abs=0.8)
    gap = np.concatenate(gaps)
    assert gap.std() / gap.mean() == pytest.approx(1, abs=0.1)  # exponential


def test_clicks_have_the_sizes_asked_for():
    added = Clicks(rate_hz=100, level_dbfs=-30, spread_db=6)(SILENCE, RATE)[0]
    sizes_db = 20 * np.log10(np.abs(added[added != 0]))
    assert np.median(sizes_db) == pytest.approx(-30, abs=0.8)
    assert sizes_db.std() == pytest.approx(6, abs=0.6)
    assert sizes_db.max() <= -12 + 1e-3
    assert np.mean(added[added != 0] > 0) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("sample_rate", [22_050, 48_000])
def test_crackle_has_its_rate_and_its_peaks(sample_rate):
    silence = np.zeros((1, 30 * sample_rate), np.float32)
    added = Crackle(rate_hz=8, level_dbfs=-30, spread_db=0)(silence, sample_rate)[0]
    gap = round(0.006 * sample_rate)
    at, _ = find_peaks(np.abs(added), height=10 ** (-32 / 20), distance=gap)
    assert at.size == pytest.approx(240, abs=62)  # four standard deviations
    assert np.median(20 * np.log10(np.abs(added[at]))) == pytest.approx(-30, abs=0.1)


def test_crackle_comes_from_everywhere_between_left_and_right():
    left, right = Crackle(rate_hz=100, level_dbfs=-20, spread_db=0)(SILENCE, RATE)
    assert left.std() == pytest.approx(right.std(), rel=0.2)
    assert 0.3 < np.corrcoef(left, right)[0, 1] < 0.9


# Dropouts and offsets


def test_a_dropout_is_as_deep_and_as_long_as_asked_for():
    dropouts = Dropouts(rate_hz=0.5, length_ms=100, depth_db=24, seed=1)
    wet_db = 20 * np.log10(dropouts(ONES, RATE)[0] / 0.5)
    assert wet_db.min() == pytest.approx(-24, abs=1e-3)
    edges = np.flatnonzero(np.diff((wet_db < -1e-3).astype(int)))
    lengths = np.diff(edges)[::2]  # where two overlap, longer
    assert lengths.size >= 3 and np.median(lengths) == pytest.approx(0.1 * RATE, abs=60)
    assert np.abs(np.diff(wet_db)).max() < 24 * np.pi / 2 / (0.025 * RATE) * 1.01  # no click


def test_dropouts_come_as_often_as_asked_for():
    counts = [
        np.count_nonzero(np.diff(Dropouts(rate_hz=2, length_ms=2, seed=s)(ONES, RATE)[0] < 0.4) > 0)
        for s in range(20)
    ]
    assert np.mean(counts) / 2 == pytest.approx(20, abs=4)


def test_refilled_dropouts_can_be_dropped_again():
    dropouts = Dropouts(rate_hz=5, seed=3)
    assert dropouts.inverse().inverse() == dropouts


def test_an_offset_is_the_mean():
    assert DcOffset(offset=0.25)(SILENCE, RATE).mean() == pytest.approx(0.25)


# Packets


@pytest.mark.parametrize("burst_packets", [1, 2, 8])
@pytest.mark.parametrize("loss", [0.02, 0.2, 0.5])
def test_packets_are_lost_in_the_share_and_the_bursts_asked_for(loss, burst_packets):
    lost = PacketLoss(loss=loss, burst_packets=burst_packets, seed=5).lost(2_000_000)
    assert lost.mean() == pytest.approx(loss, rel=0.06)
    starts = np.count_nonzero(lost[1:] & ~lost[:-1])
    assert lost.sum() / starts == pytest.approx(burst_packets, rel=0.05)


def packets(concealment):
    """What is heard of packets numbered 1, 2, ...; which were lost."""
    numbers = np.repeat(np.arange(1, 501), RATE // 50)[np.newaxis].astype(np.float32) / 500
    effect = PacketLoss(loss=0.3, burst_packets=3, concealment=concealment, seed=2)
    return numbers, effect(numbers, RATE), np.repeat(effect.lost(500), RATE // 50)


@pytest.mark.parametrize("concealment", ["silence", "repeat", "fade"])
def test_packets_that_come_are_untouched(concealment):
    dry, wet, lost = packets(concealment)
    assert np.array_equal(dry[0, ~lost], wet[0, ~lost])


def test_a_lost_packet_is_silent_or_the_last_one_or_its_decay():
    dry, silent, lost = packets("silence")
    assert not silent[0, lost].any()
    _, repeated, _ = packets("repeat")
    last = np.maximum.accumulate(np.where(lost, 0, dry[0]))
    assert np.array_equal(repeated[0], last)
    _, faded, _ = packets("fade")
    age = np.arange(lost.size) - np.maximum.accumulate(np.where(lost, -1, np.arange(lost.size)))
    expected = np.clip((0.06 * RATE - (age - 1)) / (0.05 * RATE), 0, 1)
    assert np.abs(faded[0] - last * expected)[lost].max() < 1e-6


@pytest.mark.parametrize("loss", [0, 5e-324, 1e-9])
def test_next_to_no_loss_is_no_change(loss):
    assert np.array_equal(PacketLoss(loss=loss)(ONES, RATE), ONES)


# Recordings


@pytest.fixture(scope="module")
def rain(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings") / "rain.wav"
    noise = np.random.default_rng(0).standard_normal((32_000, 2)) * [0.1, 0.05]
    soundfile.write(path, noise, 32_000, subtype="FLOAT")
    return path


@pytest.mark.parametrize("snr_db", [-10, 0, 40])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_has_the_ratio_asked_for(channels, snr_db, rain):
    dry = ONES[:channels]
    added = RecordedNoise(recording=str(rain), snr_db=snr_db, seed=1)(dry, RATE) - dry
    assert rms_db(dry) - rms_db(added) == pytest.approx(snr_db, abs=0.02)


def test_a_recording_loops_without_a_seam_and_starts_elsewhere_for_each_seed(tmp_path):
    t = np.arange(32_000) / 32_000
    soundfile.write(tmp_path / "tone.wav", 0.3 * np.sin(2 * np.pi * 440.3 * t), 32_000)
    noises = [RecordedNoise(recording=str(tmp_path / "tone.wav"), snr_db=0, seed=s) for s in (1, 2)]
    first, second = (n(ONES, RATE)[0] - 0.5 for n in noises)
    assert np.abs(np.diff(first)).max() < 1.5 * 2 * np.pi * 440.3 / RATE * 0.5 * np.sqrt(2)
    period = RATE - round(0.05 * RATE)
    assert np.abs(first[:RATE] - first[period : period + RATE]).max() < 1e-6
    assert np.abs(first - second).max() > 0.1


def test_a_recording_is_looked_for_below_a_folder_and_must_be_the_one_drawn(rain):
    noise = RecordedNoise(recording=rain.name, snr_db=10)
    assert noise.located(rain.parent)(ONES, RATE).any()
    with pytest.raises(AssetError, match="wanted an audio file"):
        noise(ONES, RATE)
    changed = RecordedNoise(recording=str(rain), recording_sha256="0" * 64, snr_db=10)
    with pytest.raises(AssetError, match="has changed"):
        changed(ONES, RATE)


def test_what_is_no_noise_is_refused(tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(100), RATE)
    (tmp_path / "text.wav").write_text("no audio")
    for name, message in (("silent.wav", "found silence"), ("text.wav", "cannot be decoded")):
        with pytest.raises(AssetError, match=message):
            RecordedNoise(recording=str(tmp_path / name), snr_db=10)(ONES, RATE)
