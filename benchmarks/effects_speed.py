"""What effects cost, beside other libraries doing the same work on the same sound, in one run.

    python benchmarks/effects_speed.py --stems FOLDER [--out effects_speed.json]

Each pair is timed in turn, several times; the figure is the ratio of the shortest times, ours over
the other's. The last rows are whole chains: the draws of the preset `msrkit`, rendered by wetdry
and in the manner of MSRKit's loader (channel by channel, double precision, one plugin a band, its
own resampler). Exits with 1 where wetdry is more than 10 % slower than a library that does equal
work, or less than 4 times as fast as the loader.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard
import soxr
from scipy import signal

from wetdry import audio
from wetdry.audio import Audio
from wetdry.degradations import (
    BandLimit,
    Bell,
    Chain,
    Compressor,
    Effect,
    GraphicEqualizer,
    HighPass,
    HighShelf,
    Limiter,
    LowPass,
    LowShelf,
    Mp3Vbr,
    Reverb,
    Saturation,
)
from wetdry.degradations.effects.filters import BANDS_HZ
from wetdry.mixing import load_recipe

RATE = 44_100
SECONDS = 10
ROUNDS = 7
CHAINS = 40
SLOWEST, LEAST_TIMES = 1.1, 4.0

Process = Callable[[Audio], Any]


def board(*plugins: Any) -> Process:
    """Return pedalboard's way."""
    whole = pedalboard.Pedalboard(list(plugins))
    return lambda sound: whole(sound, RATE)


def ours(effect: Effect) -> Process:
    """Return wetdry's way."""
    return lambda sound: effect(sound, RATE)


def butterworth(shape: str, hz: float, order: int) -> Process:
    """Return scipy's way."""
    sections = signal.butter(order, hz, shape, fs=RATE, output="sos")
    return lambda sound: signal.sosfilt(sections, sound)


def there_and_back(sound: Audio) -> Any:
    """Resample as soxr alone does it."""
    down = soxr.resample(sound.T, RATE, 16_000, quality="HQ")
    return soxr.resample(down, 16_000, RATE, quality="HQ")


GAINS_DB = tuple(6.0 * (-1) ** i for i in range(16))

PAIRS: list[tuple[str, Process, str, Process]] = [
    ("bell", ours(Bell(centre_hz=1000, gain_db=6)), "pedalboard",
     board(pedalboard.PeakFilter(1000, 6, 1))),
    ("low_shelf", ours(LowShelf(cutoff_hz=200, gain_db=6)), "pedalboard",
     board(pedalboard.LowShelfFilter(200, 6))),
    ("high_shelf", ours(HighShelf(cutoff_hz=5000, gain_db=6)), "pedalboard",
     board(pedalboard.HighShelfFilter(5000, 6))),
    ("graphic_equalizer", ours(GraphicEqualizer(gains_db=GAINS_DB)), "pedalboard",
     board(*map(pedalboard.PeakFilter, BANDS_HZ, GAINS_DB))),
    ("low_pass", ours(LowPass(cutoff_hz=4000, order=4)), "scipy", butterworth("low", 4000, 4)),
    ("high_pass", ours(HighPass(cutoff_hz=100, order=4)), "scipy", butterworth("high", 100, 4)),
    ("compressor", ours(Compressor(threshold_db=-20, ratio=4)), "pedalboard",
     board(pedalboard.Compressor(-20, 4, 10, 100))),
    ("limiter", ours(Limiter(ceiling_dbtp=-6)), "pedalboard",
     board(pedalboard.BrickwallLimiter(ceiling_db=-6, true_peak=True))),
    ("saturation, no oversampling", ours(Saturation(drive_db=12, oversampling=1)), "pedalboard",
     board(pedalboard.Distortion(12))),
    ("reverb", ours(Reverb(room_size=0.5)), "pedalboard", board(pedalboard.Reverb(0.5))),
    ("band_limit", ours(BandLimit(bandwidth_hz=8000)), "soxr", there_and_back),
    ("mp3_vbr", ours(Mp3Vbr(quality=4)), "pedalboard", board(pedalboard.MP3Compressor(4))),
]  # fmt: skip


def shortest(*ways: Process, sound: Audio) -> list[float]:
    """Return the shortest time of each way, timed in turn."""
    times: list[list[float]] = [[] for _ in ways]
    for way in ways:
        way(sound)
    for _ in range(ROUNDS):
        for spent, way in zip(times, ways, strict=True):
            start = time.perf_counter()
            way(sound)
            spent.append(time.perf_counter() - start)
    return [min(spent) for spent in times]


def as_the_loader(chain: Chain, sound: Audio) -> Audio:
    """Process in the manner of MSRKit's loader: each channel by itself, in double precision."""
    return np.stack([_channel(chain, channel) for channel in sound])


def _channel(chain: Chain, channel: Any) -> Any:
    """Process one channel."""
    for effect in chain:
        channel = _step(effect, np.asarray(channel, np.float64))
    return channel


def _step(effect: Effect, x: Any) -> Any:
    """Do one effect the loader's way."""
    if isinstance(effect, GraphicEqualizer):
        for hz, gain_db in zip(BANDS_HZ, effect.gains_db, strict=True):
            section = Bell(centre_hz=min(hz, 20_000), gain_db=gain_db).sections(RATE)[0]
            x = signal.filtfilt(section[:3], section[3:], x)
        return x
    if hasattr(effect, "sections"):
        section = effect.sections(RATE)[0]
        return signal.filtfilt(section[:3], section[3:], x)
    if isinstance(effect, Compressor):
        plugin: Any = pedalboard.Compressor(
            effect.threshold_db, effect.ratio, effect.attack_ms, effect.release_ms
        )
    elif isinstance(effect, BandLimit):
        plugin = pedalboard.Resample(2 * effect.bandwidth_hz)
    elif isinstance(effect, Saturation):
        plugin = pedalboard.Distortion(effect.drive_db)
    elif isinstance(effect, Reverb):
        plugin = pedalboard.Reverb(effect.room_size, effect.damping, effect.wet, effect.dry)
    else:
        edges = effect.edges_hz()  # type: ignore[attr-defined]
        kind = {"lowpass": "low", "highpass": "high", "bandpass": "band", "bandstop": "bandstop"}
        sections = signal.butter(
            effect.order, edges if len(edges) > 1 else edges[0],  # type: ignore[attr-defined]
            kind[effect.shape], fs=RATE, output="sos",  # type: ignore[attr-defined]
        )  # fmt: skip
        return signal.sosfiltfilt(sections, x)
    return plugin(x.astype(np.float32), RATE)


def chains(sound: Audio) -> tuple[float, float]:
    """Return the time of the same drawn chains, ours and the loader's."""
    recipe = load_recipe("msrkit")
    drawn = [recipe.stems["all"].draw(0, "speed", i) for i in range(CHAINS)]
    spent = [0.0, 0.0]
    for way, process in enumerate((lambda c: c(sound, RATE), lambda c: as_the_loader(c, sound))):
        process(drawn[0])
        start = time.perf_counter()
        for chain in drawn:
            process(chain)
        spent[way] = time.perf_counter() - start
    return spent[0], spent[1]


def excerpt(folder: Path) -> Audio:
    """Return ten seconds of a real stem, in stereo at 44.1 kHz."""
    sound, rate = audio.read(sorted(folder.glob("*/Drums/*.*"))[0])
    sound = audio.resample(sound, rate, RATE)[:, : SECONDS * RATE]
    return np.ascontiguousarray(np.repeat(sound, 3 - len(sound), axis=0)[:2])


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    sound = excerpt(options.stems)
    rows = []
    for name, mine, other, theirs in PAIRS:
        own, rival = shortest(mine, theirs, sound=sound)
        rows.append({"effect": name, "beside": other, "ms": 1000 * own, "ratio": own / rival})
        print(f"{name:<30}{1000 * own:8.1f} ms {own / rival:6.2f} of {other}")
    own, loader = chains(sound)
    print(f"{CHAINS} chains of msrkit: {loader / own:.1f} times as fast as the loader's way")
    slow = [row["effect"] for row in rows if row["ratio"] > SLOWEST]
    print(f"slower than allowed: {', '.join(map(str, slow)) or 'none'}")
    if options.out:
        figures = {"pairs": rows, "chains_times": loader / own}
        options.out.write_text(json.dumps(figures, indent=1))
    sys.exit(bool(slow or loader / own < LEAST_TIMES))


if __name__ == "__main__":
    main()
