"""Circumstances: of which song a judged stem is, through which medium it came, what was done to it.

They stand beside the scores as columns: ``song`` (whose clips hang together), ``medium``, and of
datasets ``severity``, ``stft_distance`` (how far its own steps moved the stem) and ``labels``.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...audio import STEM_CLASSES
from ...datasets.folder import read_record
from ...manifests.schema import manifest_schema
from ...manifests.steps import label_table
from ...manifests.tables import read_table, records

__all__ = ["circumstances_of", "described", "groups_of"]

NOTHING = "nothing"
"""The label of a stem to which nothing was done."""

EDGES = {
    "severity": (0.0, 0.25, 0.5, 0.75, 1.0),
    "stft_distance": (0.0, 0.1, 0.3, 1.0, 3.0, np.inf),
}
"""Bounds of the groups. On docs/manifest.md's scale 0.1 is a gentle compressor, 0.3 a room."""

COLUMNS = ["key", "stem_class", "song", "medium", "severity", "stft_distance", "labels"]


def circumstances_of(data: Path, split: str) -> pd.DataFrame:
    """Return what the manifest says of each stem of a split.

    Parameters
    ----------
    data : Path
        A folder that ``wetdry generate`` wrote.
    split : str

    Returns
    -------
    DataFrame
        A row for each key and class: ``song`` (the songs of the class's own tracks), ``medium``
        (DT0 to DT12 for datasets of these recipes, else the names of its steps), ``severity``,
        ``stft_distance`` (sum over the steps of its tracks that are to be undone) and ``labels``
        (joined by commas; "mix codec" is one of master or medium).

    Raises
    ------
    ShardError
        If there is no manifest, or it is torn.
    """
    manifest = read_table(data / "manifest.parquet", manifest_schema())
    manifest = manifest[manifest["split"] == split]
    labels = _labels(manifest)
    named = re.fullmatch(r"dt(\d+)(\.yaml)?", str(read_record(data)["recipe_name"]))
    rows = []
    for sample in records(manifest):
        medium = f"DT{named[1]}" if named else _medium(sample)
        for stem_class in STEM_CLASSES:
            tracks = [track for track in sample["tracks"] if track["stem_class"] == stem_class]
            songs = sorted({track["song"] for track in tracks}) or list(sample["songs"])
            own, shared = (labels.get((sample["key"], of), []) for of in (stem_class, "mix"))
            said = [*own, *(f"mix {name}" for name in shared)] or [NOTHING]
            rows.append(
                (sample["key"], stem_class, " + ".join(songs), medium, sample["severity"],
                 _distance(tracks), ",".join(said))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _labels(manifest: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Return the labels by key and class; none from manifests of earlier versions."""
    if "labels" not in manifest or manifest["labels"].isna().any():
        return {}
    table = label_table(manifest)
    names = np.array(table.columns)
    return {
        (str(key), str(of)): list(names[np.asarray(row, bool)])
        for (key, of), row in zip(table.index, table.to_numpy(), strict=True)
    }


def _medium(sample: dict[str, Any]) -> str:
    """Name a sample's medium by its steps."""
    return " + ".join(str(step["effect"]) for step in sample["medium"]) or "none"


def _distance(tracks: list[dict[str, Any]]) -> float:
    """Add up how far each step that is to be undone moved its track."""
    moved = [
        step.get("stft_distance") or 0.0
        for track in tracks
        for step in track["effects"]
        if not step.get("keep")
    ]
    return float(np.nansum(np.array(moved, np.float64)))


def described(scores: pd.DataFrame, circumstances: pd.DataFrame) -> pd.DataFrame:
    """Return scores with what is known of each stem beside them.

    Parameters
    ----------
    scores : DataFrame
        As ``score`` returns it.
    circumstances : DataFrame
        With ``key``, ``stem_class`` and any of ``song, medium, severity, stft_distance, labels``.
    """
    return scores.merge(circumstances, "left", ["key", "stem_class"], validate="many_to_one")


def groups_of(scores: pd.DataFrame) -> Iterator[tuple[str, str, "pd.Series[bool]"]]:
    """Yield the groups into which described scores fall: by what, which, and its rows.

    What is the same everywhere makes no groups; silent references have no scores and no group.
    """
    heard = scores["skipped"].isna()
    for medium in _kinds(scores, "medium", heard):
        yield "medium", medium, heard & (scores["medium"] == medium)
    if "labels" in scores:
        split = scores["labels"].fillna("").str.split(",")
        for label in sorted({name for names in split[heard] for name in names if name}):
            yield "label", label, heard & split.map(lambda names, one=label: one in names)
    for by, edges in EDGES.items():
        if len(_kinds(scores, by, heard)) > 1:
            for low, high in pairwise(edges):
                first = (scores[by] >= low) if low == edges[0] else (scores[by] > low)
                chosen = heard & first & (scores[by] <= high)
                if chosen.any():
                    yield by, _between(low, high), chosen


def _kinds(scores: pd.DataFrame, column: str, heard: "pd.Series[bool]") -> list[Any]:
    """Return the distinct values of a column in natural order; none where there is but one."""
    if column not in scores:
        return []
    found = list(scores.loc[heard, column].dropna().unique())
    if len(found) < 2:
        return []
    return sorted(found, key=lambda value: [int(part) if part.isdigit() else part for part in
                                            re.split(r"(\d+)", str(value))])  # fmt: skip


def _between(low: float, high: float) -> str:
    """Name a range."""
    return f"above {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"
