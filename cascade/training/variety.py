"""More music than the dataset holds: excerpts played at other speeds, through other tones.

Mixture and stems are changed alike by one time-invariant filter and one change of speed, so
that what was done to the stems in production stays between them.
"""

import numpy as np

from ...audio import Audio
from ..sizes import VarietyConfiguration

__all__ = ["draw_length", "vary"]

POINTS = 8
"""Places, evenly spaced in log frequency, at which the tone is drawn."""

GRAIN = 64
"""Lengths are multiples of it, which the FFT likes."""


def draw_length(frames: int, variety: VarietyConfiguration, rng: np.random.Generator) -> int:
    """Return how many samples to cut, so that ``frames`` are left at the speed drawn."""
    if not variety.speed:
        return frames
    ratio = (1 + variety.speed) ** rng.uniform(-1, 1)
    return max(round(frames * ratio / GRAIN), 1) * GRAIN


def vary(
    signals: Audio, frames: int, variety: VarietyConfiguration, rng: np.random.Generator
) -> Audio:
    """Stretch signals to ``frames`` samples and turn their tone, all alike.

    Parameters
    ----------
    signals : float32 array, shape (signals, samples)
        Silent ones stay silent and cost nothing.
    frames : int
        In samples; pitch follows speed.
    variety : VarietyConfiguration
    rng : numpy.random.Generator

    Returns
    -------
    float32 array, shape (signals, frames)
    """
    length = signals.shape[1]
    if length == frames and not variety.tone_db:
        return signals
    heard = np.flatnonzero(signals.any(1))
    spectra = np.fft.rfft(signals[heard])
    places = np.log(np.arange(spectra.shape[1]) + 1.0)
    points = np.linspace(0, places[-1], POINTS)
    gain_db = np.interp(places, points, rng.normal(0, variety.tone_db, POINTS))
    gain = (10 ** (gain_db / 20) * frames / length).astype(np.float32)
    out = np.zeros((len(signals), frames), np.float32)
    out[heard] = np.fft.irfft(spectra * gain, frames)
    return out
