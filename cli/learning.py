"""Commands of the cascade: training, restoring, judging, weights, the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    Data,
    Device,
    Run,
    Workers,
)
from .printing import finish, progress_bar, say

__all__ = ["demo", "evaluate", "fetch", "restore", "train"]


def train(
    config: Annotated[str, typer.Argument(help="A YAML file or preset: demo, tiny, small, paper.")],
    data: Data,
    out: Annotated[Path, typer.Option(help="The run's folder; one that was begun goes on.")],
    device: Device = None,
) -> None:
    """Train stage one, cache what it says, train stage two."""
    from ..cascade import load_configuration
    from ..cascade import train as learn

    with progress_bar("training") as progress:
        learn(load_configuration(config), data, out, device=device, progress=progress)
    print(f"trained; the run is in {out}")


def restore(
    run: Run,
    songs: Annotated[
        list[Path], typer.Argument(help="Mixtures of any rate and length, or folders of them.")
    ],
    out: Annotated[Path, typer.Option(help="Receives a folder with one file per class for each.")],
    residual: Annotated[
        bool, typer.Option("--residual", help="Also write what is in no stem.")
    ] = False,
    device: Device = None,
) -> None:
    """Give back the dry stems of mixtures, in constant memory."""
    from ..cascade import restore_songs

    with progress_bar("restoring") as progress:
        set_aside = restore_songs(
            run, songs, out, residual=residual, device=device, progress=progress
        )
    print(f"written to {out}")
    finish(set_aside)


def evaluate(
    run: Run,
    data: Data,
    out: Annotated[Path | None, typer.Option(help="Scores; default RUN/scores.parquet.")] = None,
    split: Annotated[str, typer.Option(help="Which split; its songs must be held out.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many samples.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given again. Default: all.")
    ] = None,
    workers: Workers = 2,
    device: Device = None,
) -> None:
    """Score silence, mixture, stage one and cascade on held-out songs."""
    from ..cascade import METRICS, judge, score_table

    with progress_bar("judging") as progress:
        judged = judge(
            run, data, out or run / "scores.parquet", split=split, limit=limit,
            metrics=metric or list(METRICS), workers=workers, device=device, progress=progress,
        )  # fmt: skip
    print(score_table(judged.scores))
    print(judged.remark)


def fetch(
    what: Annotated[
        str, typer.Argument(help="musicnn, or encodec_24khz|_48khz, dac_24khz|_44khz.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="A codec's file; else where recipes look.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="A folder with a codec's weights.")] = None,
) -> None:
    """Fetch weights that are not part of the package."""
    from ..cascade import fetch_weights

    print(f"in {fetch_weights(what, out, source)}")


def demo(
    folder: Annotated[Path, typer.Argument(help="Where everything goes.")] = Path("demo"),
    stems: Annotated[Path | None, typer.Option(help="Your own stems; else songs are made.")] = None,
) -> None:
    """Do the whole way in minutes: songs, shards, cascade, scores, report."""
    from ..cascade.demo import run_demo

    print(run_demo(folder, stems, progress_bar, say))
