"""Plan: every session of a dataset, drawn before anything is rendered."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ...degradations.language.distributions import Constant
from ...errors import CatalogError
from ...manifests.versions import FORMAT_VERSION, library_versions
from ...mixing.drawing import Drawer, draw
from ...mixing.recipes import Recipe
from ...mixing.sessions import Session
from ...mixing.songs import songs_of
from ..provenance import origins
from .splits import DEFAULT_SPLITS, Split, own_splits, parse_splits, sample_counts, split_songs

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Drawing", "Order", "Stretch", "draw_one", "drawn_from", "plan", "row_of"]

STRETCH_SAMPLES = 1024
"""Drawn together by a worker: a second's work, a dozen megabytes."""


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
    bits : {16, 24, 32}
        Width of the FLAC samples; 32 are floats, as WAV.
    shard_samples : int
        Samples in a shard.
    previews : {"", "opus", "mp3"}
        A small file beside each mixture, to listen to on a page.
    one_tar_per_field : bool
        Whether a shard is one tar for mixtures, one for dry stems, and so on, with the same keys.
    """

    recipe: Recipe
    samples: int
    seed: int = 0
    splits: tuple[Split, ...] = parse_splits(DEFAULT_SPLITS)
    bits: int = 16
    shard_samples: int = 16
    previews: str = ""
    one_tar_per_field: bool = False

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
            **({"previews": self.previews} if self.previews else {}),
            **({"one_tar_per_field": True} if self.one_tar_per_field else {}),
            **({"effects": {kind: own[kind].record() for kind in own}} if own else {}),
            **_licences(good, songs),
        }


def _licences(good: "DataFrame", songs: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return the songs of all splits by licence; nothing where no source tells of one."""
    dealt = {song for names in songs.values() for song in names}
    told: dict[str, list[str]] = {}
    if "licence" not in good:
        return {}
    for song, licence in sorted({*zip(good["song"], good["licence"], strict=True)}):
        if song in dealt:
            told.setdefault(licence, []).append(song)
    return {"licences": told} if any(told) else {}


def plan(order: Order, catalog: "DataFrame") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Draw every session; a pure function of the order and the catalog.

    Returns
    -------
    rows : list of dict
        Of ``plan.parquet``, split by split, index by index; see :func:`write_plan` where they
        are too many to be held.
    record : dict
        Of ``dataset.json``.

    Raises
    ------
    CatalogError
        If the songs cannot feed the recipe or the splits.
    """
    drawing = Drawing(order, catalog)
    rows = [row for stretch in drawing.stretches() for row in drawing.rows(stretch)]
    return rows, drawing.record


@dataclass(frozen=True)
class Stretch:
    """Some samples of a split, one after the other: from ``start`` to before ``stop``."""

    split: str
    start: int
    stop: int


class Drawing:
    """An order, and songs enough for it, of which any stretch of the plan can be drawn.

    Parameters
    ----------
    order : Order
    catalog : DataFrame

    Attributes
    ----------
    record : dict
        Of ``dataset.json``.
    counts : dict of str to int
        How many samples each split has.

    Raises
    ------
    CatalogError
        If the songs cannot feed the recipe or the splits.
    """

    def __init__(self, order: Order, catalog: "DataFrame") -> None:
        songs, dealt = songs_of(catalog), drawn_from(order, catalog)
        self.order, self.record = order, order.record(catalog, dealt)
        self.counts = sample_counts(order.splits, dealt, order.samples)
        self._digests = dict(zip(catalog["file"], catalog["sha256"], strict=True))
        self._drawers = {
            name: Drawer(order.recipe, [songs[song] for song in dealt[name]])
            for name, count in self.counts.items()
            if count
        }

    def stretches(self) -> list[Stretch]:
        """Return the whole plan in stretches, in its order."""
        return [
            Stretch(name, start, min(start + STRETCH_SAMPLES, count))
            for name, count in self.counts.items()
            for start in range(0, count, STRETCH_SAMPLES)
        ]

    def rows(self, stretch: Stretch) -> Iterator[dict[str, Any]]:
        """Draw the sessions of a stretch."""
        order, split = self.order, stretch.split
        for index in range(stretch.start, stretch.stop):
            session = self._drawers[split].planned(order.seed, split, index)
            yield row_of(order, split, index, session, self._digests)


def drawn_from(order: Order, catalog: "DataFrame") -> dict[str, tuple[str, ...]]:
    """Return which songs each split draws from.

    Raises
    ------
    CatalogError
        If there are too few, or the splits name others.
    """
    return split_songs(order.splits, songs_of(catalog), order.seed, own_splits(catalog))


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
