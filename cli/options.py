"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .printing import plain, progress_bar, say

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..datasets import Order, Scanned
    from ..mixing import Recipe

__all__ = [
    "Assets",
    "Catalog",
    "Data",
    "Dataset",
    "Device",
    "LayoutName",
    "Rate",
    "RecipeName",
    "Run",
    "Samples",
    "Seconds",
    "Seed",
    "Severity",
    "SplitTexts",
    "Stems",
    "Workers",
    "catalog_of",
    "order_of",
]

RecipeName = Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")]
Dataset = Annotated[Path, typer.Argument(help="A folder that 'wetdry generate' wrote.")]
Run = Annotated[Path, typer.Argument(help="A folder that 'wetdry train' wrote.")]
Stems = Annotated[Path, typer.Option(help="A folder of songs, in a layout of docs/sources.md.")]
Assets = Annotated[Path | None, typer.Option(help="Where the recipe's files are now.")]
Samples = Annotated[int, typer.Option(min=1, help="In all splits together.")]
Data = Annotated[Path, typer.Option(help="A folder that 'wetdry generate' wrote.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same draws.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; the result does not depend on it.")]
Device = Annotated[str | None, typer.Option(help="cpu or cuda; by default a GPU if there is one.")]
Rate = Annotated[int | None, typer.Option(help="In Hz, in place of the recipe's own.")]
Seconds = Annotated[float | None, typer.Option(help="Of a sample, in place of the recipe's own.")]
Severity = Annotated[
    float | None, typer.Option(help="0 (untouched) to 1 (as written), in place of the recipe's.")
]
LayoutName = Annotated[
    str,
    typer.Option(help="auto, a dataset (docs/sources.md), or a pattern: '{song}/{class}/*.wav'."),
]
Catalog = Annotated[Path | None, typer.Option(help="A catalog from 'wetdry scan'; else it scans.")]
SplitTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--split", help="NAME=SHARE, NAME=SONG,SONG or NAME=@OWN; default train=0.8, test=0.2."
    ),
]


def catalog_of(
    stems: Path,
    catalog: Path | None,
    layout: str = "auto",
    workers: int = 1,
    scanned: Scanned | None = None,
) -> DataFrame:
    """Read the catalog, or scan for it."""
    from ..datasets import find_layout, read_catalog, scan

    if catalog is not None:
        return read_catalog(catalog)
    layout = find_layout(stems, layout).name
    say(f"layout: {plain(layout)}")
    with progress_bar("reading stems") as progress:
        return scan(stems, layout=layout, workers=workers, scanned=scanned, progress=progress)


def order_of(recipe: Recipe, samples: int, seed: int, splits: list[str] | None) -> Order:
    """Return what is asked of the factory."""
    from ..datasets import DEFAULT_SPLITS, Order, parse_splits

    return Order(recipe, samples, seed, parse_splits(splits or DEFAULT_SPLITS))
