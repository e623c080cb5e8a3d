"""Distributions of one value, drawn from one uniform number, so that a draw is the same anywhere.

In YAML, a plain value is a constant and ``[a, b]`` is uniform; the others are named::

    ratio: {log_uniform: [1.5, 8]}
    target_lufs: {normal: [-9, 1.5]}
    color: {choice: [white, pink]}
    gains_db: {each: [-6, 6]}
    impulse: {files: rooms/}
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import exp, log
from pathlib import Path
from statistics import NormalDist
from typing import Any

from ..audio import SUFFIXES
from .slots import Slot
from .yaml_tree import Node, plain

__all__ = ["Distribution", "parse_distribution"]

Uniform01 = Callable[[], float]


class Distribution(ABC):
    """A distribution of one value."""

    @abstractmethod
    def draw(self, random: Uniform01) -> Any:
        """Draw a value; ``random`` gives uniform numbers in [0, 1)."""


@dataclass(frozen=True)
class Constant(Distribution):
    """Always the same."""

    value: Any

    def draw(self, random: Uniform01) -> Any:
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class Uniform(Distribution):
    """All numbers from ``low`` to ``high`` alike."""

    low: float
    high: float

    def draw(self, random: Uniform01) -> float:
        """Draw a number."""
        return self.low + (self.high - self.low) * random()


@dataclass(frozen=True)
class UniformInteger(Distribution):
    """All integers from ``low`` to ``high``, both included, alike."""

    low: int
    high: int

    def draw(self, random: Uniform01) -> int:
        """Draw an integer."""
        return self.low + int((self.high - self.low + 1) * random())


@dataclass(frozen=True)
class LogUniform(Distribution):
    """All ratios alike: as likely between 100 and 200 as between 1000 and 2000."""

    low: float
    high: float

    def draw(self, random: Uniform01) -> float:
        """Draw a number."""
        drawn = exp(log(self.low) + (log(self.high) - log(self.low)) * random())
        return min(max(drawn, self.low), self.high)  # exp(log(x)) may miss x by a hair


@dataclass(frozen=True)
class Normal(Distribution):
    """The bell curve, cut off at the bounds of its slot."""

    mean: float
    deviation: float
    low: float
    high: float

    def draw(self, random: Uniform01) -> float:
        """Draw a number by inverting the cumulative distribution between the bounds."""
        curve = NormalDist(self.mean, self.deviation)
        first, last = curve.cdf(self.low), curve.cdf(self.high)
        share = min(max(first + (last - first) * random(), 1e-12), 1 - 1e-12)
        return min(max(curve.inv_cdf(share), self.low), self.high)


@dataclass(frozen=True)
class Choice(Distribution):
    """One of several values, all alike."""

    options: tuple[Any, ...]

    def draw(self, random: Uniform01) -> Any:
        """Draw one."""
        return self.options[int(len(self.options) * random())]


@dataclass(frozen=True)
class Each(Distribution):
    """Several values, each drawn anew."""

    of: Distribution
    count: int

    def draw(self, random: Uniform01) -> tuple[Any, ...]:
        """Draw them."""
        return tuple(self.of.draw(random) for _ in range(self.count))


@dataclass(frozen=True)
class File:
    """A file as a drawn value: where it is, from the recipe's folder on, and what is in it."""

    path: str
    digest: str


def parse_distribution(node: Node, slot: Slot, folder: Path) -> Distribution:
    """Read a distribution and prove that all it can draw fits its slot.

    Parameters
    ----------
    node : Node
        What stands in the YAML file.
    slot : Slot
        What the value is for.
    folder : Path
        Where relative file names begin.

    Raises
    ------
    RecipeError
        If it is no distribution, or one that reaches outside the slot's bounds.
    """
    if isinstance(node.value, dict):
        return _named(node, slot, folder)
    if isinstance(node.value, list):
        return _listed(node, slot)
    if slot.kind == "file":
        return Constant(_file(node, folder))
    return Constant(_value(node, slot))


NAMES = ("log_uniform", "normal", "choice", "each", "files", "uniform")


def _named(node: Node, slot: Slot, folder: Path) -> Distribution:
    """Read ``{name: numbers}``."""
    pairs = node.mapping("a distribution", list(NAMES))
    if len(pairs) != 1:
        raise node.error("one distribution", cure=f"the distributions are {', '.join(NAMES)}")
    ((name, below),) = pairs.items()
    if name == "choice":
        options = below.items("a list to choose from")
        if not options:
            raise below.error("at least one thing to choose from")
        return Choice(tuple(parse_distribution(o, slot, folder).draw(_never) for o in options))
    if name == "files":
        return Choice(_files(below, slot, folder))
    if name == "each":
        if slot.kind != "list":
            raise node.error(slot.bounds(), cure="'each' is for lists")
        item = Slot(slot.name, "number", slot.low, slot.high)
        return Each(parse_distribution(below, item, folder), slot.count)
    return _numeric(name, below, slot)


def _never() -> float:
    """Stand in where only constants are allowed."""
    return 0.0


def _listed(node: Node, slot: Slot) -> Distribution:
    """Read ``[low, high]``, or all items of a list."""
    if slot.kind == "list":
        items = node.items(slot.bounds())
        if len(items) != slot.count:
            raise node.error(slot.bounds(), cure="or {each: [low, high]}")
        return Constant(tuple(_value(item, slot) for item in items))
    return _numeric("uniform", node, slot)


def _numeric(name: str, node: Node, slot: Slot) -> Distribution:
    """Read a distribution that is given by two numbers."""
    if slot.kind not in ("number", "integer"):
        raise node.error(slot.bounds(), cure="write {choice: [..]} to choose among values")
    numbers = [item.number() for item in node.items("[low, high]")]
    if len(numbers) != 2:
        raise node.error("two numbers")
    first, second = numbers
    if name == "normal":
        if second <= 0 or not slot.low <= first <= slot.high:
            raise node.error(f"[mean, deviation] with a mean that is {slot.bounds()}")
        return Normal(first, second, slot.low, slot.high)
    if first > second:
        raise node.error("[low, high]", cure=f"the low end {first:g} is above the high end")
    low, high = (_value(item, slot) for item in node.items("[low, high]"))
    if slot.kind == "integer" and name == "uniform":
        return UniformInteger(low, high)
    if name == "log_uniform" and (low <= 0 or slot.kind == "integer"):
        raise node.error("two numbers above 0 for a slot that takes fractions")
    return LogUniform(low, high) if name == "log_uniform" else Uniform(low, high)


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
    if not _below(node, folder).is_file():
        raise node.error(
            "a file", cure=f"names begin at {folder}; or choose with {{files: FOLDER}}"
        )
    data = (folder / node.value).read_bytes()
    return File(Path(node.value).as_posix(), sha256(data).hexdigest())


def _files(node: Node, slot: Slot, folder: Path) -> tuple[File, ...]:
    """Return the audio files below a folder, in the order of their names."""
    if slot.kind != "file":
        raise node.error(slot.bounds(), cure="'files' is for files")
    base = _below(node, folder)
    found = sorted(p for p in base.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise node.error("a folder with audio files", cure=f"looked in {base}")
    names = [Path(str(plain(node)), p.relative_to(base)).as_posix() for p in found]
    digests = [sha256(p.read_bytes()).hexdigest() for p in found]
    return tuple(File(name, digest) for name, digest in zip(names, digests, strict=True))
