"""Reaches: what a value that is still to be drawn can come out as, so that bounds are proved.

Interval arithmetic in floating point, with neither slack nor luck: ``+ - * /`` round
correctly, hence monotonically, so the result of two drawn numbers lies between the results of
their ends. Powers may miss that by a last bit; whoever draws clamps it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

__all__ = ["TRUTH", "Options", "Range", "Reach", "Truth", "Unfit", "combined", "joined", "reach_of"]


class Unfit(Exception):
    """What cannot be worked out for all values: what was wanted, and what was found."""

    def __init__(self, wanted: str, found: str, cure: str = "") -> None:
        super().__init__(wanted)
        self.wanted, self.found, self.cure = wanted, found, cure


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included."""

    low: float
    high: float

    def __str__(self) -> str:
        """Show it to a reader."""
        if self.low == self.high:
            return f"{self.low:.6g}"
        return f"{self.low:.6g} to {self.high:.6g}"


@dataclass(frozen=True)
class Options:
    """Words, or files, one of which it is."""

    values: frozenset[Any]

    def __str__(self) -> str:
        """Show them to a reader."""
        return " or ".join(sorted(str(getattr(value, "path", value)) for value in self.values))


@dataclass(frozen=True)
class Truth:
    """True or false."""

    def __str__(self) -> str:
        """Show it to a reader."""
        return "true or false"


TRUTH = Truth()
Reach: TypeAlias = Range | Options | Truth
Power: TypeAlias = Callable[[float, float], float]


def reach_of(value: Any) -> Reach | None:
    """Return the reach of what is no longer to be drawn; None of what has none, such as a list."""
    if isinstance(value, bool):
        return TRUTH
    if isinstance(value, int | float):
        return Range(value, value)
    return None if isinstance(value, tuple | None) else Options(frozenset([value]))


def joined(reaches: Iterable[Reach | None]) -> Reach | None:
    """Return the reach of what is one of several things; None if they are of several kinds."""
    several = list(reaches)
    ranges = [reach for reach in several if isinstance(reach, Range)]
    options = [reach for reach in several if isinstance(reach, Options)]
    if several and len(ranges) == len(several):
        return Range(min(r.low for r in ranges), max(r.high for r in ranges))
    if several and len(options) == len(several):
        return Options(frozenset().union(*(o.values for o in options)))
    return TRUTH if several and all(isinstance(reach, Truth) for reach in several) else None


def combined(sign: str, left: Range, right: Range) -> Range:
    """Return what ``left sign right`` can be.

    Parameters
    ----------
    sign : {"+", "-", "*", "/", "**"}
    left, right : Range

    Raises
    ------
    Unfit
        If it cannot be worked out, or is not finite, for some of them.

    Examples
    --------
    >>> combined("*", Range(-1, 2), Range(3, 4))
    Range(low=-4, high=8)
    """
    if sign == "/" and right.low <= 0 <= right.high:
        raise Unfit("a divisor that is never 0", str(right))
    if sign == "**":
        return _power(left, right)
    return _corners(ARITHMETIC[sign], left, right)


ARITHMETIC: dict[str, Power] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
}


def _corners(function: Power, left: Range, right: Range) -> Range:
    """Return the range of a function that has its extremes where both numbers are at an end."""
    try:
        values = [function(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    except OverflowError:
        raise Unfit("numbers that stay finite", f"{left} and {right}") from None
    if not all(map(isfinite, values)):
        raise Unfit("numbers that stay finite", f"{left} and {right}")
    return Range(min(values), max(values))


def _power(base: Range, exponent: Range) -> Range:
    """Return the range of a power: of a positive base, or with a whole constant as exponent."""
    whole = exponent.low == exponent.high and exponent.low == int(exponent.low)
    has_zero = base.low <= 0 <= base.high
    if base.low < 0 and not whole:
        raise Unfit("a base that is never negative, or a whole exponent", f"{base} ** {exponent}")
    if (has_zero and exponent.low < 0) or (has_zero and not whole and exponent.low == 0):
        raise Unfit("a base that is never 0, or an exponent above 0", f"{base} ** {exponent}")
    found = _corners(ARITHMETIC["**"], base, exponent)
    turns = has_zero and exponent.low > 0  # an even power turns at 0; an odd one passes it
    return Range(min(found.low, 0.0), max(found.high, 0.0)) if turns else found
