"""The eight bits of digital telephony: A-law and mu-law, after ITU-T G.711.

Both cut the range of a sample into 8 segments, each twice as coarse as the one below it, of
16 equal steps: quiet sounds get the steps of 13 or 14 bits, loud ones those of 7.
"""

from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = ["Law", "companded"]

Law: TypeAlias = Literal["a_law", "mu_law"]


def companded(audio: Audio, law: Law) -> Audio:
    """Return what is left of ``audio`` after coding and decoding.

    What passes full scale is clipped at 0.98. What 13 bits take for silence stays silent: an
    A-law decoder has no zero and would hold its smallest value, of one sign, which the
    capacitors of a line do not pass.

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
    """Return the decision values of positive samples, and the values between them."""
    segment, step = np.divmod(np.arange(128), 16)
    if law == "mu_law":  # table 2a of G.711, in units of 1 / 8192
        edges, values = (2 * step + 32 << segment) - 33, (2 * step + 33 << segment) - 33
        return (edges[1:] / 8192).astype(np.float32), (values / 8192).astype(np.float32)
    above, first = np.maximum(segment - 1, 0), np.where(segment == 0, 0, 32)
    edges, values = 2 * step + first << above, 2 * step + first + 1 << above  # 1a, 1 / 4096
    edges, values = np.array([0.5, *edges[1:]]), np.array([0, *values])
    return (edges / 4096).astype(np.float32), (values / 4096).astype(np.float32)
