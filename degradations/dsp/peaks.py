"""Levels of the waveform itself: true peak after ITU-R BS.1770-4 (dBTP) and RMS (dBFS)."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, checked, decibels

__all__ = ["TAPS", "peak_between", "rms_dbfs", "true_peak_dbtp"]

TAPS = 24
"""Length of each interpolator: within 0.11 dB up to 0.43 of the sample rate, 0.25 dB up to 0.45."""


def rms_dbfs(audio: Audio) -> float:
    """Return the root mean square over all channels and samples; -inf for silence or nothing.

    0 dBFS is a square wave at full scale; a full-scale sine reads -3.01 dBFS.

    >>> rms_dbfs(np.full((2, 8), 0.1, np.float32)).__round__(3)
    -20.0
    """
    if audio.size == 0:
        return float("-inf")
    return decibels(math.sqrt(float(np.mean(np.square(audio, dtype=np.float64)))))


def true_peak_dbtp(audio: Audio, sample_rate: int) -> float:
    """Return the peak of the waveform between the samples (BS.1770-4, annex 2).

    Four times oversampling, twice from 88.2 kHz on, by windowed sincs of 24 taps, true to
    0.11 dB up to 0.43 of the sample rate. What lies between the finer samples stays hidden,
    as the standard allows: at most 0.17 dB at a quarter of the rate, 0.55 dB at 0.45.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        Taken to be silent before and after.
    sample_rate : int
        In Hz.

    Returns
    -------
    float
        In dBTP, never below the sample peak; -inf for silence or nothing.
    """
    padded = np.pad(checked(audio, "true_peak_dbtp"), ((0, 0), (TAPS - 1, TAPS - 1)))
    return decibels(peak_between(padded, sample_rate))


def peak_between(audio: Audio, sample_rate: int, floor: float = 0.0) -> float:
    """Return the peak at and between the samples, or ``floor`` where nothing exceeds it.

    Nothing is assumed beyond either end. Of pieces that overlap by ``TAPS - 1`` samples,
    the largest answer is the whole's; handing on the largest so far as ``floor`` is quick.
    """
    from .meter_loops import interpolated_peak

    best = np.float32(max(floor, audio.max(initial=0.0), -audio.min(initial=0.0)))
    phases = _interpolators(2 if sample_rate >= 88_200 else 4)
    return float(interpolated_peak(np.ascontiguousarray(audio), phases, best))


@cache
def _interpolators(times: int) -> NDArray[np.float32]:
    """Return one Kaiser-windowed sinc for each new place between two samples."""
    places = np.arange(1, times)[:, None] / times
    distance = np.arange(TAPS)[None] - (TAPS // 2 - 1) - places
    window = np.i0(4.0 * np.sqrt(np.maximum(1 - (distance / (TAPS / 2)) ** 2, 0))) / np.i0(4.0)
    kernels = np.sinc(distance) * window
    return np.asarray(kernels / kernels.sum(axis=1, keepdims=True), np.float32)
