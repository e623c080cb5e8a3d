"""Stems on disk: which files of a folder are stems of which song and class.

The layout is ``<song>/<Class>/<any name>.<wav|flac|ogg|mp3|aiff|aif>`` or
``<song>/<Class>.<suffix>``; a class is named plainly or by the codes of RawStems, whose
subgroups may also be folders (``Gtr/EG/``). Nothing is opened here: a pipe would hang.
"""

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..audio import SUFFIXES
from ..errors import CatalogError
from .class_names import class_of, is_prefix, unknown

__all__ = ["Source", "find_sources"]

LAYOUT = "<song>/<Class>/<name>.wav"

UNREADABLE = (".m4a", ".aac", ".opus", ".wma", ".mp4", ".caf", ".ape", ".wv", ".alac")
"""Audio that libsndfile does not decode everywhere: said aloud rather than passed over."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file or folder that was found, and where it belongs.

    Parameters
    ----------
    song, stem_class : str
        The class is empty where ``fault`` tells why there is none.
    file : str
        Posix path below the folder of stems; with a fault, what cannot be printed is escaped.
    fault : str or None
        Why it is set aside: "reason; cure".
    """

    song: str
    stem_class: str
    file: str
    fault: str | None = None


def find_sources(stems: Path) -> list[Source]:
    """Find the stems below a folder, and what cannot be one.

    Parameters
    ----------
    stems : Path
        A folder of songs.

    Returns
    -------
    list of Source
        Sorted by song, class and file. Hidden files and files that are not audio are
        passed over; what looks like a stem and is none has a ``fault``.

    Raises
    ------
    CatalogError
        If the folder is not there, or nothing below it is a stem.
    """
    if not stems.is_dir():
        raise CatalogError(f"{stems}: wanted a folder of {LAYOUT}, found none; look at the path")
    root = Path(os.path.realpath(stems))
    try:
        songs = _children(root)
    except OSError as error:
        raise CatalogError(f"{stems}: cannot be listed ({error.strerror})") from error
    found = [source for song in songs for source in _below(root, (song,))]
    found = _without_namesakes(found)
    if all(source.fault for source in found):
        raise CatalogError(f"{stems}: wanted stems as {LAYOUT}, found {_instead(songs, found)}")
    return sorted(found, key=lambda source: (source.song, source.stem_class, source.file))


def _instead(names: list[str], found: list[Source]) -> str:
    """Say what a folder without stems holds, and the cure."""
    if classes := [name for name in names if class_of(name.partition(".")[0])]:
        return f"one song ({_shown(', '.join(classes))}); name the folder above it"
    if found:
        return f"{found[0].file}, which {found[0].fault}"
    return f"{len(names)} entries and no audio; name a folder that holds songs"


def _children(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def _below(root: Path, parts: tuple[str, ...]) -> Iterator[Source]:
    """Go through one song, folder or file of it: ``parts`` are the names down to it."""
    path = root.joinpath(*parts)
    suffix = path.suffix.lower()
    is_folder = os.path.isdir(path)  # unlike pathlib's, never raises
    if not (is_folder or os.path.islink(path) or suffix in SUFFIXES + UNREADABLE):
        return
    fault = _name_fault(path) or _link_fault(path, root)
    fault = fault or (_folder_fault(parts, path) if is_folder else _file_fault(parts, path))
    if fault:
        yield Source(_shown(parts[0]), "", _shown("/".join(parts)), fault)
    elif is_folder:
        try:
            names = _children(path)
        except OSError as error:
            unlisted = f"cannot be listed ({error.strerror}); change its permissions"
            yield Source(parts[0], "", "/".join(parts), unlisted)
            return
        for name in names:
            yield from _below(root, (*parts, name))
    elif suffix in SUFFIXES:
        yield Source(parts[0], class_of(_group(parts, path)) or "", "/".join(parts))


def _group(parts: tuple[str, ...], path: Path) -> str:
    """Return what names the class of a file: its folders inside the song, or its own name."""
    return "_".join(parts[1:-1]) or path.stem


def _name_fault(path: Path) -> str | None:
    """Refuse names that break tables, terminals and lists of files."""
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in path.name):
        return "has a line break, a control character or invalid UTF-8 in its name; rename it"
    return None


def _link_fault(path: Path, root: Path) -> str | None:
    if not os.path.islink(path):
        return None
    try:
        inside = Path(os.path.realpath(path, strict=True)).is_relative_to(root)
    except OSError:
        return "is a link that leads nowhere; remove it"
    return None if inside else "is a link out of the folder of stems; copy the file itself here"


def _folder_fault(parts: tuple[str, ...], path: Path) -> str | None:
    """Refuse folders that hold audio and are not song, class or subgroup."""
    if len(parts) == 1:
        return None
    if path.suffix.lower() in SUFFIXES:
        return "is a folder with the name of an audio file; rename it"
    if not _holds_audio(path):
        return None
    name = "_".join(parts[1:])
    if len(parts) > 3:
        return f"lies too deep; the layout is {LAYOUT}"
    return None if class_of(name) or is_prefix(name) else unknown(name)


def _file_fault(parts: tuple[str, ...], path: Path) -> str | None:
    """Refuse files that cannot be a stem, without opening them."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f"cannot be opened ({error.strerror}); change its permissions or remove it"
    if path.suffix.lower() not in SUFFIXES + UNREADABLE:
        return None
    if not stat.S_ISREG(mode):
        return "is not a regular file (a pipe, socket or device); remove it"
    if path.suffix.lower() in UNREADABLE:
        return f"is audio that is not read here; convert it to one of {', '.join(SUFFIXES)}"
    if len(parts) == 1:
        return f"belongs to no song; the layout is {LAYOUT}"
    return None if class_of(_group(parts, path)) else unknown(_group(parts, path))


def _holds_audio(path: Path) -> bool:
    for _, _, names in os.walk(path):
        if any(name.lower().endswith(SUFFIXES + UNREADABLE) for name in names):
            return True
    return False


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


def _shown(name: str) -> str:
    """Escape what a terminal, a table or UTF-8 cannot hold."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        letter
        if unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp")
        else letter.encode("unicode_escape").decode()
        for letter in text
    )
