"""Loops over samples that numpy has no word for, compiled by numba.

Imported only when they are needed: numba takes longer to load than all else together.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["averaged", "held_and_released_db", "interpolated_peaks", "smoothed", "switched"]

NEGLIGIBLE_DB = 1e-9
VANISHED = 1e-30
BLOCK_SAMPLES = 128


@njit(cache=True, nogil=True)
def smoothed(
    values: NDArray[np.float32], growing: float, shrinking: float, start: float
) -> NDArray[np.float32]:
    """Return ``values`` through a one-pole filter with one coefficient up and one down.

    The ballistics of every level detector and of every gain here.

    Parameters
    ----------
    values : float32 array, shape (samples,)
    growing, shrinking : float
        Coefficients, exp(-1 / samples), while the value lies above the state, and otherwise;
        0 follows at once.
    start : float
        The state before the first sample.
    """
    out = np.empty(values.size, np.float32)
    state = start
    for n in range(values.size):
        value = np.float64(values[n])
        pole = growing if value > state else shrinking
        state = value + pole * (state - value)
        if abs(state) < VANISHED:  # else it decays into slow denormal numbers
            state = 0.0
        out[n] = state
    return out


@njit(cache=True, nogil=True)
def switched(
    level: NDArray[np.float32], opens_at: float, closes_at: float, hold: int
) -> NDArray[np.float32]:
    """Return 1 where a switch with hysteresis is open and 0 where it is closed, as at first.

    Parameters
    ----------
    level : float32 array, shape (samples,)
    opens_at, closes_at : float
        It opens above the first, and closes below the second (which is no larger).
    hold : int
        For so many samples after the level was last at ``closes_at`` it stays open.
    """
    states = np.zeros(level.size, np.float32)
    is_open, since = False, 0
    for n in range(level.size):
        if level[n] > opens_at:
            is_open = True
        if level[n] >= closes_at:
            since = 0
        else:
            since += 1
            if since > hold:
                is_open = False
        states[n] = is_open
    return states


@njit(cache=True, nogil=True)
def averaged(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the mean of each run of ``width`` values; ``width`` - 1 fewer than there were."""
    means = np.empty(max(values.size - width + 1, 0))
    total = values[: width - 1].sum()
    for n in range(means.size):
        total += values[n + width - 1]
        means[n] = total / width
        total -= values[n]
    return means


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


@njit(cache=True, nogil=True, error_model="numpy")
def interpolated_peaks(
    audio: NDArray[np.float32], interpolators: NDArray[np.float32], floor: float
) -> Any:
    """Return the largest magnitude at and beside each sample, between its neighbours too.

    Peaks between the interpolated places are the tops of parabolas through three of them.

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
    fine = np.empty((places + 2, BLOCK_SAMPLES), np.float32)
    tops = np.empty(BLOCK_SAMPLES, np.float32)
    for channel in range(audio.shape[0]):
        x = audio[channel]
        for start in range(0, peaks.size, BLOCK_SAMPLES):
            size = min(BLOCK_SAMPLES, peaks.size - start)
            middle = start + taps // 2
            for n in range(size):
                peaks[start + n] = max(peaks[start + n], abs(x[middle + n]))
            if np.abs(x[start : start + size + taps]).max() <= bound:
                continue
            fine[0, :size] = x[middle : middle + size]
            fine[places + 1, :size] = x[middle + 1 : middle + 1 + size]
            for place in range(places):
                values = fine[place + 1]
                values[:] = 0
                for tap in range(taps):
                    weight = interpolators[place, tap]
                    piece = x[start + 1 + tap : start + 1 + tap + size]
                    for n in range(size):  # innermost, so that it is done eight at a time
                        values[n] += weight * piece[n]
            _raise_to_parabolas(fine, tops, size)
            own, after = peaks[start : start + size], peaks[start + 1 : start + 1 + size]
            for n in range(size):
                own[n] = max(own[n], tops[n])
            for n in range(after.size):
                after[n] = max(after[n], tops[n])
    return peaks


@njit(cache=True, nogil=True, error_model="numpy")
def _raise_to_parabolas(fine: NDArray[np.float32], tops: NDArray[np.float32], size: int) -> None:
    """Write into ``tops`` the largest magnitude of each column, between its rows too."""
    tops[:] = 0
    for row in range(1, fine.shape[0] - 1):
        before, here, behind = fine[row - 1], fine[row], fine[row + 1]
        for n in range(size):
            slope = behind[n] - before[n]
            bend = np.float32(2) * here[n] - before[n] - behind[n]
            rise = slope * slope / (np.float32(8) * bend)
            is_near = abs(slope) < np.float32(2) * abs(bend)  # the top, at most one row away
            tops[n] = max(tops[n], abs(here[n] + (rise if is_near else np.float32(0))))
