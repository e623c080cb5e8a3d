"""The plain layout, and that of RawStems: the names of folders are the classes.

``<song>/<Class>/<any name>.<wav|flac|ogg|mp3|aiff|aif>`` or ``<song>/<Class>.<suffix>``; a class
is named plainly or by the codes of RawStems, whose subgroups may also be folders (``Gtr/EG/``).
"""

import os
from collections.abc import Iterator
from pathlib import Path

from ...audio import SUFFIXES
from .class_names import class_of, is_prefix, is_subgroup, unknown
from .layout import Layout, Source, Verdict, source
from .tree import Parts, folders, holds_audio, walk

__all__ = ["PLAIN", "RAWSTEMS"]

SHAPE = "<song>/<Class>/<name>.wav"


def _find_plain(root: Path) -> Iterator[Source]:
    for found in walk(root, _folder_fault):
        yield source(found, found.parts[0], Verdict() if found.fault else _judge(found.parts))


def _judge(parts: Parts) -> Verdict:
    """Return the class that the folders inside the song name, or the file's own name."""
    if len(parts) == 1:
        return Verdict("", f"belongs to no song; the layout is {SHAPE}")
    name = "_".join(parts[1:-1]) or Path(parts[-1]).stem
    known = class_of(name)
    return Verdict(known) if known else Verdict("", unknown(name))


def _folder_fault(parts: Parts, path: Path) -> str | None:
    """Refuse folders that hold audio and are not song, class or subgroup."""
    if len(parts) == 1:
        return None
    if path.suffix.lower() in SUFFIXES:
        return "is a folder with the name of an audio file; rename it"
    if not holds_audio(path):
        return None
    name = "_".join(parts[1:])
    if len(parts) > 3:
        return f"lies too deep; the layout is {SHAPE}"
    return None if class_of(name) or is_prefix(name) else unknown(name)


def _find_rawstems(root: Path) -> Iterator[Source]:
    for found in walk(root):
        yield source(found, found.parts[0], Verdict() if found.fault else _judge_code(found.parts))


def _judge_code(parts: Parts) -> Verdict:
    """Return the class of group and subgroup, however deep the file lies below them."""
    codes = parts[1:-1]
    if not codes:
        return _judge(parts)
    name = "_".join(codes[:2]) if is_prefix(codes[0]) else codes[0]
    known = class_of(name)
    return Verdict(known) if known else Verdict("", unknown(name))


def _is_rawstems(root: Path) -> bool:
    """Look for what MSRKit writes beside the songs, or for a group with its subgroup."""
    if os.path.isfile(root / "rms_analysis.jsonl"):
        return True
    groups = [group for song in folders(root)[:50] for group in folders(song)]
    return any(is_subgroup(f"{g.name}_{sub.name}") for g in groups for sub in folders(g))


PLAIN = Layout("plain", SHAPE, lambda root: False, _find_plain)
RAWSTEMS = Layout(
    "rawstems",
    "<song>/<Group>/[<Subgroup>/]<name>.flac",
    _is_rawstems,
    _find_rawstems,
    "RawStems: recordings of Mixing Secrets, for research and teaching; not for commercial use",
)
