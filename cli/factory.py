"""Commands about making datasets in parts: the plan first, repairs, recipes without audio."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .effects import Effects
from .options import (
    Assets,
    Catalog,
    Dataset,
    LayoutName,
    Rate,
    RecipeName,
    Samples,
    Seconds,
    Seed,
    Severity,
    SplitTexts,
    Stems,
    Workers,
    catalog_of,
    order_of,
)
from .plugins import AllowPlugins
from .printing import progress_bar

__all__ = ["plan", "repair"]


def plan(
    recipe: RecipeName,
    stems: Stems,
    out: Annotated[Path, typer.Option(help="The plan, a .parquet file.")] = Path("plan.parquet"),
    samples: Samples = 1000,
    seed: Seed = 0,
    workers: Workers = 2,
    splits: SplitTexts = None,
    catalog: Catalog = None,
    layout: LayoutName = "auto",
    sample_rate: Rate = None,
    seconds: Seconds = None,
    severity: Severity = None,
    allow_plugins: AllowPlugins = False,
    effects: Effects = None,
) -> None:
    """Draw every session and write them to be read, filtered and edited before rendering."""
    from ..datasets import write_plan
    from ..mixing import load_recipe

    loaded = load_recipe(recipe, sample_rate=sample_rate, seconds=seconds, severity=severity)
    order = order_of(loaded, samples, seed, splits)
    count = write_plan(order, catalog_of(stems, catalog, layout, workers), out)
    print(f"{count} sessions planned in {out}; render them with wetdry generate --plan {out}")


def repair(
    dataset: Dataset,
    stems: Annotated[Path | None, typer.Option(help="Where the stems are now.")] = None,
    assets: Assets = None,
    catalog: Catalog = None,
    workers: Workers = 2,
    allow_plugins: AllowPlugins = False,
    effects: Effects = None,
) -> None:
    """Find what is damaged or lost by sizes and digests, and render only that again."""
    from ..datasets import read_catalog
    from ..datasets import repair as mend

    table = read_catalog(catalog) if catalog else None
    with progress_bar("rendering") as progress:
        done = mend(
            dataset, stems=stems, assets=assets, catalog=table, workers=workers, progress=progress
        )
    for shard, wrong in done.shards.items():
        print(f"{shard}: {wrong}; rendered again")
    for name in done.files:
        print(f"{name}: written again")
    if not done.shards and not done.files:
        print("nothing was damaged")
    print(f"{done.samples} samples, {done.rendered} rendered again")
