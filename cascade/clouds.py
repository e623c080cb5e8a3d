"""Each system's embeddings as a cloud, and how far it lies from the cloud of the dry stems."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .cases import Case
from .frechet import Embedding, frechet_distance
from .pairs import is_silent

__all__ = ["Clouds", "frechet_table"]

COLUMNS = [
    "system",
    "stem_class",
    "embedding",
    "clips",
    "items",
    "mean_term",
    "covariance_term",
    "total",
]


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
        A row for each system and class with two items or more: ``embedding``, ``clips`` and
        ``items`` (of which several may come from one clip) on either side, ``mean_term``,
        ``covariance_term`` and their ``total``.
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
        self.references: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
        self.estimates: dict[tuple[str, str], list[NDArray[np.float32]]] = defaultdict(list)

    def watch(self, cases: Iterable[Case]) -> Iterator[Case]:
        """Let cases through and embed those whose reference sounds."""
        for case in cases:
            if not is_silent(case.reference):
                embedded = self.embedding(case.reference, case.sample_rate)
                self.references[case.stem_class].append(embedded)
                for system, estimate in case.estimates.items():
                    embedded = self.embedding(estimate, case.sample_rate)
                    self.estimates[system, case.stem_class].append(embedded)
            yield case

    def table(self) -> pd.DataFrame:
        """Return a row for each system and class whose clouds hold two items or more."""
        rows = []
        for (system, stem_class), clouds in self.estimates.items():
            wanted, found = (np.concatenate(c) for c in (self.references[stem_class], clouds))
            if len(wanted) > 1:
                distance = frechet_distance(wanted, found)
                rows.append(
                    {
                        "system": system,
                        "stem_class": stem_class,
                        "embedding": self.embedding.name,
                        "clips": len(clouds),
                        "items": distance.count_reference,
                        "mean_term": distance.mean_term,
                        "covariance_term": distance.covariance_term,
                        "total": distance.total,
                    }
                )
        return pd.DataFrame(rows, columns=COLUMNS)
