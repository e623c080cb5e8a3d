"""Linked draws: what is drawn once for a sample and shared by many of its steps."""

from collections.abc import Mapping, Sequence
from keyword import iskeyword
from pathlib import Path
from typing import Any

from ..audio import STEM_CLASSES
from ..degradations.language.distributions import NAMES, Distribution, parse_distribution
from ..degradations.language.expression_trees import CALLS
from ..degradations.language.random_values import File
from ..degradations.language.reaches import Options, Range, Reach, joined
from ..degradations.language.slots import Slot
from ..degradations.language.yaml_tree import Node
from ..seeds import Place

__all__ = [
    "LINKED_BOUND",
    "draw_linked",
    "linked_row",
    "parse_linked",
    "reaches",
    "stem_names",
    "stem_reaches",
]

LINKED_BOUND = 1e6
FACTS = ("stem_class", "loudness_lufs", "stems")
"""Names that a sample brings itself."""


def parse_linked(node: Node | None, folder: Path) -> dict[str, Distribution]:
    """Read the linked draws; one that is an expression refers to those above it."""
    if node is None:
        return {}
    linked: dict[str, Distribution] = {}
    taken = {*FACTS, *CALLS, *STEM_CLASSES, *NAMES}
    for name, below in node.mapping("linked draws such as {heaviness: [0, 1]}").items():
        if not name.isidentifier() or iskeyword(name) or name in taken:
            raise below.error("a name such as heaviness, that means nothing else", repr(name))
        linked[name] = parse_distribution(below, _slot(name, below), folder, reaches(linked))
    return linked


def _slot(name: str, node: Node) -> Slot:
    """Return a slot that takes what is written: numbers, words, files, or true and false."""
    value = node.value
    if isinstance(value, dict) and "files" in value:
        return Slot(name, "file")
    listed = value["choice"].value if isinstance(value, dict) and "choice" in value else [node]
    plain = [item.value for item in listed] if isinstance(listed, list) else []
    if any(isinstance(item, bool) for item in plain):
        return Slot(name, "flag")
    words = tuple(item for item in plain if isinstance(item, str))
    if words and not words[0].startswith("="):
        return Slot(name, "word", words=words)
    return Slot(name, "number", -LINKED_BOUND, LINKED_BOUND)


def reaches(linked: Mapping[str, Distribution]) -> dict[str, Reach]:
    """Return all that the linked draws can be."""
    found = {name: distribution.reach() for name, distribution in linked.items()}
    return {name: reach for name, reach in found.items() if reach is not None}


def stem_reaches(levels: Sequence[Mapping[str, Distribution]]) -> dict[str, Reach]:
    """Return all that is known of the stems that a chain is for, whose levels these are."""
    known: dict[str, Reach] = {"stem_class": Options(frozenset(STEM_CLASSES))}
    loudness = [level["loudness_lufs"].reach() for level in levels if "loudness_lufs" in level]
    found = joined(loudness)
    if isinstance(found, Range) and len(loudness) == len(levels):
        known["loudness_lufs"] = found
    return known


def stem_names(stem_class: str, level: Mapping[str, float]) -> dict[str, Any]:
    """Return what is known of one stem, whose level has been drawn."""
    loudness = {name: level[name] for name in ("loudness_lufs",) if name in level}
    return {"stem_class": stem_class, **loudness}


def draw_linked(
    linked: Mapping[str, Distribution], seed: int, *address: str | int
) -> dict[str, Any]:
    """Draw each linked value once, at its own address."""
    names: dict[str, Any] = {}
    for name, distribution in linked.items():
        random = Place(seed, *address, "linked").uniform(name)
        names[name] = distribution.draw(random, names)
    return names


def linked_row(names: Mapping[str, Any]) -> dict[str, bool | int | float | str]:
    """Return linked values as a session stores them: files by their names."""
    return {k: v.path if isinstance(v, File) else v for k, v in names.items()}
