"""The inner loop of beat tracking, compiled: each step needs the one before."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["best_ways"]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def best_ways(
    onsets: NDArray[np.float64], cost: NDArray[np.float64], total: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Fill ``total`` with the best sums of onsets less costs, and return the best steps back.

    ``cost[i]`` is that of a beat ``longest - i`` frames before; ``total`` (frames + longest) is
    zero before the beginning. Of equal ways the longest is taken.
    """
    longest = len(total) - len(onsets)
    taken = np.zeros(len(onsets), np.int64)
    for n in range(len(onsets)):
        best, way = 0, total[n] - cost[0]
        for i in range(1, len(cost)):
            other = total[n + i] - cost[i]
            if other > way:
                best, way = i, other
        total[n + longest] = onsets[n] + way
        taken[n] = longest - best
    return taken
