"""Commands of the cascade: training, restoring, judging, weights, the demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .groups import spread
from .options import Data, Device, LayoutName, Run, Workers, catalog_of
from .printing import finish, progress_bar, say

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["demo", "evaluate", "fetch", "restore", "train"]


def train(
    config: Annotated[
        str, typer.Argument(help="A YAML file or preset: demo, tiny, small, paper, unet.")
    ],
    data: Data,
    out: Annotated[Path, typer.Option(help="The run's folder; one that was begun goes on.")],
    fresh: Annotated[
        Path | None,
        typer.Option(help="DIR's stems: stage one learns from samples rendered meanwhile."),
    ] = None,
    catalog: Annotated[
        Path | None, typer.Option(help="Of these stems, from 'wetdry scan'; else it scans.")
    ] = None,
    layout: LayoutName = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that render; default 2.")
    ] = None,
    device: Device = None,
) -> None:
    """Train stage one, cache what it says, train stage two; a student where one is asked for."""
    if fresh is None and (catalog, layout, workers) != (None, "auto", None):
        raise UsageError("--catalog, --layout, --workers: wanted --fresh STEMS beside them")
    from ..cascade import OnTheFly, load_configuration
    from ..cascade import train as learn
    from ..cascade.training.journal import set_aside_of

    rendered = None
    if fresh is not None:
        count = workers or 2
        rendered = OnTheFly(fresh, catalog_of(fresh, catalog, layout, count), count)
    with progress_bar("training") as progress:
        sizes, note = load_configuration(config), progress.note
        learn(sizes, data, out, fresh=rendered, device=device, progress=progress, note=note)
    print(f"trained; the run is in {out}")
    finish(set_aside_of(out))


def restore(
    run: Run,
    songs: Annotated[
        list[Path], typer.Argument(help="Mixtures of any rate and length, or folders of them.")
    ],
    out: Annotated[Path, typer.Option(help="Receives a folder with one file per class for each.")],
    residual: Annotated[
        bool, typer.Option("--residual", help="Also write what is in no stem.")
    ] = False,
    dial: Annotated[
        float, typer.Option(min=0, max=1, help="From plausible (0) to faithful (1).")
    ] = 1.0,
    student: Annotated[
        bool, typer.Option("--student", help="One network in place of both stages, if RUN has it.")
    ] = False,
    effects: Annotated[
        list[str] | None,
        typer.Option(
            help="What was done, to a RUN that is told it: space,dynamics or Vocals=space or "
            "mix=codec; again for others."
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV of the effects that a RUN which predicts them hears.")
    ] = None,
    device: Device = None,
) -> None:
    """Give back the dry stems of mixtures, in constant memory."""
    from ..cascade import restore_songs
    from ..cascade.effect_labels import parse_effects

    with progress_bar("restoring") as progress:
        set_aside = restore_songs(
            run, songs, out, residual=residual, dial=dial, student=student, labels=labels,
            effects=parse_effects(effects) if effects else None, device=device, progress=progress,
        )  # fmt: skip
    print(f"written to {out}")
    finish(set_aside)


@dataclass(frozen=True, kw_only=True)
class Cases:
    """What systems are judged on, and by which numbers."""

    data: Annotated[Path | None, typer.Option(help="A folder that 'wetdry generate' wrote.")] = None
    reference: Annotated[
        Path | None, typer.Option(help="Or targets laid out like MSRBench or the challenge's.")
    ] = None
    split: Annotated[str, typer.Option(help="Which split; its songs must be held out.")] = "test"
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many samples.")] = None
    metric: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given again. Default: all.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Systems:
    """What is judged."""

    run: Annotated[
        Path | None, typer.Argument(help="A folder that 'wetdry train' wrote, if there is one.")
    ] = None
    dial: Annotated[
        list[float] | None,
        typer.Option(min=0, max=1, help="Also score RUN's dial here, say 0.25; again for others."),
    ] = None
    estimates: Annotated[
        list[str] | None, typer.Option(help="NAME=FOLDER of a system's stems; again for others.")
    ] = None
    baseline: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given again. Default: all.")
    ] = None

    def named(self) -> dict[str, Path]:
        """Read each NAME=FOLDER."""
        found: dict[str, Path] = {}
        for text in self.estimates or []:
            name, sign, folder = text.partition("=")
            if not sign or not folder or name in found:
                raise UsageError(f"--estimates: wanted NAME=FOLDER, each name once; found {text!r}")
            found[name] = Path(folder)
        return found


@spread
def evaluate(
    cases: Cases,
    systems: Systems,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables; default RUN, else 'evaluation'.")
    ] = None,
    workers: Workers = 2,
    device: Device = None,
) -> None:
    """Score systems beside baselines and oracles, by class and by what was done, with tests."""
    from ..cascade import METRICS, SILENT, judge, score_table
    from ..cascade.judging.trade_off import trade_off_table as traded

    run, dials = systems.run, systems.dial or ()
    with progress_bar("judging") as progress:
        judged = judge(
            out or run or Path("evaluation"), run=run, dials=dials, estimates=systems.named(),
            baselines=systems.baseline or None, data=cases.data, reference=cases.reference,
            split=cases.split, limit=cases.limit, metrics=cases.metric or list(METRICS),
            device=device, workers=workers, progress=progress,
        )  # fmt: skip
    print(score_table(judged.table, judged.paired, judged.frechet))
    said = _labels_text(judged.labels) + [traded(judged.scores, judged.frechet)] * bool(dials)
    print(*said, judged.remark, sep="\n")
    _exit_if(bool((judged.skipped["reason"] != SILENT).any()))


def _exit_if(set_aside: bool) -> None:
    """End with the status that says: done, but something was set aside."""
    if set_aside:
        raise typer.Exit(3)


def _labels_text(labels: DataFrame | None) -> list[str]:
    """Say how well effects were predicted, if they were."""
    from ..cascade.judging.label_scores import label_table_text

    return [] if labels is None else [f"\n{label_table_text(labels)}\n"]


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
