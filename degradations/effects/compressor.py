"""The compressor."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dynamics import Dynamics, one_pole
from .detectors import bent, high_passed, looked_ahead, peak_levels, rms_levels, to_db

__all__ = ["Compressor"]


class Compressor(Dynamics, kind="compressor"):
    """Loud moments are turned down: steadier, denser, with attacks that stick out or not.

    Feed-forward. Above the knee the level in dB rises by 1/ratio per dB; the reduction in dB
    is smoothed by one one-pole filter, of ``attack_ms`` while it grows and of ``release_ms``
    while it falls ("smooth branching" detector in the log domain). Levels are absolute, in
    dBFS. Another stem can drive it: see :meth:`Dynamics.keyed`.

    Parameters
    ----------
    threshold_db : float
        Where compression begins, from -60 to 0 dBFS.
    ratio : float
        dB in per dB out above the threshold, from 1 (nothing) to 30.
    attack_ms, release_ms : float
        Time constants (63 % of the way): 0.1 to 200 ms, and 5 to 2000 ms.
    knee_db : float
        Width of the bend around the threshold, from 0 (hard) to 24 dB.
    makeup_db : float
        Gain afterwards, from 0 to 24 dB.
    detector : {"peak", "rms"}
        Whether the level is each sample's magnitude, or the root of the running mean square,
        which reads a sine 3 dB lower and hears loudness rather than peaks.
    average_ms : float
        Time constant of that mean, from 0.5 to 300 ms; of no effect with peaks.
    lookahead_ms : float
        By how much the gain acts before its cause, from 0 to 20 ms. The sound is not delayed.
    link : float
        Which share of the gain, in dB, follows the louder channel; the rest follows each
        channel's own level. 1 keeps the stereo image, 0 is two monos.
    sidechain_high_pass_hz : float
        The detector does not hear the lows below (12 dB per octave): up to 1000 Hz; 0, and
        all below 1, is off.

    Notes
    -----
    D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design: a
    tutorial and analysis", J. Audio Eng. Soc. 60(6), 2012.
    """

    neutral: ClassVar[Mapping[str, float]] = {"ratio": 1.0, "makeup_db": 0.0}

    threshold_db: Annotated[float, Field(ge=-60, le=0)]
    ratio: Annotated[float, Field(ge=1, le=30)]
    attack_ms: Annotated[float, Field(ge=0.1, le=200)] = 10.0
    release_ms: Annotated[float, Field(ge=5, le=2000)] = 100.0
    knee_db: Annotated[float, Field(ge=0, le=24)] = 6.0
    makeup_db: Annotated[float, Field(ge=0, le=24)] = 0.0
    detector: Literal["peak", "rms"] = "peak"
    average_ms: Annotated[float, Field(ge=0.5, le=300)] = 10.0
    lookahead_ms: Annotated[float, Field(ge=0, le=20)] = 0.0
    link: Annotated[float, Field(ge=0, le=1)] = 1.0
    sidechain_high_pass_hz: Annotated[float, Field(ge=0, le=1000)] = 0.0

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB; make-up included.

        Shape (samples,), or (channels, samples) if ``link`` is below 1.
        """
        heard = high_passed(key, self.sidechain_high_pass_hz, sample_rate)
        heard, ahead = looked_ahead(heard, self.lookahead_ms, sample_rate)
        is_peak = self.detector == "peak"
        levels = peak_levels(heard) if is_peak else rms_levels(heard, self.average_ms, sample_rate)
        curve = self._curve_db(levels.max(axis=0), sample_rate)
        if self.link < 1:
            own = np.stack([self._curve_db(level, sample_rate) for level in levels])
            curve = np.float32(self.link) * curve + np.float32(1 - self.link) * own
        return np.asarray(curve[..., ahead:] + np.float32(self.makeup_db))

    def _curve_db(self, level: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
        """Return the gain for one level: static curve, then ballistics."""
        from ..dsp.recursions import smoothed

        over_db = bent(to_db(level) - np.float32(self.threshold_db), self.knee_db)
        attack, release = (one_pole(t, sample_rate) for t in (self.attack_ms, self.release_ms))
        return -smoothed(over_db * np.float32(1 - 1 / self.ratio), attack, release, 0.0)
