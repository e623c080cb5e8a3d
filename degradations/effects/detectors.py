"""What the dynamics hear: how loud the key is at each sample, and by how much that is too much."""

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ..dsp.sections import run_sections
from ..dynamics import one_pole

__all__ = ["bent", "high_passed", "looked_ahead", "peak_levels", "rms_levels", "to_db"]

QUIETEST = 1e-9
"""Amplitude that reads as -180 dB, as silence does."""


def peak_levels(key: Audio) -> NDArray[np.float32]:
    """Return the magnitude at each sample, shape (channels, samples)."""
    return np.abs(key)


def rms_levels(key: Audio, average_ms: float, sample_rate: int) -> NDArray[np.float32]:
    """Return the root of the running mean square, shape (channels, samples).

    The mean has a one-pole memory, 63 % of which is ``average_ms`` old or younger. A
    full-scale sine reads -3.01 dBFS; at 100 Hz and 10 ms it ripples by 0.35 dB.
    """
    from ..dsp.recursions import smoothed

    pole = one_pole(average_ms, sample_rate)
    power = np.square(key)
    means = np.stack([smoothed(channel, pole, pole, 0.0) for channel in power])
    return np.sqrt(means)


def to_db(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return amplitudes in dBFS, silence as -180."""
    return np.asarray(np.log(np.maximum(levels, np.float32(QUIETEST))) * _DECIBELS)


_DECIBELS = np.float32(20 / np.log(10))


def bent(over_db: NDArray[np.float32], knee_db: float) -> NDArray[np.float32]:
    """Return max(over, 0), its corner rounded to a parabola within ``knee_db``.

    The knee of Giannoulis, Massberg and Reiss (2012), which every static curve here has.

    >>> bent(np.array([-9, -6, 0, 6, 9], np.float32), 12.0)
    array([0. , 0. , 1.5, 6. , 9. ], dtype=float32)
    """
    half = np.float32(knee_db / 2)
    if knee_db < 1e-6:  # its square would vanish
        return np.maximum(over_db, 0)
    in_knee = np.clip(over_db + half, 0, np.float32(knee_db))
    return np.asarray(in_knee * in_knee / np.float32(2 * knee_db) + np.maximum(over_db - half, 0))


def high_passed(key: Audio, cutoff_hz: float, sample_rate: int) -> Audio:
    """Return the key without its lows (Butterworth, 12 dB per octave); untouched below 1 Hz."""
    if cutoff_hz < 1:
        return key
    w = 2 * np.pi * cutoff_hz / sample_rate
    alpha, cos = np.sin(w) / np.sqrt(2), np.cos(w)
    row = np.array([(1 + cos) / 2, -1 - cos, (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha])
    return run_sections(row[np.newaxis] / row[3], key)


def looked_ahead(key: Audio, lookahead_ms: float, sample_rate: int) -> tuple[Audio, int]:
    """Return the key with silence after it, and how many of its samples lie ahead.

    A curve of that key, without as many of its first samples, acts as much earlier.
    """
    ahead = round(lookahead_ms / 1000 * sample_rate)
    return np.pad(key, ((0, 0), (0, ahead))) if ahead else key, ahead
