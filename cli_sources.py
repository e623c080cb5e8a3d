"""Command line of sources: which layout a folder has, and what must be unpacked first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["LayoutName", "unpacker"]

LayoutName = Annotated[
    str,
    typer.Option(help="auto, a dataset (docs/sources.md), or a pattern: '{song}/{class}/*.wav'."),
]
Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


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
