"""Playlists: which sample comes at which place, from the seed alone.

Nothing here depends on how samples are read: not on batches, worker processes or ranks.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import UsageError
from ...seeds import stream

__all__ = ["Playlist", "Turn", "Weights"]

Weights: TypeAlias = ArrayLike | Callable[[int], ArrayLike]
"""One number from 0 on for each sample, or a function from an epoch to them."""


class Turn(NamedTuple):
    """What comes at a position: the index of a sample, its epoch, and its place in that epoch."""

    sample: int
    epoch: int
    place: int


class Playlist:
    """An endless sequence of samples: epochs, each in an order of its own.

    Parameters
    ----------
    count : int or None
        How many samples there are; None for endless ones, which come one after the other.
    seed : int
    shuffle : bool
        Whether an epoch is a random permutation; else it goes from the first to the last.
    weights : array or callable, optional
        How often each sample shall come, relative to the others; a function is called with the
        epoch. In an epoch, a sample whose fair share is 1.3 comes once or twice, 1.3 times on
        average; one of no weight never. Without weights, or with equal ones, every sample comes
        once.
    length : int, optional
        Samples in an epoch, ``count`` by default. Needs weights: shorter epochs ask them more
        often.

    Raises
    ------
    UsageError
        If there is nothing to play, or the arguments contradict each other.

    Examples
    --------
    >>> playlist = Playlist(3, seed=1)
    >>> sorted(playlist.at(position).sample for position in (3, 4, 5))
    [0, 1, 2]
    >>> playlist.at(4).epoch
    1
    """

    def __init__(
        self,
        count: int | None,
        seed: int = 0,
        *,
        shuffle: bool = True,
        weights: Weights | None = None,
        length: int | None = None,
    ) -> None:
        if count is not None and count < 1:
            raise UsageError(f"playlist: wanted at least one sample, found {count}")
        if weights is None and length is not None:
            raise UsageError("playlist: wanted weights beside a length, found none; leave it out")
        if weights is not None and (count is None or not shuffle):
            raise UsageError(
                "playlist: wanted weights for a known number of samples that are shuffled; "
                "endless ones take a chance, see wetdry.datasets.fresh"
            )
        if length is not None and length < 1:
            raise UsageError(f"playlist: wanted an epoch of at least one sample, found {length}")
        self.count = count
        self.seed = seed
        self.shuffle = shuffle
        self.weights = weights
        self.length = count if length is None else length
        self._orders: dict[int, NDArray[np.int64]] = {}  # of the last epochs that were asked for

    def at(self, position: int) -> Turn:
        """Return what comes at a position, counted from 0 over all epochs."""
        if self.length is None:
            return Turn(position, 0, position)
        epoch, place = divmod(position, self.length)
        if epoch not in self._orders:
            kept = {e: order for e, order in self._orders.items() if e == epoch - 1}
            self._orders = {**kept, epoch: self._order(epoch)}
        return Turn(int(self._orders[epoch][place]), epoch, place)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Return the samples of an epoch, in order."""
        assert self.count is not None
        if not self.shuffle:
            return np.arange(self.count)
        rng = stream(self.seed, "playlist", epoch)
        if self.weights is None:
            return rng.permutation(self.count)
        given = self.weights(epoch) if callable(self.weights) else self.weights
        weights = _checked(given, self.count, epoch)
        assert self.length is not None
        if self.length == self.count and np.ptp(weights) == 0:
            return rng.permutation(self.count)
        return rng.permutation(_resampled(weights, self.length, rng))


def _checked(weights: ArrayLike, count: int, epoch: int) -> NDArray[np.float64]:
    """Refuse what cannot be weights of so many samples."""
    array = np.asarray(weights, np.float64)
    if array.shape != (count,):
        found = f"an array of shape {array.shape}"
    elif not np.isfinite(array).all() or array.min() < 0:
        found = f"{array[~(np.isfinite(array) & (array >= 0))][0]} among them"
    elif not array.any():
        found = "zeros only"
    else:
        return array
    raise UsageError(
        f"weights of epoch {epoch}: wanted {count} numbers from 0 on, some above it, found {found}"
    )


def _resampled(
    weights: NDArray[np.float64], length: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw samples so that each comes its fair share of times, rounded up or down.

    Systematic resampling (Kitagawa 1996) over an order drawn anew: one offset decides all.
    """
    order = rng.permutation(len(weights))
    ends = np.cumsum(weights[order] / weights.sum()) * length
    found: Any = np.searchsorted(ends, np.arange(length) + rng.random(), side="right")
    last = np.flatnonzero(weights[order])[-1]  # sums of floats may end a hair before the length
    return order[np.minimum(found, last)]
