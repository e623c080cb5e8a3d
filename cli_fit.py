"""The command that fits a recipe to released mixes; see :mod:`wetdry.cli`."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["fit"]


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
    sample_rate: Annotated[int | None, typer.Option(help="In Hz; else the recipe's own.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Of a sample; else the recipe's.")] = None,
) -> None:
    """Set a recipe's priors so that what it makes is like a folder of released mixes."""
    from .cli import _bar, _catalog, _finish
    from .datasets.fit import FitOrder, summary
    from .datasets.fit import fit as fit_recipe
    from .datasets.fit_table import shown

    given = {"sample_rate": sample_rate, "seconds": seconds}
    settings = {name: value for name, value in given.items() if value is not None}
    order = FitOrder(recipe, out, samples, rounds, seed, balances, settings)
    table = _catalog(stems, catalog, workers)
    with _bar("fitting") as progress:
        fitted = fit_recipe(folder, stems, table, order, workers=workers, progress=progress)
    print(shown(fitted.rows))
    print(summary(fitted))
    print(f"written to {out}, with a report in {out.with_suffix('.json').name}")
    _finish(fitted.set_aside)
