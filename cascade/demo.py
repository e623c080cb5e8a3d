"""The demo: the whole way in minutes, from songs to a judged cascade and its report."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from ..datasets import Order, generate, scan, verify, write_report, write_songs
from ..errors import AssetError, ShardError
from ..mixing import load_recipe
from .configuration_files import load_configuration
from .judging.bench import judge
from .judging.score_tables import score_table
from .metrics.musicnn import fetch as fetch_musicnn
from .reports.run import write_run_report
from .training.training import train

__all__ = ["run_demo"]

SAMPLES = 48
SONGS = 8
JUDGED = 4
"""Of the held-out samples: Zimtohrli takes a second for each restored stem."""

BASELINES = ("silence", "mixture")

Progress = Callable[[int, int], None]
Bar = Callable[[str], AbstractContextManager[Progress]]


def run_demo(folder: Path, stems: Path | None, bar: Bar, say: Callable[[str], None]) -> str:
    """Make songs, shards, a cascade, scores and two reports below ``folder``.

    Parameters
    ----------
    folder : Path
    stems : Path or None
        The user's own stems in place of the demo's songs.
    bar : callable
        Opens a progress bar with a title.
    say : callable
        Prints a line.

    Returns
    -------
    str
        What was made and where, in plain words.
    """
    if stems is None:
        stems = folder / "songs"
        with bar("1/6 composing songs") as progress:
            write_songs(stems, count=SONGS, progress=progress)
    with bar("2/6 reading stems") as progress:
        catalog = scan(stems, progress=progress)
    data, run = folder / "data", folder / "run"
    with bar("3/6 rendering pairs") as progress:
        order = Order(load_recipe("realistic"), SAMPLES)
        built = generate(order, catalog, stems, data, workers=2, progress=progress)
    findings = verify(data, replay=2)
    if findings.faults:
        raise ShardError(f"{data}: {findings.faults[0]}")
    _fetch(say)
    with bar("4/6 training") as progress:
        train(load_configuration("demo"), data, run, progress=progress)
    with bar("5/6 judging") as progress:
        judged = judge(
            run, data=data, run=run, baselines=BASELINES, limit=JUDGED, workers=2,
            progress=progress,
        )  # fmt: skip
    say("6/6 writing the reports")
    pages = (
        write_report(data, folder / "data.html"),
        write_run_report(run, folder / "report.html", dataset=data),
    )
    scores = score_table(judged.table, judged.paired)
    return _words(folder, built.samples, len(built.set_aside), scores, pages)


def _fetch(say: Callable[[str], None]) -> None:
    """Fetch the embedding of the Frechet distance; the demo does without it when offline."""
    try:
        fetch_musicnn()
    except AssetError as error:
        say(f"without Frechet distance: {error}")


def _words(
    folder: Path, samples: int, set_aside: int, scores: str, pages: tuple[Path, Path]
) -> str:
    """Say what was made and where."""
    return (
        f"{scores}\n"
        f"{samples} pairs of mixtures and dry stems ({set_aside} things set aside) are in "
        f"{folder / 'data'}, with every drawn number in manifest.parquet.\n"
        f"A small cascade was trained on them for a few minutes; it is in {folder / 'run'}, "
        "and the table above says how it does on songs it never heard (higher is better).\n"
        f"Look at {pages[0]} for the data and at {pages[1]} for the cascade."
    )
