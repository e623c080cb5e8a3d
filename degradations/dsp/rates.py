"""Working at a sample rate that is not the sound's own."""

from collections.abc import Callable
from math import ceil

import numpy as np

from ...audio import Audio, resample

__all__ = ["at_rate"]


def at_rate(
    process: Callable[[Audio], Audio], audio: Audio, sample_rate: int, working_hz: int
) -> Audio:
    """Process ``audio`` at another rate: of equal length, and without delay.

    Parameters
    ----------
    process : callable
        From samples at ``working_hz`` to at least as many.
    audio : float32 array, shape (channels, samples)
    sample_rate, working_hz : int
        In Hz.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    samples = audio.shape[1]
    fewer = round(samples * working_hz / sample_rate)
    if round(fewer * sample_rate / working_hz) < samples:  # rounding twice can cost a sample
        audio = np.pad(audio, ((0, 0), (0, ceil(sample_rate / working_hz) + 1)))
    there = resample(audio, sample_rate, working_hz)
    back = np.asarray(process(there)[:, : there.shape[1]], np.float32)
    return resample(back, working_hz, sample_rate)[:, :samples]
