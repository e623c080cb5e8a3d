"""Whether what was drawn is like what was asked for: distributions in closed form, and tests."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from ...degradations.language.random_values import (
    Choice,
    Constant,
    Distribution,
    Each,
    LogUniform,
    Normal,
    Rounded,
    Triangular,
    Uniform,
    UniformInteger,
)

__all__ = ["Curve", "Fit", "curve_of", "fit_number", "fit_options", "fit_share", "interval",
           "masses_of"]  # fmt: skip

LEAST_EXPECTED = 5.0
"""Options that come less often than that are counted together, as Pearson's test wants."""

MOST_OPTIONS = 4096
"""Integers that are told apart."""


@dataclass(frozen=True)
class Curve:
    """A continuous distribution in closed form.

    Parameters
    ----------
    cumulative : callable
        From a number to the probability of one that is not larger.
    low, high : float
        Between which all of it, or all but a thousandth on either side, lies.
    log : bool
        Whether ratios matter.
    """

    cumulative: Callable[[float], float]
    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Fit:
    """Outcome of a test.

    Parameters
    ----------
    measure : str
        What was measured, in words and a number: "KS 0.03".
    chance : float or None
        How often draws from what was asked for are at least as far from it (the p-value); None
        where there is no test.
    """

    measure: str
    chance: float | None = None


def curve_of(asked: Distribution) -> Curve | None:
    """Return a distribution's cumulative; None of one that is discrete or worked out.

    Examples
    --------
    >>> curve_of(Uniform(-6.0, 6.0)).cumulative(3.0)
    0.75
    >>> curve_of(Choice((1, 2)))
    """
    match asked:
        case Uniform(low, high) if low < high:
            return Curve(lambda v: _share(v - low, high - low), low, high)
        case LogUniform(low, high) if low < high:
            return Curve(lambda v: _share(log(v / low), log(high / low)), low, high, log=True)
        case Normal():
            return _bell(asked)
        case Triangular(low, _, high) if low < high:
            return Curve(lambda v: _triangle(asked, v), low, high)
    return None


def _share(part: float, whole: float) -> float:
    """Return a share from 0 to 1."""
    return min(max(part / whole, 0.0), 1.0)


def _bell(asked: Normal) -> Curve:
    """Return the cumulative of a bell curve between its bounds."""
    bell = NormalDist(asked.mean, asked.deviation)
    first, whole = bell.cdf(asked.low), asked.mass()
    ends = (bell.inv_cdf(min(max(first + s * whole, 1e-12), 1 - 1e-12)) for s in (1e-3, 1 - 1e-3))
    low, high = ends
    return Curve(lambda v: _share(bell.cdf(v) - first, whole), low, high)


def _triangle(asked: Triangular, value: float) -> float:
    """Return the cumulative of a triangle: a parabola on either side of the mode."""
    low, mode, high = asked.low, asked.mode, asked.high
    if value <= low or value >= high:
        return float(value >= high)
    if value < mode:
        return (value - low) ** 2 / ((high - low) * (mode - low))
    return 1 - (high - value) ** 2 / ((high - low) * (high - mode))


def masses_of(asked: Distribution) -> dict[Any, float] | None:
    """Return the probability of each value; None where they are not to be counted.

    Examples
    --------
    >>> masses_of(Choice(("a", "b"), (3, 1)))
    {'a': 0.75, 'b': 0.25}
    """
    match asked:
        case Choice(options, weights):
            total: Counter[Any] = Counter()
            for option, weight in zip(options, weights or (1.0,) * len(options), strict=True):
                total[option] += weight / sum(weights or (1.0,) * len(options))  # type: ignore[assignment]
            return dict(total)
        case UniformInteger(low, high) if high - low < MOST_OPTIONS:
            return dict.fromkeys(range(low, high + 1), 1 / (high - low + 1))
        case Rounded(of, low, high) if high - low < MOST_OPTIONS and (curve := curve_of(of)):
            below = [0.0, *(curve.cumulative(n + 0.5) for n in range(low, high)), 1.0]
            shares = (b - a for a, b in pairwise(below))
            return dict(zip(range(low, high + 1), shares, strict=True))
    return None


def fit_number(asked: Distribution, values: Sequence[Any]) -> Fit:
    """Test draws against their distribution.

    Continuous ones by Kolmogorov and Smirnov, discrete ones by Pearson's chi-squared.
    """
    if isinstance(asked, Each):
        return fit_number(asked.of, [item for value in values for item in value])
    if not len(values):
        return Fit("never drawn")
    if curve := curve_of(asked):
        from scipy import stats

        found = stats.kstest(np.asarray(values, np.float64), np.vectorize(curve.cumulative))
        return Fit(f"KS {found.statistic:.3f}", float(found.pvalue))
    if (masses := masses_of(asked)) and len(masses) > 1:
        return _pearson(Counter(values), masses)
    return Fit("" if isinstance(asked, Constant) or masses else "drawn, no closed form")


def fit_options(found: Counter[int], weights: Sequence[float] | None, count: int) -> Fit:
    """Test how often each of ``count`` options was taken."""
    shares = weights or (1.0,) * count
    return _pearson(found, {n: share / sum(shares) for n, share in enumerate(shares)})


def _pearson(found: Counter[Any], masses: dict[Any, float]) -> Fit:
    """Return Pearson's chi-squared, rare values counted together with their neighbours."""
    from scipy import stats

    number = found.total()
    bins: list[tuple[float, float]] = []
    expected = counted = 0.0
    for value, mass in masses.items():
        expected, counted = expected + mass * number, counted + found[value]
        if expected >= LEAST_EXPECTED:
            bins.append((expected, counted))
            expected = counted = 0.0
    if expected > 0 or counted:
        last = bins.pop() if bins else (0.0, 0.0)
        bins.append((last[0] + expected, last[1] + counted))
    if len(bins) < 2:
        return Fit("too few draws to test")
    square = sum((counted - expected) ** 2 / expected for expected, counted in bins)
    chance = float(stats.chi2.sf(square, len(bins) - 1))
    return Fit(f"chi-squared {square:.1f} of {len(bins) - 1} degrees", chance)


def fit_share(there: int, asked: Sequence[float]) -> Fit:
    """Test how often something was there that was to be there with these probabilities.

    The exact binomial test where they are all alike, else by its normal approximation.
    """
    from scipy import stats

    sure, variance = sum(asked), sum(p * (1 - p) for p in asked)
    if not variance:
        return Fit("always" if asked and sure == there else "never", None)
    if min(asked) == max(asked):
        chance = stats.binomtest(there, len(asked), asked[0]).pvalue
    else:
        chance = 2 * stats.norm.sf(abs(there - sure) / sqrt(variance))
    return Fit("binomial test", float(chance))


def interval(there: int, number: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Wilson.

    >>> [round(end, 3) for end in interval(6, 10)]
    [0.313, 0.832]
    """
    from scipy import stats

    low, high = stats.binomtest(there, number).proportion_ci(method="wilson")
    return float(low), float(high)
