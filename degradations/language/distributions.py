"""From YAML to distributions of one value, with a proof that all they can draw is allowed.

In YAML, a plain value is a constant and ``[a, b]`` is uniform; the others are named::

    ratio: {log_uniform: [1.5, 8]}
    centre_hz: {triangular: [200, 800, 5000]}             # low, mode, high
    target_lufs: {normal: [-9, 1.5]}                      # cut off at the bounds of its slot
    gain_db: {truncated_normal: [0, 2, -3, 6]}            # mean, deviation, low, high
    colour: {choice: [white, pink], weights: [3, 1]}      # without weights all alike
    gains_db: {each: [-6, 6]}
    impulse: {files: rooms/}
    threshold_db: "= -10 - 20 * heaviness"                # see expressions.py

Where an integer is wanted, ``normal``, ``truncated_normal`` and ``triangular`` round to it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...audio import SUFFIXES
from ..assets import FETCHED, cache_folder, cure, digest_of, find
from .expressions import is_expression, parse_expression
from .random_values import (
    NOTHING,
    Choice,
    Constant,
    Distribution,
    Each,
    File,
    LogUniform,
    Names,
    Normal,
    Rounded,
    Triangular,
    Uniform,
    UniformInteger,
)
from .reaches import Reach
from .slots import Slot
from .yaml_tree import Node, plain

__all__ = [
    "NAMES",
    "NOTHING",
    "NUMERIC",
    "Constant",
    "Distribution",
    "File",
    "Names",
    "UniformInteger",
    "parse_distribution",
    "parse_weights",
]

NUMERIC = {
    "uniform": ("low", "high"),
    "log_uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "deviation"),
    "truncated_normal": ("mean", "deviation", "low", "high"),
}
"""Distributions that are given by numbers, and what these are."""

NAMES = (*NUMERIC, "choice", "each", "files")

LEAST_MASS = 1e-6
"""Of a normal curve, between its limits: with less, a draw would be made of rounding errors."""


def parse_distribution(
    node: Node, slot: Slot, folder: Path, known: Mapping[str, Reach] = NOTHING
) -> Distribution:
    """Read a distribution and prove that all it can draw fits its slot.

    Parameters
    ----------
    node : Node
        What stands in the YAML file.
    slot : Slot
        What the value is for.
    folder : Path
        Where relative file names begin.
    known : mapping of str to Reach
        What an expression can refer to.

    Raises
    ------
    RecipeError
        If it is no distribution, or one that reaches outside the slot's bounds.
    """
    if is_expression(node):
        return parse_expression(node, slot, known)
    if isinstance(node.value, dict):
        return _named(node, slot, folder, known)
    if isinstance(node.value, list):
        return _listed(node, slot)
    if slot.kind == "file":
        return Constant(_file(node, folder))
    return Constant(_value(node, slot))


def _named(node: Node, slot: Slot, folder: Path, known: Mapping[str, Reach]) -> Distribution:
    """Read ``{name: numbers}``."""
    pairs = node.mapping("a distribution", [*NAMES, "weights"])
    names = [name for name in pairs if name != "weights"]
    if len(names) != 1 or ("weights" in pairs and names != ["choice"]):
        cure = f"the distributions are {', '.join(NAMES)}; 'weights' go with choice"
        raise node.error("one distribution", cure=cure)
    name, below = names[0], pairs[names[0]]
    if name == "choice":
        return _choice(below, pairs.get("weights"), slot, folder)
    if name == "files":
        return Choice(_files(below, slot, folder))
    if name == "each":
        if slot.kind != "list":
            raise node.error(slot.bounds(), cure="'each' is for lists")
        item = Slot(slot.name, "number", slot.low, slot.high)
        return Each(parse_distribution(below, item, folder, known), slot.count)
    return _numeric(name, below, slot)


def _choice(node: Node, weights: Node | None, slot: Slot, folder: Path) -> Choice:
    """Read ``{choice: [..]}``, and the weights beside it."""
    options = []
    for item in node.items("a list to choose from"):
        option = parse_distribution(item, slot, folder)
        if not isinstance(option, Constant):
            raise item.error(slot.bounds(), cure="a choice is among plain values")
        options.append(option.value)
    if not options:
        raise node.error("at least one thing to choose from")
    return Choice(tuple(options), parse_weights(weights, len(options)))


def parse_weights(node: Node | None, count: int) -> tuple[float, ...] | None:
    """Read how often each of ``count`` options comes, in proportion; None makes all alike."""
    if node is None:
        return None
    weights = tuple(item.number() for item in node.items(f"a list of {count} weights"))
    if len(weights) != count:
        raise node.error(f"{count} weights, one for each option")
    if min(weights) < 0 or not 0 < sum(weights) < float("inf"):
        raise node.error("weights from 0 up, not all of them 0")
    return weights


def _listed(node: Node, slot: Slot) -> Distribution:
    """Read ``[low, high]``, or all items of a list."""
    if slot.kind == "list":
        items = node.items(slot.bounds())
        if len(items) != slot.count:
            raise node.error(slot.bounds(), cure="or {each: [low, high]}")
        return Constant(tuple(_value(item, slot) for item in items))
    return _numeric("uniform", node, slot)


def _numeric(name: str, node: Node, slot: Slot) -> Distribution:
    """Read a distribution that is given by numbers."""
    if slot.kind not in ("number", "integer"):
        raise node.error(slot.bounds(), cure="write {choice: [..]} to choose among values")
    shape = f"[{', '.join(NUMERIC[name])}]"
    items = dict(zip(NUMERIC[name], node.items(shape), strict=False))
    if len(node.value) != len(NUMERIC[name]):
        raise node.error(f"{len(NUMERIC[name])} numbers, {shape}")
    numbers = {part: item.number() for part, item in items.items()}
    low, high = numbers.get("low", slot.low), numbers.get("high", slot.high)
    if low > high:
        raise node.error(shape, cure=f"the low end {low:g} is above the high end")
    for part in ("low", "high"):
        if part in items:
            numbers[part] = _value(items[part], slot)
    integer = slot.kind == "integer"
    if integer and name not in ("uniform", "log_uniform"):
        wide = {"low": low - 0.5, "high": high + 0.5}
        read = _shaped(name, node, {**numbers, **wide}, slot)
        return Rounded(read, int(low), int(high))
    if integer and name == "uniform":
        return UniformInteger(int(low), int(high))
    return _shaped(name, node, {"low": low, "high": high, **numbers}, slot)


def _shaped(name: str, node: Node, numbers: dict[str, float], slot: Slot) -> Distribution:
    """Build the distribution ``name``, whose limits have been found good."""
    low, high = numbers["low"], numbers["high"]
    if name == "uniform":
        return Uniform(low, high)
    if name == "log_uniform":
        if low <= 0 or slot.kind == "integer":
            raise node.error("two numbers above 0 for a slot that takes fractions")
        return LogUniform(low, high)
    if name == "triangular":
        if not low <= numbers["mode"] <= high:
            raise node.error("[low, mode, high], with a mode between the ends")
        return Triangular(low, numbers["mode"], high)
    mean, deviation = numbers["mean"], numbers["deviation"]
    if deviation <= 0 or (name == "normal" and not slot.low <= mean <= slot.high):
        raise node.error(f"[mean, deviation] with a mean that is {slot.bounds()}")
    curve = Normal(mean, deviation, low, high)
    if curve.mass() < LEAST_MASS:
        raise node.error("limits between which the curve has some of its mass")
    return curve


def _value(node: Node, slot: Slot) -> Any:
    """Return a plain value if it fits the slot."""
    value = node.value
    if slot.kind == "word" and (value not in slot.words or isinstance(value, bool)):
        raise node.error(slot.bounds())
    if slot.kind == "flag" and not isinstance(value, bool):
        raise node.error(slot.bounds())
    if slot.kind in ("number", "integer", "list"):
        value = node.number(slot.bounds())
        if not slot.low <= value <= slot.high:
            raise node.error(slot.bounds())
        if slot.kind == "integer" and value != int(value):
            raise node.error(slot.bounds())
        return int(value) if slot.kind == "integer" else float(value)
    return value


def _below(node: Node, folder: Path) -> Path:
    """Return what a name in a recipe points to; manifests must not carry a machine's paths."""
    if not isinstance(node.value, str) or Path(node.value).is_absolute():
        raise node.error("a path from the recipe's folder on")
    return folder / node.value


def _file(node: Node, folder: Path) -> File:
    """Return a file that is there."""
    _below(node, folder)
    path = find(folder, node.value)
    if path.is_file():
        return File(Path(node.value).as_posix(), digest_of(path))
    if path.stem in FETCHED:
        raise node.error(f"a file in {folder} or {cache_folder()}", "none of that name", cure(path))
    raise node.error("a file", cure=f"names begin at {folder}; or choose with {{files: FOLDER}}")


def _files(node: Node, slot: Slot, folder: Path) -> tuple[File, ...]:
    """Return the audio files below a folder, in the order of their names."""
    if slot.kind != "file":
        raise node.error(slot.bounds(), cure="'files' is for files")
    base = _below(node, folder)
    found = sorted(p for p in base.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise node.error("a folder with audio files", cure=f"looked in {base}")
    names = [Path(str(plain(node)), p.relative_to(base)).as_posix() for p in found]
    digests = map(digest_of, found)
    return tuple(File(name, digest) for name, digest in zip(names, digests, strict=True))
