"""How well a scan finds tempo, beats and key: on demo songs, or on songs whose truth you have.

    python benchmarks/tempo_and_key.py --songs 24
    python benchmarks/tempo_and_key.py --stems STEMS --truth truth.csv

The truth is a table with the columns song, tempo_bpm, beat_s (any one beat), tonic (0 is C) and
mode; only songs in it are scored. Accuracy 1 is a tempo within 4 %, accuracy 2 the same or its
double or half; the key's score is MIREX's: 1 right, 0.5 a fifth off, 0.3 relative, 0.2 parallel.
"""

import argparse
import csv
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetdry.datasets import scan, write_songs
from wetdry.datasets.demo_songs.composition import compose
from wetdry.datasets.demo_songs.composition_styles import STYLES
from wetdry.mixing import songs_of


@dataclass(frozen=True)
class Truth:
    """What a song was made with."""

    tempo_bpm: float
    beat_s: float
    tonic: int
    mode: str


def demo_truth(count: int, seconds: float, seed: int) -> dict[str, Truth]:
    """Return the truth of demo songs; dorian counts as minor, mixolydian as major."""
    scales = {style.name: style.scale for style in STYLES}
    songs = [compose(STYLES, seconds, seed, index) for index in range(count)]
    return {
        song.name: Truth(
            song.tempo_bpm,
            song.bars[0].start_s,
            song.bars[0].scale[0],
            "minor" if scales[song.style] in ("minor", "dorian") else "major",
        )
        for song in songs
    }


def read_truth(path: Path) -> dict[str, Truth]:
    """Read the truth from a table."""
    with path.open() as file:
        return {
            row["song"]: Truth(
                float(row["tempo_bpm"]), float(row["beat_s"]), int(row["tonic"]), row["mode"]
            )
            for row in csv.DictReader(file)
        }


def key_score(tonic: int, mode: str, truth: Truth) -> float:
    """Return MIREX's score of a key."""
    up = (tonic - truth.tonic) % 12
    if mode == truth.mode:
        return {0: 1.0, 7: 0.5, 5: 0.5}.get(up, 0.0)
    relative = 3 if truth.mode == "minor" else 9
    return {relative: 0.3, 0: 0.2}.get(up, 0.0)


def main() -> None:
    """Scan, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stems", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--songs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stems = options.stems or Path(folder)
        if options.stems:
            truth = read_truth(options.truth)
        else:
            write_songs(stems, count=options.songs, seconds=options.seconds, seed=options.seed)
            truth = demo_truth(options.songs, options.seconds, options.seed)
        began = time.process_time()
        catalog = scan(stems)
        cost_ms = 1000 * (time.process_time() - began) / catalog["seconds"].sum()
        songs = songs_of(catalog)
    print("| song | BPM | found | confidence | beats off, ms | key | found | confidence | score |")
    print("|---|---|---|---|---|---|---|---|---|")
    first, second, scores = [], [], []
    for name, true in truth.items():
        music = songs[name].music
        assert music is not None
        octaves = [k for k in (1, 2, 0.5) if abs(music.tempo_bpm / true.tempo_bpm / k - 1) < 0.04]
        first.append(octaves[:1] == [1])
        second.append(bool(octaves))
        scores.append(key_score(music.tonic, music.mode, true))
        grid = 60 / true.tempo_bpm / max(octaves[0] if octaves else 1, 1)
        away = (np.array(music.beats_s) - true.beat_s + grid / 2) % grid - grid / 2
        print(
            f"| {name} | {true.tempo_bpm:.1f} | {music.tempo_bpm:.1f} "
            f"| {music.tempo_confidence:.2f} | {1000 * np.median(away):.0f} "
            f"| {true.tonic} {true.mode} | {music.tonic} {music.mode} "
            f"| {music.key_confidence:.2f} | {scores[-1]:.1f} |"
        )
    print(
        f"\n{len(truth)} songs: accuracy 1 {np.mean(first):.3f}, accuracy 2 {np.mean(second):.3f}, "
        f"key {np.mean(scores):.3f}, right {np.mean(np.array(scores) == 1):.3f}; "
        f"scan {cost_ms:.2f} ms a second"
    )


if __name__ == "__main__":
    main()
