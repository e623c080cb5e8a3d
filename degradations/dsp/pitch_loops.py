"""Loops of pitch correction, compiled by numba.

Imported only when they are needed: numba takes longer to load than all else together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["refined_periods", "wrapped_places"]


@njit(cache=True, nogil=True)
def wrapped_places(
    speed: NDArray[np.float64], period: NDArray[np.float64], fade_samples: int
) -> Any:
    """Return where to read so that sound runs at ``speed`` and yet stays in place.

    The displacement grows by ``speed - 1`` a sample and jumps back by one period when it
    is half a period off, and to zero where the period ends; jumps are crossfades.

    Parameters
    ----------
    speed : float64 array, shape (samples,)
    period : float64 array, shape (samples,)
        In samples; 0 where there is none.
    fade_samples : int

    Returns
    -------
    three float64 arrays, shape (samples,)
        Displacement that is left, displacement that is taken up, and share of the latter.
    """
    left, taken, share = np.zeros(speed.size), np.zeros(speed.size), np.zeros(speed.size)
    old, new, faded = 0.0, 0.0, fade_samples
    for n in range(speed.size):
        voiced = period[n] > 0
        drift = speed[n] - 1 if voiced else 0.0
        new += drift
        old += drift
        if faded == fade_samples and (abs(new) > period[n] / 2 if voiced else new != 0.0):
            old, faded = new, 0
            new = new - math.copysign(period[n], new) if voiced else 0.0
        if faded < fade_samples:
            faded += 1
            left[n], taken[n], share[n] = old, new, faded / fade_samples
        else:
            left[n], taken[n], share[n] = new, new, 0.0
    return left, taken, share


@njit(cache=True, nogil=True)
def refined_periods(
    x: NDArray[np.float32],
    centres: NDArray[np.int64],
    periods: NDArray[np.float64],
    half: int,
    reach: int,
) -> Any:
    """Return ``periods`` at the bottom of the difference between sound and sound a period on.

    Parameters
    ----------
    x : float32 array, shape (samples,)
    centres : int64 array, shape (frames,)
    periods : float64 array, shape (frames,)
        In samples, right to ``reach``; 0 stays.
    half : int
        Half the length of the two stretches compared, which lie evenly around the centre.
    reach : int
    """
    found = np.zeros(periods.size)
    differences = np.empty(2 * reach + 1)
    for frame in range(periods.size):
        middle = round(periods[frame])
        if middle == 0:
            continue
        for i in range(differences.size):
            lag = middle + i - reach
            first = centres[frame] - lag // 2 - half
            total = 0.0
            for j in range(first, first + 2 * half):
                total += (x[j] - x[j + lag]) ** 2
            differences[i] = total
        best = min(max(int(differences.argmin()), 1), differences.size - 2)
        left, low, right = differences[best - 1], differences[best], differences[best + 1]
        bend = left - 2 * low + right
        offset = 0.5 * (left - right) / bend if bend > 0 else 0.0
        found[frame] = middle + best - reach + min(max(offset, -1.0), 1.0)
    return found
