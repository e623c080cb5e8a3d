"""Pitch shift."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from ...audio import Audio, resample
from ..dsp.phase_vocoder import stretched
from ..effect import Effect, Label

__all__ = ["PitchShift"]

PARTS = 1_000_000
"""The ratio of pitches is rounded to a part in a million: 0.002 cents."""


class PitchShift(Effect, kind="pitch_shift"):
    """The same performance, higher or lower, timbre and all: a chipmunk or a giant.

    The sound is resampled by 2 ** (shift_cents / 1200), which moves its pitch and its
    length, and stretched back to its length by a phase vocoder. Formants move along.
    Above ratio times Nyquist (shifted down) nothing is left. The envelope stays in place: the
    energy of a click lies within a sample of it on average, 99 % within 1 ms, and onsets of
    drums within 1 ms up to a fifth and 3 ms at an octave. A lone partial keeps its level
    to 0.01 dB, with all else 45 dB below it. Costs 30 to 55 ms a second of stereo.

    Parameters
    ----------
    shift_cents : float
        From -1200 (an octave down) to 1200 cents; 100 are a semitone. 0 changes nothing.
    """

    label: ClassVar[Label] = "pitch"
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"shift_cents": 0.0}

    shift_cents: Annotated[float, Field(ge=-1200, le=1200)]

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Shift."""
        parts = round(PARTS * 2 ** (self.shift_cents / 1200))
        if parts == PARTS:
            return audio.copy()
        moved = resample(audio, parts, PARTS)
        return stretched(moved, parts / PARTS, audio.shape[1], sample_rate)
