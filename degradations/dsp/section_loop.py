"""The loop over samples of a cascade of biquads, compiled by numba; imported when needed."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["biquads"]

NEGLIGIBLE = 1e-30
BLOCK_SAMPLES = 4096
"""Samples that go through all sections together: they and the filters fit into the cache."""


@njit(cache=True, nogil=True)
def biquads(audio: NDArray[np.float32], sections: NDArray[np.float64]) -> Any:
    """Filter one or two channels by a cascade of second-order sections that starts at rest.

    Transposed direct form II in double precision, as ``scipy.signal.sosfilt``. Memory below
    1e-30 is forgotten from block to block; left alone, it decays into denormal numbers, on
    which filters are fifty times slower.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sections : float64 array, shape (sections, 6)
        b0, b1, b2, a0 = 1, a1, a2 of each.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    channels, samples = audio.shape
    out = np.empty((channels, samples), np.float32)
    block = np.zeros((2, BLOCK_SAMPLES))
    memory = np.zeros((sections.shape[0], 4))
    odd = sections.shape[0] % 2
    for start in range(0, samples, BLOCK_SAMPLES):
        size = min(BLOCK_SAMPLES, samples - start)
        block[:channels, :size] = audio[:, start : start + size]
        if odd:
            _one(block, size, sections[0], memory[0])
        for k in range(odd, sections.shape[0], 2):
            _two(block, size, sections[k : k + 2], memory[k : k + 2])
        for k in range(sections.shape[0]):
            for place in range(4):
                if abs(memory[k, place]) < NEGLIGIBLE:
                    memory[k, place] = 0.0
        out[:, start : start + size] = block[:channels, :size]
    return out


@njit(cache=True, nogil=True, inline="always")
def _one(
    block: NDArray[np.float64], size: int, section: NDArray[np.float64], memory: NDArray[Any]
) -> None:
    """Send both channels of a block through a section: two recursions take the time of one."""
    b0, b1, b2, _, a1, a2 = section
    p, q, r, s = memory
    left, right = block[0], block[1]
    for n in range(size):
        x, u = left[n], right[n]
        y, v = b0 * x + p, b0 * u + r
        p, r = (b1 * x - a1 * y) + q, (b1 * u - a1 * v) + s
        q, s = b2 * x - a2 * y, b2 * u - a2 * v
        left[n], right[n] = y, v
    memory[0], memory[1], memory[2], memory[3] = p, q, r, s


@njit(cache=True, nogil=True, inline="always")
def _two(
    block: NDArray[np.float64], size: int, sections: NDArray[np.float64], memory: NDArray[Any]
) -> None:
    """Send both channels of a block through two sections: neither waits for the other."""
    (b0, b1, b2, _, a1, a2), (d0, d1, d2, _, c1, c2) = sections[0], sections[1]
    (p, q, r, s), (e, f, g, h) = memory[0], memory[1]
    left, right = block[0], block[1]
    for n in range(size):
        x, u = left[n], right[n]
        y, v = b0 * x + p, b0 * u + r
        p, r = (b1 * x - a1 * y) + q, (b1 * u - a1 * v) + s
        q, s = b2 * x - a2 * y, b2 * u - a2 * v
        z, w = d0 * y + e, d0 * v + g
        e, g = (d1 * y - c1 * z) + f, (d1 * v - c1 * w) + h
        f, h = d2 * y - c2 * z, d2 * v - c2 * w
        left[n], right[n] = z, w
    memory[0, 0], memory[0, 1], memory[0, 2], memory[0, 3] = p, q, r, s
    memory[1, 0], memory[1, 1], memory[1, 2], memory[1, 3] = e, f, g, h
