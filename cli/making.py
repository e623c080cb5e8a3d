"""Commands that make and check datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .groups import Drawn, Foreign, Rendered, spread
from .options import (
    Assets,
    Bits,
    DatasetOrUrl,
    OneTarPerField,
    Previews,
    RecipeName,
    Samples,
    Seed,
    Severity,
    StemsNow,
    TakeOver,
)
from .printing import finish, plain, progress_bar, say

if TYPE_CHECKING:
    from ..datasets import Built

__all__ = ["degrade", "explain", "generate", "verify"]


@spread
def degrade(
    recipe: RecipeName,
    source: Annotated[Path, typer.Argument(help="An audio file.")],
    out: Annotated[Path, typer.Argument(help="A .wav or .flac file.")],
    seed: Seed = 0,
    stem: Annotated[str | None, typer.Option(help="Whose chain, such as Vocals.")] = None,
    severity: Severity = None,
    *,
    foreign: Foreign,
) -> None:
    """Hear one chain: send a file through it, and print what was drawn."""
    from ..datasets import audition
    from ..mixing import load_recipe

    loaded = load_recipe(recipe, severity=severity)
    chain = audition(loaded, source, out, seed=seed, stem_class=stem)
    print("\n".join(chain.lines()) or "(nothing was drawn)", f"written to {out}", sep="\n")


@spread
def explain(
    drawn: Drawn,
    index: Annotated[int, typer.Option(min=0, help="The sample's number in its split.")] = 0,
    of: Annotated[
        str | None, typer.Option(help="The name of its split; by default the first.")
    ] = None,
    *,
    foreign: Foreign,
) -> None:
    """Print the drawn session of one sample, before anything is rendered."""
    from ..datasets import draw_one

    order = drawn.order(0)
    print(draw_one(order, drawn.table(), of or order.splits[0].name, index))


@spread
def generate(
    drawn: Drawn,
    out: Annotated[str, typer.Option(help="A new folder or URL, or one that it began.")],
    samples: Samples = 1000,
    planned: Annotated[
        Path | None, typer.Option("--plan", help="Rows of 'wetdry plan', in place of --samples.")
    ] = None,
    shard_range: Annotated[
        str | None, typer.Option(help="i/N: this share only, for arrays of jobs; i from 1.")
    ] = None,
    bits: Bits = 16,
    previews: Previews = "",
    one_tar_per_field: OneTarPerField = False,
    take_over: TakeOver = False,
    *,
    rendered: Rendered,
    foreign: Foreign,
) -> None:
    """Make a dataset; a run that was interrupted is finished by the same command."""
    from ..datasets import generate as build
    from ..datasets import parse_share

    form = {"bits": bits, "previews": previews, "one_tar_per_field": one_tar_per_field}
    order, engine = drawn.order(samples, **form), rendered.chosen()
    share = parse_share(shard_range) if shard_range is not None else None
    table = drawn.table(rendered.workers)
    with progress_bar("rendering") as progress:
        built = build(
            order, table, drawn.stems, out, planned=planned, share=share, engine=engine,
            take_over=take_over, progress=progress,
        )  # fmt: skip
    tell(built, order.recipe.seconds, out)
    finish(built.set_aside)


def tell(built: Built, seconds: float, out: Path | str) -> None:
    """Print what came of a build."""
    minutes = built.samples * seconds / 60
    print(f"{built.samples} samples ({minutes:.1f} min) in {out}, {built.rendered} made now")
    if redraws := str(built.redraws):
        print(redraws)
    if not built.finished:
        print("this share is done; the last one writes the manifest")


@spread
def verify(
    dataset: DatasetOrUrl,
    quick: Annotated[
        bool, typer.Option("--quick", help="Names and sizes, reading no shard.")
    ] = False,
    replay: Annotated[int, typer.Option(min=0, help="How many samples to render again.")] = 0,
    stems: StemsNow = None,
    assets: Assets = None,
    *,
    foreign: Foreign,
) -> None:
    """Check sums, counts, keys, lengths and alignment; render samples again from their rows."""
    from ..datasets import verify as check

    with progress_bar("checking") as progress:
        findings = check(
            dataset, quick=quick, replay=replay, stems=stems, assets=assets, progress=progress
        )
    for fault in findings.faults:
        say(f"[red]fault:[/] {plain(fault)}")
    again = f", {findings.replayed} rendered again" if replay else ""
    if findings.replayed:
        steps = findings.least_significant_bits
        again += f", differing by {steps} steps of the file" if steps else ", equal to the bit"
    print(f"{findings.samples} samples{again}")
    if findings.faults:
        raise typer.Exit(1)
    print("clean")
