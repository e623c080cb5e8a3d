"""Commands about what is made: card, export, export-model, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .effects import Effects
from .options import DatasetOrUrl, Run
from .printing import progress_bar

__all__ = ["card", "export", "export_model", "report"]


def card(
    dataset: DatasetOrUrl,
    licence: Annotated[
        str | None,
        typer.Option("--license", help="Such as cc-by-4.0; by default what the sources say."),
    ] = None,
) -> None:
    """Write a dataset's card: README.md for people, croissant.json for machines."""
    from ..datasets import write_card

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
    from ..datasets import export_msrbench

    if layout != "msrbench":
        raise UsageError(f"--layout: wanted msrbench, found {layout!r}")
    count = export_msrbench(datasets, out, split=split, medium=medium)
    print(f"{count} targets in {out}")


def export_model(
    run: Run,
    out: Annotated[Path, typer.Option(help="Receives ONNX, safetensors and the card.")],
    licence: Annotated[
        str | None, typer.Option("--license", help="Such as cc-by-4.0; by default unknown.")
    ] = None,
) -> None:
    """Write a trained run to give away: both stages as ONNX, weights, a model card."""
    from ..cascade import export_model as write

    print(f"written to {write(run, out, licence=licence).parent}")


def report(
    folder: Annotated[
        str, typer.Argument(help="A dataset (a URL, too), a run, or a folder of scores.")
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    against: Annotated[
        Path | None, typer.Option(help="Another dataset: how the two differ instead.")
    ] = None,
    effects: Effects = None,
) -> None:
    """Write one self-contained page about a dataset or a run."""
    if against is not None:
        from ..datasets import write_comparison

        page = write_comparison(Path(folder), against, out)
    elif any((Path(folder) / name).exists() for name in ("run.json", "scores.parquet")):
        from ..cascade import write_run_report

        page = write_run_report(Path(folder), out)
    else:
        from ..datasets import write_report

        with progress_bar("writing") as progress:
            page = write_report(folder, out, progress=progress)
    print(f"written to {page}")
