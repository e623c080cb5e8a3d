"""The eight bits of digital telephony: A-law and mu-law, after ITU-T G.711.

Both cut the range of a sample into 8 segments, each twice as coarse as the one below it, of
16 equal steps: quiet sounds get the steps of 13 or 14 bits, loud ones those of 7.
"""

from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio

__all__ = ["Law", "companded"]

Law: TypeAlias = Literal["a_law", "mu_law"]


def companded(audio: Audio, law: Law) -> Audio:
    """Return what is left of ``audio`` after coding and decoding; zero stays zero.

    (An A-law decoder has no zero and would hold half a step, of one sign; lines are coupled
    by capacitors and do not.) What passes full scale is clipped at 0.98.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    law : {"a_law", "mu_law"}
    """
    edges, values = _steps(law)
    step = np.searchsorted(edges, np.abs(audio), side="right")
    return np.asarray(np.sign(audio) * values[step], np.float32)


@cache
def _steps(law: Law) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the 127 decision values and the 128 quantised values of positive samples."""
    segment, step = np.divmod(np.arange(128), 16)
    if law == "mu_law":  # tables 2 of G.711, in units of 1 / 8192
        low, middle, full = (2 * step + 32 << segment) - 33, (2 * step + 33 << segment) - 33, 8192
    else:  # tables 1, in units of 1 / 4096
        above, first = np.maximum(segment - 1, 0), np.where(segment == 0, 0, 32)
        low, middle, full = (2 * step + first) << above, (2 * step + first + 1) << above, 4096
    return (low[1:] / full).astype(np.float32), (middle / full).astype(np.float32)
