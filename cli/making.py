"""Commands that make and check datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .effects import Effects
from .options import (
    Address,
    Assets,
    Bits,
    Catalog,
    DatasetOrUrl,
    EngineName,
    LayoutName,
    OneTarPerField,
    Previews,
    Rate,
    RecipeName,
    Samples,
    Seconds,
    Seed,
    Severity,
    SplitTexts,
    Stems,
    TakeOver,
    Workers,
    catalog_of,
    engine_of,
    order_of,
)
from .plugins import AllowPlugins
from .printing import finish, plain, progress_bar, say

if TYPE_CHECKING:
    from ..datasets import Built

__all__ = ["degrade", "explain", "generate", "verify"]


def degrade(
    recipe: RecipeName,
    source: Annotated[Path, typer.Argument(help="An audio file.")],
    out: Annotated[Path, typer.Argument(help="A .wav or .flac file.")],
    seed: Seed = 0,
    stem: Annotated[str | None, typer.Option(help="Whose chain, such as Vocals.")] = None,
    severity: Severity = None,
    allow_plugins: AllowPlugins = False,
    effects: Effects = None,
) -> None:
    """Hear one chain: send a file through it, and print what was drawn."""
    from ..datasets import audition
    from ..mixing import load_recipe

    loaded = load_recipe(recipe, severity=severity)
    chain = audition(loaded, source, out, seed=seed, stem_class=stem)
    print("\n".join(chain.lines()) or "(nothing was drawn)", f"written to {out}", sep="\n")


def explain(
    recipe: RecipeName,
    stems: Stems,
    seed: Seed = 0,
    index: Annotated[int, typer.Option(min=0, help="The sample's number in its split.")] = 0,
    split: Annotated[str, typer.Option(help="Which split.")] = "train",
    splits: SplitTexts = None,
    catalog: Catalog = None,
    layout: LayoutName = "auto",
    sample_rate: Rate = None,
    seconds: Seconds = None,
    severity: Severity = None,
    allow_plugins: AllowPlugins = False,
    effects: Effects = None,
) -> None:
    """Print the drawn session of one sample, before anything is rendered."""
    from ..datasets import draw_one
    from ..mixing import load_recipe

    loaded = load_recipe(recipe, sample_rate=sample_rate, seconds=seconds, severity=severity)
    order = order_of(loaded, 0, seed, splits)
    print(draw_one(order, catalog_of(stems, catalog, layout), split, index))


def generate(
    recipe: RecipeName,
    stems: Stems,
    out: Annotated[str, typer.Option(help="A new folder or URL, or one that it began.")],
    samples: Samples = 1000,
    planned: Annotated[
        Path | None, typer.Option("--plan", help="Rows of 'wetdry plan', in place of --samples.")
    ] = None,
    shard_range: Annotated[
        str | None, typer.Option(help="i/N: this share only, for arrays of jobs; i from 1.")
    ] = None,
    seed: Seed = 0,
    workers: Workers = 2,
    engine: EngineName = "local",
    address: Address = None,
    splits: SplitTexts = None,
    bits: Bits = 16,
    previews: Previews = "",
    one_tar_per_field: OneTarPerField = False,
    catalog: Catalog = None,
    layout: LayoutName = "auto",
    sample_rate: Rate = None,
    seconds: Seconds = None,
    severity: Severity = None,
    allow_plugins: AllowPlugins = False,
    effects: Effects = None,
    take_over: TakeOver = False,
) -> None:
    """Make a dataset; a run that was interrupted is finished by the same command."""
    from functools import partial

    from ..datasets import generate as build
    from ..datasets import parse_share
    from ..mixing import load_recipe

    loaded = load_recipe(recipe, sample_rate=sample_rate, seconds=seconds, severity=severity)
    form = {"bits": bits, "previews": previews, "one_tar_per_field": one_tar_per_field}
    order = order_of(loaded, samples, seed, splits, **form)
    share = parse_share(shard_range) if shard_range is not None else None
    where = engine_of(engine, address, workers)
    table = catalog_of(stems, catalog, layout, workers)
    with progress_bar("rendering") as progress:
        given = partial(build, order, table, stems, out, planned=planned, share=share)
        built = given(engine=where, take_over=take_over, progress=progress)
    tell(built, loaded.seconds, out)
    finish(built.set_aside)


def tell(built: Built, seconds: float, out: Path | str) -> None:
    """Print what came of a build."""
    minutes = built.samples * seconds / 60
    print(f"{built.samples} samples ({minutes:.1f} min) in {out}, {built.rendered} made now")
    if redraws := str(built.redraws):
        print(redraws)
    if not built.finished:
        print("this share is done; the last one writes the manifest")


def verify(
    dataset: DatasetOrUrl,
    quick: Annotated[
        bool, typer.Option("--quick", help="Names and sizes, reading no shard.")
    ] = False,
    replay: Annotated[int, typer.Option(min=0, help="How many samples to render again.")] = 0,
    stems: Annotated[Path | None, typer.Option(help="Where the stems are now.")] = None,
    assets: Assets = None,
    allow_plugins: AllowPlugins = False,
    effects: Effects = None,
) -> None:
    """Check sums, counts, keys, lengths and alignment; render samples again from their rows."""
    from ..datasets import verify as check

    with progress_bar("checking") as progress:
        findings = check(
            dataset, quick=quick, replay=replay, stems=stems, assets=assets, progress=progress
        )
    for fault in findings.faults:
        say(f"[red]fault:[/] {plain(fault)}")
    steps = findings.least_significant_bits
    print(f"{findings.samples} samples, {findings.replayed} rendered again, differing by {steps}")
    if findings.faults:
        raise typer.Exit(1)
    print("clean")
