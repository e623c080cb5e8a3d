"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .printing import plain, progress_bar, say

if TYPE_CHECKING:
    from pandas import DataFrame

    from ..datasets import Scanned

__all__ = [
    "Address",
    "Assets",
    "Bits",
    "Catalog",
    "Data",
    "Dataset",
    "DatasetOrUrl",
    "Device",
    "EngineName",
    "LayoutName",
    "OneTarPerField",
    "Previews",
    "Rate",
    "RecipeName",
    "Run",
    "Samples",
    "Seconds",
    "Seed",
    "Severity",
    "SplitTexts",
    "Stems",
    "StemsNow",
    "TakeOver",
    "Workers",
    "catalog_of",
]

URL = re.compile(r"([a-z][a-z0-9+.-]+):/+(.+)")
"""What is left of a URL that was taken for a path."""

RecipeName = Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")]


def _local(path: Path) -> Path:
    """Refuse a URL where a command works on folders of this machine only."""
    if found := URL.match(str(path)):
        raise UsageError(
            f"{found[1]}://{found[2]}: this command wants a folder of this machine, found a URL; "
            "generate, verify, repair, card and report take one; for others copy it first"
        )
    return path


Dataset = Annotated[
    Path, typer.Argument(callback=_local, help="A folder that 'wetdry generate' wrote.")
]
DatasetOrUrl = Annotated[str, typer.Argument(help="What 'wetdry generate' wrote: folder or URL.")]
Run = Annotated[
    Path, typer.Argument(help="A folder that 'wetdry train' or 'wetdry export-model' wrote.")
]
Stems = Annotated[Path, typer.Option(help="A folder of songs, in a layout of docs/sources.md.")]
StemsNow = Annotated[
    Path | None, typer.Option("--stems", help="Where the stems are now; else where they were.")
]
Assets = Annotated[Path | None, typer.Option(help="Where the recipe's files are now.")]


def _one_of_widths(bits: int) -> int:
    """Refuse widths that no file has."""
    if bits not in (16, 24, 32):
        raise UsageError(f"--bits: wanted 16, 24 or 32, found {bits}")
    return bits


def _one_of_previews(kind: str) -> str:
    """Refuse formats that are not made."""
    if kind not in ("", "opus", "mp3"):
        raise UsageError(f"--previews: wanted opus or mp3, found {kind!r}")
    return kind


Bits = Annotated[
    int, typer.Option(callback=_one_of_widths, help="16 or 24 of FLAC, 32 of WAV (floats).")
]
Previews = Annotated[
    str,
    typer.Option(
        callback=_one_of_previews, help="opus or mp3: a small file beside each mixture, for pages."
    ),
]
OneTarPerField = Annotated[
    bool,
    typer.Option(
        "--one-tar-per-field",
        help="Mixtures, dry stems, ... in tars of their own, to fetch only what you need.",
    ),
]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Of a URL: whoever was writing there is gone.")
]
Samples = Annotated[
    int, typer.Option(min=1, max=10**8, help="In all splits together; keys have eight digits.")
]
Data = Annotated[Path, typer.Option(callback=_local, help="A folder that 'wetdry generate' wrote.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same draws.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; the result does not depend on it.")]
EngineName = Annotated[
    str, typer.Option("--engine", help="local, or ray: many machines (docs/engines.md).")
]
Address = Annotated[
    str | None, typer.Option(help="Of a Ray cluster, HOST:PORT; else ray is this machine alone.")
]
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
        "--split",
        help="NAME=SHARE (0.2, or 1), NAME=SONG,SONG or NAME=@OWN; default train=0.8, test=0.2.",
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
