"""What lies below a folder of stems: audio files, and what looks like one and is none.

Nothing is opened here: a pipe would hang.
"""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...audio import SUFFIXES
from ...errors import CatalogError

__all__ = ["Found", "children", "folders", "holds_audio", "link_fault", "root_of", "shown", "walk"]

UNREADABLE = (".m4a", ".aac", ".opus", ".wma", ".mp4", ".caf", ".ape", ".wv", ".alac")
"""Audio that libsndfile does not decode everywhere: said aloud rather than passed over."""

Parts = tuple[str, ...]
FolderFault = Callable[[Parts, Path], str | None]


@dataclass(frozen=True, slots=True)
class Found:
    """One audio file, or a file or folder that cannot be one.

    Parameters
    ----------
    parts : tuple of str
        The names down to it, from the folder of stems on.
    fault : str or None
        Why it is set aside: "reason; cure".
    """

    parts: Parts
    fault: str | None = None


def root_of(stems: Path) -> Path:
    """Return the real folder of stems.

    Raises
    ------
    CatalogError
        If it is none, or cannot be listed.
    """
    if not stems.is_dir():
        raise CatalogError(f"{stems}: wanted a folder of songs, found none; look at the path")
    root = Path(os.path.realpath(stems))
    try:
        children(root)
    except OSError as error:
        raise CatalogError(f"{stems}: cannot be listed ({error.strerror})") from error
    return root


def children(folder: Path) -> list[str]:
    """Return the names in a folder, sorted, without the hidden ones."""
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted; none where it cannot be listed."""
    try:
        return [folder / name for name in children(folder) if os.path.isdir(folder / name)]
    except OSError:
        return []


def walk(root: Path, folder_fault: FolderFault = lambda parts, path: None) -> Iterator[Found]:
    """Go through all audio below a folder.

    Parameters
    ----------
    root : Path
        From :func:`root_of`.
    folder_fault : callable, optional
        Given the parts and path of a folder, says why nothing in it is to be read.

    Yields
    ------
    Found
        In the order of the names. Hidden files and files that are not audio are passed over.
    """
    for name in children(root):
        yield from _below(root, (name,), folder_fault)


def _below(root: Path, parts: Parts, folder_fault: FolderFault) -> Iterator[Found]:
    """Go through one file or folder."""
    path = root.joinpath(*parts)
    suffix = path.suffix.lower()
    is_folder = os.path.isdir(path)  # unlike pathlib's, never raises
    if not (is_folder or os.path.islink(path) or suffix in SUFFIXES + UNREADABLE):
        return
    fault = _name_fault(path) or link_fault(path, root) or _loop_fault(root, parts)
    fault = fault or (folder_fault(parts, path) if is_folder else _file_fault(path))
    if fault:
        yield Found(parts, fault)
    elif is_folder:
        try:
            names = children(path)
        except OSError as error:
            yield Found(parts, f"cannot be listed ({error.strerror}); change its permissions")
            return
        for name in names:
            yield from _below(root, (*parts, name), folder_fault)
    elif suffix in SUFFIXES:
        yield Found(parts)


def _name_fault(path: Path) -> str | None:
    """Refuse names that break tables, terminals and lists of files."""
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in path.name):
        return "has a line break, a control character or invalid UTF-8 in its name; rename it"
    return None


def link_fault(path: Path, root: Path) -> str | None:
    """Refuse a link that leads nowhere or out of the folder of stems."""
    if not os.path.islink(path):
        return None
    try:
        inside = Path(os.path.realpath(path, strict=True)).is_relative_to(root)
    except OSError:
        return "is a link that leads nowhere; remove it"
    return None if inside else "is a link out of the folder of stems; copy the file itself here"


def _loop_fault(root: Path, parts: Parts) -> str | None:
    """Refuse a link to a folder that is being gone through: there would be no end."""
    path = root.joinpath(*parts)
    if not (os.path.islink(path) and os.path.isdir(path)):
        return None
    above = {os.path.realpath(root.joinpath(*parts[:depth])) for depth in range(len(parts))}
    return "is a link to a folder above it; remove it" if os.path.realpath(path) in above else None


def _file_fault(path: Path) -> str | None:
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
    return None


def holds_audio(path: Path) -> bool:
    """Tell whether anything below a folder has the name of an audio file."""
    for _, _, names in os.walk(path):
        if any(name.lower().endswith(SUFFIXES + UNREADABLE) for name in names):
            return True
    return False


def shown(name: str) -> str:
    """Escape what a terminal, a table or UTF-8 cannot hold."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        letter
        if unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp")
        else letter.encode("unicode_escape").decode()
        for letter in text
    )
