"""Limiters: a ceiling, and a loudness under a ceiling."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ..dsp.loudness import integrated_lufs
from ..dsp.oversampling import peak_magnitude
from ..dynamics import Dynamics, one_pole
from .detectors import to_db

__all__ = ["Limiter", "LoudnessLimiter"]


MOST_DRIVE_DB = 24.0
CLOSE_ENOUGH_LU = 0.05
MOST_ATTEMPTS = 16


class _Ceiling(Dynamics):
    """What both are made of; see :class:`Limiter` for the numbers."""

    ceiling_dbtp: Annotated[float, Field(ge=-24, le=0)] = -1.0
    release_ms: Annotated[float, Field(ge=5, le=1000)] = 100.0
    lookahead_ms: Annotated[float, Field(ge=0.5, le=10)] = 2.0

    def _reduction_db(self, over_db: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """Return a smooth curve that is nowhere below ``over_db``, shape (samples,)."""
        from ..dsp.recursions import averaged, held_and_released_db

        half = max(1, round(self.lookahead_ms / 2000 * sample_rate))
        release = one_pole(self.release_ms, sample_rate)
        held = held_and_released_db(np.pad(over_db, (2 * half, 0)), 2 * half, release)
        # Two averages over values that are all large enough are large enough: no overshoot.
        smooth = averaged(averaged(held, half + 1), half + 1)
        return np.maximum(smooth, 0).astype(np.float32)  # a sum that came and went may miss 0


class Limiter(_Ceiling, kind="limiter"):
    """Peaks are held at the ceiling, between samples too; loud passages get denser.

    It looks ahead: the gain glides down over ``lookahead_ms`` before a peak and recovers
    exponentially in dB, without a moment's delay of the sound. No make-up gain: put a gain
    in front to drive it. In ideal reconstruction, sound up to 20 kHz passes the ceiling by at
    most 0.02 dB (0.05 dB at a sample rate of 44.1 kHz); on a BS.1770 meter by 0.06 dB, which
    is the meter's own error. White noise up to Nyquist, where meters disagree, passes it by
    up to 1.7 dB in ideal reconstruction and by 0.25 dB on the meter.

    Parameters
    ----------
    ceiling_dbtp : float
        From -24 to 0 dBTP.
    release_ms : float
        Time constant of the recovery (63 %), from 5 to 1000 ms.
    lookahead_ms : float
        From 0.5 to 10 ms; longer is cleaner, shorter is louder.
    """

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,); never positive."""
        peaks = peak_magnitude(key, floor=amplitude(self.ceiling_dbtp))
        over_db = np.maximum(to_db(peaks) - np.float32(self.ceiling_dbtp), 0)
        if not over_db.any():
            return np.zeros(key.shape[1], np.float32)
        return -self._reduction_db(over_db, sample_rate)


class LoudnessLimiter(_Ceiling, kind="loudness_limiter"):
    """As loud as is asked for, under a ceiling: the last step of a loud master.

    A gain and a :class:`Limiter`. The gain is found: the integrated loudness (BS.1770) of
    all that it is given comes within 0.05 LU of ``target_lufs``. What no driving brings there
    stops at 24 dB of gain beyond what would do without the limiter; silence stays as it is.

    Parameters
    ----------
    target_lufs : float
        From -40 to -4 LUFS.
    ceiling_dbtp, release_ms, lookahead_ms : float
        As in :class:`Limiter`.
    """

    target_lufs: Annotated[float, Field(ge=-40, le=-4)]

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,); drive included."""
        plain_lufs = integrated_lufs(key, sample_rate)
        if not np.isfinite(plain_lufs):
            return np.zeros(key.shape[1], np.float32)
        undriven_db = self.target_lufs - plain_lufs
        floor = amplitude(self.ceiling_dbtp - undriven_db - MOST_DRIVE_DB)
        peaks_db = to_db(peak_magnitude(key, floor=floor))

        def curve(drive_db: float) -> NDArray[np.float32]:
            over_db = np.maximum(peaks_db + np.float32(drive_db - self.ceiling_dbtp), 0)
            return np.float32(drive_db) - self._reduction_db(over_db, sample_rate)

        def missing_lu(drive_db: float) -> float:
            driven = key * self.gains(curve(drive_db))
            return self.target_lufs - integrated_lufs(driven, sample_rate)

        return curve(_drive_db(missing_lu, undriven_db, undriven_db + MOST_DRIVE_DB))


def _drive_db(missing_lu: Callable[[float], float], low_db: float, high_db: float) -> float:
    """Return a drive at which hardly any loudness is missing, or ``high_db`` if some always is.

    Climbs until it is loud enough, in steps that at least double, and then closes in from both
    sides (regula falsi, Illinois).
    """
    left = right = low_db
    at_left = at_right = missing_lu(low_db)
    step = 0.0
    while at_right > CLOSE_ENOUGH_LU and right < high_db:
        left, at_left = right, at_right
        step = max(1.5 * at_left, 2 * step)
        right = min(left + step, high_db)
        at_right = missing_lu(right)
    if at_right > -CLOSE_ENOUGH_LU:
        return right
    for _ in range(MOST_ATTEMPTS):
        middle = left + (right - left) * at_left / (at_left - at_right)
        found = missing_lu(middle)
        if abs(found) <= CLOSE_ENOUGH_LU:
            return middle
        if found > 0:
            left, at_left, at_right = middle, found, at_right / 2
        else:
            right, at_right, at_left = middle, found, at_left / 2
    return right
