"""Switches: a gate that lets loud sound through, and a duck that makes way for it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dynamics import Dynamics, one_pole
from .detectors import looked_ahead, peak_levels, to_db

__all__ = ["Ducking", "Gate"]


class _Switch(Dynamics):
    """What both are: a switch that the louder channel's peaks open and hold open."""

    threshold_db: Annotated[float, Field(ge=-80, le=0)]
    hysteresis_db: Annotated[float, Field(ge=0, le=24)] = 6.0
    hold_ms: Annotated[float, Field(ge=0, le=1000)] = 30.0
    lookahead_ms: Annotated[float, Field(ge=0, le=20)] = 0.0

    def _open(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return 1 where the switch is open and 0 where it is closed, shape (ahead + samples,)."""
        from ..dsp.recursions import switched

        level_db = to_db(peak_levels(key).max(axis=0))
        closes_at = self.threshold_db - self.hysteresis_db
        hold = round(self.hold_ms / 1000 * sample_rate)
        states: NDArray[np.float32] = switched(level_db, self.threshold_db, closes_at, hold)
        return states


class Gate(_Switch, kind="gate"):
    """What is quiet is cut away: drums without bleed, words without breath between them.

    The gate opens where a peak exceeds the threshold. It closes when ``hold_ms`` have passed
    since a peak last reached the threshold less the hysteresis. The gain in dB then falls
    towards -range_db, and rises again to 0, exponentially.

    Parameters
    ----------
    threshold_db : float
        Opens it, from -80 to 0 dBFS.
    hysteresis_db : float
        By how much further the level must fall to close it, from 0 to 24 dB.
    hold_ms : float
        From 0 to 1000 ms. Less than half a period of the lowest tone and the gate chatters,
        since every wave passes through zero.
    range_db : float
        Attenuation when closed, from 0 to 90 dB.
    attack_ms, release_ms : float
        Time constants (63 % of the way, in dB): 0.05 to 50 ms, and 5 to 2000 ms.
    lookahead_ms : float
        By how much it opens before its cause, from 0 to 20 ms. The sound is not delayed.
    """

    neutral: ClassVar[Mapping[str, float]] = {"range_db": 0.0}

    range_db: Annotated[float, Field(ge=0, le=90)] = 60.0
    attack_ms: Annotated[float, Field(ge=0.05, le=50)] = 1.0
    release_ms: Annotated[float, Field(ge=5, le=2000)] = 100.0

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,); never positive."""
        from ..dsp.recursions import smoothed

        heard, ahead = looked_ahead(key, self.lookahead_ms, sample_rate)
        closed = (1 - self._open(heard, sample_rate)) * np.float32(self.range_db)
        attack, release = (one_pole(t, sample_rate) for t in (self.attack_ms, self.release_ms))
        return -smoothed(closed, release, attack, self.range_db)[ahead:]


class Ducking(_Switch, kind="ducking"):
    """The sound makes way while another one is there: music under a voice, pads under a kick.

    While the key's peaks exceed the threshold, and ``hold_ms`` longer, the gain in dB falls
    towards -depth_db; then it rises to 0 again, both exponentially. The key is the other
    sound: ``ducking.keyed(music, voice, sample_rate)``. Without one, as in a chain, the sound
    is its own key and every loud moment ducks itself: it pumps.

    Parameters
    ----------
    threshold_db : float
        Of the key, from -80 to 0 dBFS.
    depth_db : float
        Attenuation while the key sounds, from 0 to 60 dB.
    hysteresis_db : float
        By how much further the key must fall to end it, from 0 to 24 dB.
    hold_ms : float
        From 0 to 1000 ms; half a period of the key's lowest tone bridges its zeros.
    attack_ms, release_ms : float
        Time constants (63 % of the way, in dB): 0.1 to 200 ms, and 5 to 2000 ms.
    lookahead_ms : float
        By how much it acts before its cause, from 0 to 20 ms. The sound is not delayed.
    """

    neutral: ClassVar[Mapping[str, float]] = {"depth_db": 0.0}

    depth_db: Annotated[float, Field(ge=0, le=60)]
    attack_ms: Annotated[float, Field(ge=0.1, le=200)] = 10.0
    release_ms: Annotated[float, Field(ge=5, le=2000)] = 250.0

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,); never positive."""
        from ..dsp.recursions import smoothed

        heard, ahead = looked_ahead(key, self.lookahead_ms, sample_rate)
        ducked = self._open(heard, sample_rate) * np.float32(self.depth_db)
        attack, release = (one_pole(t, sample_rate) for t in (self.attack_ms, self.release_ms))
        return -smoothed(ducked, attack, release, 0.0)[ahead:]
