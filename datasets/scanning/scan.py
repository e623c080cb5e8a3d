"""The scan: every stem of a folder as one row of a table, good or with its fault."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import AudioError
from ..layouts.sources import Source, find_sources
from .catalog import table_of
from .scanned import Scanned, stamps_of
from .song_facts import UNMEASURED, Row, facts_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["scan"]

Song = tuple[Source, ...]


def scan(
    stems: Path,
    *,
    layout: str = "auto",
    workers: int = 1,
    scanned: Scanned | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> "DataFrame":
    """Read every stem below a folder whole and return the catalog.

    Parameters
    ----------
    stems : Path
        A folder of songs.
    layout : str
        How it is laid out, as :func:`find_layout` takes it.
    workers : int
        Processes, at least 1; each reads a song at a time, and the table is the same for any
        number.
    scanned : Scanned, optional
        What earlier scans found: of songs that have not changed, nothing is read; the others are
        kept there as they are done. The table is the same as without it.
    progress : callable, optional
        Told how many of how many files are done.

    Returns
    -------
    pandas.DataFrame
        One row a file, sorted by song, class and file. Where ``fault`` holds a text
        ("reason; cure") the file is not to be used, and what could not be measured is
        0, NaN or empty. What has no class (``stem_class == ""``) was never opened.

    Raises
    ------
    CatalogError, UsageError
        If the folder is not there, nothing below it is a stem, or its layout is in doubt.
    AudioError
        If memory runs out.
    ShardError
        If what was found cannot be kept.
    """
    sources = find_sources(stems, layout)
    rows = {source.file: {**UNMEASURED, **asdict(source)} for source in sources}
    wanted = [source for source in sources if source.fault is None]
    songs = [tuple(song) for _, song in groupby(wanted, lambda source: source.song)]
    found = _found(stems, songs, workers, scanned) if scanned else _facts(stems, songs, workers)
    done = 0
    for song, facts in found:
        for source, row in zip(song, facts, strict=True):
            rows[source.file].update(row)
            done += 1
            if progress:
                progress(done, len(wanted))
    if scanned:
        scanned.tidy({song[0].song for song in songs})
    return table_of(list(rows.values()))


def _found(
    stems: Path, songs: list[Song], workers: int, scanned: Scanned
) -> Iterator[tuple[Song, list[Row]]]:
    """Yield the facts of every song, those first that are known."""
    stamps = {song: stamps_of(stems, song) for song in songs}  # of before they are read
    changed = []
    for song in songs:
        facts = scanned.find(stems, song, stamps[song])
        if facts is None:
            changed.append(song)
        else:
            scanned.songs[song[0].song] = (stamps[song], facts)
            scanned.unchanged += 1
            yield song, facts
    for song, facts in _facts(stems, changed, workers):
        scanned.keep(song[0].song, stamps[song], facts)
        yield song, facts


def _facts(stems: Path, songs: list[Song], workers: int) -> Iterator[tuple[Song, list[Row]]]:
    """Read songs, and yield the facts of each when it is done."""
    if workers <= 1 or len(songs) <= 1:
        for song in songs:
            yield song, facts_of(stems, song)
        return
    spawn = multiprocessing.get_context("spawn")  # a fork of a threaded process can hang
    with ProcessPoolExecutor(min(workers, len(songs)), mp_context=spawn) as pool:
        waiting = {pool.submit(facts_of, stems, song): song for song in songs}
        try:
            for future in as_completed(waiting):
                yield waiting.pop(future), future.result()
        except BrokenProcessPool:
            raise AudioError(
                f"{stems}: a worker ended, as it does when memory runs out; use fewer workers, "
                "and scan again"
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
