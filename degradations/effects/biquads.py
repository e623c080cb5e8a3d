"""Biquads: their coefficients, and what equalizers that are made of them share.

Source of all coefficients: R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad
filter coefficients". The bilinear transform is warped so that the centre of a bell and the
corner of a shelf stand where they were asked for, up to Nyquist.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ..dsp.sections import run_sections
from ..effect import Effect, Label, Undoable

__all__ = ["Biquads", "bell", "high_pass", "low_pass", "normalised", "shelf"]


class Biquads(Effect):
    """An equalizer given by second-order sections, all poles and zeros inside the circle."""

    label: ClassVar[Label] = "equalizer"
    undoable: ClassVar[Undoable] = "exactly"
    moves_time: ClassVar[bool] = True

    @abstractmethod
    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (sections, 6)."""

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Filter."""
        return run_sections(self.sections(sample_rate), audio)

    @abstractmethod
    def inverse(self) -> Effect:
        """Return the filter whose poles stand on this one's zeros."""


def normalised(rows: list[list[float]]) -> NDArray[np.float64]:
    """Divide every row of b0, b1, b2, a0, a1, a2 by its a0."""
    sections = np.array(rows)
    return np.asarray(sections / sections[:, 3:4])


def bell(centre_hz: float, gain_db: float, q: float, sample_rate: int) -> list[float]:
    """Return b0, b1, b2, a0, a1, a2 of the cookbook's peakingEQ."""
    a = 10 ** (gain_db / 40)
    w = 2 * np.pi * centre_hz / sample_rate
    alpha, middle = np.sin(w) / (2 * q), -2 * np.cos(w)
    return [1 + alpha * a, middle, 1 - alpha * a, 1 + alpha / a, middle, 1 - alpha / a]


def shelf(cutoff_hz: float, gain_db: float, q: float, sample_rate: int, side: int) -> list[float]:
    """Return the cookbook's lowShelf (``side`` -1) or highShelf (``side`` 1)."""
    a = 10 ** (gain_db / 40)
    w = 2 * np.pi * cutoff_hz / sample_rate
    cos, beta = side * np.cos(w), np.sqrt(a) * np.sin(w) / q
    up, down = a + 1, a - 1
    return [
        a * (up + down * cos + beta),
        -2 * side * a * (down + up * cos),
        a * (up + down * cos - beta),
        up - down * cos + beta,
        2 * side * (down - up * cos),
        up - down * cos - beta,
    ]


def low_pass(cutoff_hz: float, q: float, sample_rate: int) -> list[float]:
    """Return the cookbook's LPF, whose gain at the cutoff is q."""
    w = 2 * np.pi * cutoff_hz / sample_rate
    alpha, cos = np.sin(w) / (2 * q), np.cos(w)
    return [(1 - cos) / 2, 1 - cos, (1 - cos) / 2, 1 + alpha, -2 * cos, 1 - alpha]


def high_pass(cutoff_hz: float, q: float, sample_rate: int) -> list[float]:
    """Return the cookbook's HPF, whose gain at the cutoff is q."""
    w = 2 * np.pi * cutoff_hz / sample_rate
    alpha, cos = np.sin(w) / (2 * q), np.cos(w)
    return [(1 + cos) / 2, -1 - cos, (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha]
