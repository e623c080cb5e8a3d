"""The transient shaper."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dynamics import Dynamics, one_pole
from .detectors import peak_levels, to_db

__all__ = ["TransientShaper"]

HOLD_MS = 10.0
"""The envelope holds its peaks for so long: half a wave of 50 Hz, whose envelope is then flat."""

FULL_DB = 6.0
"""Distance of two envelopes at which an onset is wholly an onset, and a decay a decay."""

GLIDE_MS = 1.0


class TransientShaper(Dynamics, kind="transient_shaper"):
    """Onsets are sharpened or dulled, and what rings on after them is raised or lowered.

    Whatever the level: a copy of the envelope that rises more slowly is passed by it at
    onsets, and a copy that falls more slowly stays above it in decays. Where the envelope is
    6 dB above the first, all of ``attack_db`` is had; where it is 6 dB below the second, all of
    ``sustain_db``; in proportion before that. Steady sound has neither and stays as it is.

    Parameters
    ----------
    attack_db, sustain_db : float
        From -24 to 24 dB.
    attack_ms : float
        Time constant (63 %) of the slow rise, from 5 to 100 ms: after silence, the onset is
        full for 0.7 of it, and over after three.
    sustain_ms : float
        Time constant (63 %) of the slow fall, from 50 to 1000 ms.

    Notes
    -----
    The envelope is the peak of the louder channel over the last 10 ms; the gain glides for a
    millisecond towards each onset. The principle is that of the SPL Transient Designer
    ("Differential Envelope Technology", 1998).
    """

    neutral: ClassVar[Mapping[str, float]] = {"attack_db": 0.0, "sustain_db": 0.0}

    attack_db: Annotated[float, Field(ge=-24, le=24)]
    sustain_db: Annotated[float, Field(ge=-24, le=24)]
    attack_ms: Annotated[float, Field(ge=5, le=100)] = 30.0
    sustain_ms: Annotated[float, Field(ge=50, le=1000)] = 300.0

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,)."""
        from ..dsp.recursions import smoothed

        envelope = _peaks_of_the_last(peak_levels(key).max(axis=0), HOLD_MS, sample_rate)
        envelope_db = to_db(envelope)
        slowly_up = smoothed(envelope, one_pole(self.attack_ms, sample_rate), 0.0, 0.0)
        slowly_down = smoothed(envelope, 0.0, one_pole(self.sustain_ms, sample_rate), 0.0)
        onset = np.clip((envelope_db - to_db(slowly_up)) / np.float32(FULL_DB), 0, 1)
        decay = np.clip((to_db(slowly_down) - envelope_db) / np.float32(FULL_DB), 0, 1)
        gain_db = np.float32(self.attack_db) * onset + np.float32(self.sustain_db) * decay
        return _glided(gain_db, GLIDE_MS, sample_rate)


def _peaks_of_the_last(
    level: NDArray[np.float32], time_ms: float, sample_rate: int
) -> NDArray[np.float32]:
    """Return the running maximum over the samples before and at each one."""
    from scipy.ndimage import maximum_filter1d

    width = round(time_ms / 1000 * sample_rate) + 1
    peaks: NDArray[np.float32] = maximum_filter1d(
        level, width, mode="constant", origin=(width - 1) // 2
    )
    return peaks


def _glided(gain_db: NDArray[np.float32], time_ms: float, sample_rate: int) -> NDArray[np.float32]:
    """Return the mean over each sample and those after it, so that no step is left."""
    from ..dsp.recursions import averaged

    width = max(1, round(time_ms / 1000 * sample_rate))
    padded = np.pad(gain_db, (0, width - 1), mode="edge").astype(np.float64)
    means: NDArray[np.float64] = averaged(padded, width)
    return means.astype(np.float32)
