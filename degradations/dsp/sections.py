"""Second-order sections, run over audio."""

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = ["run_sections"]


def run_sections(sections: NDArray[np.float64], audio: Audio) -> Audio:
    """Filter ``audio`` by a cascade of biquads that starts at rest, in double precision.

    Parameters
    ----------
    sections : float64 array, shape (sections, 6)
        b0, b1, b2, a0 = 1, a1, a2 of each, as in ``scipy.signal.sosfilt``.
    audio : float32 array, shape (channels, samples)

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    from .section_loop import biquads

    filtered: Audio = biquads(np.ascontiguousarray(audio), np.ascontiguousarray(sections))
    return filtered
