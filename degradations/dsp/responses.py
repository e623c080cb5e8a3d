"""Frequency responses of media: emphasis by time constants, and curves without any delay."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = ["deemphasis", "inverse_sections", "without_delay"]

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

MATCHED = 0.35
"""Share of the sample rate at which the gain of an emphasis is matched."""

LONGEST_S = 0.05
"""How far the response of :func:`without_delay` reaches either way: it resolves 20 Hz."""


def deemphasis(
    zeros_us: tuple[float, ...], poles_us: tuple[float, ...], sample_rate: int
) -> NDArray[np.float64]:
    """Return sections for (1 + s z1) ... / (1 + s p1) ..., with time constants in microseconds.

    Poles keep their places, and the gains at 0 Hz and at 0.35 times the sample rate are those
    of the analogue network; what lies below errs by less than 0.2 dB (the bilinear transform:
    by 6 dB). All zeros lie inside the unit circle: :func:`inverse_sections` undoes it to
    rounding.

    Parameters
    ----------
    zeros_us, poles_us : tuples of float
        Of equal length; a zero at 0 is none.
    sample_rate : int
        In Hz.

    Returns
    -------
    float64 array, shape (sections, 6)
        For :func:`run_sections`; unit gain at 0 Hz.
    """
    rows = [_first_order(z, p, sample_rate) for z, p in zip(zeros_us, poles_us, strict=True)]
    return np.array(rows)


def _first_order(zero_us: float, pole_us: float, sample_rate: int) -> list[float]:
    """Return one zero over one pole."""
    pole = np.exp(-1 / (pole_us * 1e-6 * sample_rate))
    turn = 2j * np.pi * MATCHED * sample_rate * 1e-6
    bend = 1 - np.cos(2 * np.pi * MATCHED)
    there = abs((1 + turn * zero_us) / (1 + turn * pole_us)) ** 2
    total = 1 - pole  # of b0 and b1: unit gain at 0 Hz
    product = (total**2 - there * (total**2 + 2 * pole * bend)) / (2 * bend)
    root = np.sqrt(total**2 - 4 * product)
    return [(total + root) / 2, (total - root) / 2, 0, 1, -pole, 0]


def inverse_sections(sections: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sections that undo others: zeros become poles and poles zeros."""
    return np.asarray(np.roll(sections, 3, axis=1) / sections[:, :1])


def without_delay(audio: Audio, sample_rate: int, gain: Curve) -> Audio:
    """Weigh the spectrum by real numbers: what a head's gap or a stylus' width do.

    Such losses are symmetric along the tape or groove, so they shift no phase.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.
    gain : callable
        From frequencies in Hz to amplitudes.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    from scipy.signal import oaconvolve

    half = round(LONGEST_S * sample_rate)
    curve = gain(np.fft.rfftfreq(4 * half, 1 / sample_rate).astype(np.float64))
    taps = np.roll(np.fft.irfft(curve, 4 * half), half)[: 2 * half + 1] * np.hanning(2 * half + 1)
    out = oaconvolve(audio, taps.astype(np.float32)[np.newaxis], axes=1)
    return np.asarray(out[:, half : half + audio.shape[1]], np.float32)
