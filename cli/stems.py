"""Commands about stems: composing, scanning, fitting a recipe to released mixes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import LayoutName, Seed, Workers, catalog_of
from .printing import finish, progress_bar, warn

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["fit", "scan", "songs", "unpack"]


def songs(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    count: Annotated[int, typer.Option(min=1, help="How many songs.")] = 8,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each song.")] = 24.0,
    seed: Seed = 0,
) -> None:
    """Compose and synthesise dry multitrack songs over all eight classes."""
    from ..datasets import write_songs

    with progress_bar("composing") as progress:
        paths = write_songs(out, count=count, seconds=seconds, seed=seed, progress=progress)
    print(f"{len(paths)} songs in {out}")


def scan(
    stems: Annotated[
        Path, typer.Argument(help="A folder of songs, in a layout of docs/sources.md.")
    ],
    out: Annotated[Path, typer.Option(help="Where the table goes, as Parquet.")] = Path(
        "catalog.parquet"
    ),
    workers: Workers = 2,
    layout: LayoutName = "auto",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Read every song again, changed or not.")
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Tell changes by SHA-256, not by size and time.")
    ] = False,
) -> None:
    """Measure stems: class, loudness, activity, tempo, beats, key, bleed, lags, faults."""
    from ..datasets import Scanned, doubts, fault_counts, faults, scanned_beside, write_catalog

    scanned = Scanned(scanned_beside(out), fresh=fresh, deep=deep)
    catalog = catalog_of(stems, None, layout, workers, scanned)
    write_catalog(catalog, out)
    good = catalog[catalog["fault"].isna()]
    print(f"{good['song'].nunique()} songs, {len(good)} stems, {good['seconds'].sum():.0f} s")
    for name, group in good.groupby("stem_class"):
        print(f"  {name:<13} {len(group):4d} stems {group['loudness_lufs'].median():7.1f} LUFS")
    print_origin(catalog)
    if scanned.unchanged:
        print(f"songs that had not changed, and were not read again: {scanned.unchanged}")
    print(f"written to {out}")
    for kind, count in fault_counts(catalog).items():
        print(f"set aside: {count:4d} {kind}")
    warn(doubts(catalog))
    finish(faults(catalog))


def fit(
    folder: Annotated[Path, typer.Argument(help="Released mixes, and perhaps their stems.")],
    stems: Annotated[Path, typer.Option(help="Dry stems as <song>/<Class>/*.wav|flac|...")],
    out: Annotated[Path, typer.Option(help="The recipe, .yaml; a report .json goes beside it.")],
    recipe: Annotated[str, typer.Option(help="Preset or file to start from.")] = "realistic",
    samples: Annotated[int, typer.Option(min=4, help="In each half and round.")] = 64,
    rounds: Annotated[int, typer.Option(min=1, help="The best one is kept.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same recipe.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes; they change no result.")] = 2,
    balances: Annotated[
        bool, typer.Option(help="Fit the classes' loudness to FOLDER's songs, else to --stems.")
    ] = True,
    catalog: Annotated[Path | None, typer.Option(help="Of --stems, from 'wetdry scan'.")] = None,
    layout: LayoutName = "auto",
    sample_rate: Annotated[int | None, typer.Option(help="In Hz; else the recipe's own.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Of a sample; else the recipe's.")] = None,
) -> None:
    """Set a recipe's priors so that what it makes is like a folder of released mixes."""
    from ..datasets.fit.fitting import FitOrder, summary
    from ..datasets.fit.fitting import fit as fit_recipe
    from ..datasets.fit.table import shown

    given = {"sample_rate": sample_rate, "seconds": seconds}
    settings = {name: value for name, value in given.items() if value is not None}
    order = FitOrder(recipe, out, samples, rounds, seed, balances, settings)
    table = catalog_of(stems, catalog, layout, workers)
    with progress_bar("fitting") as progress:
        fitted = fit_recipe(folder, stems, table, order, workers=workers, progress=progress)
    print(shown(fitted.rows))
    print(summary(fitted))
    print(f"written to {out}, with a report in {out.with_suffix('.json').name}")
    finish(fitted.set_aside)


def print_origin(catalog: DataFrame) -> None:
    """Print what the songs' datasets say of licence and split, and how to keep to the split."""
    for licence in catalog["licence"][catalog["licence"] != ""].unique():
        print(f"licence: {licence}")
    songs = catalog[catalog["fault"].isna()].groupby("split")["song"].nunique()
    own = {str(name): count for name, count in songs.items() if name}
    if own:
        print("splits of its own:", ", ".join(f"{name} {count}" for name, count in own.items()))
        print("keep to them with", " ".join(f"--split {name}=@{name}" for name in own))


def unpack(
    stems: Annotated[Path, typer.Argument(help="A folder of MUSDB18's .stem.mp4 files.")],
    out: Annotated[Path, typer.Argument(help="A new folder, or one that this began.")],
) -> None:
    """Decode MUSDB18's .stem.mp4 files to FLAC, once; an interrupted run goes on."""
    from ..datasets import unpack as decode

    with progress_bar("unpacking") as progress:
        unpacked = decode(stems, out, progress=progress)
    for song, lowered_db in unpacked.lowered_db.items():
        print(f"{song!r} overshot full scale: its stems were lowered by {lowered_db:.2f} dB")
    print(f"{unpacked.songs} songs in {out}; next: wetdry scan {out} --layout musdb18hq")
    finish(unpacked.set_aside)
