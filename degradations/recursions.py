"""Loops over samples that numpy has no word for, compiled by numba.

Imported only when they are needed: numba takes longer to load than all else together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["compressor_curve_db", "grouped_peaks", "held_and_released_db"]

NEGLIGIBLE_DB = 1e-9


@njit(cache=True, nogil=True)
def compressor_curve_db(
    level: NDArray[np.float32],
    threshold_db: float,
    slope: float,
    knee_db: float,
    attack: float,
    release: float,
) -> Any:
    """Return the gain of a compressor at every sample, in dB, never positive.

    Gain computer, then one-pole smoothing of the reduction, faster while it grows.

    Parameters
    ----------
    level : float32 array, shape (samples,)
        Magnitude of the louder channel.
    threshold_db, knee_db : float
        In dB; the knee is the width of the bend around the threshold.
    slope : float
        1 - 1 / ratio.
    attack, release : float
        Coefficients of the one-pole filters, exp(-1 / samples).
    """
    lowest = 10 ** ((threshold_db - knee_db / 2) / 20)
    curve = np.empty(level.size)
    reduction = 0.0
    for n in range(level.size):
        wanted = 0.0
        if level[n] > lowest:
            over = 20 * math.log10(level[n]) - threshold_db
            bent = over + knee_db / 2
            wanted = slope * (over if bent >= knee_db else bent * bent / (2 * knee_db))
        pole = attack if wanted > reduction else release
        reduction = wanted + pole * (reduction - wanted)
        if reduction < NEGLIGIBLE_DB:  # else it decays into slow denormal numbers
            reduction = 0.0
        curve[n] = -reduction
    return curve


@njit(cache=True, nogil=True)
def held_and_released_db(reduction: NDArray[np.float64], ahead: int, release: float) -> Any:
    """Return ``reduction`` brought forward by up to ``ahead`` samples, then let go slowly.

    Nowhere below the largest reduction of the next ``ahead`` samples.

    Parameters
    ----------
    reduction : float64 array, shape (samples,)
        In dB, zero or positive.
    ahead : int
        In samples.
    release : float
        Coefficient of the one-pole decay, exp(-1 / samples).
    """
    held = np.empty(reduction.size)
    queue = np.empty(reduction.size, np.int64)  # of falling maxima; its head is the largest
    head, tail, current = 0, 0, 0.0
    for end in range(reduction.size + ahead):
        if end < reduction.size:
            while tail > head and reduction[queue[tail - 1]] <= reduction[end]:
                tail -= 1
            queue[tail] = end
            tail += 1
        start = end - ahead
        if start >= 0:
            if queue[head] < start:
                head += 1
            current = max(reduction[queue[head]], current * release)
            current = current if current >= NEGLIGIBLE_DB else 0.0
            held[start] = current
    return held


@njit(cache=True, nogil=True)
def grouped_peaks(fine: NDArray[np.float32], factor: int) -> Any:
    """Return the largest magnitude within half a group of each ``factor``-th sample.

    Parameters
    ----------
    fine : float32 array, shape (channels, samples * factor)
    factor : int
        Even.

    Returns
    -------
    float32 array, shape (samples,)
    """
    peaks = np.zeros(fine.shape[1] // factor, np.float32)
    half = factor // 2
    for channel in range(fine.shape[0]):
        for n in range(peaks.size):
            largest = peaks[n]
            for m in range(max(0, n * factor - half), min(fine.shape[1], n * factor + half + 1)):
                largest = max(largest, abs(fine[channel, m]))
            peaks[n] = largest
    return peaks
