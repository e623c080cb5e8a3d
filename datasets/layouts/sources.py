"""Stems on disk: which files of a folder are stems of which song and class."""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...errors import CatalogError
from .class_names import class_of
from .known import find_layout
from .layout import Layout, Source
from .plain import PLAIN
from .records import read_text
from .tree import children, root_of, shown

__all__ = ["Source", "find_sources"]

LICENCES = ("licence", "license", "copying")


def find_sources(stems: Path, layout: str = "auto") -> list[Source]:
    """Find the stems below a folder, and what cannot be one.

    Parameters
    ----------
    stems : Path
        A folder of songs.
    layout : str
        As :func:`wetdry.datasets.find_layout` takes it.

    Returns
    -------
    list of Source
        Sorted by song, class and file. Hidden files and files that are not audio are
        passed over; what looks like a stem and is none has a ``fault``.

    Raises
    ------
    CatalogError
        If the folder is not there, nothing below it is a stem, or its layout is in doubt.
    UsageError
        If there is no such layout.
    """
    root, taken = root_of(stems), find_layout(stems, layout)
    found = _without_namesakes(list(taken.find(root)))
    if all(source.fault for source in found):
        instead = _instead(taken, children(root), found)
        raise CatalogError(f"{stems}: wanted stems as {taken.shape}, found {instead}")
    licensed = _licensed(found, root, taken.licence)
    return sorted(licensed, key=lambda source: (source.song, source.stem_class, source.file))


def _instead(layout: Layout, names: list[str], found: list[Source]) -> str:
    """Say what a folder without stems holds, and the cure."""
    classes = [name for name in names if class_of(name.partition(".")[0])]
    if layout is PLAIN and classes:
        return (
            f"one song ({shown(', '.join(classes))}); name the folder above it, "
            "or say --layout zfturbo if every file is a song of its own"
        )
    if found:
        other = "; or say another with --layout" if layout is PLAIN else ""
        return f"{found[0].file}, which {found[0].fault}{other}"
    return f"{len(names)} entries and no audio; name a folder that holds songs"


def _without_namesakes(sources: list[Source]) -> list[Source]:
    """Set songs aside whose names differ from an earlier song's only in case or Unicode form."""
    first: dict[str, str] = {}
    for source in sources:
        first.setdefault(unicodedata.normalize("NFC", source.song).casefold(), source.song)
    kept = []
    for source in sources:
        other = first[unicodedata.normalize("NFC", source.song).casefold()]
        fault = f"has the name of the song {other} but for case or Unicode form; rename it"
        kept.append(
            source if source.song == other else replace(source, fault=source.fault or fault)
        )
    return kept


def _licensed(sources: list[Source], root: Path, known: str) -> Iterator[Source]:
    """Note the licence that lies nearest: beside the file, above it, or the dataset's own."""
    there: dict[Path, str] = {root: _licence(root, root) or known}

    def nearest(folder: Path) -> str:
        if folder not in there:
            there[folder] = _licence(folder, root) or nearest(folder.parent)
        return there[folder]

    for source in sources:
        inside = source.fault is None
        yield replace(source, licence=nearest((root / source.file).parent) if inside else known)


def _licence(folder: Path, root: Path) -> str:
    """Return the first line of a folder's LICENSE, or nothing."""
    try:
        names = [name for name in os.listdir(folder) if _names_licence(name)]
        texts = [read_text(folder / name, root) for name in sorted(names)]
    except (OSError, ValueError):
        return ""
    lines = (line.strip(" #*\t") for text in texts for line in text.splitlines())
    return next((shown(line[:200]) for line in lines if line), "")


def _names_licence(name: str) -> bool:
    return name.casefold().partition(".")[0] in LICENCES
