"""Sound read between its samples: what chorus, vibrato and wow are made of.

Interpolators are Kaiser-windowed sincs, 256 steps a sample and linear between the steps.
A tone that is moved by any part of a sample differs from the ideal, relative to the tone:

====  ====================  ====================  ====================
taps  to 0.6 times Nyquist  to 0.7 times Nyquist  to 0.8 times Nyquist
====  ====================  ====================  ====================
32    -81 dB                -79 dB                -76 dB
16    -59 dB                -59 dB                -32 dB
====  ====================  ====================  ====================
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = ["kernels", "moved"]

STEPS = 256
BETA = {16: 6.0, 32: 8.0}
"""Shape of the window for each number of taps."""


def moved(audio: Audio, displacement: NDArray[np.float64], taps: int = 32) -> Audio:
    """Return ``audio`` read at n + displacement[n]; silence lies before and after it.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    displacement : float64 array, shape (samples,)
        In samples; positive reads ahead, so that the sound comes early.
    taps : {16, 32}
        Length of the interpolators.
    """
    from .delay_lines import read_at

    margin = int(np.ceil(np.abs(displacement).max(initial=0.0))) + taps
    padded = np.pad(audio, ((0, 0), (margin, margin)))
    places = np.arange(margin, margin + displacement.size) + displacement
    out: Audio = read_at(padded, places, kernels(taps))
    return out


@cache
def kernels(taps: int) -> NDArray[np.float32]:
    """Return a windowed sinc for each step between two samples, shape (STEPS + 1, taps).

    The last row is the first one, a sample on. Each row sums to 1.
    """
    places = np.arange(STEPS + 1)[:, np.newaxis] / STEPS
    distance = np.arange(taps) - (taps // 2 - 1) - places
    window = np.i0(BETA[taps] * np.sqrt(np.maximum(1 - (distance / (taps / 2)) ** 2, 0)))
    rows = np.sinc(distance) * window
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), np.float32)
