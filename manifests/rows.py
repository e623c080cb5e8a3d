"""Rows of a manifest: what was drawn and what was measured, for one sample."""

import json
from typing import TYPE_CHECKING, Any

from .tables import records

if TYPE_CHECKING:
    import pandas

__all__ = ["effect_numbers", "effect_rows"]


def effect_rows(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return effects as a manifest holds them: the name, and the numbers as JSON."""
    return [
        {
            "effect": str(row["effect"]),
            "numbers": json.dumps({k: v for k, v in row.items() if k != "effect"}),
        }
        for row in rows
    ]


def effect_numbers(manifest: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return every drawn number of a dataset as one long table.

    Parameters
    ----------
    manifest : DataFrame
        As :func:`wetdry.manifests.read_manifest` returns it.

    Returns
    -------
    DataFrame
        One row a number: ``key, place`` (a class, "send.NAME", "master" or "medium"),
        ``effect, number, value``. Lists give one row an item; words and files stay text.
    """
    import pandas as pd

    rows = []
    for sample in records(manifest):
        places = [(track["stem_class"], track["effects"]) for track in sample["tracks"]]
        if sample.get("sends") is not None:  # an array
            places += [(f"send.{send['name']}", send["effects"]) for send in sample["sends"]]
        places += [("master", sample["master"]), ("medium", sample["medium"])]
        for place, effects in places:
            for effect in effects:
                for name, value in json.loads(effect["numbers"]).items():
                    for item in value if isinstance(value, list) else [value]:
                        rows.append((sample["key"], place, effect["effect"], name, item))
    return pd.DataFrame(rows, columns=["key", "place", "effect", "number", "value"])
