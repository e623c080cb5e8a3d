"""Loops over samples that numpy has no word for, compiled by numba.

Imported only when they are needed: numba takes longer to load than all else together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["compressor_curve_db", "held_and_released_db", "interpolated_peaks"]

NEGLIGIBLE_DB = 1e-9
BLOCK_SAMPLES = 128


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
def interpolated_peaks(
    audio: NDArray[np.float32], interpolators: NDArray[np.float32], floor: float
) -> Any:
    """Return the largest magnitude at and beside each sample, between its neighbours too.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples + taps)
        Half the taps at either end are only looked at.
    interpolators : float32 array, shape (places, taps)
    floor : float
        Peaks that cannot exceed it are not looked for between samples.

    Returns
    -------
    float32 array, shape (samples,)
    """
    places, taps = interpolators.shape
    peaks = np.zeros(audio.shape[1] - taps, np.float32)
    bound = floor / np.abs(interpolators).sum(axis=1).max()
    values = np.empty(BLOCK_SAMPLES, np.float32)
    for channel in range(audio.shape[0]):
        x = audio[channel]
        for start in range(0, peaks.size, BLOCK_SAMPLES):
            size = min(BLOCK_SAMPLES, peaks.size - start)
            for n in range(size):
                peaks[start + n] = max(peaks[start + n], abs(x[start + n + taps // 2]))
            if np.abs(x[start : start + size + taps]).max() <= bound:
                continue
            for place in range(places):
                values[:] = 0
                for tap in range(taps):
                    weight = interpolators[place, tap]
                    piece = x[start + 1 + tap : start + 1 + tap + size]
                    for n in range(size):  # innermost, so that it is done eight at a time
                        values[n] += weight * piece[n]
                own, after = peaks[start : start + size], peaks[start + 1 : start + 1 + size]
                for n in range(size):
                    own[n] = max(own[n], abs(values[n]))
                for n in range(after.size):
                    after[n] = max(after[n], abs(values[n]))
    return peaks
