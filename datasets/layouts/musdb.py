"""MUSDB18-HQ: ``train/<song>/vocals.wav`` and its three brothers; MUSDB18: one ``.stem.mp4``.

The four stems are what was mixed, effects and all. A ``.stem.mp4`` holds them as lossy AAC, of
which no excerpt can be read to the sample: `wetdry.datasets.unpack` makes FLAC of it, once.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from .layout import Instruments, Layout, Source, Verdict, source
from .tree import folders, walk

__all__ = ["MUSDB18", "MUSDB18HQ", "PACKED", "SPLITS"]

STEMS = Instruments(
    {"Vocals": "vocals", "Drums": "drums", "Bass": "bass"},
    {"which may be any of several classes; leave it": "other"},
)
"""Percussion is in ``drums``, as the dataset defines it."""

FIVE = ("mixture", "vocals", "drums", "bass", "other")
SPLITS = ("train", "test")
PACKED = ".stem.mp4"
SHAPE = "<split>/<song>/<stem>.wav"
UNPACK = (
    "holds its stems as lossy AAC, of which no excerpt can be read to the sample; "
    "run 'wetdry unpack FOLDER OUT' once and scan OUT"
)
LICENCE = (
    "MUSDB18: academic use only; songs of Mixing Secrets, of MedleyDB and others "
    "(CC BY-NC-SA 4.0 and 3.0)"
)


def _find(root: Path) -> Iterator[Source]:
    for found in walk(root):
        song = found.parts[-2] if len(found.parts) > 1 else found.parts[0]
        split = _split(root, found.parts[-3] if len(found.parts) > 2 else root.name)
        stem = Path(found.parts[-1]).stem
        if found.fault is None and stem == "mixture":
            continue
        stray = Verdict("", f"belongs to no song; the layout is {SHAPE}")
        yield source(found, song, STEMS.judge(stem) if len(found.parts) > 1 else stray, split)


def _find_packed(root: Path) -> Iterator[Source]:
    for found in walk(root):
        name, folder = found.parts[-1], [root.name, *found.parts][-2]
        packed = name.endswith(PACKED)
        stray = Verdict("", f"is no {PACKED}; leave it, or scan its folder by itself")
        known = Source(name, "", "/".join(found.parts), UNPACK, _split(root, folder))
        yield known if packed else source(found, found.parts[0], stray)


def _split(root: Path, folder: str) -> str:
    return folder if folder in SPLITS else ""


def _is_musdb18hq(root: Path) -> bool:
    above = [root] if root.name in SPLITS else [root / name for name in SPLITS]
    songs = (song for folder in above for song in folders(folder)[:20])
    return any(_holds_five(song) for song in songs)


def _holds_five(song: Path) -> bool:
    return any(
        all(os.path.isfile(song / f"{name}{suffix}") for name in FIVE)
        for suffix in (".wav", ".flac")
    )


def _is_musdb18(root: Path) -> bool:
    above = [root, *(root / name for name in SPLITS)]
    return any(path.is_file() for folder in above for path in folder.glob(f"*{PACKED}"))


MUSDB18HQ = Layout("musdb18hq", SHAPE, _is_musdb18hq, _find, LICENCE)
MUSDB18 = Layout("musdb18", f"<split>/<song>{PACKED}", _is_musdb18, _find_packed, LICENCE)
