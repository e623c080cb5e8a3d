"""The de-esser."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.sections import run_sections
from ..dynamics import Dynamics, one_pole
from .detectors import bent, peak_levels, to_db

__all__ = ["Deesser"]


class Deesser(Dynamics, kind="deesser"):
    """Sharp s and t sounds, and splashy cymbals, are softened; all else is left alone.

    A compressor with a hard knee hears only a band of the sound, the louder channel's, and
    turns down that band (``split``) or everything (``wide``). Split, it is a bell that moves:
    y = x - (1 - g) B x, with B the band-pass and g the gain; its depth at the centre is g, and
    where g is 1 the sound passes bit for bit. The detector hears B B x, so that loud lows,
    12 dB less per octave, are not taken for sibilance. Like any bell it moves phases: on a
    distorted guitar, a wide one with a range of 24 dB read as a lag of 1.6 samples, the default
    numbers as 0.3.

    Parameters
    ----------
    threshold_db : float
        Peak level of the band above which it acts, from -60 to 0 dBFS.
    ratio : float
        dB in per dB out above the threshold, from 1 (nothing) to 30.
    range_db : float
        The largest reduction, from 0 to 24 dB.
    centre_hz : float
        Of the band, from 2000 to 12000 Hz.
    q : float
        Centre over width of the band, from 0.3 to 4.
    attack_ms, release_ms : float
        Time constants (63 %) of the reduction: 0.1 to 20 ms, and 5 to 500 ms.
    mode : {"split", "wide"}
        What is turned down: the band, or everything.
    """

    neutral: ClassVar[Mapping[str, float]] = {"range_db": 0.0}
    moves_time: ClassVar[bool] = True

    threshold_db: Annotated[float, Field(ge=-60, le=0)]
    ratio: Annotated[float, Field(ge=1, le=30)] = 4.0
    range_db: Annotated[float, Field(ge=0, le=24)] = 12.0
    centre_hz: Annotated[float, Field(ge=2000, le=12_000)] = 7000.0
    q: Annotated[float, Field(ge=0.3, le=4)] = 1.0
    attack_ms: Annotated[float, Field(ge=0.1, le=20)] = 1.0
    release_ms: Annotated[float, Field(ge=5, le=500)] = 50.0
    mode: Literal["split", "wide"] = "split"

    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain at each sample, in dB, shape (samples,); never positive.

        Of the band or of everything, as ``mode`` says.
        """
        return self._curve_db(self._band(key, sample_rate), sample_rate)

    def processed(self, audio: Audio, key: Audio, sample_rate: int) -> Audio:
        """Turn the band, or everything, down by the key's curve."""
        if self.mode == "wide":
            return super().processed(audio, key, sample_rate)
        band = self._band(audio, sample_rate)
        heard = band if key is audio else self._band(key, sample_rate)
        return audio - (1 - self.gains(self._curve_db(heard, sample_rate))) * band

    def is_gain(self) -> bool:
        """Return whether everything is turned down."""
        return self.mode == "wide"

    def _band(self, audio: Audio, sample_rate: int) -> Audio:
        """Return the sibilance: the cookbook's band-pass of unit gain at the centre."""
        w = 2 * np.pi * self.centre_hz / sample_rate
        alpha = np.sin(w) / (2 * self.q)
        row = np.array([alpha, 0, -alpha, 1 + alpha, -2 * np.cos(w), 1 - alpha])
        return run_sections(row[np.newaxis] / row[3], audio)

    def _curve_db(self, band: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain for a band, which the detector hears through the band-pass once more."""
        from ..dsp.recursions import smoothed

        level_db = to_db(peak_levels(self._band(band, sample_rate)).max(axis=0))
        over_db = bent(level_db - np.float32(self.threshold_db), 0)
        wanted = np.minimum(over_db * np.float32(1 - 1 / self.ratio), np.float32(self.range_db))
        attack, release = (one_pole(t, sample_rate) for t in (self.attack_ms, self.release_ms))
        return -smoothed(wanted, attack, release, 0.0)
