"""Each system's embeddings as a cloud, and how far it lies from the cloud of the dry stems."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics.frechet import Embedding, frechet_distance
from ..metrics.pairs import is_silent
from .cases import Case

__all__ = ["Clouds", "frechet_table"]

COLUMNS = [
    "system",
    "stem_class",
    "medium",
    "embedding",
    "clips",
    "items",
    "mean_term",
    "covariance_term",
    "total",
]

ALL = "all"
"""Stands in ``medium`` where clips through all media are one cloud."""

Cloud = dict[str, NDArray[np.float32]]
"""Items by the key of their clip."""


def frechet_table(cases: Iterable[Case], embedding: Embedding) -> pd.DataFrame:
    """Return the Frechet distance of every system and class.

    Parameters
    ----------
    cases : iterable of Case
        Those with a silent reference are left out, for every system alike.
    embedding : Embedding

    Returns
    -------
    DataFrame
        A row for each system and class with two items or more: ``medium`` ("all"), ``embedding``,
        ``clips`` and ``items`` (of which several may come from one clip) on either side,
        ``mean_term``, ``covariance_term`` and their ``total``.
    """
    clouds = Clouds(embedding)
    for _ in clouds.watch(cases):
        pass
    return clouds.table()


class Clouds:
    """Embeddings of references and estimates, gathered while cases pass by.

    Parameters
    ----------
    embedding : Embedding
    """

    def __init__(self, embedding: Embedding) -> None:
        self.embedding = embedding
        self.references: dict[str, Cloud] = defaultdict(dict)
        self.estimates: dict[tuple[str, str], Cloud] = defaultdict(dict)

    def watch(self, cases: Iterable[Case]) -> Iterator[Case]:
        """Let cases through and embed those whose reference sounds."""
        for case in cases:
            if not is_silent(case.reference):
                embedded = self.embedding(case.reference, case.sample_rate)
                self.references[case.stem_class][case.key] = embedded
                for system, estimate in case.estimates.items():
                    embedded = self.embedding(estimate, case.sample_rate)
                    self.estimates[system, case.stem_class][case.key] = embedded
            yield case

    def table(self, media: Mapping[tuple[str, str], str] = MappingProxyType({})) -> pd.DataFrame:
        """Return a row for each system and class whose clouds hold two items or more.

        Parameters
        ----------
        media : mapping of (str, str) to str
            By class and key; each of several media has rows of its own beside those of all.
        """
        rows = []
        several = sorted(set(media.values())) if len(set(media.values())) > 1 else []
        for (system, stem_class), cloud in self.estimates.items():
            for medium in [ALL, *several]:
                keys = [k for k in cloud if medium in (ALL, media.get((stem_class, k)))]
                items = sum(len(cloud[key]) for key in keys)
                if items > 1:
                    head = {"system": system, "stem_class": stem_class, "medium": medium}
                    rows.append(head | self._distance(self.references[stem_class], cloud, keys))
        return pd.DataFrame(rows, columns=COLUMNS)

    def _distance(self, reference: Cloud, cloud: Cloud, keys: list[str]) -> dict[str, object]:
        """Compare two clouds of the same clips."""
        pair = (np.concatenate([own[key] for key in keys]) for own in (reference, cloud))
        distance = frechet_distance(*pair)
        return {
            "embedding": self.embedding.name,
            "clips": len(keys),
            "items": distance.count_reference,
            "mean_term": distance.mean_term,
            "covariance_term": distance.covariance_term,
            "total": distance.total,
        }
