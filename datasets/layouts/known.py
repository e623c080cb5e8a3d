"""All layouts, and how a folder is recognised as one of them: by its marks, never by a guess."""

import difflib
from pathlib import Path

from ...errors import CatalogError, UsageError
from .layout import Layout
from .medleydb import MEDLEYDB, MEDLEYDB_STEMS
from .moisesdb import MOISESDB
from .msrbench import MSRBENCH
from .musdb import MUSDB18, MUSDB18HQ
from .pattern import is_pattern, pattern_layout
from .plain import PLAIN, RAWSTEMS
from .slakh import SLAKH
from .tree import root_of
from .zfturbo import ZFTURBO

__all__ = ["LAYOUTS", "find_layout"]

LAYOUTS = (
    PLAIN, RAWSTEMS, MUSDB18HQ, MUSDB18, MOISESDB, MEDLEYDB, MEDLEYDB_STEMS, SLAKH, MSRBENCH,
    ZFTURBO,
)  # fmt: skip


def find_layout(stems: Path, layout: str = "auto") -> Layout:
    """Return the layout of a folder of stems.

    Parameters
    ----------
    stems : Path
    layout : str
        "auto" takes the one whose marks the folder bears, and the plain one if it bears
        none; else the name of a layout, or a glob or regular expression with the fields
        song and class.

    Raises
    ------
    CatalogError
        If the folder is not there, or bears the marks of more than one.
    UsageError
        If there is no such layout, or the pattern cannot be read.
    """
    root = root_of(stems)
    if is_pattern(layout):
        return pattern_layout(layout)
    if layout != "auto":
        return _named(layout)
    marked = [known for known in LAYOUTS if known.bears_marks(root)]
    if len(marked) > 1:
        names = [known.name for known in marked]
        raise CatalogError(
            f"{stems}: looks like {' and '.join(names)}; say which with --layout {names[0]}"
        )
    return marked[0] if marked else PLAIN


def _named(name: str) -> Layout:
    known = {layout.name: layout for layout in LAYOUTS}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    cure = f"did you mean {close[0]}?" if close else "or a pattern such as '{song}/{class}/*.wav'"
    raise UsageError(f"--layout: wanted auto, {', '.join(known)}, found {name!r}; {cure}")
