"""Scores condensed: means with intervals, by what was done, and who is better on the same clips."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from ...audio import STEM_CLASSES
from ..metrics.fidelity import METRICS
from .cases import SYSTEMS
from .circumstances import groups_of
from .clusters import ClusterMeans, holm

__all__ = ["grouped_summary", "in_order", "paired_differences", "paired_tests", "summary"]

LINE = ["stem_class", "metric", "mean", "low", "high", "count", "clusters"]


def summary(scores: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return each system's mean of each metric, by class and over the means of the classes.

    The 95 % intervals are percentiles of 2,000 bootstrap samples of clusters: songs where the
    scores have a column ``song``, else clips with all their stems. Below some ten clusters such
    intervals are too narrow.

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
        for fewer than two clusters), ``count`` of scores, of ``clusters`` behind them and of
        ``skipped`` rows.
    """
    rows = []
    classes = in_order(scores["stem_class"], STEM_CLASSES)
    for system in in_order(scores["system"], SYSTEMS):
        own = scores[scores["system"] == system]
        skipped = own[own["skipped"].notna()]["stem_class"].value_counts()
        for line in _lines(own, classes, seed):
            name = line["stem_class"]
            silent = skipped.sum() if name not in classes else skipped.get(name, 0)
            rows.append({"system": system, **line, "skipped": int(silent)})
    return pd.DataFrame(rows, columns=["system", *LINE, "skipped"])


def grouped_summary(scores: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return the same means by what was done: medium, effect label, severity, size of the change.

    Parameters
    ----------
    scores : DataFrame
        As ``described`` returns it.
    seed : int

    Returns
    -------
    DataFrame
        As ``summary`` returns it, without ``skipped``, with ``by`` and ``group``. A stem with
        several labels counts in several groups.
    """
    tables = []
    for by, group, chosen in groups_of(scores):
        part = scores[chosen]
        classes = in_order(part["stem_class"], STEM_CLASSES)
        for system in in_order(part["system"], SYSTEMS):
            lines = _lines(part[part["system"] == system], classes, seed)
            tables += [{"by": by, "group": group, "system": system, **line} for line in lines]
    return pd.DataFrame(tables, columns=["by", "group", "system", *LINE])


def _lines(own: pd.DataFrame, classes: Sequence[str], seed: int) -> Iterator[dict[str, object]]:
    """Yield the lines of one system: every metric, every class and the mean of the classes."""
    for metric in METRICS:
        if metric in own:
            for line in _means(own, own[metric], classes, seed).lines():
                yield {"metric": metric, **line}


def _means(
    rows: pd.DataFrame, values: "pd.Series[float]", classes: Sequence[str], seed: int
) -> ClusterMeans:
    """Add the values of some rows up by song, or by clip where songs are not known."""
    clusters = rows["song"] if "song" in rows else rows["key"]
    return ClusterMeans.of(values, clusters, rows["stem_class"], classes, seed)


def paired_differences(
    scores: pd.DataFrame, system: str = "cascade", seed: int = 0
) -> pd.DataFrame:
    """Return by how much ``system`` scores higher than each other one on the same stems.

    Higher is better in decibels, but worse for ``mrstft``, ``zimtohrli`` and
    ``loudness_error_lu``. ``p`` is that of the sign-flip test by cluster: how often differences
    whose signs are luck have a mean so far from 0. ``p_holm`` is adjusted for the number of
    classes that are looked at; that several systems and metrics are looked at is up to the reader.

    Parameters
    ----------
    scores : DataFrame
        As ``score`` returns it.
    system : str
    seed : int

    Returns
    -------
    DataFrame
        As ``summary`` returns it, without ``skipped``, with the other system in ``against``, and
        with ``p`` and ``p_holm``.
    """
    others = [name for name in in_order(scores["system"], SYSTEMS) if name != system]
    return _paired(scores, [(system, other) for other in others], seed)


def paired_tests(scores: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return the paired differences of all pairs of systems, the later one against the earlier.

    Parameters and outcome are as those of :func:`paired_differences`.
    """
    names = in_order(scores["system"], SYSTEMS)
    pairs = [(own, other) for place, own in enumerate(names) for other in names[:place]]
    return _paired(scores, pairs, seed)


def _paired(scores: pd.DataFrame, pairs: Sequence[tuple[str, str]], seed: int) -> pd.DataFrame:
    """Return the differences of some pairs of systems."""
    classes = in_order(scores["stem_class"], STEM_CLASSES)
    whole = scores.set_index(["key", "stem_class"], drop=False).rename_axis([None, None])
    parts = dict(iter(whole.groupby("system")))
    rows = []
    for system, against in pairs:
        own, other = parts[system], parts[against]
        common = own.index.intersection(other.index)
        own, other = own.loc[common], other.loc[common]
        for metric in [name for name in METRICS if name in scores]:
            means = _means(own, own[metric] - other[metric], classes, seed)
            chances = means.chances()
            adjusted = [*holm(chances[:-1]), chances[-1]]
            head = {"system": system, "against": against, "metric": metric}
            rows += [
                {**head, **line, "p": p, "p_holm": p_holm}
                for line, p, p_holm in zip(means.lines(), chances, adjusted, strict=True)
            ]
    return pd.DataFrame(rows, columns=["system", "against", *LINE, "p", "p_holm"])


def in_order(values: Iterable[str], known: Sequence[str]) -> list[str]:
    """Return the distinct values, the known ones first and in their order."""
    present = list(dict.fromkeys(values))
    return [v for v in known if v in present] + [v for v in present if v not in known]
