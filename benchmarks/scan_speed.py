"""How fast stems are scanned, as a share of bare decoding of the same files.

    python benchmarks/scan_speed.py --stems FOLDER [--out FIGURES.json] [--rounds 3]

Bare decoding is `soundfile.read` of each file; a scan is all that `wetdry scan` with one worker
does to a song, which decodes in one thread and measures in another. They take turns song by song in
one run, so that a busy machine slows both; each time is the best of the rounds. Given are the time
that passes and the processor's: the first is what one waits for where two cores are free, the
second what a scan costs where every core has a worker. Ends with status 1 where the first falls
below 0.7 of bare decoding.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from wetdry.datasets.layouts.sources import Source, find_sources
from wetdry.datasets.scanning.bleed import find_bleed
from wetdry.datasets.scanning.listening import Listener, bins_hz
from wetdry.datasets.scanning.song_facts import facts_of
from wetdry.degradations.assets import digest_of
from wetdry.mixing.loudness import hop_energies
from wetdry.mixing.peaks import peak_between

WANTED = 0.7


class Stopwatch:
    """The best times of several ways of treating songs, in seconds: passed, and the processor's."""

    def __init__(self) -> None:
        self.best: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, way: str, song: str, work: Callable[[], Any]) -> Any:
        """Time a piece of work, and keep the times where they are the best so far."""
        passed, used = time.perf_counter(), time.process_time()
        result = work()
        passed, used = time.perf_counter() - passed, time.process_time() - used
        before = self.best.get((way, song), (np.inf, np.inf))
        self.best[way, song] = (min(passed, before[0]), min(used, before[1]))
        return result

    def total(self) -> dict[str, tuple[float, float]]:
        """Return the sums over all songs."""
        ways = dict.fromkeys(way for way, _ in self.best)
        return {
            way: tuple(sum(t[n] for (w, _), t in self.best.items() if w == way) for n in (0, 1))
            for way in ways
        }


def decoded(paths: list[Path]) -> list[tuple[Any, int]]:
    """Decode files as soundfile alone does."""
    return [soundfile.read(path, dtype="float32", always_2d=True) for path in paths]


def listened(sounds: list[tuple[Any, int]]) -> list[Any]:
    """Find what tempo, key and bleed are found from."""
    heard = []
    for audio, rate in sounds:
        listener = Listener(rate, audio.shape[1])
        listener.hear(audio)
        heard.append(listener.heard())
    return heard


def take_parts(watch: Stopwatch, song: tuple[Source, ...], paths: list[Path]) -> None:
    """Time what a scan does besides decoding, part by part."""
    name = song[0].song
    blocks = decoded(paths)
    sounds = [(np.ascontiguousarray(block.T), rate) for block, rate in blocks]
    whole = [(block * 2**15).astype("<i2") for block, _ in blocks]
    watch.take("SHA-256 of the files", name, lambda: [digest_of(path) for path in paths])
    watch.take("MD5 of the samples", name, lambda: [hashlib.md5(pcm).digest() for pcm in whole])
    watch.take("loudness, activity", name, lambda: [hop_energies(a, r) for a, r in sounds])
    watch.take("true peak", name, lambda: [peak_between(a, r) for a, r in sounds])
    heard = watch.take("spectra for beats, key", name, lambda: listened(sounds))
    pairs = [(source.stem_class, each.spectra) for source, each in zip(song, heard, strict=True)]
    watch.take("bleed", name, lambda: find_bleed(pairs, bins_hz(sounds[0][1])))


def measure(stems: Path, rounds: int) -> dict[str, Any]:
    """Time bare decoding, scanning and its parts in turns."""
    good = [source for source in find_sources(stems) if source.fault is None]
    songs = [tuple(song) for _, song in groupby(good, lambda source: source.song)]
    facts_of(stems, songs[0])  # what is compiled and imported at first use
    watch = Stopwatch()
    for _ in range(rounds):
        for song in songs:
            paths = [stems / source.file for source in song]
            watch.take("bare decoding", song[0].song, lambda paths=paths: decoded(paths))
            watch.take("scan", song[0].song, lambda song=song: facts_of(stems, song))
    for song in songs:
        take_parts(watch, song, [stems / source.file for source in song])
    times = watch.total()
    ratios = [times["bare decoding"][n] / times["scan"][n] for n in (0, 1)]
    return {
        "songs": len(songs),
        "files": len(good),
        "seconds_of_stems": sum(soundfile.info(stems / source.file).duration for source in good),
        "seconds": {way: {"passed": t[0], "processor": t[1]} for way, t in times.items()},
        "ratios": {"passed": ratios[0], "processor": ratios[1]},
        "wanted": WANTED,
    }


def main() -> None:
    """Measure, print, and say whether it is fast enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True, help="a folder of songs")
    parser.add_argument("--rounds", type=int, default=3, help="each time is the best of so many")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    figures = measure(options.stems, options.rounds)
    seconds = figures["seconds_of_stems"]
    print(f"{figures['songs']} songs, {figures['files']} files, {seconds:.0f} s of stems")
    print(f"{'ms a second of stem':<26}{'passed':>9}{'processor':>11}")
    for way, spent in figures["seconds"].items():
        shown = "  " * (way not in ("bare decoding", "scan")) + way
        passed, used = (1e3 * spent[name] / seconds for name in ("passed", "processor"))
        print(f"{shown:<26}{passed:>9.3f}{used:>11.3f}")
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1))
    passed, used = figures["ratios"]["passed"], figures["ratios"]["processor"]
    print(f"scan: {passed:.2f} of bare decoding by the clock, {used:.2f} by the processor", end="")
    print(f"; wanted {WANTED} by the clock" + ("" if passed >= WANTED else ": falls short"))
    sys.exit(passed < WANTED)


if __name__ == "__main__":
    main()
