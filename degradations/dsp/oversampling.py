"""Oversampling: more samples a second for a while, with no net delay."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, resample, resample_frames

__all__ = ["oversampled", "oversampled_pointwise", "peak_magnitude"]

TAPS = 32
"""Length of the interpolators between which peaks are looked for."""

PIECE_SAMPLES = 2**14
"""Bent at a time: what stays in the processor's cache takes half the time."""


def oversampled(
    shape: Callable[[Audio], Audio], audio: Audio, factor: int, sample_rate: int
) -> Audio:
    """Bend ``audio`` by a memoryless curve at ``factor`` times its rate.

    The filters (soxr) have linear phase and end at 0.91 times Nyquist.

    Parameters
    ----------
    shape : callable
        From samples to samples of the same shape.
    audio : float32 array, shape (channels, samples)
    factor : int
        1 does without.
    sample_rate : int
        In Hz.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    if factor == 1:
        return shape(audio)
    fine = resample(audio, sample_rate, sample_rate * factor)
    return resample(shape(fine), sample_rate * factor, sample_rate)


def oversampled_pointwise(
    curve: Callable[[Audio], Audio], audio: Audio, factor: int, sample_rate: int
) -> Audio:
    """Do as :func:`oversampled` does, in less time, with a curve that takes each sample by itself.

    Parameters and outcome are those of :func:`oversampled`, to the bit.
    """
    if factor == 1:
        return curve(audio)
    fine = resample_frames(audio.T, sample_rate, sample_rate * factor).T
    for start in range(0, fine.shape[1], PIECE_SAMPLES):
        piece = fine[:, start : start + PIECE_SAMPLES]
        piece[:] = curve(piece)  # it is nobody else's
    return np.ascontiguousarray(resample_frames(fine.T, sample_rate * factor, sample_rate).T)


def peak_magnitude(audio: Audio, floor: float = 0.0) -> NDArray[np.float32]:
    """Return the largest magnitude beside each sample, between the samples too.

    As in ITU-R BS.1770-5, annex 2, but with 8 points a sample instead of 4, and windowed
    sincs of 32 taps.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        Taken to be silent before and after.
    floor : float
        Magnitude below which peaks between samples are not looked for.

    Returns
    -------
    float32 array, shape (samples,)
        Over all channels, from the sample before to the sample after.
    """
    from .recursions import interpolated_peaks

    padded = np.pad(audio, ((0, 0), (TAPS // 2, TAPS // 2)))
    peaks: NDArray[np.float32] = interpolated_peaks(padded, _interpolators(), floor)
    return peaks


@cache
def _interpolators() -> NDArray[np.float32]:
    """Return a Kaiser-windowed sinc for each eighth between two samples, shape (7, TAPS)."""
    places = np.arange(1, 8)[:, np.newaxis] / 8
    distance = np.arange(TAPS) - (TAPS // 2 - 1) - places
    window = np.i0(4.0 * np.sqrt(np.maximum(1 - (distance / (TAPS / 2)) ** 2, 0)))
    kernels = np.sinc(distance) * window
    return np.asarray(kernels / kernels.sum(axis=1, keepdims=True), np.float32)
