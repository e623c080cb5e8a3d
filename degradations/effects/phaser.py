"""The phaser."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.oscillators import Cycle, turns, wave
from ..effect import Effect, Label

__all__ = ["Phaser"]

HIGHEST = 0.45
"""Of the sample rate: no stage is tuned above."""


class Phaser(Effect, kind="phaser"):
    """A few notches, unevenly spaced, glide through the sound: it swirls.

    y = (1 - mix) x + mix z, z = A(x + feedback z), where A is a cascade of equal first-order
    all-passes, each of which turns the phase by 90 degrees at
    f(t) = centre_hz * 2 ** (sweep_octaves / 2 * sin(2 pi (rate_hz t + phase))). There are
    stages / 2 notches, where tan(pi f_k / sample_rate) = tan(pi f / sample_rate) *
    tan(pi (2 k - 1) / (2 stages)); far below Nyquist f_k = f tan(...). At mix 0.5 without
    feedback they are complete. Feedback sharpens the peaks, which rise to
    (1 - mix) + mix / (1 - feedback). The loop holds no delay.

    Parameters
    ----------
    rate_hz : float
        Of the sweep, from 0.02 to 10 Hz.
    centre_hz : float
        Middle of the sweep in octaves, from 100 to 4000 Hz.
    sweep_octaves : float
        From the lowest to the highest point, from 0 (a still comb) to 6.
    stages : {2, 4, 6, 8, 10, 12}
    feedback : float
        From -0.95 to 0.95.
    mix : float
        From 0 (dry) to 1 (the all-passes only: no notches, but a vibrato).
    phase : float
        Where in its cycle the sweep begins, from 0 (middle, rising) to 1.
    stereo_phase : float
        By what share of a cycle the right channel is ahead, from 0 to 1; nothing on mono
        audio.

    Notes
    -----
    J. O. Smith, "Physical Audio Signal Processing", 2010, "Phasing with first-order allpass
    filters"; the delay-free form after V. Zavalishin, "The Art of VA Filter Design", 2018.
    """

    label: ClassVar[Label] = "modulation"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    rate_hz: Annotated[float, Field(ge=0.02, le=10)]
    centre_hz: Annotated[float, Field(ge=100, le=4000)] = 800.0
    sweep_octaves: Annotated[float, Field(ge=0, le=6)] = 3.0
    stages: Literal[2, 4, 6, 8, 10, 12] = 4
    feedback: Annotated[float, Field(ge=-0.95, le=0.95)] = 0.0
    mix: Annotated[float, Field(ge=0, le=1)] = 0.5
    phase: Cycle = 0.0
    stereo_phase: Cycle = 0.0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add what leaves the all-passes."""
        from ..dsp.delay_lines import allpass_cascade

        turned = np.empty_like(audio)
        for channel in range(audio.shape[0]):
            phase = self.phase + channel * self.stereo_phase
            sine = wave(turns(self.rate_hz, audio.shape[1], sample_rate, phase))
            hz = self.centre_hz * 2 ** (self.sweep_octaves / 2 * sine)
            g = np.tan(np.pi * np.minimum(hz / sample_rate, HIGHEST))
            turned[channel] = allpass_cascade(
                audio[channel], g / (1 + g), self.stages, self.feedback
            )
        mix = np.float32(self.mix)
        return (1 - mix) * audio + mix * turned
