"""Plan: every session of a dataset, drawn before anything is rendered."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..degradations.distributions import Constant
from ..errors import CatalogError
from ..manifests.versions import FORMAT_VERSION, library_versions
from ..mixing.drawing import Drawer, draw
from ..mixing.recipes import Recipe
from ..mixing.sessions import Session
from ..mixing.songs import Song, songs_of
from .provenance import origins
from .splits import DEFAULT_SPLITS, Split, own_splits, parse_splits, sample_counts, split_songs

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Order", "draw_one", "drawn_from", "plan", "row_of"]


@dataclass(frozen=True)
class Order:
    """What is asked of the factory.

    Parameters
    ----------
    recipe : Recipe
    samples : int
        In all splits together.
    seed : int
    splits : tuple of Split
    bits : {16, 24}
        Width of the FLAC samples.
    shard_samples : int
        Samples in a shard.
    """

    recipe: Recipe
    samples: int
    seed: int = 0
    splits: tuple[Split, ...] = parse_splits(DEFAULT_SPLITS)
    bits: int = 16
    shard_samples: int = 16

    def record(self, catalog: "DataFrame", songs: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        """Return what ``dataset.json`` holds: all that the bytes depend on.

        Two orders with equal records give the same dataset.
        """
        severity, own = self.recipe.severity, origins(self.recipe)
        good = catalog[catalog["fault"].isna()]
        digests = json.dumps(dict(zip(good["file"], good["sha256"], strict=True)), sort_keys=True)
        return {
            "format_version": FORMAT_VERSION,
            "recipe_name": self.recipe.name,
            "recipe": self.recipe.text,
            "included": [{"name": name, "text": text} for name, text in self.recipe.included],
            "severity": severity.value if isinstance(severity, Constant) else "drawn",
            "sample_rate": self.recipe.sample_rate,
            "seconds": self.recipe.seconds,
            "seed": self.seed,
            "samples": self.samples,
            "splits": {name: list(names) for name, names in songs.items()},
            "bits": self.bits,
            "shard_samples": self.shard_samples,
            "stems_sha256": sha256(digests.encode()).hexdigest(),
            "versions": library_versions(),
            **({"effects": {kind: own[kind].record() for kind in own}} if own else {}),
        }


def plan(order: Order, catalog: "DataFrame") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Draw every session; a pure function of the order and the catalog.

    Returns
    -------
    rows : list of dict
        Of ``plan.parquet``, split by split, index by index.
    record : dict
        Of ``dataset.json``.

    Raises
    ------
    CatalogError
        If the songs cannot feed the recipe or the splits.
    """
    songs, dealt = songs_of(catalog), drawn_from(order, catalog)
    counts = sample_counts(order.splits, dealt, order.samples)
    digests = dict(zip(catalog["file"], catalog["sha256"], strict=True))
    rows = [
        row
        for name, count in counts.items()
        for row in _rows(order, name, count, [songs[song] for song in dealt[name]], digests)
    ]
    return rows, order.record(catalog, dealt)


def drawn_from(order: Order, catalog: "DataFrame") -> dict[str, tuple[str, ...]]:
    """Return which songs each split draws from.

    Raises
    ------
    CatalogError
        If there are too few, or the splits name others.
    """
    return split_songs(order.splits, songs_of(catalog), order.seed, own_splits(catalog))


def _rows(
    order: Order, split: str, count: int, songs: list[Song], digests: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Draw the sessions of one split."""
    if not count:
        return
    drawer = Drawer(order.recipe, songs)
    for index in range(count):
        yield row_of(order, split, index, drawer.draw(order.seed, split, index), digests)


def row_of(
    order: Order, split: str, index: int, session: Session, digests: Mapping[str, str]
) -> dict[str, Any]:
    """Return the row of ``plan.parquet`` of a drawn session; digests are those of its files."""
    return {
        "key": f"{split}-{index:08d}",
        "split": split,
        "shard": f"{split}-{index // order.shard_samples:06d}",
        "seed": order.seed,
        "index": index,
        "session": session.json_row(),
        "source_sha256": json.dumps({t.file: digests[t.file] for t in session.tracks}),
    }


def draw_one(order: Order, catalog: "DataFrame", split: str, index: int) -> Session:
    """Draw one session of a dataset, without drawing the others.

    Raises
    ------
    CatalogError
        If there is no such split, or its songs cannot feed the recipe.
    """
    songs, dealt = songs_of(catalog), drawn_from(order, catalog)
    if split not in dealt:
        raise CatalogError(f"--split: wanted one of {', '.join(dealt)}, found {split!r}")
    own = [songs[song] for song in dealt[split]]
    return draw(order.recipe, own, order.seed, split, index)
