"""Labels that a network predicts of songs, gathered window by window."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...audio import STEM_CLASSES
from ..effect_labels import MIX, EffectLabels

__all__ = ["HeardLabels", "label_rows", "song_table"]


class HeardLabels:
    """The mean over a song of what is said of its windows."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float64] = np.zeros(())
        self._samples = 0

    def add(self, chances: NDArray[np.floating[Any]], samples: int) -> None:
        """Take note of a window of so many samples: chances of shape (8, labels)."""
        self._sum = self._sum + np.asarray(chances, np.float64) * samples
        self._samples += samples

    @property
    def chances(self) -> NDArray[np.float64]:
        """How likely each label is, shape (8, labels), from 0 to 1."""
        return np.asarray(self._sum / self._samples, np.float64)


def label_rows(
    chances: NDArray[np.float64], labels: EffectLabels
) -> Iterable[tuple[str, str, float]]:
    """Yield class, label and chance; those of the mix, a mean over the classes, once as "mix"."""
    own = len(labels.own)
    for name, row in zip(STEM_CLASSES, chances, strict=True):
        yield from ((name, label, float(x)) for label, x in zip(labels.own, row, strict=False))
    mix = chances[:, own:].mean(0)
    yield from ((MIX, label, float(x)) for label, x in zip(labels.mix, mix, strict=True))


def song_table(heard: Mapping[str, HeardLabels], labels: EffectLabels) -> pd.DataFrame:
    """Return a row for each song, class and label: ``song, stem_class, label, probability``."""
    rows = [
        (song, *row) for song, found in heard.items() for row in label_rows(found.chances, labels)
    ]
    return pd.DataFrame(rows, columns=["song", "stem_class", "label", "probability"])
