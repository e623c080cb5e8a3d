"""The types of dataset that ZFTurbo's Music-Source-Separation-Training takes.

Types 1 and 4: ``<song>/<stem>.wav``. Type 2: ``<stem>/<name>.wav``, each file a song of its own,
for nothing says which belong together. Type 3: CSV files of ``instrum,path``, likewise.
"""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

from ...errors import CatalogError
from .class_names import class_of
from .layout import Instruments, Layout, Source, Verdict, source
from .records import read_text
from .tree import Found, children, folders, shown, walk

__all__ = ["ZFTURBO"]

STEMS = Instruments(
    {},
    {
        "which may be any of several classes; leave it": "other | no_vocals | instrumental"
        " | no_drums | no_bass | accompaniment | music",
        "which is no instrument; leave it": "effects | sfx | crowd | speech | dialog",
    },
)
MIXTURES = ("mixture", "mix")
HEADER = ["instrum", "path"]
OUTSIDE = "lies outside the folder of stems; copy it here, or scan its own folder"

GONE = "but is not there; correct the list"


def _judge(name: str) -> Verdict:
    known = class_of(name)
    return Verdict(known) if known else STEMS.judge(name)


def _find(root: Path) -> Iterator[Source]:
    tables = _tables(root)
    if tables:
        yield from _listed(root, tables)
        return
    for found in walk(root):
        stem = Path(found.parts[-1]).stem
        if found.fault is None and stem.casefold() in MIXTURES:
            continue
        yield _typed(found, stem)


def _typed(found: Found, stem: str) -> Source:
    """Place a file by the folder's name if that is a stem (type 2), else by its own."""
    if len(found.parts) != 2:
        stray = Verdict("", f"lies too high or too deep; the layout is {SHAPE}")
        return source(found, found.parts[0], stray)
    folder = found.parts[0]
    by_folder = _judge(folder)
    if class_of(folder) or STEMS.find(folder):
        return source(found, f"{folder}/{stem}", by_folder)
    return source(found, folder, _judge(stem))


def _tables(root: Path) -> list[Path]:
    """Return the CSV files here that are such a list."""
    named = [root / name for name in children(root) if name.lower().endswith(".csv")]
    return [path for path in named if _first_line(path, root) == ",".join(HEADER)]


def _first_line(path: Path, root: Path) -> str:
    try:
        return read_text(path, root).partition("\n")[0].strip()
    except (OSError, ValueError):
        return ""


def _listed(root: Path, tables: list[Path]) -> Iterator[Source]:
    """Look up what tables name among the files that are there, and what none of them names."""
    there = {"/".join(found.parts): found for found in walk(root)}
    listed: set[str] = set()
    for table in tables:
        for name, path in _rows(table, root):
            file = os.path.relpath(os.path.normpath(root / path), root)
            absent = OUTSIDE if file.startswith("../") else f"is listed in {table.name}, {GONE}"
            found = there.get(file, Found(tuple(path.split("/")), absent))
            again = Verdict("", "is listed more than once; keep one line")
            song = shown(f"{name}/{os.path.splitext(file)[0]}")
            yield source(found, song, again if file in listed else _judge(name))
            listed.add(file)
    for file, found in there.items():
        if file not in listed:
            yield source(found, found.parts[0], Verdict("", "is in no list; list it or leave it"))


def _rows(table: Path, root: Path) -> Iterator[tuple[str, str]]:
    """Read the lines of a table: instrument and path."""
    try:
        for row in csv.DictReader(io.StringIO(read_text(table, root))):
            yield row.get("instrum") or "", row.get("path") or ""
    except csv.Error as error:
        raise CatalogError(f"{table.name}: cannot be read ({error}); write it again") from None


def _is_zfturbo(root: Path) -> bool:
    """Look for a list, or for songs with a stem that the plain layout does not have."""
    if _tables(root):
        return True
    for song in folders(root)[:50]:
        stems = {path.name.partition(".")[0].casefold() for path in song.glob("*.*")}
        if class_of(song.name) is None and stems & {"other", "mixture"} and len(stems) > 1:
            return True
    return False


SHAPE = "<song>/<stem>.wav, <stem>/<name>.wav or a CSV of instrum,path"
ZFTURBO = Layout("zfturbo", SHAPE, _is_zfturbo, _find)
