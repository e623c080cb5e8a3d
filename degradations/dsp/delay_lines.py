"""Loops of the effects that move sound in time or phase, compiled by numba.

Imported only when they are needed: numba takes longer to load than all else together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["allpass_cascade", "fed_back", "read_at"]

NEGLIGIBLE = 1e-20


@njit(cache=True, nogil=True)
def _weigh(place: float, kernels: NDArray[np.float32], weights: NDArray[np.float32]) -> Any:
    """Fill ``weights`` with the interpolator for ``place``; return its first sample."""
    taps = kernels.shape[1]
    whole = math.floor(place)
    fine = (place - whole) * (kernels.shape[0] - 1)
    row = min(int(fine), kernels.shape[0] - 2)
    share = np.float32(fine - row)
    for tap in range(taps):
        weights[tap] = kernels[row, tap] + share * (kernels[row + 1, tap] - kernels[row, tap])
    return int(whole) - taps // 2 + 1


@njit(cache=True, nogil=True)
def _weighed(line: NDArray[np.float32], first: int, weights: NDArray[np.float32]) -> Any:
    """Return the sum of samples times weights, in four sums that run side by side."""
    a, b, c, d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    for tap in range(0, weights.size, 4):
        a += weights[tap] * line[first + tap]
        b += weights[tap + 1] * line[first + tap + 1]
        c += weights[tap + 2] * line[first + tap + 2]
        d += weights[tap + 3] * line[first + tap + 3]
    return (a + b) + (c + d)


@njit(cache=True, nogil=True)
def read_at(
    lines: NDArray[np.float32], places: NDArray[np.float64], kernels: NDArray[np.float32]
) -> Any:
    """Return ``lines`` read between their samples.

    Parameters
    ----------
    lines : float32 array, shape (channels, samples)
    places : float64 array, shape (places,)
        In samples; nearer to the ends than half the taps, the last place that can be is read.
    kernels : float32 array, shape (steps + 1, taps)
        As ``interpolation.kernels`` gives; taps is a multiple of 4.

    Returns
    -------
    float32 array, shape (channels, places)
    """
    taps = kernels.shape[1]
    out = np.empty((lines.shape[0], places.size), np.float32)
    weights = np.empty(taps, np.float32)
    lowest, highest = taps // 2 - 1.0, lines.shape[1] - taps // 2 - 1.0
    for n in range(places.size):
        first = _weigh(min(max(places[n], lowest), highest), kernels, weights)
        for channel in range(lines.shape[0]):
            out[channel, n] = _weighed(lines[channel], first, weights)
    return out


@njit(cache=True, nogil=True)
def fed_back(
    x: NDArray[np.float32],
    delay: NDArray[np.float64],
    feedback: float,
    kernels: NDArray[np.float32],
) -> Any:
    """Return what leaves a delay line whose end is fed back to its beginning.

    Parameters
    ----------
    x : float32 array, shape (samples,)
    delay : float64 array, shape (samples,)
        In samples; at least half the taps, because what is read must have been written.
    feedback : float
        Magnitude below 1.
    kernels : float32 array, shape (steps + 1, taps)
    """
    taps = kernels.shape[1]
    before = int(delay.max()) + taps
    line = np.zeros(before + x.size + taps, np.float32)
    weights = np.empty(taps, np.float32)
    out = np.empty(x.size, np.float32)
    share = np.float32(feedback)
    for n in range(x.size):
        now = before + n
        late = _weighed(line, _weigh(now - delay[n], kernels, weights), weights)
        if abs(late) < NEGLIGIBLE:  # else it rings down into slow denormal numbers
            late = np.float32(0)
        out[n] = late
        line[now] = x[n] + share * late
    return out


@njit(cache=True, nogil=True)
def allpass_cascade(
    x: NDArray[np.float32], gains: NDArray[np.float64], stages: int, feedback: float
) -> Any:
    """Return what leaves equal first-order all-passes with feedback, solved without a delay.

    Each stage is a trapezoidal integrator, which stays stable however fast it is swept.

    Parameters
    ----------
    x : float32 array, shape (samples,)
    gains : float64 array, shape (samples,)
        g / (1 + g) with g = tan(pi f / sample rate), f where a stage turns by 90 degrees.
    stages : int
    feedback : float
        Magnitude below 1.
    """
    memory = np.zeros(stages)
    out = np.empty(x.size, np.float32)
    for n in range(x.size):
        direct, through = 2 * gains[n] - 1, 1.0
        remembered = 0.0
        for stage in range(stages):
            remembered = direct * remembered + 2 * (1 - gains[n]) * memory[stage]
            through *= direct
        value = (x[n] + feedback * remembered) / (1 - feedback * through)
        for stage in range(stages):
            step = (value - memory[stage]) * gains[n]
            low = memory[stage] + step
            memory[stage] = low + step
            if abs(memory[stage]) < NEGLIGIBLE:
                memory[stage] = 0.0
            value = 2 * low - value
        out[n] = value
    return out
