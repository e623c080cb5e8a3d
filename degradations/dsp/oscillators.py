"""Low-frequency oscillators: what moves in modulation effects."""

from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

__all__ = ["Cycle", "Waveform", "swing_s", "turns", "wave"]

Cycle: TypeAlias = Annotated[float, Field(ge=0, le=1)]
"""A place within a cycle, as a share of it."""

Waveform: TypeAlias = Literal["sine", "triangle", "square"]

EDGE = 0.05
"""Share of a cycle that a square takes from one side to the other, so that it does not click."""


def turns(
    rate_hz: float, samples: int, sample_rate: int, phase: float = 0.0
) -> NDArray[np.float64]:
    """Return how many cycles have passed at each sample, from ``phase`` on."""
    return np.asarray(phase + rate_hz / sample_rate * np.arange(samples), np.float64)


def wave(cycles: NDArray[np.float64], waveform: Waveform = "sine") -> NDArray[np.float64]:
    """Return an oscillation from -1 to 1 that rises from 0 where a cycle begins.

    Parameters
    ----------
    cycles : float64 array, any shape
        Cycles that have passed; one wave each.
    waveform : {"sine", "triangle", "square"}
        The corners of the square are rounded: each edge is half a sine of a twentieth of
        a cycle.
    """
    sine = np.sin(2 * np.pi * cycles)
    if waveform == "sine":
        return sine
    if waveform == "triangle":
        return np.asarray(2 / np.pi * np.arcsin(sine))
    from_edge = np.arcsin(sine) / (2 * np.pi)  # in cycles
    return np.asarray(np.sin(np.pi / 2 * np.clip(from_edge / (EDGE / 2), -1, 1)))


def swing_s(cycles: NDArray[np.float64], rate_hz: float, depth_cents: float) -> NDArray[np.float64]:
    """Return by how many seconds to read ahead for a pitch that swings by a number of cents.

    The speed is 1 + sinh(u) sin(t) + (1 - cosh(u)) cos(2 t) with u = ln(2) depth / 1200: its
    extremes are exactly exp(u) and exp(-u), and its mean is exactly 1. (A plain sine would
    go further down than up, in cents, and a sine in cents would drift.) The displacement is
    the integral of speed - 1, of zero mean.

    Parameters
    ----------
    cycles : float64 array
        Cycles that have passed at ``rate_hz``.
    rate_hz : float
    depth_cents : float
        Either way of the mean; negative begins downwards.
    """
    depth, angle = np.log(2) / 1200 * depth_cents, 2 * np.pi * cycles
    first = -np.sinh(depth) * np.cos(angle)
    second = (1 - np.cosh(depth)) / 2 * np.sin(2 * angle)
    return np.asarray((first + second) / (2 * np.pi * rate_hz))
