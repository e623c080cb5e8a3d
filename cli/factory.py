"""Commands about making datasets in parts: the plan first, repairs, recipes without audio."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .groups import Drawn, Foreign, Rendered, spread
from .options import Assets, Dataset, DatasetOrUrl, Samples, StemsNow, TakeOver, Workers
from .printing import finish, plain, progress_bar, say

__all__ = ["pack", "plan", "repair", "replay"]


@spread
def plan(
    drawn: Drawn,
    out: Annotated[Path, typer.Option(help="The plan, a .parquet file.")] = Path("plan.parquet"),
    samples: Samples = 1000,
    trial: Annotated[
        int, typer.Option(min=0, help="Samples rendered to estimate time and disk; 0 for none.")
    ] = 4,
    workers: Workers = 2,
    *,
    foreign: Foreign,
) -> None:
    """Draw every session and write them to be edited before rendering; say what that will cost."""
    from ..datasets import estimate, write_plan

    order, table = drawn.order(samples), drawn.table(workers)
    with progress_bar("planning") as progress:
        count = write_plan(order, table, out, workers=workers, progress=progress)
    if trial:
        print(*estimate(order, table, drawn.stems, trial=trial).lines(workers), sep="\n")
    print(f"{count} sessions planned in {out}; render them with wetdry generate --plan {out}")


@spread
def repair(
    dataset: DatasetOrUrl,
    stems: StemsNow = None,
    assets: Assets = None,
    catalog: Annotated[
        Path | None, typer.Option(help="Used where set_aside.json is lost; else it scans.")
    ] = None,
    take_over: TakeOver = False,
    *,
    rendered: Rendered,
    foreign: Foreign,
) -> None:
    """Find what is damaged or lost by sizes and digests, and render only that again."""
    from ..datasets import read_catalog
    from ..datasets import repair as mend

    table = read_catalog(catalog) if catalog else None
    engine = rendered.chosen()
    with progress_bar("rendering") as progress:
        done = mend(
            dataset,
            stems=stems,
            assets=assets,
            catalog=table,
            engine=engine,
            take_over=take_over,
            progress=progress,
        )
    for shard, wrong in done.shards.items():
        print(f"{shard}: {wrong}; rendered again")
    for name in done.files:
        print(f"{name}: written again")
    if not done.shards and not done.files:
        print("nothing was damaged")
    print(f"{done.samples} samples, {done.rendered} rendered again")


def pack(
    dataset: Dataset,
    out: Annotated[Path, typer.Option(help="A new folder.")],
    recipe_only: Annotated[
        bool, typer.Option("--recipe-only", help="No audio: whoever has the stems replays it.")
    ] = False,
) -> None:
    """Write what a dataset is made from, for those who have the stems."""
    from ..datasets import pack as write

    if not recipe_only:
        raise UsageError("pack: wanted --recipe-only; the folder itself is the dataset with audio")
    for path in write(dataset, out):
        print(f"{path}: {path.stat().st_size} bytes")


@spread
def replay(
    packed: Annotated[Path, typer.Argument(help="A folder that 'wetdry pack' wrote.")],
    stems: Annotated[Path, typer.Option(help="The stems that it was made from.")],
    out: Annotated[Path, typer.Option(help="A new folder, or one that the same command began.")],
    assets: Assets = None,
    *,
    rendered: Rendered,
    foreign: Foreign,
) -> None:
    """Render a packed dataset from the stems, and say whether it is the same to the byte."""
    from ..datasets import replay_dataset

    engine = rendered.chosen()
    with progress_bar("rendering") as progress:
        done = replay_dataset(packed, stems, out, assets=assets, engine=engine, progress=progress)
    print(f"{done.samples} samples in {out}, {done.rendered} made now")
    for name, (then, now) in done.versions.items():
        say(f"[yellow]other version:[/] {plain(name)} {plain(then)} there, {plain(now)} here")
    for key in done.differing[:20]:
        say(f"[yellow]differs:[/] {plain(key)}")
    same = done.samples - len(done.differing)
    print("identical, to the byte" if done.identical else f"the audio of {same} is the same")
    finish(done.set_aside)
