"""Commands about datasets that are made: their card, their export to other layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .errors import UsageError

__all__ = ["card", "export"]

Dataset = Annotated[Path, typer.Argument(help="A folder that 'wetdry generate' wrote.")]


def card(
    dataset: Dataset,
    licence: Annotated[
        str, typer.Option("--license", help="Of the stems, such as cc-by-4.0.")
    ] = "unknown",
) -> None:
    """Write a dataset's card: README.md for people, croissant.json for machines."""
    from .datasets import write_card

    print("\n".join(f"written to {path}" for path in write_card(dataset, licence=licence)))


def export(
    datasets: Annotated[
        list[Path], typer.Argument(help="Folders of the same stems and seed, a medium each.")
    ],
    out: Annotated[Path, typer.Option(help="Where the files go.")],
    layout: Annotated[str, typer.Option(help="msrbench: CLASS/KEY.flac, CLASS/KEY_DTk.flac.")],
    split: Annotated[str | None, typer.Option(help="Only this split.")] = None,
    medium: Annotated[
        int | None, typer.Option(help="The k of DTk; by default that of recipes dt1 to dt12.")
    ] = None,
) -> None:
    """Write datasets file by file in the layout of a benchmark."""
    from .datasets import export_msrbench

    if layout != "msrbench":
        raise UsageError(f"--layout: wanted msrbench, found {layout!r}")
    count = export_msrbench(datasets, out, split=split, medium=medium)
    print(f"{count} targets in {out}")
