"""The limiter."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..audio import Audio, amplitude
from .dynamics import Dynamics, one_pole
from .oversampling import peak_magnitude

__all__ = ["Limiter"]


class Limiter(Dynamics, kind="limiter"):
    """Peaks are held at the ceiling, between samples too; loud passages get denser.

    It looks ahead: the gain glides down over ``lookahead_ms`` before a peak and recovers
    exponentially in dB, without a moment's delay of the sound. No make-up gain: put a gain
    in front to drive it. True peaks of sound up to 20 kHz stay within 0.1 dB of the ceiling.
    White noise up to Nyquist, where meters disagree, passes it by 0.2 dB on a BS.1770 meter
    and by up to 1.7 dB in ideal reconstruction.

    Parameters
    ----------
    ceiling_dbtp : float
        From -24 to 0 dBTP.
    release_ms : float
        Time constant of the recovery (63 %), from 5 to 1000 ms.
    lookahead_ms : float
        From 0.5 to 10 ms; longer is cleaner, shorter is louder.
    """

    ceiling_dbtp: Annotated[float, Field(ge=-24, le=0)] = -1.0
    release_ms: Annotated[float, Field(ge=5, le=1000)] = 100.0
    lookahead_ms: Annotated[float, Field(ge=0.5, le=10)] = 2.0

    def gain_curve_db(self, audio: Audio, sample_rate: int) -> NDArray[np.float64]:
        """Return the gain at each sample, in dB, shape (samples,); never positive."""
        from .recursions import held_and_released_db

        peaks = peak_magnitude(audio, floor=amplitude(self.ceiling_dbtp))
        peaks_db = 20 * np.log10(np.maximum(peaks, 1e-6))
        over_db = np.maximum(peaks_db - self.ceiling_dbtp, 0).astype(np.float64)
        if not over_db.any():
            return np.zeros(audio.shape[1])
        half = max(1, round(self.lookahead_ms / 2000 * sample_rate))
        release = one_pole(self.release_ms, sample_rate)
        held = held_and_released_db(np.pad(over_db, (2 * half, 0)), 2 * half, release)
        # Two averages over values that are all large enough are large enough: no overshoot.
        return -_averaged(_averaged(held, half), half)


def _averaged(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the mean of each value and the ``width`` before it; ``width`` fewer values."""
    sums = np.cumsum(np.pad(values, (1, 0)))
    return np.asarray((sums[width + 1 :] - sums[: -width - 1]) / (width + 1))
