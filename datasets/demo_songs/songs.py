"""Demo songs: multitrack recordings made from nothing, so that everything can be tried at once."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...audio import Audio, amplitude, encode_flac
from ...errors import CatalogError
from ...seeds import stream
from .composition import Part, Song, compose
from .composition_styles import STYLES
from .instruments import INSTRUMENTS
from .instruments_synthesis import SAMPLE_RATE, Signal, curve

__all__ = ["play_song", "write_songs"]

_PEAK_DBFS = -6.0


def write_songs(
    out: Path,
    *,
    count: int = 8,
    seconds: float = 24.0,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write dry multitrack songs as ``OUT/<song>/<Class>/<instrument>.flac``.

    Song ``i`` depends on ``(seed, i, seconds)`` alone; songs that are there already are
    left as they are, so that an interrupted call can be repeated.

    Parameters
    ----------
    out : Path
        A folder that is new, empty, or holds the very songs that are asked for.
    count : int
        How many; their styles take turns, and the first six cover every class three times.
    seconds : float
        Length of each.
    seed : int
    progress : callable, optional
        Called with (songs done, songs in all).

    Returns
    -------
    list of Path
        The songs' folders, in order.

    Raises
    ------
    CatalogError
        If ``out`` holds anything else, or a length or number makes no song.
    """
    if count < 1 or not 2.0 <= seconds <= 600.0:
        raise CatalogError(
            f"write_songs: wanted at least 1 song of 2 to 600 s, found count={count}, "
            f"seconds={seconds}; ask for something between"
        )
    songs = [compose(STYLES, seconds, seed, index) for index in range(count)]
    _check_folder(out, songs)
    for index, song in enumerate(songs):
        _write(out / song.name, song, seconds, seed, index)
        if progress:
            progress(index + 1, count)
    return [out / song.name for song in songs]


def play_song(song: Song, seconds: float, seed: int, index: int) -> dict[str, Audio]:
    """Play every part of a song.

    Parameters
    ----------
    song : Song
    seconds : float
    seed, index : int
        Address of the players' own randomness.

    Returns
    -------
    dict of str to float32 array, shape (channels, samples)
        By "Class/instrument", at 44.1 kHz; their sum peaks at -6 dBFS.
    """
    frames = round(seconds * SAMPLE_RATE)
    stems = {
        f"{part.stem_class}/{part.instrument}": _play(part, frames, seed, index)
        for part in song.parts
    }
    mixture = sum((np.broadcast_to(stem, (2, frames)) for stem in stems.values()), np.zeros(1))
    factor = amplitude(_PEAK_DBFS) / float(np.abs(mixture).max())
    return {name: (stem * factor).astype(np.float32) for name, stem in stems.items()}


def _play(part: Part, frames: int, seed: int, index: int) -> Signal:
    """Play one part at the loudness that the style gives it; shape (channels, samples)."""
    rng = stream(seed, "song", index, "performance", part.stem_class, part.instrument)
    sound = np.atleast_2d(INSTRUMENTS[part.instrument](part.notes, frames, rng))
    seconds = frames / SAMPLE_RATE
    edges = curve(frames, (0.0, 0.0), (0.002, 1.0), (seconds - 0.06, 1.0), (seconds, 0.0))
    loud = _loudness(sound)
    return np.asarray(sound * (edges * (amplitude(part.level_db) / loud)))


def _loudness(sound: Signal) -> float:
    """Root mean square of what is heard: blocks of 0.4 s within 15 dB of the loudest."""
    width = round(0.4 * SAMPLE_RATE)
    whole = sound[:, : sound.shape[1] // width * width]
    power = (whole.reshape(len(sound), -1, width) ** 2).mean(axis=(0, 2))
    return float(np.sqrt(power[power > power.max() / 32].mean()))


def _check_folder(out: Path, songs: list[Song]) -> None:
    """Refuse a folder that holds anything but these songs: nothing of anybody's is mixed in."""
    wanted = {
        Path(song.name, part.stem_class, f"{part.instrument}.flac")
        for song in songs
        for part in song.parts
    }
    if out.exists() and not out.is_dir():
        raise CatalogError(f"{out}: wanted a folder, found a file; name another")
    found = {path.relative_to(out) for path in out.rglob("*") if not path.is_dir()}
    strange = sorted(found - wanted - {path.with_suffix(".part") for path in wanted})
    if strange:
        raise CatalogError(
            f"{out}: wanted an empty folder or these same songs, found {strange[0]} and "
            f"{len(strange) - 1} other files; name a new folder"
        )


def _write(folder: Path, song: Song, seconds: float, seed: int, index: int) -> None:
    """Write a song's stems, each under a temporary name first."""
    names = [Path(part.stem_class, f"{part.instrument}.flac") for part in song.parts]
    if all((folder / name).exists() for name in names):
        return
    for name, stem in play_song(song, seconds, seed, index).items():
        path = folder / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(encode_flac(stem, SAMPLE_RATE))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
