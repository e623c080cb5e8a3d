"""Delays: repeats of the sound that can be counted."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.delay_networks import DelayNetwork, network
from ..effect import Effect, Label

__all__ = ["Echo", "PingPong"]


class _Repeats(Effect):
    """What both delays have in common; see :class:`Echo` for the numbers."""

    label: ClassVar[Label] = "space"
    moves_time: ClassVar[bool] = True

    delay_ms: Annotated[float, Field(ge=1, le=2000)]
    feedback: Annotated[float, Field(ge=0, le=0.95)] = 0.35
    low_cut_hz: Annotated[float, Field(ge=20, le=1000)] = 80.0
    high_cut_hz: Annotated[float, Field(ge=1000, le=20_000)] = 6000.0
    mix: Annotated[float, Field(ge=0, le=1)] = 0.3

    @abstractmethod
    def entering(self, channels: int) -> NDArray[np.float64]:
        """Return what enters the line of each channel; see :class:`DelayNetwork`."""

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Repeat."""
        channels = audio.shape[0]
        samples = max(1, round(self.delay_ms / 1000 * sample_rate))
        repeats = DelayNetwork(
            np.full(channels, samples),
            np.tile(_band(self.low_cut_hz, self.high_cut_hz, sample_rate), (channels, 1)),
            self.entering(channels),
            [(channel, channel, samples, 1.0) for channel in range(channels)],
        )
        mix = np.float32(self.mix)
        return (1 - mix) * audio + mix * repeats.run(audio)

    def tail_s(self) -> float:
        """Return the time after which repeats are 60 dB below the first."""
        repeats = 1 - 3 / math.log10(self.feedback) if self.feedback > 0 else 1.0
        return math.ceil(repeats) * self.delay_ms / 1000


class Echo(_Repeats, kind="echo"):
    """The sound comes back after a while, and again, each time fainter and duller.

    y = (1 - mix) x + mix (e1 + e2 + ...): e1 is the sound ``delay_ms`` later (to the nearest
    sample), each further repeat is the one before, later again, times ``feedback`` and
    through the two filters. Each channel has its own.

    Parameters
    ----------
    delay_ms : float
        From 1 (a comb filter) over 80 to 120 (slapback) to 2000 ms.
    feedback : float
        Level of a repeat over that of the one before, from 0 (one repeat) to 0.95.
    low_cut_hz, high_cut_hz : float
        Where the filters of each repeat, of 6 dB per octave, are at -3 dB: 20 to 1000 Hz,
        and 1000 to 20000 Hz.
    mix : float
        From 0 (dry) to 1 (repeats only).
    """

    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    def entering(self, channels: int) -> NDArray[np.float64]:
        """Return the channel and the last repeat."""
        leaving, sources, entering = network(channels, channels)
        for line in range(channels):
            entering[line] = sources[line] + self.feedback * leaving[line]
        return entering


class PingPong(_Repeats, kind="ping_pong"):
    """The sound comes back on one side, then on the other, and so on.

    As :class:`Echo`, but the first repeat is the sum of both channels over sqrt(2) (equal
    channels keep their power) on ``first_side``, and each repeat is on the side opposite to
    the one before. On mono audio an echo.

    Parameters
    ----------
    delay_ms, feedback, low_cut_hz, high_cut_hz, mix : float
        As in :class:`Echo`; ``delay_ms`` is the time from one side to the other.
    first_side : {"left", "right"}
    """

    widens: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    first_side: Literal["left", "right"] = "left"

    def entering(self, channels: int) -> NDArray[np.float64]:
        """Return the sum and the last repeat of the other side."""
        leaving, sources, entering = network(channels, channels)
        first = channels - 1 if self.first_side == "right" else 0
        for line in range(channels):
            entering[line] = self.feedback * leaving[channels - 1 - line]
        entering[first] += np.sum(sources, axis=0) / np.sqrt(channels)
        return entering


def _band(low_hz: float, high_hz: float, sample_rate: int) -> NDArray[np.float64]:
    """Return a high-pass and a low-pass of first order as one biquad: b0, b1, b2, a1, a2."""
    low, high = np.tan(np.pi * np.array([low_hz, high_hz]) / sample_rate)
    above = np.convolve([1, -1], [high, high]) / ((1 + low) * (1 + high))
    below = np.convolve([1, (low - 1) / (low + 1)], [1, (high - 1) / (high + 1)])
    return np.array([*above, *below[1:]])
