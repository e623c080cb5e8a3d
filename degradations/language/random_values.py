"""Distributions of one value, each drawn from one uniform number by inverting its cumulative."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import exp, floor, log, sqrt
from statistics import NormalDist
from types import MappingProxyType
from typing import Any

from .reaches import Range, Reach, joined, reach_of

__all__ = [
    "NOTHING",
    "Choice",
    "Constant",
    "Distribution",
    "Each",
    "File",
    "LogUniform",
    "Names",
    "Normal",
    "Rounded",
    "Triangular",
    "Uniform",
    "UniformInteger",
    "chosen",
]

Uniform01 = Callable[[], float]
Names = Mapping[str, Any]
NOTHING: Names = MappingProxyType({})

FARTHEST_DEVIATIONS = 7.1
"""Farther out than a normal number is ever drawn: its cumulative stops at 1e-12."""


class Distribution(ABC):
    """A distribution of one value."""

    @abstractmethod
    def draw(self, random: Uniform01, names: Names = NOTHING) -> Any:
        """Draw a value.

        Parameters
        ----------
        random : callable
            Gives uniform numbers in [0, 1).
        names : mapping of str to value
            What has been drawn already, for what is worked out from it.
        """

    @abstractmethod
    def reach(self) -> Reach | None:
        """Return what can be drawn; None for lists, which have no name in expressions."""


@dataclass(frozen=True)
class Constant(Distribution):
    """Always the same."""

    value: Any

    def draw(self, random: Uniform01, names: Names = NOTHING) -> Any:
        """Return the value."""
        return self.value

    def reach(self) -> Reach | None:
        """Return the value alone."""
        return reach_of(self.value)


@dataclass(frozen=True)
class Uniform(Distribution):
    """All numbers from ``low`` to ``high`` alike."""

    low: float
    high: float

    def draw(self, random: Uniform01, names: Names = NOTHING) -> float:
        """Draw a number."""
        return min(self.low + (self.high - self.low) * random(), self.high)

    def reach(self) -> Range:
        """Return both ends."""
        return Range(self.low, self.high)


@dataclass(frozen=True)
class UniformInteger(Distribution):
    """All integers from ``low`` to ``high``, both included, alike."""

    low: int
    high: int

    def draw(self, random: Uniform01, names: Names = NOTHING) -> int:
        """Draw an integer."""
        return self.low + int((self.high - self.low + 1) * random())

    def reach(self) -> Range:
        """Return both ends."""
        return Range(self.low, self.high)


@dataclass(frozen=True)
class LogUniform(Distribution):
    """All ratios alike: as likely between 100 and 200 as between 1000 and 2000."""

    low: float
    high: float

    def draw(self, random: Uniform01, names: Names = NOTHING) -> float:
        """Draw a number."""
        drawn = exp(log(self.low) + (log(self.high) - log(self.low)) * random())
        return min(max(drawn, self.low), self.high)  # exp(log(x)) may miss x by a hair

    def reach(self) -> Range:
        """Return both ends."""
        return Range(self.low, self.high)


@dataclass(frozen=True)
class Normal(Distribution):
    """The bell curve, cut off at ``low`` and ``high``."""

    mean: float
    deviation: float
    low: float
    high: float

    def draw(self, random: Uniform01, names: Names = NOTHING) -> float:
        """Draw a number by inverting the cumulative distribution between the bounds."""
        curve, first, last = self._curve
        share = min(max(first + (last - first) * random(), 1e-12), 1 - 1e-12)
        drawn = curve.inv_cdf(share)
        return min(max(drawn, self.low), self.high)

    def mass(self) -> float:
        """Return how much of the whole curve lies between the bounds."""
        _, first, last = self._curve
        return last - first

    def reach(self) -> Range:
        """Return the bounds, or where the curve ends for all practical purposes."""
        far = FARTHEST_DEVIATIONS * self.deviation
        return Range(max(self.low, self.mean - far), min(self.high, self.mean + far))

    @cached_property
    def _curve(self) -> tuple[NormalDist, float, float]:
        """The whole curve, and its cumulative at both bounds."""
        curve = NormalDist(self.mean, self.deviation)
        return curve, curve.cdf(self.low), curve.cdf(self.high)


@dataclass(frozen=True)
class Triangular(Distribution):
    """Likeliest at ``mode``, less so in a straight line down to nothing at both ends."""

    low: float
    mode: float
    high: float

    def draw(self, random: Uniform01, names: Names = NOTHING) -> float:
        """Draw a number: the cumulative is a parabola on either side of the mode."""
        share, width = random(), self.high - self.low
        if share * width < self.mode - self.low:
            drawn = self.low + sqrt(share * width * (self.mode - self.low))
        else:
            drawn = self.high - sqrt((1 - share) * width * (self.high - self.mode))
        return min(max(drawn, self.low), self.high)

    def reach(self) -> Range:
        """Return both ends."""
        return Range(self.low, self.high)


@dataclass(frozen=True)
class Rounded(Distribution):
    """The nearest integer to a number that reaches half an integer past both ends."""

    of: Distribution
    low: int
    high: int

    def draw(self, random: Uniform01, names: Names = NOTHING) -> int:
        """Draw a number and round it."""
        drawn: float = self.of.draw(random, names)
        return min(max(floor(drawn + 0.5), self.low), self.high)

    def reach(self) -> Range:
        """Return both ends."""
        return Range(self.low, self.high)


@dataclass(frozen=True)
class Choice(Distribution):
    """One of several values: all alike, or as often as their weights say."""

    options: tuple[Any, ...]
    weights: tuple[float, ...] | None = None

    def draw(self, random: Uniform01, names: Names = NOTHING) -> Any:
        """Draw one."""
        return self.options[chosen(len(self.options), self.weights, random())]

    def reach(self) -> Reach | None:
        """Return all options."""
        return joined(map(reach_of, self.options))


def chosen(count: int, weights: tuple[float, ...] | None, share: float) -> int:
    """Return which of ``count`` options a uniform number in [0, 1) stands for.

    >>> [chosen(3, (1, 0, 3), share) for share in (0.0, 0.24, 0.25, 0.99)]
    [0, 0, 2, 2]
    """
    if weights is None:
        return int(count * share)
    sums = list(accumulate(weights))
    likely = [i for i in range(count) if weights[i] > 0]  # rounding must not reach the others
    return next((i for i in likely if share * sums[-1] < sums[i]), likely[-1])


@dataclass(frozen=True)
class Each(Distribution):
    """Several values, each drawn anew."""

    of: Distribution
    count: int

    def draw(self, random: Uniform01, names: Names = NOTHING) -> tuple[Any, ...]:
        """Draw them."""
        return tuple(self.of.draw(random, names) for _ in range(self.count))

    def reach(self) -> None:
        """Return nothing: a list has no name in expressions."""
        return


@dataclass(frozen=True)
class File:
    """A file as a drawn value: where it is, from the recipe's folder on, and what is in it."""

    path: str
    digest: str
