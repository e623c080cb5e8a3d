"""Rows of a manifest: what was drawn and what was measured, for one sample."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .tables import records

if TYPE_CHECKING:
    import pandas

__all__ = ["effect_numbers", "effect_rows", "flat_effects"]


def effect_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return effects as a manifest holds them: the name, its numbers as JSON, and the mark.

    ``keep`` says that the effect belongs to the target. Effects that hold others (branches of
    ``parallel``, both chains of ``mid_side``) have these among their numbers, plugins their
    parameters; see
    :func:`flat_effects`.
    """
    return [
        {
            "effect": str(row["effect"]),
            "numbers": json.dumps({k: v for k, v in row.items() if k not in ("effect", "keep")}),
            "keep": bool(row.get("keep", False)),
        }
        for row in rows
    ]


def flat_effects(stored: Iterable[Mapping[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Return effects that a manifest holds, with those inside of them as their followers.

    Returns
    -------
    list of (str, dict)
        Name and numbers of each, without the chains that they hold; a plugin's parameters
        stand among its numbers.

    Examples
    --------
    >>> inside = [[], [{"effect": "gain", "gain_db": -6.0}]]
    >>> flat_effects(effect_rows([{"effect": "parallel", "branches": inside, "mix": 1.0}]))
    [('parallel', {'mix': 1.0}), ('gain', {'gain_db': -6.0})]
    """
    found = []
    for row in stored:
        numbers = json.loads(row["numbers"])
        numbers = {**numbers.pop("parameters", {}), **numbers}  # of a plugin
        chains = numbers.pop("branches", [])
        if row["effect"] == "mid_side":
            chains = [numbers.pop("mid"), numbers.pop("side")]
        inside = [effect for chain in chains for effect in chain]
        found.append((str(row["effect"]), numbers))
        found += flat_effects(effect_rows(inside))
    return found


def effect_numbers(manifest: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return every drawn number of a dataset as one long table.

    Parameters
    ----------
    manifest : DataFrame
        As ``pandas.read_parquet`` reads it.

    Returns
    -------
    DataFrame
        One row a number: ``key, place`` (a class, "bus.NAME", "send.NAME", "master" or
        "medium"), ``effect, number, value``. Lists give one row an item; words and files stay text;
        effects inside of others stand beside them.
    """
    import pandas as pd

    rows = []
    for sample in records(manifest):
        places = [(track["stem_class"], track["effects"]) for track in sample["tracks"]]
        for kind, column in (("bus", "buses"), ("send", "sends")):
            if sample.get(column) is not None:  # an array
                places += [(f"{kind}.{one['name']}", one["effects"]) for one in sample[column]]
        places += [("master", sample["master"]), ("medium", sample["medium"])]
        for place, effects in places:
            for kind, numbers in flat_effects(effects):
                for name, value in numbers.items():
                    for item in value if isinstance(value, list) else [value]:
                        rows.append((sample["key"], place, kind, name, item))
    return pd.DataFrame(rows, columns=["key", "place", "effect", "number", "value"])
