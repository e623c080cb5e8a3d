"""Songs that come with a file of metadata: what it says of each audio file beside it.

The metadata is third-party text. It is parsed as data and compared with what lies on the disk;
no path that it names is ever opened.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from .layout import Source, Verdict, source
from .tree import Found, Parts, link_fault, walk

__all__ = ["ANY_SUFFIX", "Verdicts", "members", "read_text", "recorded", "word"]

LARGEST_BYTES = 16 * 2**20
LONGEST_RECORD = 2**18
DEEPEST_RECORD = 50
"""Far beyond the datasets' own; longer or deeper YAML takes its reader minutes."""

Verdicts = Mapping[str, Verdict | None]
"""Path below the song's folder to what the file is; None for a mixture or the like."""

ANY_SUFFIX = ".*"
"""Ends a path whose file may be of any format."""

Judge = Callable[[str, Any], Verdicts]


def recorded(
    root: Path, record_name: Callable[[str], str], judge: Judge, split_of: Callable[[Parts], str]
) -> Iterator[Source]:
    """Yield the sources of all songs below a folder that have a file of metadata.

    Parameters
    ----------
    root : Path
    record_name : callable
        Given a song's folder name, the name of its file of metadata.
    judge : callable
        Given the folder's name and the parsed metadata, says what each file is. What it
        does not mention is set aside; what it mentions and is not there is said so.
    split_of : callable
        Given the parts of a song's folder, its split.
    """
    songs: dict[Parts, list[Found]] = {}
    strays: list[Found] = []
    for found in walk(root):
        folder = _song_folder(root, found.parts, record_name)
        (strays if folder is None else songs.setdefault(folder, [])).append(found)
    example = record_name("<song>")
    for found in strays:
        fault = f"belongs to no song that has a {example}; copy that file to the song's folder"
        yield source(found, found.parts[0], Verdict("", fault))
    for folder, files in songs.items():
        yield from _song(root, folder, files, record_name(folder[-1]), judge, split_of(folder))


def _song_folder(root: Path, parts: Parts, record_name: Callable[[str], str]) -> Parts | None:
    """Return the nearest folder above a file that has metadata."""
    for depth in range(len(parts) - 1, 0, -1):
        if _record(root, parts[:depth], record_name(parts[depth - 1])):
            return parts[:depth]
    return None


def _record(root: Path, folder: Parts, name: str) -> Path | None:
    """Return a song's metadata: in its folder, or in a folder Metadata above it."""
    here = root.joinpath(*folder, name)
    above = [root.joinpath(*folder[:depth], "Metadata", name) for depth in range(len(folder))]
    return next((path for path in (here, *reversed(above)) if os.path.lexists(path)), None)


def _song(
    root: Path, folder: Parts, files: list[Found], name: str, judge: Judge, split: str
) -> Iterator[Source]:
    """Compare what the metadata says with what is there."""
    song = folder[-1]
    try:
        verdicts = dict(judge(song, _read(_record(root, folder, name), root)))
    except (OSError, ValueError, RecursionError) as error:
        said = error.strerror if isinstance(error, OSError) else error  # the path is not ours
        fault = f"belongs to a song whose {name} cannot be read ({said}); download it again"
        yield from (source(found, song, Verdict("", fault), split) for found in files)
        return
    for found in files:
        path = "/".join(found.parts[len(folder) :])
        path = path if path in verdicts else path.removesuffix(Path(path).suffix) + ANY_SUFFIX
        unlisted = Verdict("", f"is not listed in {name}; leave it, or list it there")
        verdict = verdicts.pop(path, unlisted)
        if verdict is not None:
            yield source(found, song, verdict, split)
    for path, verdict in verdicts.items():
        if verdict is not None and verdict.fault is None:
            gone = f"is listed in {name} and is not there; download it again"
            yield source(Found((*folder, *path.split("/")), gone), song, verdict, split)


def _read(path: Path | None, root: Path) -> Any:
    """Parse a file of metadata."""
    if path is None:
        raise ValueError("it is gone")
    text = read_text(path, root)
    steps = (1 if letter in "[{" else -1 for letter in text if letter in "[{]}")
    if len(text) > LONGEST_RECORD or max(accumulate(steps), default=0) > DEEPEST_RECORD:
        raise ValueError("it is too long or too deep")
    return json.loads(text) if path.suffix == ".json" else _yaml(text)


def read_text(path: Path, root: Path) -> str:
    """Read a text beside the stems, if it is a plain file of a sane size.

    Raises
    ------
    ValueError
        If it is a link out of the folder, a pipe, too large or not UTF-8.
    OSError
        If it cannot be read.
    """
    if fault := link_fault(path, root):
        raise ValueError(f"it {fault.partition(';')[0]}")
    about = path.stat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_BYTES:
        raise ValueError("it is no text file")
    return path.read_text("utf-8-sig")


def _yaml(text: str) -> Any:
    """Parse YAML to plain data."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def word(record: Any, name: str, default: str = "") -> str:
    """Return a text or number of what should be a mapping; the default where it is neither."""
    value = record.get(name) if isinstance(record, dict) else None
    return str(value) if isinstance(value, str | int) else default


def members(record: Any, name: str) -> list[tuple[str, Any]]:
    """Return the members of a member that should be a mapping or a list, with their names."""
    held = record.get(name) if isinstance(record, dict) else None
    if isinstance(held, dict):
        return [(str(key), value) for key, value in held.items()]
    return [(str(n), value) for n, value in enumerate(held)] if isinstance(held, list) else []
