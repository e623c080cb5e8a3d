"""Tables of what was done: one row a step, and one multi-hot row a class."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..degradations.undoing import LABELS
from .schema import STEP_NUMBERS
from .tables import records

if TYPE_CHECKING:
    import pandas

__all__ = ["BANDS", "label_table", "step_table"]

BANDS = ("0", "120", "500", "2000", "6000", "12000")
"""Where the bands begin, in Hz: the columns ``band_change_120_hz_db`` and the like."""

STEP_COLUMNS = (
    "key", "split", "place", "track", "position", "effect", "label", "labels", "keep", "undoable",
    "oracle", *STEP_NUMBERS, *(f"band_change_{low}_hz_db" for low in BANDS), "numbers",
)  # fmt: skip


def step_table(manifest: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return every step of a dataset as one long table: what to choose a curriculum from.

    Parameters
    ----------
    manifest : DataFrame
        As ``pandas.read_parquet`` reads it.

    Returns
    -------
    DataFrame
        One row a step, in the order in which sound goes through them: ``key, split, place``
        ("stem.Vocals", "bus.rhythm", "send.room", "master", "medium"), ``track`` (its number in
        the row's ``tracks``; missing elsewhere), ``position`` in its chain, ``effect, label``
        (its own), ``labels`` (with those inside of it, joined by commas), ``keep, undoable,
        oracle``, what was measured, and ``numbers`` (a dict). Missing where it has no meaning,
        and in manifests of earlier versions.
    """
    import pandas as pd

    rows = [
        _row(sample, place, track, position, step)
        for sample in records(manifest)
        for place, track, steps in _places(sample)
        for position, step in enumerate(steps)
    ]
    table = pd.DataFrame(rows, columns=list(STEP_COLUMNS))
    numeric = [name for name in STEP_COLUMNS if name in STEP_NUMBERS or name.startswith("band_")]
    return table.astype({name: "float64" for name in numeric} | {"track": "Int64"})


def _places(sample: dict[str, Any]) -> Iterator[tuple[str, int | None, Any]]:
    """Go through the chains of one sample: name, number of the track, steps."""
    for number, track in enumerate(sample["tracks"]):
        yield f"stem.{track['stem_class']}", number, track["effects"]
    for kind, column in (("bus", "buses"), ("send", "sends")):
        groups = sample.get(column)
        for group in [] if groups is None or isinstance(groups, float) else groups:
            yield f"{kind}.{group['name']}", None, group["effects"]
    for place in ("master", "medium"):
        yield place, None, sample[place]


def _row(
    sample: dict[str, Any], place: str, track: int | None, position: int, step: dict[str, Any]
) -> tuple[Any, ...]:
    """Return one row of the table."""
    labels = step.get("labels")
    names = [] if labels is None else list(labels)
    bands = step.get("band_change_db")
    changes = [None] * len(BANDS) if bands is None else list(bands)
    return (
        *(sample["key"], sample["split"], place, track, position, step["effect"]),
        *(_own_label(step["effect"], names), ",".join(names), bool(step.get("keep", False))),
        *(step.get("undoable"), step.get("oracle")),
        *(step.get(name) for name in STEP_NUMBERS),
        *changes,
        json.loads(step["numbers"]),
    )


def _own_label(kind: str, labels: list[str]) -> str | None:
    """Return an effect's own label: the only one, unless it holds others."""
    from ..degradations import Effect

    if len(labels) == 1:
        return labels[0]
    return Effect.kinds[kind].label if kind in Effect.kinds else None


def label_table(manifest: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return the multi-hot labels of a dataset: a training signal.

    Parameters
    ----------
    manifest : DataFrame

    Returns
    -------
    DataFrame
        Indexed by ``key`` and ``of``: a class (its chains, bus and sends), "mix" (master and
        medium) and "sample" (everything); one column of 0 and 1 a label. What is kept in the
        target does not count.
    """
    import pandas as pd

    rows, index = [], []
    for sample in records(manifest):
        for entry in sample["labels"]:
            index.append((sample["key"], entry["of"]))
            rows.append([int(hot) for hot in entry["multi_hot"]])
    names = pd.MultiIndex.from_tuples(index, names=["key", "of"]) if index else None
    return pd.DataFrame(rows, columns=list(LABELS), index=names, dtype="int8")
