"""The compressor."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..audio import Audio
from .dynamics import Dynamics, one_pole

__all__ = ["Compressor"]


class Compressor(Dynamics, kind="compressor"):
    """Loud moments are turned down: steadier, denser, with attacks that stick out or not.

    Feed-forward, with a peak detector that hears the louder channel. Above the knee the
    level in dB rises by 1/ratio per dB; the reduction in dB is smoothed by one one-pole
    filter, of ``attack_ms`` while it grows and of ``release_ms`` while it falls ("smooth
    branching" detector in the log domain). Levels are absolute, in dBFS.

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

    def gain_curve_db(self, audio: Audio, sample_rate: int) -> NDArray[np.float64]:
        """Return the gain at each sample, in dB, shape (samples,); make-up included."""
        from .recursions import compressor_curve_db

        curve: NDArray[np.float64] = compressor_curve_db(
            np.abs(audio).max(axis=0),
            self.threshold_db,
            1 - 1 / self.ratio,
            self.knee_db,
            one_pole(self.attack_ms, sample_rate),
            one_pole(self.release_ms, sample_rate),
        )
        return curve + self.makeup_db
