"""The table of a fit: how far from the released mixes each feature was, and is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...audio import STEM_CLASSES
from .moment_matching import ENOUGH, Values, set_by

__all__ = ["Row", "compare", "score", "shown"]

SMALLEST = {"correlation": 0.05, "slope_db_per_octave": 0.1}
SMALLEST_DB = 0.5
"""Spread of a feature below which a distance is measured against this."""

ALIKE = 0.3
"""A distance of so many deviations of the released mixes is taken for none: two dozen draws from
one normal distribution are as far from another two dozen."""


@dataclass(frozen=True)
class Row:
    """One feature.

    Parameters
    ----------
    feature : str
        Its unit is the end of its name.
    set_by : str
        The number of the recipe that sets it; empty if it follows from others.
    released_mean, released_deviation : float
    before_mean, before_deviation, after_mean, after_deviation : float
        Of the held-out half of the released mixes, and of fresh draws of the recipe before and
        after the fit.
    distance_before, distance_after : float
        Wasserstein distance from the held-out half, in the feature's own unit.
    distance_of_halves : float
        Between the two halves of the released mixes: as near as anything can be seen to come.
    normalised_before, normalised_after : float
        The distances, in deviations of the released mixes.
    verdict : {"matched", "closer", "not matched"}
        Matched is what is as near as the halves are, or within 0.3 deviations; closer is at
        most nine tenths of the distance before.
    """

    feature: str
    set_by: str
    released_mean: float
    released_deviation: float
    before_mean: float
    before_deviation: float
    after_mean: float
    after_deviation: float
    distance_before: float
    distance_after: float
    distance_of_halves: float
    normalised_before: float
    normalised_after: float
    verdict: str


def compare(halves: tuple[Values, Values], before: Values, after: Values) -> list[Row]:
    """Return one row for each feature that both the held-out half and the recipe have.

    Parameters
    ----------
    halves : pair of Values
        Of the released mixes: fitted to, and held out.
    before, after : Values
        Of fresh draws.
    """
    sides = (*halves, before, after)
    last = [f"{name}_over_mix_db" for name in STEM_CLASSES]
    names = [name for name in halves[1] if name not in last] + last
    names = [n for n in names if all(len(side.get(n, ())) >= ENOUGH for side in sides)]
    return [_row(name, *(side[name] for side in sides)) for name in names]


def _row(
    name: str,
    fitted_to: NDArray[np.float64],
    released: NDArray[np.float64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
) -> Row:
    """Measure one feature's distances."""
    from scipy.stats import wasserstein_distance

    was, now = (float(wasserstein_distance(released, x)) for x in (before, after))
    halves = float(wasserstein_distance(released, fitted_to))
    scale = _scale(name, released)
    verdict = "closer" if now <= 0.9 * was else "not matched"
    if now <= max(halves, ALIKE * scale):
        verdict = "matched"
    return Row(
        feature=name,
        set_by=set_by(name),
        released_mean=float(released.mean()),
        released_deviation=float(released.std()),
        before_mean=float(before.mean()),
        before_deviation=float(before.std()),
        after_mean=float(after.mean()),
        after_deviation=float(after.std()),
        distance_before=was,
        distance_after=now,
        distance_of_halves=halves,
        normalised_before=was / scale,
        normalised_after=now / scale,
        verdict=verdict,
    )


def _scale(name: str, released: NDArray[np.float64]) -> float:
    """Return what a distance is measured against."""
    return max(float(released.std()), SMALLEST.get(name, SMALLEST_DB))


def score(wanted: Values, had: Values) -> float:
    """Return the mean normalised distance of all features that a number of the recipe sets."""
    from scipy.stats import wasserstein_distance

    names = [n for n in wanted if set_by(n) and min(len(wanted[n]), len(had.get(n, ()))) >= ENOUGH]
    distances = [wasserstein_distance(wanted[n], had[n]) / _scale(n, wanted[n]) for n in names]
    return float(np.mean(distances))


def shown(rows: Sequence[Row]) -> str:
    """Return the table, a line for each feature."""
    head = ("feature", "released", "before", "after", "distance", "", "halves", "", "set by")
    units = ("", "", "", "", "before", "after", "", "verdict", "")
    lines = [head, units, *map(_cells, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(_line(line, widths) for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    """Return one row as texts."""
    pairs = (
        (row.released_mean, row.released_deviation),
        (row.before_mean, row.before_deviation),
        (row.after_mean, row.after_deviation),
    )
    distances = (row.distance_before, row.distance_after, row.distance_of_halves)
    return (
        row.feature,
        *(f"{mean:.2f} ± {deviation:.2f}" for mean, deviation in pairs),
        *(f"{distance:.2f}" for distance in distances),
        row.verdict,
        row.set_by or "-",
    )


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    """Return a line: words to the left, numbers to the right."""
    texts = [
        cell.ljust(width) if i in (0, 7, 8) else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(texts).rstrip()
