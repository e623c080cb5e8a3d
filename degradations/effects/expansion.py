"""The other half of dynamics: what happens to sound below a threshold."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dynamics import Dynamics, one_pole
from .detectors import bent, rms_levels, to_db

__all__ = ["Expander", "UpwardCompressor"]


class _Below(Dynamics):
    """What both are: an amount of dB that grows as the level falls, up to a range."""

    neutral: ClassVar[Mapping[str, float]] = {"ratio": 1.0}

    threshold_db: Annotated[float, Field(ge=-80, le=0)]
    ratio: Annotated[float, Field(ge=1, le=10)]
    range_db: Annotated[float, Field(ge=0, le=60)] = 20.0
    attack_ms: Annotated[float, Field(ge=0.1, le=200)] = 5.0
    release_ms: Annotated[float, Field(ge=5, le=2000)] = 100.0
    knee_db: Annotated[float, Field(ge=0, le=24)] = 6.0
    average_ms: Annotated[float, Field(ge=0.5, le=300)] = 10.0

    def _amount_db(self, key: Audio, slope: float, sample_rate: int) -> NDArray[np.float32]:
        """Return ``slope`` dB per dB below the threshold, shape (samples,)."""
        from ..dsp.recursions import smoothed

        level_db = to_db(rms_levels(key, self.average_ms, sample_rate).max(axis=0))
        under_db = bent(np.float32(self.threshold_db) - level_db, self.knee_db)
        wanted = np.minimum(under_db * np.float32(slope), np.float32(self.range_db))
        attack, release = (one_pole(t, sample_rate) for t in (self.attack_ms, self.release_ms))
        at_rest = min(slope * (180 + self.threshold_db), self.range_db)  # silence reads -180
        amount: NDArray[np.float32] = smoothed(wanted, release, attack, at_rest)
        return amount


class UpwardCompressor(_Below, kind="upward_compressor"):
    """Quiet moments are turned up: room, breath and decays come forward, peaks stay.

    Below the threshold the level in dB falls by only 1/ratio per dB, until ``range_db`` of
    gain is reached; above, nothing happens. The level is the RMS of the louder channel.

    Parameters
    ----------
    threshold_db : float
        Below which sound is raised, from -80 to 0 dBFS.
    ratio : float
        dB in per dB out below the threshold, from 1 (nothing) to 10.
    range_db : float
        The largest gain, from 0 to 60 dB; noise is raised by as much.
    attack_ms, release_ms : float
        Time constants (63 %) of the gain: while it falls, as the sound gets louder, from 0.1
        to 200 ms; while it rises again, from 5 to 2000 ms.
    knee_db : float
        Width of the bend around the threshold, from 0 to 24 dB.
    average_ms : float
        Time constant of the mean square, from 0.5 to 300 ms.

    Notes
    -----
    U. Zoelzer (ed.), "DAFX: Digital Audio Effects", 2nd ed., Wiley 2011, chapter 4.
    """

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,); never negative."""
        return self._amount_db(key, 1 - 1 / self.ratio, sample_rate)


class Expander(_Below, kind="expander"):
    """Quiet moments are turned down: less room and bleed, more contrast.

    Below the threshold the level in dB falls by ``ratio`` per dB, until ``range_db`` of
    attenuation is reached; above, nothing happens. The level is the RMS of the louder channel.

    Parameters
    ----------
    threshold_db : float
        Below which sound is lowered, from -80 to 0 dBFS.
    ratio : float
        dB out per dB in below the threshold, from 1 (nothing) to 10 (nearly a gate).
    range_db : float
        The largest attenuation, from 0 to 60 dB.
    attack_ms, release_ms : float
        Time constants (63 %) of the gain: while it rises, as the sound gets louder, from 0.1
        to 200 ms; while it falls again, from 5 to 2000 ms.
    knee_db : float
        Width of the bend around the threshold, from 0 to 24 dB.
    average_ms : float
        Time constant of the mean square, from 0.5 to 300 ms.

    Notes
    -----
    U. Zoelzer (ed.), "DAFX: Digital Audio Effects", 2nd ed., Wiley 2011, chapter 4.
    """

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,); never positive."""
        return -self._amount_db(key, self.ratio - 1, sample_rate)
