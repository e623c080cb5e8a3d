"""Spares: rows of plans that leave spare chains to the recipe, and the same rows with all chains.

A plan leaves them out, the row of a shard and of a manifest has them all: whoever renders that one
again needs no recipe.
"""

import io
import json
import pickle
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...degradations import Effect
from ...degradations.effect import effect_type
from ...errors import ShardError, WetdryError
from ...manifests.row_groups import StoredRows
from ...manifests.store_paths import Place
from ...mixing.recipes import Recipe
from ...mixing.sessions import Session
from ...mixing.spare_chains import SpareChains

__all__ = ["PlanOfManifest", "alike", "completed", "leaves_out", "packed", "unpacked"]

Row = Mapping[str, Any]

LEFT_OUT = '"spares":{"count":'
"""Stands in the text of a session that leaves chains to its recipe, and in no other's."""


class _Pickler(pickle.Pickler):
    """Pickles a recipe with effects by their names: other machines have them elsewhere."""

    def persistent_id(self, value: Any) -> str | None:
        """Return the name of an effect's class."""
        known = isinstance(value, type) and issubclass(value, Effect) and "kind" in vars(value)
        return value.kind if known else None


class _Unpickler(pickle.Unpickler):
    """Reads what :class:`_Pickler` wrote, where the same effects are known."""

    def persistent_load(self, name: str) -> type[Effect]:
        """Return the effect of a name."""
        return effect_type(name)


def packed(recipe: Recipe) -> bytes:
    """Return a recipe on its way to where samples are rendered; nothing if it refuses no chain."""
    if not recipe.reject:
        return b""
    data = io.BytesIO()
    _Pickler(data).dump(recipe)
    return data.getvalue()


@lru_cache(maxsize=4)
def unpacked(data: bytes) -> SpareChains:
    """Return the spare chains of a recipe that our own parent process packed."""
    recipe: Recipe = _Unpickler(io.BytesIO(data)).load()
    return SpareChains(recipe)


def leaves_out(row: Row) -> bool:
    """Tell whether a row leaves chains to the recipe."""
    return LEFT_OUT in str(row["session"])


def completed(row: dict[str, Any], chains: SpareChains | None) -> dict[str, Any]:
    """Return a row of a plan with all chains, as a manifest holds it.

    Raises
    ------
    RecipeError, ShardError
        If they are to be drawn from another recipe, or from one that was not given.
    """
    if not leaves_out(row):
        return row
    if chains is None:
        raise ShardError(
            f"{row['key']}: wanted the recipe, to which the plan leaves spare chains, found none; "
            "give it, or take the row of the manifest, which has them all"
        )
    session = Session.from_row(row["session"])
    whole = chains.completed(session, int(row["seed"]), str(row["split"]), int(row["index"]))
    return {**row, "session": whole.json_row()}


class PlanOfManifest(StoredRows):
    """The plan that a manifest was made of: rows leave out what its recipe draws again.

    Parameters
    ----------
    path : Path or StorePath
    columns : sequence of str
    chains : SpareChains or None
        None where the recipe refuses no chain, or is not at hand: rows are as they are.
    """

    def __init__(self, path: Place, columns: Sequence[str], chains: SpareChains | None) -> None:
        super().__init__(path, columns)
        self._chains = chains

    def _between(self, start: int, stop: int) -> list[dict[str, Any]]:
        return [self._planned(row) for row in super()._between(start, stop)]

    def _planned(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row as it was planned; one whose spare chains were edited as it is."""
        if self._chains is None:
            return row
        session = Session.from_row(row["session"])
        shorter = {**row, "session": self._chains.without(session).json_row()}
        try:
            return shorter if completed(shorter, self._chains) == row else row
        except WetdryError:
            return row


def alike(one: Row, other: Row) -> bool:
    """Tell whether two rows plan the same, one of which may leave out its spare chains."""
    if leaves_out(one) == leaves_out(other):
        return one == other
    return _first_chains(one) == _first_chains(other)


def _first_chains(row: Row) -> dict[str, Any]:
    """Return a row without spare chains."""
    session = json.loads(row["session"])
    session.pop("spares", None)
    for track in session["tracks"]:
        del track["chains"][1:]
    return {**row, "session": session}
