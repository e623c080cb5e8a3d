"""Mixtures that no sample holds: wet stems of several samples, summed anew."""

import numpy as np
from numpy.typing import NDArray

from ..audio import STEM_CLASSES, Audio
from .pcm import PcmCache

__all__ = ["draw_channel", "draw_start", "remixed"]

REMIX_DB = 3.0
"""Standard deviation of the gains of stems that are mixed anew."""


def draw_channel(cache: PcmCache, item: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw what each channel contributes: left, right or their mean."""
    if cache.items[item]["channels"] == 1:
        return np.ones(1)
    return np.array([(1, 0), (0, 1), (0.5, 0.5)])[rng.integers(3)]


def draw_start(cache: PcmCache, item: int, frames: int, rng: np.random.Generator) -> int:
    """Draw where an excerpt begins."""
    return int(rng.integers(max(cache.items[item]["frames"] - frames, 0) + 1))


def remixed(cache: PcmCache, frames: int, rng: np.random.Generator) -> Audio:
    """Sum wet stems, each from a sample and place of its own, shape (17, frames).

    There is no end to such mixtures, where the samples' own are soon learnt by heart. They have
    not been through buses, a master and a medium.

    Parameters
    ----------
    cache : PcmCache
    frames : int
        In samples.
    rng : numpy.random.Generator

    Returns
    -------
    float32 array, shape (17, frames)
        Mixture, dry stems, and silence where stage one's estimates would be.
    """
    out = np.zeros((1 + 2 * len(STEM_CLASSES), frames), np.float32)
    for place, name in enumerate(STEM_CLASSES, 1):
        item = int(rng.integers(len(cache.items)))
        mix = draw_channel(cache, item, rng) * 10 ** (rng.normal(0, REMIX_DB) / 20)
        start = draw_start(cache, item, frames, rng)
        out[0] += cache.mono(item, f"wet/{name}", start, frames, mix)
        out[place] = cache.mono(item, f"dry/{name}", start, frames, mix)
    return out
