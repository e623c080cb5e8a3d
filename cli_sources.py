"""Command line of sources: which layout a folder has, and what must be unpacked first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["LayoutName", "print_origin", "unpacker"]

LayoutName = Annotated[
    str,
    typer.Option(help="auto, a dataset (docs/sources.md), or a pattern: '{song}/{class}/*.wav'."),
]
Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def print_origin(catalog: DataFrame) -> None:
    """Print what the songs' datasets say of licence and split, and how to keep to the split."""
    for licence in catalog["licence"][catalog["licence"] != ""].unique():
        print(f"licence: {licence}")
    songs = catalog[catalog["fault"].isna()].groupby("split")["song"].nunique()
    own = {str(name): count for name, count in songs.items() if name}
    if own:
        print("splits of its own:", ", ".join(f"{name} {count}" for name, count in own.items()))
        print("keep to them with", " ".join(f"--split {name}=@{name}" for name in own))


def unpacker(bar: Bar, finish: Callable[[list[dict[str, str]]], None]) -> Callable[..., None]:
    """Return the command ``unpack``, which shows its progress and its end with what is given."""

    def unpack(
        stems: Annotated[Path, typer.Argument(help="A folder of MUSDB18's .stem.mp4 files.")],
        out: Annotated[Path, typer.Argument(help="A new folder, or one that this began.")],
    ) -> None:
        """Decode MUSDB18's .stem.mp4 files to FLAC, once; an interrupted run goes on."""
        from .datasets import unpack as decode

        with bar("unpacking") as progress:
            unpacked = decode(stems, out, progress=progress)
        for song, lowered_db in unpacked.lowered_db.items():
            print(f"{song!r} overshot full scale: its stems were lowered by {lowered_db:.2f} dB")
        print(f"{unpacked.songs} songs in {out}; next: wetdry scan {out} --layout musdb18hq")
        finish(unpacked.set_aside)

    return unpack
