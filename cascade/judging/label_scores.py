"""How well effect labels are predicted: average precision, beside what guessing has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ...audio import STEM_CLASSES
from ..effect_labels import MIX, EffectLabels
from ..restoring.heard_labels import HeardLabels
from .clusters import MEAN

__all__ = ["LabelTrial", "average_precision", "label_table_text"]

ALL_CLASSES = "all"
UNTAUGHT = "not judged: the run was not taught this label"
COLUMNS = ["label", "stem_class", "count", "positives", "prevalence", "without_listening",
           "average_precision", "remark"]  # fmt: skip


def average_precision(truth: ArrayLike, score: ArrayLike) -> float:
    """Return the mean precision over the recalls at which a ranking finds what is true.

    AP = sum over thresholds of (R_n - R_(n-1)) P_n; equal scores share a threshold, so that a
    constant has the prevalence. A random order has it on average.

    Parameters
    ----------
    truth : bool array, shape (n,)
    score : float array, shape (n,)
        Higher where it is thought more likely.

    Returns
    -------
    float
        From 0 to 1; NaN where nothing is true.

    Examples
    --------
    >>> average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])  # (1 + 2/3) / 2
    0.8333333333333333
    """
    right, given = np.asarray(truth, bool), np.asarray(score, np.float64)
    if not right.any():
        return float("nan")
    order = np.argsort(-given, kind="stable")
    found = np.cumsum(right[order])
    last = np.append(np.flatnonzero(np.diff(given[order])), len(order) - 1)  # of equal scores
    gained = np.diff(found[last], prepend=0)
    return float((gained * found[last] / (last + 1)).sum() / found[-1])


@dataclass
class LabelTrial:
    """What a run predicts of the effects of each sample, beside what the manifest says.

    Parameters
    ----------
    labels : EffectLabels
    stated : mapping of str to mapping
        By key, what was done: ``{"Vocals": ["space"], ..., "mix": ["codec"]}``.
    """

    labels: EffectLabels
    stated: Mapping[str, Mapping[str, list[str]]]
    heard: dict[str, HeardLabels] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return how each label was predicted.

        Returns
        -------
        DataFrame
            For each label ("mix codec" is one of master or medium) a row with ``stem_class``
            "all", and one for each class that has it and lacks it: ``count`` of stems (mixtures)
            and ``positives`` among them, ``prevalence`` (the average precision of chance),
            ``without_listening`` (that of who knows the class, and how common the label was
            there in training), ``average_precision``, and a ``remark`` where there is none. The
            last row is the mean over labels.
        """
        rows = [line for name in self.labels.names for line in self._lines(name)]
        judged = pd.DataFrame([x for x in rows if x["stem_class"] == ALL_CLASSES], columns=COLUMNS)
        known = judged[judged["average_precision"].notna()]
        numbers = ("prevalence", "without_listening", "average_precision")
        mean = {name: known[name].mean() for name in numbers}
        unknown = {"stem_class": ALL_CLASSES, "remark": UNTAUGHT}
        rows += [{"label": name, **unknown} for name in self._untaught()]
        rows.append({"label": MEAN, "stem_class": ALL_CLASSES, "count": len(known), **mean})
        table = pd.DataFrame([{"remark": ""} | row for row in rows], columns=COLUMNS)
        return table.astype({"count": "Int64", "positives": "Int64"})

    def _cases(self, name: str) -> pd.DataFrame:
        """Return class, truth, chance and prior of everything that may have a label."""
        place = self.labels.names.index(name)
        mix, label = place >= len(self.labels.own), name.removeprefix(f"{MIX} ")
        rows = []
        for key, found in self.heard.items():
            stated, chances = self.stated[key], found.chances[:, place]
            if mix and MIX in stated:
                prior = float(self.labels.shares[:, place].mean())
                rows.append((MIX, label in stated[MIX], float(chances.mean()), prior))
            for row, of in enumerate(() if mix else STEM_CLASSES):
                if of in stated:
                    prior = float(self.labels.shares[row, place])
                    rows.append((of, label in stated[of], float(chances[row]), prior))
        return pd.DataFrame(rows, columns=["stem_class", "truth", "chance", "prior"])

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of one label: all classes together, then those that differ in it."""
        cases = self._cases(name)
        yield _line(name, ALL_CLASSES, cases)
        for of in STEM_CLASSES:
            own = cases[cases["stem_class"] == of]
            if own["truth"].nunique() > 1:
                yield _line(name, of, own)

    def _untaught(self) -> list[str]:
        """Return the labels in the manifest that the run does not know."""
        return sorted({x for key in self.heard for x in self.labels.unknown(self.stated[key])})


def _line(name: str, of: str, cases: pd.DataFrame) -> dict[str, Any]:
    """Return one row."""
    truth: NDArray[np.bool_] = cases["truth"].to_numpy(bool)
    line = {
        "label": name, "stem_class": of, "count": len(cases), "positives": int(truth.sum()),
        "prevalence": float(truth.mean()) if len(cases) else float("nan"),
    }  # fmt: skip
    if len(set(truth.tolist())) < 2:
        return line | {"remark": f"not judged: {'all' if truth.any() else 'none'} have it"}
    return line | {
        "without_listening": average_precision(truth, cases["prior"]),
        "average_precision": average_precision(truth, cases["chance"]),
    }


def label_table_text(table: pd.DataFrame) -> str:
    """Return the rows of all classes together as text to be read."""
    own = table[table["stem_class"] == ALL_CLASSES]
    shown = pd.DataFrame(
        {
            "N": own["count"].map(str).replace("<NA>", "-"),
            "chance": own["prevalence"].map(_shown),
            "without listening": own["without_listening"].map(_shown),
            "AP": own["average_precision"].map(_shown),
            "": own["remark"],
        }
    ).set_axis(own["label"].to_list(), axis="index")
    head = "effect labels as predicted: average precision (chance has the prevalence)"
    return f"{head}\n{shown.to_string()}"


def _shown(value: float) -> str:
    """Show a share."""
    return "-" if pd.isna(value) else f"{value:.2f}"
