"""Means of scores whose clips hang together: intervals and tests that draw whole clusters.

Clips of one song are alike, and so are the media of one clip: drawn one by one they would make
intervals too narrow and tests too sure. A cluster is drawn, or its sign turned, as a whole, with
all its clips and classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...seeds import stream

__all__ = ["MEAN", "ClusterMeans", "holm"]

RESAMPLES = 2000
"""Bootstrap samples; more move a bound by less than a tenth of the interval."""

PERCENTILES = (2.5, 97.5)
"""Bounds of the 95 % interval."""

FLIPS = 10_000
"""Sign patterns of a test, the observed one among them; all there are for up to 13 clusters."""

MEAN = "mean"
"""Stands in ``stem_class`` where the mean is over the means of the classes."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ClusterMeans:
    """The scores of one group of rows, added up by cluster and class.

    Parameters
    ----------
    classes : tuple of str
    sums, counts : float64 array, shape (clusters, classes)
        Of the scores that are defined.
    seed : int
        The same seed, the same intervals.
    """

    classes: tuple[str, ...]
    sums: Values
    counts: Values
    seed: int

    @classmethod
    def of(
        cls, values: "pd.Series[float]", clusters: "pd.Series[str]",
        stem_classes: "pd.Series[str]", order: Sequence[str], seed: int,
    ) -> "ClusterMeans":  # fmt: skip
        """Add up one score a row.

        Parameters
        ----------
        values : Series of float
            NaN where there is no score.
        clusters, stem_classes : Series of str
            Of each row.
        order : sequence of str
            Of the classes; all of them get a column.
        seed : int
        """
        numbers = values.to_numpy(np.float64)
        defined = ~np.isnan(numbers)
        names, rows = np.unique(clusters.to_numpy(str)[defined], return_inverse=True)
        places = {name: place for place, name in enumerate(order)}
        columns = stem_classes[defined].map(places).to_numpy(int)
        sums, counts = np.zeros((2, len(names), len(order)))
        np.add.at(sums, (rows, columns), numbers[defined])
        np.add.at(counts, (rows, columns), 1.0)
        return cls(tuple(order), sums, counts, seed)

    def lines(self) -> list[dict[str, object]]:
        """Return a line for each class and one for the mean of the classes that have scores.

        ``stem_class, mean, low, high`` (NaN for fewer than two clusters), ``count`` of scores and
        of ``clusters`` behind them.
        """
        means = _by_class(self.sums, self.counts, np.ones((1, len(self.sums))))[0]
        drawn = _by_class(self.sums, self.counts, _draws(len(self.sums), self.seed))
        totals, behind = self.counts.sum(axis=0), (self.counts > 0).sum(axis=0)
        found = [
            _line(name, means[k], drawn[:, k], totals[k], behind[k])
            for k, name in enumerate(self.classes)
        ]
        mean, together = _across(means[None])[0], _across(drawn)
        return [*found, _line(MEAN, mean, together, totals.sum(), len(self.sums))]

    def chances(self) -> list[float]:
        """Return for each line how likely a mean so far from 0 is if signs are mere luck.

        The exact two-sided sign-flip test, cluster by cluster (Fisher's randomisation test);
        NaN for fewer than two clusters. With n clusters no value is below 2 / 2^n.
        """
        totals = self.counts.sum(axis=0)
        turned = _signs(len(self.sums), self.seed) @ self.sums
        flipped = np.where(totals > 0, turned / np.maximum(totals, 1.0), np.nan)
        flipped = np.column_stack([flipped, _across(flipped)])
        behind = [*(self.counts > 0).sum(axis=0), len(self.sums)]
        return [
            _share_as_far(column) if clusters > 1 else float("nan")
            for column, clusters in zip(flipped.T, behind, strict=True)
        ]


def _by_class(sums: Values, counts: Values, weights: Values) -> Values:
    """Return the mean of every class's scores, shape (weights, classes); NaN where none are."""
    totals = weights @ counts
    means: Values = np.where(totals > 0, (weights @ sums) / np.maximum(totals, 1.0), np.nan)
    return means


def _across(means: Values) -> Values:
    """Return each row's mean over those classes that have one."""
    defined = ~np.isnan(means)
    count = defined.sum(axis=1)
    averages: Values = np.where(
        count > 0, np.where(defined, means, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan
    )
    return averages


def _line(name: str, mean: float, drawn: Values, count: float, clusters: int) -> dict[str, object]:
    """Return one line; bootstrap samples into which no clip of the class was drawn do not count."""
    defined = drawn[~np.isnan(drawn)]
    low, high = np.percentile(defined, PERCENTILES) if clusters > 1 else (np.nan, np.nan)
    return {
        "stem_class": name, "mean": float(mean), "low": float(low), "high": float(high),
        "count": int(count), "clusters": int(clusters),
    }  # fmt: skip


@lru_cache(maxsize=8)
def _draws(clusters: int, seed: int) -> Values:
    """Return how often each cluster is drawn in each bootstrap sample: (RESAMPLES, clusters)."""
    if not clusters:
        return np.zeros((RESAMPLES, 0))
    rng = stream(seed, "summary", "bootstrap")
    shares = np.full(clusters, 1.0 / clusters)
    return rng.multinomial(clusters, shares, RESAMPLES).astype(np.float64)


@lru_cache(maxsize=8)
def _signs(clusters: int, seed: int) -> Values:
    """Return patterns of +1 and -1, the first all +1: all of them, or as many as ``FLIPS``."""
    if 2**clusters <= FLIPS:
        bits = np.arange(2**clusters)[:, None] >> np.arange(clusters) & 1
        return np.asarray(1.0 - 2.0 * bits, np.float64)
    drawn = stream(seed, "summary", "signs").integers(0, 2, (FLIPS, clusters))
    drawn[0] = 0
    return np.asarray(1.0 - 2.0 * drawn, np.float64)


def _share_as_far(means: Values) -> float:
    """Return the share of the patterns whose mean is as far from 0 as the first one's."""
    far = np.abs(means)
    return float(np.mean(far >= far[0] * (1.0 - 1e-9)))


def holm(chances: Sequence[float]) -> list[float]:
    """Return p-values adjusted for how many they are (Holm 1979); NaN stays and does not count.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(chances, np.float64)
    order = [n for n in np.argsort(values, kind="stable") if not np.isnan(values[n])]
    adjusted, highest = np.full(len(values), np.nan), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, float(values[place]) * (len(order) - rank)))
        adjusted[place] = highest
    return [float(value) for value in adjusted]
