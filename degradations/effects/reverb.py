"""Algorithmic reverberation."""

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field

from ...audio import Audio
from ..dsp.boards import run_plugin
from ..effect import Effect, Label

__all__ = ["Reverb"]

_Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]

COMB_S = 1640 / 44_100
"""Delay of Freeverb's longest comb filter."""


class Reverb(Effect, kind="reverb"):
    """A diffuse, slightly metallic room: Freeverb (Jezar, 2000), as pedalboard has it.

    Parameters
    ----------
    room_size : float
        From 0 (0.7 s) to 1 (13 s): the feedback of the combs is 0.7 + 0.28 room_size.
    damping : float
        How fast highs die, from 0 to 1.
    wet : float
        Level of the reverberation, from 0 to 1 (at 0.5 about as strong as the direct sound).
    dry : float
        Level of the direct sound, from 0 to 1; 0.5 leaves it as it was.
    width : float
        Of the stereo image of the reverberation, from 0 (mono) to 1; nothing on mono audio.
    """

    label: ClassVar[Label] = "space"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"wet": 0.0, "dry": 0.5}

    room_size: _Share
    damping: _Share = 0.5
    wet: _Share = 0.33
    dry: _Share = 0.4
    width: _Share = 1.0

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Reverberate."""
        import pedalboard

        freeverb = pedalboard.Reverb(
            room_size=self.room_size,
            damping=self.damping,
            wet_level=self.wet,
            dry_level=self.dry,
            width=self.width,
        )
        return run_plugin(freeverb, audio, sample_rate)

    def tail_s(self) -> float:
        """Return the time in which the longest comb falls by 60 dB without damping."""
        return -3 * COMB_S / math.log10(0.7 + 0.28 * self.room_size)
