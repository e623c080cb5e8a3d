"""Command line: parses, calls, prints; all that it does can be done from Python.

Exit status: 0 done, 1 failed, 2 wrong usage or recipe, 3 done but something was set aside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .errors import CatalogError, RecipeError, UsageError, WetdryError

if TYPE_CHECKING:
    from pandas import DataFrame

    from .datasets import Order
    from .mixing import Recipe

__all__ = ["app", "main"]

Progress = Callable[[int, int], None]

app = typer.Typer(
    help="Make paired wet/dry data from clean multitrack stems, and train a cascade on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
recipes = typer.Typer(help="List, show and check recipes.", no_args_is_help=True)
app.add_typer(recipes, name="recipe")

RecipeName = Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")]
Dataset = Annotated[Path, typer.Argument(help="A folder that 'wetdry generate' wrote.")]
Run = Annotated[Path, typer.Argument(help="A folder that 'wetdry train' wrote.")]
Stems = Annotated[Path, typer.Option(help="A folder of <song>/<Class>/*.wav|flac|ogg|mp3|aiff.")]
Data = Annotated[Path, typer.Option(help="A folder that 'wetdry generate' wrote.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same draws.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; the result does not depend on it.")]
Device = Annotated[str | None, typer.Option(help="cpu or cuda; by default a GPU if there is one.")]
Rate = Annotated[int | None, typer.Option(help="In Hz, in place of the recipe's own.")]
Seconds = Annotated[float | None, typer.Option(help="Of a sample, in place of the recipe's own.")]
Severity = Annotated[
    float | None, typer.Option(help="0 (untouched) to 1 (as written), in place of the recipe's.")
]
Catalog = Annotated[Path | None, typer.Option(help="A catalog from 'wetdry scan'; else it scans.")]
SplitTexts = Annotated[
    list[str] | None,
    typer.Option("--split", help="NAME=SHARE or NAME=SONG,SONG; default train=0.8, test=0.2."),
]


def main() -> NoReturn:
    """Run the command line; a user's mistake is one line on standard error, never a traceback."""
    import os
    import sys

    try:
        app()
    except (RecipeError, CatalogError, UsageError) as error:
        _say(f"[bold red]wrong:[/] {_plain(error)}")
        sys.exit(2)
    except WetdryError as error:
        _say(f"[bold red]failed:[/] {_plain(error)}")
        sys.exit(1)
    except KeyboardInterrupt:
        _say("stopped; the same command goes on from here")
        sys.exit(130)
    except BrokenPipeError:  # `wetdry ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


def _plain(value: object) -> str:
    """Return a text with nothing in it that a terminal would take for a command."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() or c == "\n" else "�" for c in str(value)))


def _say(text: str) -> None:
    """Print for people, on standard error."""
    from rich.console import Console

    Console(stderr=True, soft_wrap=True, highlight=False).print(text)


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    """Show a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _finish(set_aside: list[dict[str, str]]) -> None:
    """Tell what was set aside, and leave with status 3 if anything was."""
    for entry in set_aside[:20]:
        _say(f"[yellow]set aside:[/] {_plain(entry['what'])}: {_plain(entry['reason'])}")
    if len(set_aside) > 20:
        _say(f"... and {len(set_aside) - 20} more")
    if set_aside:
        raise typer.Exit(3)


def _catalog(stems: Path, catalog: Path | None, workers: int = 1) -> DataFrame:
    """Read the catalog, or scan for it."""
    from .datasets import read_catalog, scan

    if catalog is not None:
        return read_catalog(catalog)
    with _bar("reading stems") as progress:
        return scan(stems, workers=workers, progress=progress)


def _order(recipe: Recipe, samples: int, seed: int, splits: list[str] | None) -> Order:
    """Return what is asked of the factory."""
    from .datasets import DEFAULT_SPLITS, Order, parse_splits

    return Order(recipe, samples, seed, parse_splits(splits or DEFAULT_SPLITS))


@app.command()
def songs(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    count: Annotated[int, typer.Option(min=1, help="How many songs.")] = 8,
    seconds: Annotated[float, typer.Option(min=1, help="Length of each song.")] = 24.0,
    seed: Seed = 0,
) -> None:
    """Compose and synthesise dry multitrack songs over all eight classes."""
    from .datasets import write_songs

    with _bar("composing") as progress:
        paths = write_songs(out, count=count, seconds=seconds, seed=seed, progress=progress)
    print(f"{len(paths)} songs in {out}")


@app.command()
def scan(
    stems: Annotated[Path, typer.Argument(help="A folder of <song>/<Class>/*.wav|flac|...")],
    out: Annotated[Path, typer.Option(help="Where the table goes, as Parquet.")] = Path(
        "catalog.parquet"
    ),
    workers: Workers = 2,
) -> None:
    """Measure stems: class, rate, length, loudness, activity, tempo, beats, key, faults."""
    from .datasets import faults, write_catalog

    catalog = _catalog(stems, None, workers)
    write_catalog(catalog, out)
    good = catalog[catalog["fault"].isna()]
    print(f"{good['song'].nunique()} songs, {len(good)} stems, {good['seconds'].sum():.0f} s")
    for name, group in good.groupby("stem_class"):
        print(f"  {name:<13} {len(group):4d} stems {group['loudness_lufs'].median():7.1f} LUFS")
    print(f"written to {out}")
    _finish(faults(catalog))


@recipes.command("list")
def recipe_list() -> None:
    """List the presets and what each is for."""
    from .mixing import load_recipe, preset_names

    for name in preset_names():
        print(f"{name:<12} {load_recipe(name).about}")


@recipes.command("show")
def recipe_show(recipe: RecipeName) -> None:
    """Print a recipe, to read or to start from."""
    from .mixing import load_recipe

    print(load_recipe(recipe).text, end="")


@recipes.command("check")
def recipe_check(recipe: RecipeName) -> None:
    """Prove that whatever a recipe can draw is valid."""
    from .mixing import load_recipe

    loaded = load_recipe(recipe)
    print(f"{loaded.name}: good; {loaded.seconds:g} s at {loaded.sample_rate} Hz")


@recipes.command("schema")
def recipe_schema() -> None:
    """Print the JSON schema of recipes, for editors."""
    from .mixing import recipe_schema

    print(json.dumps(recipe_schema(), indent=1))


@app.command()
def degrade(
    recipe: RecipeName,
    source: Annotated[Path, typer.Argument(help="An audio file.")],
    out: Annotated[Path, typer.Argument(help="A .wav or .flac file.")],
    seed: Seed = 0,
    stem: Annotated[str | None, typer.Option(help="Whose chain, such as Vocals.")] = None,
    severity: Severity = None,
) -> None:
    """Hear one chain: send a file through it, and print what was drawn."""
    from .datasets import audition
    from .mixing import load_recipe

    loaded = load_recipe(recipe, severity=severity)
    chain = audition(loaded, source, out, seed=seed, stem_class=stem)
    print("\n".join(chain.lines()) or "(nothing was drawn)")
    print(f"written to {out}")


@app.command()
def explain(
    recipe: RecipeName,
    stems: Stems,
    seed: Seed = 0,
    index: Annotated[int, typer.Option(min=0, help="The sample's number in its split.")] = 0,
    split: Annotated[str, typer.Option(help="Which split.")] = "train",
    splits: SplitTexts = None,
    catalog: Catalog = None,
    sample_rate: Rate = None,
    seconds: Seconds = None,
    severity: Severity = None,
) -> None:
    """Print the drawn session of one sample, before anything is rendered."""
    from .datasets import draw_one
    from .mixing import load_recipe

    loaded = load_recipe(recipe, sample_rate=sample_rate, seconds=seconds, severity=severity)
    order = _order(loaded, 0, seed, splits)
    print(draw_one(order, _catalog(stems, catalog), split, index))


@app.command()
def generate(
    recipe: RecipeName,
    stems: Stems,
    out: Annotated[Path, typer.Option(help="A new folder, or one that the same command began.")],
    samples: Annotated[int, typer.Option(min=1, help="In all splits together.")] = 1000,
    seed: Seed = 0,
    workers: Workers = 2,
    splits: SplitTexts = None,
    bits: Annotated[int, typer.Option(help="16 or 24 bits a sample.")] = 16,
    catalog: Catalog = None,
    sample_rate: Rate = None,
    seconds: Seconds = None,
    severity: Severity = None,
) -> None:
    """Make a dataset; a run that was interrupted is finished by the same command."""
    from dataclasses import replace

    from .datasets import generate as build
    from .mixing import load_recipe

    if bits not in (16, 24):
        raise UsageError(f"--bits: wanted 16 or 24, found {bits}")
    loaded = load_recipe(recipe, sample_rate=sample_rate, seconds=seconds, severity=severity)
    order = replace(_order(loaded, samples, seed, splits), bits=bits)
    table = _catalog(stems, catalog, workers)
    with _bar("rendering") as progress:
        built = build(order, table, stems, out, workers=workers, progress=progress)
    minutes = built.samples * loaded.seconds / 60
    print(f"{built.samples} samples ({minutes:.1f} min) in {out}, {built.rendered} made now")
    _finish(built.set_aside)


@app.command()
def verify(
    dataset: Dataset,
    replay: Annotated[int, typer.Option(min=0, help="How many samples to render again.")] = 0,
    stems: Annotated[Path | None, typer.Option(help="Where the stems are now.")] = None,
    assets: Annotated[Path | None, typer.Option(help="Where the recipe's files are now.")] = None,
) -> None:
    """Check sums, counts, keys, lengths and alignment; render samples again from their rows."""
    from .datasets import verify as check

    with _bar("checking") as progress:
        findings = check(dataset, replay=replay, stems=stems, assets=assets, progress=progress)
    for fault in findings.faults:
        _say(f"[red]fault:[/] {_plain(fault)}")
    steps = findings.least_significant_bits
    print(f"{findings.samples} samples, {findings.replayed} rendered again, differing by {steps}")
    if findings.faults:
        raise typer.Exit(1)
    print("clean")


@app.command()
def train(
    config: Annotated[str, typer.Argument(help="A YAML file or preset: demo, tiny, small, paper.")],
    data: Data,
    out: Annotated[Path, typer.Option(help="The run's folder; one that was begun goes on.")],
    device: Device = None,
) -> None:
    """Train stage one, cache what it says, train stage two."""
    from .cascade import load_configuration
    from .cascade import train as learn

    with _bar("training") as progress:
        learn(load_configuration(config), data, out, device=device, progress=progress)
    print(f"trained; the run is in {out}")


@app.command()
def restore(
    run: Run,
    song: Annotated[Path, typer.Argument(help="A mixture of any rate and length.")],
    out: Annotated[Path, typer.Option(help="Where the folder with one file per class goes.")],
    device: Device = None,
) -> None:
    """Give back the dry stems of a mixture, in constant memory."""
    from .cascade import restore_file

    with _bar("restoring") as progress:
        folder = restore_file(run, song, out, device=device, progress=progress)
    print(f"written to {folder}")


@app.command()
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
    from .cascade import METRICS, judge, score_table

    with _bar("judging") as progress:
        judged = judge(
            run, data, out or run / "scores.parquet", split=split, limit=limit,
            metrics=metric or list(METRICS), workers=workers, device=device, progress=progress,
        )  # fmt: skip
    print(score_table(judged.scores))
    print(judged.remark)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A dataset or a run.")],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
) -> None:
    """Write one self-contained page about a dataset or a run."""
    if (folder / "run.json").exists():
        from .cascade import write_run_report

        page = write_run_report(folder, out)
    else:
        from .datasets import write_report

        with _bar("writing") as progress:
            page = write_report(folder, out, progress=progress)
    print(f"written to {page}")


@app.command()
def fetch(
    what: Annotated[str, typer.Argument(help="musicnn: the embedding of the Frechet distance.")],
) -> None:
    """Fetch weights that are not part of the package, and check their digest."""
    from .cascade import fetch_musicnn

    if what != "musicnn":
        raise UsageError(f"fetch: wanted musicnn, found {what!r}")
    print(f"in {fetch_musicnn()}")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where everything goes.")] = Path("demo"),
    stems: Annotated[Path | None, typer.Option(help="Your own stems; else songs are made.")] = None,
) -> None:
    """Do the whole way in minutes: songs, shards, cascade, scores, report."""
    from .cascade.demo import run_demo

    print(run_demo(folder, stems, _bar, _say))


if __name__ == "__main__":
    main()
