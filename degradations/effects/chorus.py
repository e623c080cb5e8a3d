"""Chorus and flanger: the sound beside copies of itself whose delay is swept."""

from collections.abc import Mapping
from math import sqrt
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.interpolation import kernels, moved
from ..dsp.oscillators import Cycle, turns, wave
from ..effect import Effect, Label

__all__ = ["Chorus", "Flanger"]

TAPS = 16
"""Of the interpolators: with twice as many, a feedback loop could not be as short."""


class Chorus(Effect, kind="chorus"):
    """One player becomes several: thicker, wider, gently out of tune.

    y = (1 - mix) x + mix / sqrt(voices) * sum of x(t - d_i(t)), with
    d_i = delay_ms + depth_ms sin(2 pi (rate_hz t + phase + i / voices)). The pitch of each
    voice moves by up to 2 pi rate_hz depth_ms / 1000 either way (1 Hz and 2 ms: 22 cents).

    Parameters
    ----------
    rate_hz : float
        Of the sweep, from 0.05 to 8 Hz.
    depth_ms : float
        How far the delay goes either way, from 0 to 5 ms.
    delay_ms : float
        Mean delay, from 5 to 50 ms.
    voices : int
        Copies, from 1 to 4.
    mix : float
        From 0 (dry) to 1 (copies only).
    phase : float
        Where in its cycle the first voice begins, from 0 to 1.
    stereo_phase : float
        By what share of a cycle the right channel is ahead, from 0 (no width) to 1; nothing
        on mono audio.

    Notes
    -----
    U. Zölzer (ed.), "DAFX: Digital Audio Effects", 2nd edition, 2011, section 2.6. Sound
    above 0.7 times Nyquist is dulled in the copies.
    """

    label: ClassVar[Label] = "modulation"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    rate_hz: Annotated[float, Field(ge=0.05, le=8)]
    depth_ms: Annotated[float, Field(ge=0, le=5)]
    delay_ms: Annotated[float, Field(ge=5, le=50)] = 15.0
    voices: Annotated[int, Field(ge=1, le=4)] = 2
    mix: Annotated[float, Field(ge=0, le=1)] = 0.5
    phase: Cycle = 0.0
    stereo_phase: Cycle = 0.25

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add the voices."""
        copies = np.zeros_like(audio)
        for channel in range(audio.shape[0]):
            for voice in range(self.voices):
                phase = self.phase + voice / self.voices + channel * self.stereo_phase
                cycles = turns(self.rate_hz, audio.shape[1], sample_rate, phase)
                delay = (self.delay_ms + self.depth_ms * wave(cycles)) / 1000 * sample_rate
                copies[channel] += moved(audio[channel : channel + 1], -delay, TAPS)[0]
        mix = np.float32(self.mix)
        return (1 - mix) * audio + copies * (mix / np.float32(sqrt(self.voices)))

    def tail_s(self) -> float:
        """Return the longest delay."""
        return (self.delay_ms + self.depth_ms) / 1000


class Flanger(Effect, kind="flanger"):
    """A comb of notches sweeps through the sound: the jet plane.

    y = (1 - mix) x + mix z, z(t) = v(t - d(t)), v = x + feedback z. The delay d goes from
    delay_ms to delay_ms + depth_ms and back, as a raised cosine. Notches lie 1 / d apart; at
    mix 0.5 without feedback they are complete, the first at 1 / (2 d). Feedback sharpens the
    peaks between them, which rise to (1 - mix) + mix / (1 - feedback).

    Parameters
    ----------
    rate_hz : float
        Of the sweep, from 0.02 to 5 Hz.
    depth_ms : float
        Extent of the sweep, from 0 to 10 ms.
    delay_ms : float
        Shortest delay, from 0.5 to 10 ms.
    feedback : float
        From -0.95 (hollow: odd multiples ring) to 0.95.
    mix : float
        From 0 (dry) to 1 (delayed only).
    through_zero : bool
        Whether the dry sound waits for half the sweep, as on two tape machines: the notches
        then rise out of hearing and come back in the middle of each sweep.
    phase : float
        Where in its cycle the sweep begins, from 0 (shortest delay) to 1.
    stereo_phase : float
        By what share of a cycle the right channel is ahead, from 0 to 1; nothing on mono
        audio.

    Notes
    -----
    U. Zölzer (ed.), "DAFX: Digital Audio Effects", 2nd edition, 2011, section 2.6. Sound
    above 0.7 times Nyquist is dulled in the delayed part.
    """

    label: ClassVar[Label] = "modulation"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    rate_hz: Annotated[float, Field(ge=0.02, le=5)]
    depth_ms: Annotated[float, Field(ge=0, le=10)]
    delay_ms: Annotated[float, Field(ge=0.5, le=10)] = 1.0
    feedback: Annotated[float, Field(ge=-0.95, le=0.95)] = 0.0
    mix: Annotated[float, Field(ge=0, le=1)] = 0.5
    through_zero: bool = False
    phase: Cycle = 0.0
    stereo_phase: Cycle = 0.0

    def delay_samples(
        self, samples: int, sample_rate: int, channel: int = 0
    ) -> NDArray[np.float64]:
        """Return the delay of a channel at each sample, in samples, shape (samples,)."""
        phase = self.phase + channel * self.stereo_phase
        cosine = wave(turns(self.rate_hz, samples, sample_rate, phase + 0.25))
        delay_ms = self.delay_ms + self.depth_ms * (1 - cosine) / 2
        return delay_ms / 1000 * sample_rate

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add the delayed sound; late by the dry sound's wait."""
        from ..dsp.delay_lines import fed_back

        delayed = np.empty_like(audio)
        for channel in range(audio.shape[0]):
            delay = self.delay_samples(audio.shape[1], sample_rate, channel)
            delay = np.maximum(delay, TAPS / 2)  # only below 16 kHz is any shorter
            delayed[channel] = fed_back(audio[channel], delay, self.feedback, kernels(TAPS))
        dry, mix = audio, np.float32(self.mix)
        if self.through_zero:
            middle = np.full(audio.shape[1], -self._middle_samples(sample_rate))
            dry = moved(audio, middle, TAPS)
        return (1 - mix) * dry + mix * delayed

    def latency_samples(self, sample_rate: int) -> int:
        """Return how long the dry sound waits for the middle of the sweep."""
        return round(self._middle_samples(sample_rate)) if self.through_zero else 0

    def tail_s(self) -> float:
        """Return the time in which the feedback falls by 60 dB at the longest delay."""
        longest_s = (self.delay_ms + self.depth_ms) / 1000
        rounds = np.log(1e-3) / np.log(abs(self.feedback)) if abs(self.feedback) > 1e-3 else 1.0
        return float(longest_s * max(1.0, rounds))

    def _middle_samples(self, sample_rate: int) -> float:
        """Return the delay half-way through the sweep."""
        return (self.delay_ms + self.depth_ms / 2) / 1000 * sample_rate
