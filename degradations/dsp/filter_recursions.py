"""Loops over samples of the filters whose feedback numpy has no word for, compiled by numba.

Imported only when they are needed: numba takes longer to load than all else together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["combed", "laddered"]

NEGLIGIBLE = 1e-30
"""Below, memories are set to zero: denormal numbers are many times slower."""

CLOSE = 1e-6
"""Where Newton's steps stop: the next one would be about its square."""

MOST_STEPS = 20


@njit(cache=True, nogil=True)
def combed(
    audio: NDArray[np.float32],
    taps: NDArray[np.float64],
    nearest: int,
    forward: float,
    backward: float,
) -> Any:
    """Return y[n] = x[n] + sum over k of taps[k] w[n - nearest - k], w = forward x + backward y.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    taps : float64 array
        An interpolator between samples.
    nearest : int
        Delay of the first tap in samples, at least 1.
    forward, backward : float
        What the delay line is fed with.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    channels, samples = audio.shape
    out = np.empty((channels, samples), np.float32)
    reach = nearest + taps.size - 1
    line = np.empty(reach + samples)
    for channel in range(channels):
        line[:reach] = 0.0
        for n in range(samples):
            y = float(audio[channel, n])
            for k in range(taps.size):
                y += taps[k] * line[reach + n - nearest - k]
            fed = forward * audio[channel, n] + backward * y
            line[reach + n] = fed if abs(fed) > NEGLIGIBLE else 0.0
            out[channel, n] = y
    return out


@njit(cache=True, nogil=True)
def laddered(audio: NDArray[np.float32], cutoff: float, feedback: float, drive: float) -> Any:
    """Return the fourth stage of a ladder whose input pair bends by a tangent.

    Each stage is a trapezoidal one-pole filter, and the loop around them has no delay.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    cutoff : float
        tan(pi cutoff_hz / sample_rate).
    feedback : float
        What of the fourth stage is taken off the input; 4 sings.
    drive : float
        Factor before the bend, and divisor after it.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    out = np.empty(audio.shape, np.float32)
    g = cutoff / (1 + cutoff)
    memories = np.zeros((audio.shape[0], 4))
    for n in range(audio.shape[1]):
        for channel in range(audio.shape[0]):  # innermost: one is computed beside the other
            memory = memories[channel]
            held = memory[3] + g * (memory[2] + g * (memory[1] + g * memory[0]))
            target = drive * (audio[channel, n] - feedback * (1 - g) * held)
            y = _bent(target, feedback * g**4) / drive
            for stage in range(4):
                moved = (y - memory[stage]) * g
                y = memory[stage] + moved
                kept = y + moved
                memory[stage] = kept if abs(kept) > NEGLIGIBLE else 0.0
            out[channel, n] = y
    return out


@njit(cache=True, nogil=True)
def _bent(target: float, gain: float) -> Any:
    """Return tanh(v) where v + gain tanh(v) = target.

    Newton's method from the side on which it cannot overshoot: two or three steps.
    """
    v, bent, step, slope = target / (1 + gain), 0.0, 0.0, 1.0
    for _ in range(MOST_STEPS):
        bent = _tangent(v)
        slope = 1 - bent * bent
        step = (target - v - gain * bent) / (1 + gain * slope)
        v += step
        if abs(step) < CLOSE:
            break
    return bent + slope * step


@njit(cache=True, nogil=True)
def _tangent(x: float) -> Any:
    """Return tanh(x) to 1e-4 from its continued fraction: quick, and alike on every processor."""
    if abs(x) > 4.97:
        return math.copysign(1.0, x)
    s = x * x
    over = x * (135135.0 + s * (17325.0 + s * (378.0 + s)))
    return over / (135135.0 + s * (62370.0 + s * (3150.0 + 28.0 * s)))
