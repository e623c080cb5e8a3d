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
    block = np.zeros((2, BLOCK_SAMPLES))  # two recursions at once cost no more than one
    left, right = block[0], block[1]
    memory = np.zeros((sections.shape[0], 4))
    for start in range(0, samples, BLOCK_SAMPLES):
        size = min(BLOCK_SAMPLES, samples - start)
        block[:channels, :size] = audio[:, start : start + size]
        for k in range(sections.shape[0]):
            b0, b1, b2 = sections[k, 0], sections[k, 1], sections[k, 2]
            a1, a2 = sections[k, 4], sections[k, 5]
            p, q, r, s = memory[k, 0], memory[k, 1], memory[k, 2], memory[k, 3]
            for n in range(size):
                x, u = left[n], right[n]
                y, v = b0 * x + p, b0 * u + r
                p, r = (b1 * x - a1 * y) + q, (b1 * u - a1 * v) + s
                q, s = b2 * x - a2 * y, b2 * u - a2 * v
                left[n], right[n] = y, v
            memory[k, 0], memory[k, 1], memory[k, 2], memory[k, 3] = p, q, r, s
        for k in range(sections.shape[0]):
            for place in range(4):
                if abs(memory[k, place]) < NEGLIGIBLE:
                    memory[k, place] = 0.0
        out[:, start : start + size] = block[:channels, :size]
    return out
