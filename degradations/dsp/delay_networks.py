"""Networks of delay lines: what reverberators and echoes are made of.

A signal inside a network is a weighted sum of what leaves the lines and of the channels
that come in. It is written as the vector of these weights, the lines first; so a block
diagram can be written down as it is drawn, and :func:`network` makes matrices of it.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = [
    "STILL",
    "DelayNetwork",
    "absorption",
    "allpass",
    "delayed",
    "distinct_primes",
    "network",
    "remaining",
]

Signal = NDArray[np.float64]
Tap = tuple[int, int, int, float]
"""Channel that hears, line that is heard, samples after its input, and gain."""

STILL = (1.0, 0.0, 0.0, 0.0, 0.0)
"""The biquad that changes nothing."""

STRONGEST = 1e-4
"""A shelf of more than 80 dB would hold its lowest lows for seconds, and nobody hears it."""


@dataclass(frozen=True, eq=False)
class DelayNetwork:
    """Delay lines, each with a biquad at its end, that feed each other.

    Parameters
    ----------
    delays : int64 array, shape (lines,)
        In samples.
    filters : float64 array, shape (lines, 5)
        b0, b1, b2, a1, a2 at the end of each line.
    entering : float64 array, shape (lines, lines + channels)
        The signal that enters each line.
    taps : list of Tap
        What is heard; the filters at the ends are not.
    """

    delays: NDArray[np.int64]
    filters: NDArray[np.float64]
    entering: NDArray[np.float64]
    taps: list[Tap]

    def run(self, audio: Audio, rotating: int = 0, radians: float = 0.0) -> Audio:
        """Return what the taps hear of ``audio``.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
        rotating : int
            So many of the first lines turn in pairs before they are mixed; an even number.
        radians : float
            By which they turn per sample.
        """
        from .network_recursions import run_delay_lines

        lines = self.delays.size
        matrix = np.ascontiguousarray(self.entering.T, np.float32)
        heard: Audio = run_delay_lines(
            np.ascontiguousarray(audio),
            self.delays,
            self.filters,
            matrix[:lines],
            matrix[lines:],
            np.array([tap[:3] for tap in self.taps], np.int64),
            np.array([tap[3] for tap in self.taps], np.float32),
            rotating,
            radians,
        )
        return heard

    def with_unit_energy(self) -> "DelayNetwork":
        """Return the network as loud as its input: white noise in every channel keeps its level.

        Power is followed through the lines at many frequencies, as if what leaves different
        lines never added up in step; good lines and matrices make that true.
        """
        lines = self.delays.size
        squares = self.entering**2
        sent = squares[:, :lines] * _power(self.filters)[:, np.newaxis, :]
        powers = np.linalg.solve(
            np.eye(lines) - sent, squares[:, lines:].sum(axis=1)[:, np.newaxis]
        )
        in_line = powers[:, :, 0].mean(axis=0)
        channels = squares.shape[1] - lines
        energy = sum(gain**2 * in_line[line] for _, line, _, gain in self.taps) / channels
        taps = [(*tap[:3], float(tap[3] / np.sqrt(energy))) for tap in self.taps]
        return replace(self, taps=taps)


def _power(filters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the filters keep of the power, shape (frequencies, lines)."""
    z = np.exp(-1j * np.pi * (np.arange(128) + 0.5) / 128)[:, np.newaxis]
    b0, b1, b2, a1, a2 = filters.T
    return np.asarray(np.abs((b0 + (b1 + b2 * z) * z) / (1 + (a1 + a2 * z) * z)) ** 2)


def network(lines: int, channels: int) -> tuple[list[Signal], list[Signal], NDArray[np.float64]]:
    """Return the signals that leave the lines, those that come in, and what enters: nothing yet.

    >>> leaving, sources, entering = network(lines=1, channels=1)
    >>> entering[0] = sources[0] + 0.5 * leaving[0]  # a comb filter
    >>> entering
    array([[0.5, 1. ]])
    """
    basis = np.eye(lines + channels)
    return list(basis[:lines]), list(basis[lines:]), np.zeros((lines, lines + channels))


def allpass(entering: NDArray[np.float64], line: int, signal: Signal, gain: float) -> Signal:
    """Send ``signal`` through a Schroeder all-pass around ``line``; return what leaves it."""
    leaving = np.eye(entering.shape[1])[line]
    entering[line] = signal + gain * leaving
    return np.asarray(leaving - gain * entering[line])


def absorption(
    delays: NDArray[np.int64],
    sample_rate: int,
    decay_s: float,
    high_decay_s: float,
    crossover_hz: float,
) -> NDArray[np.float64]:
    """Return shelves that make sound in lines of any length die at the same rate.

    A first-order shelf loses 60 dB per ``decay_s`` of delay at 0 Hz, 60 dB per
    ``high_decay_s`` at Nyquist, and the mean of both, in dB, at ``crossover_hz``.

    Parameters
    ----------
    delays : int64 array, shape (lines,)
        In samples.
    sample_rate : int
    decay_s, high_decay_s : float
        Times in which the level falls by 60 dB.
    crossover_hz : float

    Returns
    -------
    float64 array, shape (lines, 5)
        b0, b1, b2, a1, a2.

    Notes
    -----
    J.-M. Jot, A. Chaigne, "Digital delay networks for designing artificial reverberators",
    AES 90th Convention, 1991.
    """
    low = remaining(delays, sample_rate, decay_s)
    ratio = np.maximum(remaining(delays, sample_rate, high_decay_s) / low, STRONGEST)
    corner = np.tan(np.pi * crossover_hz / sample_rate) * np.sqrt(ratio)
    filters = np.zeros((delays.size, 5))
    filters[:, 0] = low * (corner + ratio) / (corner + 1)
    filters[:, 1] = low * (corner - ratio) / (corner + 1)
    filters[:, 3] = (corner - 1) / (corner + 1)
    return filters


def remaining(delays: NDArray[np.int64], sample_rate: int, decay_s: float) -> NDArray[np.float64]:
    """Return what is left after each delay of sound that falls by 60 dB in ``decay_s``."""
    return np.asarray(10 ** (-3 * delays / (sample_rate * decay_s)))


def distinct_primes(wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return rising primes, each the first one at or above its wish that is still free.

    Delays without a common factor have few echoes that coincide.

    >>> distinct_primes(np.array([8.0, 9.0, 20.0]))
    array([11, 13, 23])
    """
    sieve = np.ones(int(wanted[-1] * 2) + 100, bool)
    sieve[:2] = False
    for n in range(2, int(sieve.size**0.5) + 1):
        if sieve[n]:
            sieve[n * n :: n] = False
    primes, chosen, last = np.flatnonzero(sieve), [], 0
    for wish in wanted:
        last = int(primes[np.searchsorted(primes, max(wish, last + 1))])
        chosen.append(last)
    return np.array(chosen, np.int64)


def delayed(audio: Audio, samples: int) -> Audio:
    """Return ``audio`` so many samples later, cut at its old end."""
    late = np.zeros_like(audio)
    if samples < audio.shape[1]:
        late[:, samples:] = audio[:, : audio.shape[1] - samples]
    return late
