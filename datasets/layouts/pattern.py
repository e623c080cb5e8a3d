"""A layout of one's own: a glob or a regular expression that says where song and class stand.

``{song}/{class}_*.wav`` is a glob: ``*`` is anything but a slash, ``**`` anything, and each of
``{song}``, ``{class}`` and ``{split}`` a name without slash. What holds ``(?P<`` is a regular
expression with these groups, for the whole of a file's path below the folder of stems.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from ...errors import UsageError
from .class_names import class_of, unknown
from .layout import Layout, Source, Verdict, source
from .tree import walk

__all__ = ["is_pattern", "pattern_layout"]

EXAMPLE = "'{song}/{class}/*.wav'"
FIELD = re.compile(r"\{(song|class|split)\}|(\*\*/?)|(\*)|(\?)")
UNMATCHED = "is not matched by the pattern of the layout; widen it or leave the file"


def is_pattern(name: str) -> bool:
    """Tell a pattern from the name of a layout."""
    return "(?P<" in name or "{" in name or "/" in name


def pattern_layout(text: str) -> Layout:
    """Return the layout that a glob or regular expression describes.

    Raises
    ------
    UsageError
        If it cannot be read, or lacks song or class.

    Examples
    --------
    >>> pattern_layout("{song}/{class}/*.wav").name
    '{song}/{class}/*.wav'
    """
    try:
        pattern = re.compile(text if "(?P<" in text else _expression(text))
    except re.error as error:
        raise UsageError(f"--layout {text}: cannot be read ({error}); try {EXAMPLE}") from None
    if missing := {"song", "class"} - set(pattern.groupindex):
        raise UsageError(
            f"--layout {text}: wanted both song and class, found no {min(missing)}; try {EXAMPLE}"
        )
    return Layout(text, text, lambda root: False, lambda root: _find(pattern, root))


def _expression(glob: str) -> str:
    """Translate a glob."""
    out, last = "", 0
    for hit in FIELD.finditer(glob):
        field, deep, star, _ = hit.groups()
        out += re.escape(glob[last : hit.start()])
        if field:
            out += f"(?P<{field}>[^/]+?)"
        else:
            out += "(?:.*/)?" if deep == "**/" else ".*" if deep else "[^/]*" if star else "[^/]"
        last = hit.end()
    return out + re.escape(glob[last:])


def _find(pattern: re.Pattern[str], root: Path) -> Iterator[Source]:
    for found in walk(root):
        match = pattern.fullmatch("/".join(found.parts))
        if match is None:
            yield source(found, found.parts[0], Verdict("", UNMATCHED))
            continue
        names = match.groupdict()
        name, song = names["class"] or "", names["song"] or ""
        known = class_of(name)
        verdict = Verdict(known) if known and song else Verdict("", unknown(name))
        yield source(found, song or found.parts[0], verdict, names.get("split") or "")
