"""Loops over samples that numpy has no word for, compiled by numba.

Imported only when they are needed: numba takes longer to load than all else together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["biquads", "compressor_curve_db", "held_and_released_db", "interpolated_peaks"]

NEGLIGIBLE_DB = 1e-9
NEGLIGIBLE = 1e-30
BLOCK_SAMPLES = 128
FILTERED_SAMPLES = 4096
"""Samples that go through all sections together: they and the filters fit into the cache."""


@njit(cache=True, nogil=True)
def biquads(audio: NDArray[np.float32], sections: NDArray[np.float64]) -> Any:
    """Filter one or two channels by a cascade of second-order sections that starts at rest.

    Transposed direct form II in double precision, as ``scipy.signal.sosfilt``. Memory below
    1e-30 is forgotten from block to block; left alone, it decays into denormal numbers, on
    which filters are fifty times slower.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sections : float64 array, shape (sections, 6)
        b0, b1, b2, a0 = 1, a1, a2 of each.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    channels, samples = audio.shape
    out = np.empty((channels, samples), np.float32)
    block = np.zeros((2, FILTERED_SAMPLES))  # two recursions at once cost no more than one
    left, right = block[0], block[1]
    memory = np.zeros((sections.shape[0], 4))
    for start in range(0, samples, FILTERED_SAMPLES):
        size = min(FILTERED_SAMPLES, samples - start)
        block[:channels, :size] = audio[:, start : start + size]
        for k in range(sections.shape[0]):
            b0, b1, b2 = sections[k, 0], sections[k, 1], sections[k, 2]
            a1, a2 = sections[k, 4], sections[k, 5]
            p, q, r, s = memory[k, 0], memory[k, 1], memory[k, 2], memory[k, 3]
            for n in range(size):
                x, u = left[n], right[n]
                y, v = b0 * x + p, b0 * u + r
                p, r = (b1 * x - a1 * y) + q, (b1 * u - a1 * v) + s
                q, s = b2 * x - a2 * y, b2 * u - a2 * v
                left[n], right[n] = y, v
            memory[k, 0], memory[k, 1], memory[k, 2], memory[k, 3] = p, q, r, s
        for k in range(sections.shape[0]):
            for place in range(4):
                if abs(memory[k, place]) < NEGLIGIBLE:
                    memory[k, place] = 0.0
        out[:, start : start + size] = block[:channels, :size]
    return out


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
