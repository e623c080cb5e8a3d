"""Place in the stereo image."""

from math import cos, pi, sin, sqrt

import numpy as np

from ..audio import Audio

__all__ = ["place"]


def place(audio: Audio, pan: float) -> Audio:
    """Give mono or stereo audio its place, with constant power.

    A mono signal goes to ``left = x cos(t)``, ``right = x sin(t)`` with
    ``t = (pan + 1) pi / 4``; the channels of a stereo signal are weighted by the same
    factors times sqrt(2), so that ``pan = 0`` leaves them alone.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    pan : float
        From -1 (left) to 1 (right).

    Returns
    -------
    float32 array, shape (2, samples)

    Examples
    --------
    >>> import numpy as np
    >>> place(np.ones((1, 1), np.float32), -1.0).round(3).T
    array([[1., 0.]], dtype=float32)
    """
    angle = (pan + 1) * pi / 4
    sides = np.array([[cos(angle)], [sin(angle)]], np.float32)
    return audio * sides if audio.shape[0] == 1 else audio * (sides * np.float32(sqrt(2)))
