"""What earlier scans found, song by song, so that what has not changed is not read again."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...degradations.assets import digest_of
from ...errors import ShardError
from ...manifests.files import writing
from ..layouts.layout import Source
from .song_facts import UNMEASURED, Row

__all__ = ["SCAN_VERSION", "Scanned", "scanned_beside", "stamps_of"]

SCAN_VERSION = 1
"""Raised whenever the same file would give other facts."""

RETRIED = ("cannot be opened", "cannot be measured")
"""Faults that may be the machine's: permissions and memory change without a trace in the file."""

Stamp = list[Any]
"""Of one file: its name, class, size in bytes, and time of change in ns."""


def scanned_beside(catalog: Path) -> Path:
    """Return where what was found is kept for the next scan into this catalog."""
    return catalog.with_suffix(".scanned.jsonl")


@dataclass
class Scanned:
    """A file of one line a song, written as songs are measured.

    A song is taken from it if all its files are there under the same names, as the same classes,
    with the same sizes and times of change, and none is new; else it is read again as a whole,
    because beats, key, bleed, lags and duplicates are facts of all its stems. A line that was
    cut off by a kill, or that another version wrote, counts for nothing.

    Parameters
    ----------
    path : Path
        Made by the first song that is kept.
    fresh : bool
        Take nothing from it.
    deep : bool
        Compare the SHA-256 of files in place of their times of change: finds a file that was
        replaced by one of the same size and time, and knows a copied one again.
    songs : dict
        Stamps and rows by name.
    unchanged : int
        How many songs were not read again.
    """

    path: Path
    fresh: bool = False
    deep: bool = False
    songs: dict[str, tuple[list[Stamp], list[Row]]] = field(default_factory=dict, repr=False)
    unchanged: int = 0

    def __post_init__(self) -> None:
        """Read what is there."""
        try:
            lines = self.path.read_bytes().splitlines() if not self.fresh else []
        except (FileNotFoundError, NotADirectoryError):
            lines = []
        except OSError as error:
            raise ShardError(
                f"{self.path}: cannot be read ({error.strerror}); remove it, or say --fresh"
            ) from None
        for line in lines:
            if song := _song_of(line):
                self.songs[song[0]] = song[1:]

    def find(self, stems: Path, sources: Sequence[Source], stamps: list[Stamp]) -> list[Row] | None:
        """Return the rows of a song that has not changed, in the order of ``sources``."""
        there, rows = self.songs.get(sources[0].song, ([], []))
        if None in stamps or any(str(row["fault"]).startswith(RETRIED) for row in rows):
            return None
        if not self.deep:
            return rows if there == stamps else None
        if [stamp[:3] for stamp in there] != [stamp[:3] for stamp in stamps]:
            return None
        try:
            digests = [digest_of(stems / source.file) for source in sources]
        except OSError:
            return None
        return rows if digests == [row["sha256"] for row in rows] else None

    def keep(self, song: str, stamps: list[Stamp], rows: list[Row]) -> None:
        """Write down a song at once."""
        self.songs[song] = (stamps, rows)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"\n" + _line_of(song, stamps, rows))  # ends a line that was cut off
        except OSError as error:
            raise ShardError(
                f"{self.path}: cannot be written: {error.strerror or error}; "
                "free the disk or write to another folder"
            ) from None

    def tidy(self, songs: set[str]) -> None:
        """Write the file anew, with these songs alone, sorted."""
        self.songs = {song: self.songs[song] for song in sorted(songs & set(self.songs))}
        with writing(self.path) as file:
            for song, (stamps, rows) in self.songs.items():
                file.write(_line_of(song, stamps, rows))


def stamps_of(stems: Path, sources: Sequence[Source]) -> list[Stamp]:
    """Return the stamps of a song's files; None for one that is gone or locked away."""
    return [_stamp(stems, source) for source in sources]


def _stamp(stems: Path, source: Source) -> Any:
    try:
        about = os.stat(stems / source.file)
    except OSError:
        return None
    return [source.file, source.stem_class, about.st_size, about.st_mtime_ns]


def _line_of(song: str, stamps: list[Stamp], rows: list[Row]) -> bytes:
    about = {"version": SCAN_VERSION, "song": song, "files": stamps, "rows": rows}
    return json.dumps(about).encode() + b"\n"


def _song_of(line: bytes) -> tuple[str, list[Stamp], list[Row]] | None:
    """Read a line; None if it is cut off or another's."""
    try:
        about = json.loads(line)
        song, stamps, rows = str(about["song"]), list(about["files"]), list(about["rows"])
        ours = about["version"] == SCAN_VERSION and len(stamps) == len(rows)
        whole = ours and all(list(row) == list(UNMEASURED) for row in rows)
    except (ValueError, KeyError, TypeError):
        return None
    return (song, stamps, rows) if whole else None
