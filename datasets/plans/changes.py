"""Plan changes: in which rows a plan differs from the one that a folder holds."""

from collections.abc import Sequence
from typing import Any

from ...manifests.row_groups import StoredRows, column_of
from ...manifests.schema import plan_schema
from ...manifests.store_paths import Place
from .spares import alike

__all__ = ["begins_with", "plan_change"]

Rows = Sequence[dict[str, Any]]


def begins_with(rows: Rows, path: Place) -> bool:
    """Tell whether a plan begins, in each split, with the rows of the plan at ``path``.

    Raises
    ------
    ShardError
        If there is no plan that can be read.
    """
    before = StoredRows(path, plan_schema().names)
    ours, theirs = _places(rows), _places(before)
    return all(
        len(ours.get(split, ())) >= len(places)
        and all(
            alike(before[place], rows[other])
            for place, other in zip(places, ours[split][: len(places)], strict=True)
        )
        for split, places in theirs.items()
    )


def _places(rows: Rows) -> dict[str, list[int]]:
    """Return where the rows of each split stand."""
    places: dict[str, list[int]] = {}
    for place, split in enumerate(column_of(rows, "split")):
        places.setdefault(split, []).append(place)
    return places


def plan_change(path: Place, rows: Rows) -> str:
    """Return in which rows a plan differs from the one of a folder; empty if in none."""
    if not path.is_file():
        return ""
    before = StoredRows(path, plan_schema().names)
    there = {key: place for place, key in enumerate(column_of(before, "key"))}
    wanted = {key: place for place, key in enumerate(column_of(rows, "key"))}
    common = [key for key in wanted if key in there]
    groups = {
        "without": [key for key in there if key not in wanted],
        "more": [key for key in wanted if key not in there],
        "changed": [
            f"{key} in {', '.join(_changed(before[there[key]], rows[wanted[key]]))}"
            for key in common
            if not alike(before[there[key]], rows[wanted[key]])
        ],
        "in another order from": [
            key
            for key, other in zip(common, sorted(common, key=there.__getitem__), strict=True)
            if key != other
        ],
    }
    told = [
        f"{word} {keys[0]}" + (f" and {len(keys) - 1} others" if keys[1:] else "")
        for word, keys in groups.items()
        if keys
    ]
    return f" (rows: {'; '.join(told)})" if told else ""


def _changed(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the columns in which two rows differ."""
    return [name for name in one if one[name] != other[name]]
