"""Scores condensed: means with intervals, and who is better on the same clips."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..audio import STEM_CLASSES
from ..seeds import stream
from .cases import SYSTEMS
from .metrics import METRICS

__all__ = ["paired_differences", "summary"]

RESAMPLES = 2000
"""Bootstrap samples; more move a bound by less than a tenth of the interval."""

PERCENTILES = (2.5, 97.5)
"""Bounds of the 95 % interval."""

MEAN = "mean"
"""Stands in ``stem_class`` where the mean is over the means of the classes."""

Values = NDArray[np.float64]


def summary(scores: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return each system's mean of each metric, by class and over the means of the classes.

    The 95 % intervals are percentiles of 2,000 bootstrap samples of keys: all stems of a clip
    are drawn together, since they are not independent. Clips of one song are not either, so
    that a dataset with several clips a song has intervals that are too narrow.

    Parameters
    ----------
    scores : DataFrame
        As ``score`` returns it.
    seed : int
        The same seed, the same intervals.

    Returns
    -------
    DataFrame
        ``system``, ``stem_class`` (or "mean"), ``metric``, ``mean``, ``low`` and ``high`` (NaN
        for fewer than two scores), ``count`` of scores and of ``skipped`` rows.
    """
    rows = []
    for system in _in_order(scores["system"], SYSTEMS):
        own = scores[scores["system"] == system]
        for metric in METRICS:
            for line in _lines(_grid(own, metric), own, seed):
                rows.append({"system": system, "metric": metric, **line})
    order = ["system", "stem_class", "metric", "mean", "low", "high", "count", "skipped"]
    return pd.DataFrame(rows, columns=order)


def paired_differences(
    scores: pd.DataFrame, system: str = "cascade", seed: int = 0
) -> pd.DataFrame:
    """Return by how much ``system`` scores higher than each other one on the same stems.

    Higher is better in decibels, but worse for ``mrstft`` and ``zimtohrli``. An interval that
    leaves out 0 says that the difference is more than the luck of the clips.

    Parameters
    ----------
    scores : DataFrame
        As ``score`` returns it.
    system : str
    seed : int

    Returns
    -------
    DataFrame
        As ``summary`` returns it, with the other system in ``against``.
    """
    own = scores[scores["system"] == system]
    rows = []
    for against in _in_order(scores["system"], SYSTEMS):
        other = scores[scores["system"] == against]
        if against == system:
            continue
        for metric in METRICS:
            difference = _grid(own, metric) - _grid(other, metric)
            for line in _lines(difference, own, seed):
                rows.append({"system": system, "against": against, "metric": metric, **line})
    order = ["system", "against", "stem_class", "metric", "mean", "low", "high", "count", "skipped"]
    return pd.DataFrame(rows, columns=order)


def _in_order(values: Iterable[str], known: Sequence[str]) -> list[str]:
    """Return the distinct values, the known ones first and in their order."""
    present = list(dict.fromkeys(values))
    return [v for v in known if v in present] + [v for v in present if v not in known]


def _grid(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Lay one system's scores out as keys by classes, NaN where there is none."""
    grid = scores.pivot(index="key", columns="stem_class", values=metric)
    return grid[_in_order(grid.columns, STEM_CLASSES)]


def _lines(grid: pd.DataFrame, scores: pd.DataFrame, seed: int) -> Iterator[dict[str, object]]:
    """Yield a line for each class and one for the mean of the classes."""
    values = grid.to_numpy(np.float64)
    counts = (~np.isnan(values)).sum(axis=0)
    once = np.ones((1, len(values)))
    means, drawn = _class_means(values, once)[0], _class_means(values, _draws(len(values), seed))
    skipped = scores[scores["skipped"].notna()]["stem_class"].value_counts()
    for place, stem_class in enumerate(grid.columns):
        yield {
            "stem_class": stem_class,
            "mean": means[place],
            **_interval(drawn[:, place], int(counts[place])),
            "skipped": int(skipped.get(stem_class, 0)),
        }
    yield {
        "stem_class": MEAN,
        "mean": float(_mean_of_defined(means[None])[0]),
        **_interval(_mean_of_defined(drawn), int(counts.sum())),
        "skipped": int(skipped.sum()),
    }


def _draws(keys: int, seed: int) -> Values:
    """Return how often each key is drawn in each bootstrap sample, shape (RESAMPLES, keys)."""
    rng = stream(seed, "summary", "bootstrap")
    return rng.multinomial(keys, np.full(keys, 1.0 / keys), RESAMPLES).astype(np.float64)


def _class_means(values: Values, weights: Values) -> Values:
    """Return the weighted mean of every class's defined scores, shape (weights, classes)."""
    defined = ~np.isnan(values)
    totals, sums = weights @ defined, weights @ np.where(defined, values, 0.0)
    means: Values = np.where(totals > 0, sums / np.maximum(totals, 1.0), np.nan)
    return means


def _mean_of_defined(means: Values) -> Values:
    """Return each row's mean over those classes that have one."""
    averages: Values = _class_means(means.T, np.ones((1, means.shape[1])))[0]
    return averages


def _interval(drawn: Values, count: int) -> dict[str, object]:
    """Return the bounds; samples into which no clip of the class was drawn do not count."""
    defined = drawn[~np.isnan(drawn)]
    low, high = np.percentile(defined, PERCENTILES) if count > 1 else (np.nan, np.nan)
    return {"low": float(low), "high": float(high), "count": count}
