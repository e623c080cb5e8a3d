"""Things that happen now and then: when, by a Poisson process, and how large."""

import numpy as np
from numpy.typing import NDArray

from ...audio import amplitude
from ...seeds import stream

__all__ = ["event_positions", "event_sizes"]

LARGEST_DB = 18.0
"""No click stands further above the median: a lognormal law has no end."""


def event_positions(
    seed: int, name: str, rate_hz: float, samples: int, sample_rate: int
) -> NDArray[np.int64]:
    """Return the positions of events that know nothing of each other, in rising order.

    Parameters
    ----------
    seed : int
    name : str
        Which events under this seed.
    rate_hz : float
        How many a second, on average.
    samples, sample_rate : int
        For how long they may happen.
    """
    random = stream(seed, name, "positions")
    count = random.poisson(rate_hz * samples / sample_rate)
    return np.sort((random.random(count) * samples).astype(np.int64))


def event_sizes(
    seed: int, name: str, count: int, level_dbfs: float, spread_db: float
) -> NDArray[np.float64]:
    """Return peak values whose dB are normally distributed, of either sign, below full scale.

    Parameters
    ----------
    seed : int
    name : str
        Which events under this seed.
    count : int
    level_dbfs, spread_db : float
        Median and standard deviation; nothing is more than 18 dB above the median.
    """
    random = stream(seed, name, "sizes")
    above_db = np.minimum(spread_db * random.standard_normal(count), LARGEST_DB)
    signs = 1 - 2 * random.integers(0, 2, count)
    sizes = amplitude(level_dbfs) * 10 ** (above_db / 20)
    return np.asarray(signs * np.minimum(sizes, 1.0))
