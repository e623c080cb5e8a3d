"""Probes of noise and media: levels, rates, shares."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from probing import (
    RATE,
    Reading,
    Readings,
    Signal,
    db,
    line,
    noise,
    probe,
    probe_on_music,
    rms,
    tone,
)
from scipy.signal import find_peaks, welch

from wetdry import degradations as d
from wetdry.audio import Audio

COLOURS = {"white": 0, "pink": -3.01, "brown": -6.02, "blue": 3.01, "violet": 6.02}
SILENCE = np.zeros((2, 10 * RATE), np.float32)


def slope(audio: Signal, low_hz: float = 60, high_hz: float = 16_000) -> float:
    """Return dB per octave."""
    hz, power = welch(audio, RATE, nperseg=8192)
    band = (hz > low_hz) & (hz < high_hz)
    return float(np.polyfit(np.log2(hz[band]), 10 * np.log10(power[band]), 1)[0])


@probe_on_music("noise")
def noise_to_music(music: Audio) -> Readings:
    """Measure what was added."""
    for colour in COLOURS:
        for asked in (-10, 30):
            added = d.Noise(snr_db=asked, colour=colour)(music, RATE) - music
            yield Reading(f"snr_db, {colour}", "dB", asked, db(rms(music) / rms(added)), 0.1)


@probe("noise_floor")
def noise_floor() -> Readings:
    """Measure level and colour."""
    for colour, asked in COLOURS.items():
        added = d.NoiseFloor(level_dbfs=-50, colour=colour)(SILENCE, RATE)
        yield Reading(f"level_dbfs, {colour}", "dBFS", -50, db(rms(added)), 0.05)
        yield Reading(f"colour {colour}", "dB/octave", asked, slope(added[0]), 0.1)


@probe("hiss")
def hiss() -> Readings:
    """Measure level and corner."""
    for asked in (500, 5000):
        added = d.Hiss(level_dbfs=-45, corner_hz=asked, seed=4)(SILENCE, RATE)
        yield Reading("level_dbfs", "dBFS", -45, db(rms(added)), 0.05)
        hz, power = welch(added.ravel(), RATE, nperseg=4096)
        low, high = (hz > asked / 20) & (hz < asked / 10), (hz > 4 * asked) & (hz < 22_000)
        rise = np.mean(power[low] / hz[low] ** 2) / np.mean(
            power[high] / (1 + (asked / hz[high]) ** 2) ** -1
        )
        had = rise**-0.5
        yield Reading("corner_hz, of both asymptotes", "Hz", asked, had, 0.05 * asked)


@probe("hum")
def hum() -> Readings:
    """Measure level, partials and tilt."""
    for mains, tilt in ((50, -9), (60, -6.0206)):
        effect = d.Hum(level_dbfs=-40, mains_hz=mains, harmonics=8, tilt_db=tilt, seed=3)
        added = effect(SILENCE, RATE)
        yield Reading("level_dbfs", "dBFS", -40, db(rms(added)), 0.01)
        lines = np.abs(np.fft.rfft(added[0]))
        found = np.flatnonzero(lines > lines.max() * 1e-3)
        yield Reading("mains_hz", "Hz", mains, found[0] / 10, 0.1)
        yield Reading("harmonics", "", 8, found.size, 0)
        octave = db(lines[found[3]] / lines[found[1]])
        yield Reading("tilt_db", "dB/octave", tilt, octave, 0.01)


@probe("recorded_noise")
def recorded_noise() -> Readings:
    """Measure what was added of a recording at another rate."""
    rng, dry = np.random.default_rng(0), tone(440, channels=2, seconds=5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rain.wav")
        soundfile.write(path, rng.standard_normal((32_000, 2)) * [0.1, 0.05], 32_000, "FLOAT")
        for asked in (-10, 0, 40):
            effect = d.RecordedNoise(recording=str(path), snr_db=asked, seed=1)
            added = effect(dry, RATE) - dry
            yield Reading("snr_db", "dB", asked, db(rms(dry) / rms(added)), 0.02)


def counted(rate_hz: float, counts: Iterable[int], seconds: float) -> Reading:
    """Return a mean rate; four standard deviations of Poisson's law are allowed."""
    counts = list(counts)
    allowed = 4 * np.sqrt(rate_hz / (seconds * len(counts)))
    return Reading("rate_hz", "Hz", rate_hz, float(np.mean(counts)) / seconds, allowed)


@probe("clicks")
def clicks() -> Readings:
    """Count and size them."""
    for asked in (5, 40):
        made = (d.Clicks(rate_hz=asked, level_dbfs=-20, seed=s)(SILENCE, RATE) for s in range(30))
        yield counted(asked, (np.count_nonzero(audio[0]) for audio in made), 10)
    added = d.Clicks(rate_hz=100, level_dbfs=-30, spread_db=6)(SILENCE, RATE)[0]
    sizes = db(added[added != 0])
    yield Reading("level_dbfs, median", "dBFS", -30, np.median(sizes), 0.8)
    yield Reading("spread_db", "dB", 6, sizes.std(), 0.6)


@probe("crackle")
def crackle() -> Readings:
    """Count and size pulses."""
    silence, counts, peaks = SILENCE[:1], [], []
    for seed in range(6):
        added = np.abs(d.Crackle(rate_hz=8, level_dbfs=-30, spread_db=0, seed=seed)(silence, RATE))
        at, _ = find_peaks(added[0], height=10 ** (-32 / 20), distance=round(0.003 * RATE))
        counts.append(at.size)
        peaks.extend(db(added[0, at]))
    yield counted(8, counts, 10)
    yield Reading("level_dbfs, median", "dBFS", -30, float(np.median(peaks)), 0.1)


@probe("dropouts")
def dropouts() -> Readings:
    """Measure depth, length and rate on a constant."""
    ones = np.ones((1, 10 * RATE), np.float32)
    for depth, length in ((6, 40), (24, 100), (60, 500)):
        effect = d.Dropouts(rate_hz=0.2, length_ms=length, depth_db=depth, seed=1)
        gain = db(effect(ones, RATE)[0])
        yield Reading("depth_db", "dB", depth, -gain.min(), 1e-3)
        edges = np.flatnonzero(np.diff((gain < -1e-3 * depth / 6).astype(int)))
        had = np.median(np.diff(edges)[::2]) / RATE * 1000
        yield Reading("length_ms, less its faintest edges", "ms", length, had, 0.025 * length)
    made = (d.Dropouts(rate_hz=2, length_ms=2, seed=s)(ones, RATE)[0] for s in range(20))
    yield counted(2, (np.count_nonzero(np.diff((x < 0.8).astype(int)) > 0) for x in made), 10)


@probe("dc_offset")
def dc_offset() -> Readings:
    """Measure the mean."""
    for asked in (-0.5, 0.01):
        wet = d.DcOffset(offset=asked)(SILENCE, RATE)
        yield Reading("offset", "", asked, wet.mean(dtype=np.float64), 1e-7)


@probe("packet_loss")
def packet_loss() -> Readings:
    """Count silent packets of a constant."""
    rate, packets = 16_000, 50_000
    ones = np.ones((1, packets * 160), np.float32)
    for share, burst in ((0.05, 1), (0.2, 2), (0.5, 8)):
        effect = d.PacketLoss(
            loss=share, burst_packets=burst, packet_ms=10, concealment="silence", seed=5
        )
        lost = effect(ones, rate)[0, 80::160] == 0
        spread = 4 * np.sqrt(share * (1 - share) * max(1, 2 * burst) / packets)
        yield Reading("loss", "", share, lost.mean(), spread)
        bursts = np.count_nonzero(lost[1:] & ~lost[:-1])
        yield Reading("burst_packets", "", burst, lost.sum() / bursts, 0.06 * burst)
    effect = d.PacketLoss(loss=0.2, packet_ms=40, concealment="silence")
    edges = np.flatnonzero(np.diff(effect(ones, rate)[0])) + 1
    yield Reading("packet_ms", "ms", 40, np.gcd.reduce(edges) / 16, 0)


@probe("fm_radio")
def fm_radio() -> Readings:
    """Measure the received ratio and the band."""
    dry = noise(4)
    for emphasis in (50, 75):
        clean = d.FmRadio(snr_db=70, fading_db=0, emphasis_us=emphasis)(dry, RATE)
        for asked, fading in ((26, 0), (26, 6), (45, 0), (45, 6)):
            effect = d.FmRadio(snr_db=asked, fading_db=fading, emphasis_us=emphasis, seed=1)
            had = db(rms(clean) / rms(effect(dry, RATE) - clean))
            name = f"snr_db, fading_db {fading}, {emphasis} us"
            yield Reading(name, "dB", asked, had, 0.2)
    quiet = d.FmRadio(snr_db=70, fading_db=0)
    for hz in (50, 1000, 14_000):
        had = db(line(quiet(tone(hz, 0.1), RATE)[0], hz) / 0.1)
        yield Reading(f"0 dB at {hz} Hz", "dB", 0, had, 0.1)


@probe("cassette")
def cassette() -> Readings:
    """Measure hiss, bump, bandwidth, and the ceiling in the middle."""
    for tape in ("ferric", "chrome"):
        wet = d.Cassette(drive_db=0, tape=tape, hiss_dbfs=-50)(SILENCE, RATE)
        yield Reading(f"hiss_dbfs, {tape}", "dBFS", -50, db(rms(wet)), 0.1)
    quiet = {"drive_db": 0, "hiss_dbfs": -100}
    for bump, width in ((3, 12_000), (6, 6000)):
        effect = d.Cassette(**quiet, bump_db=bump, bandwidth_hz=width)
        for name, hz, asked, allowed in (
            ("bump_db at 70 Hz", 70, bump, 0.3),
            ("0 dB at 1000 Hz", 1000, 0, 0.1),
            (f"bandwidth_hz {width}", width, -3.01, 0.3),
            (f"half as much again as {width} Hz", 1.5 * width, -12, 0.6),
        ):
            had = db(line(effect(tone(hz, 0.01), RATE)[0], hz) / 0.01)
            yield Reading(name, "dB", asked, had, allowed)
    for drive in (6, 18):
        hot = d.Cassette(drive_db=drive, hiss_dbfs=-100, bump_db=0, bandwidth_hz=18_000)
        square = line(hot(tone(500, 4.0), RATE)[0], 500) / (4 / np.pi)
        yield Reading("drive_db, of a square wave at 500 Hz", "dBFS", -drive, db(square), 1)


@probe("vinyl")
def vinyl() -> Readings:
    """Measure each noise alone, the bandwidth, and the clicks."""
    none = {"surface_dbfs": -100, "rumble_dbfs": -100, "crackle_rate_hz": 0}
    for name, allowed in (("surface_dbfs", 0.1), ("rumble_dbfs", 0.2)):
        wet = d.Vinyl(**none | {name: -50})(SILENCE, RATE)
        yield Reading(name, "dBFS", -50, db(rms(wet)), allowed)
    for width in (6000, 16_000):
        effect = d.Vinyl(**none, bandwidth_hz=width)
        had = db(line(effect(tone(width, 0.01), RATE)[0], width) / 0.01)
        yield Reading(f"bandwidth_hz {width}", "dB", -3.01, had, 0.3)
        had = db(line(effect(tone(1000, 0.01), RATE)[0], 1000) / 0.01)
        yield Reading("0 dB at 1000 Hz", "dB", 0, had, 0.1)
    for drive in (6, 18):
        effect = d.Vinyl(**none, drive_db=drive)
        square = line(effect(tone(1000, 4.0), RATE)[0], 1000) / (4 / np.pi)
        yield Reading("drive_db, of a square wave at 1 kHz", "dBFS", -drive, db(square), 1)
    yield from crackles(lambda **numbers: d.Vinyl(**none | numbers))


@probe("shellac")
def shellac() -> Readings:
    """Measure noise, band and clicks."""
    for top in (0, 15):
        effect = d.Shellac(crackle_rate_hz=0, surface_dbfs=-40, resonance_db=top)
        yield Reading("surface_dbfs", "dBFS", -40, db(rms(effect(SILENCE, RATE))), 0.1)
    plain = {"surface_dbfs": -100, "drive_db": 0, "crackle_rate_hz": 0, "resonance_db": 0}
    for low, high in ((100, 6000), (300, 2500)):
        effect = d.Shellac(**plain, low_hz=low, high_hz=high)
        for name, hz in (("low_hz", low), ("high_hz", high)):
            had = db(line(effect(tone(hz, 0.01), RATE)[0], hz) / 0.01)
            yield Reading(f"{name} {hz}", "dB", -6.02, had, 0.3)


def crackles(made: Any) -> Readings:
    """Count and size the clicks of a record, in one channel that has them all."""
    peaks: list[float] = []
    for seed in range(10):
        effect = made(crackle_rate_hz=5, crackle_dbfs=-30, seed=seed)
        added = np.abs(effect(SILENCE, RATE)).max(axis=0)
        at, _ = find_peaks(added, height=10 ** (-60 / 20), distance=round(0.006 * RATE))
        peaks.extend(db(added[at]))
    allowed = 4 * np.sqrt(5 / 100)
    yield Reading("crackle_rate_hz", "Hz", 5, len(peaks) / 100, allowed)
    yield Reading("crackle_dbfs, median", "dBFS", -30, float(np.median(peaks)), 1.5)
