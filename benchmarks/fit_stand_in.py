"""Mixes to fit to whose making is known: samples of a recipe, or the plain sums of songs.

    python benchmarks/fit_stand_in.py RECIPE --stems FOLDER --out MIXES [--mixes 64] [--seed 1]
    python benchmarks/fit_stand_in.py sums --stems FOLDER --out MIXES

Of a recipe: MIXES/<number>/mixture.flac, and beside it the wet stems that enter the mix as
MIXES/<number>/<Class>/wet.flac. Of sums: MIXES/<song>.flac, the stems at their recorded levels;
what would clip is turned down. `wetdry fit MIXES --stems FOLDER ...` then shows what it finds.
"""

import argparse
from pathlib import Path

import numpy as np

from wetdry.audio import Audio, amplitude, encode_flac, read
from wetdry.datasets import render, scan
from wetdry.mixing import Drawer, load_recipe, songs_of


def main() -> None:
    """Write the mixes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--mixes", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.recipe == "sums":
        sums(given.stems, given.out)
    else:
        samples(given.recipe, given.stems, given.out, given.mixes, given.seed)


def samples(name: str, stems: Path, out: Path, count: int, seed: int) -> None:
    """Write samples of a recipe with their wet stems."""
    recipe = load_recipe(name)
    drawer = Drawer(recipe, list(songs_of(scan(stems, workers=2)).values()))
    for index in range(count):
        mix = render(drawer.draw(seed, "stand_in", index), stems, recipe.folder)
        folder = out / f"{index:04d}"
        released = mix.mixture * np.float32(amplitude(-mix.output_gain_db))
        full = np.float32(max(1.0, float(np.abs(released).max())))
        write(folder / "mixture.flac", released / full, recipe.sample_rate)
        for stem_class, wet in mix.wet.items():
            # full scale is the loudest stem's: balances are ratios
            quiet = wet / np.float32(max(1.0, *(np.abs(w).max() for w in mix.wet.values())))
            write(folder / stem_class / "wet.flac", quiet, recipe.sample_rate)


def sums(stems: Path, out: Path) -> None:
    """Write the plain sum of every song's stems."""
    for song in songs_of(scan(stems, workers=2)).values():
        parts = [read(stems / stem.file)[0] for stem in song.stems]
        total = np.sum([np.broadcast_to(part, (2, part.shape[1])) for part in parts], axis=0)
        full = np.float32(max(1.0, float(np.abs(total).max())))
        write(out / f"{song.name}.flac", total / full, song.sample_rate)


def write(path: Path, audio: Audio, sample_rate: int) -> None:
    """Write 24 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_flac(audio.astype(np.float32), sample_rate, 24))


if __name__ == "__main__":
    main()
