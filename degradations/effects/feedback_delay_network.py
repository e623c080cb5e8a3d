"""A reverberator whose decay is what was asked for."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.delay_networks import (
    STILL,
    DelayNetwork,
    absorption,
    allpass,
    delayed,
    distinct_primes,
    network,
    remaining,
)
from ..effect import Effect, Label

__all__ = ["FeedbackDelayNetwork"]

LINES = 16
SPEED_OF_SOUND = 343.0
DIFFUSERS_S = np.array([0.0036, 0.0048, 0.0093, 0.0127])
"""Dattorro's; each channel has its own, the second's a little longer."""


class FeedbackDelayNetwork(Effect, kind="feedback_delay_network"):
    """A smooth hall or room: echoes grow dense and die away at the rates asked for.

    y = (1 - mix) x + mix w. Sixteen delay lines, mutually prime, feed each other through an
    orthogonal (Hadamard) matrix, which loses nothing; a shelf in each line loses as much as
    its length asks for, so that all of the sound decays alike. Four all-passes per channel
    thicken the onset. The reverberation w has unit energy (white noise keeps its level within
    0.3 dB), follows the direct sound by ``pre_delay_ms`` and a first path of 0.4 ``size_m``,
    and is uncorrelated between left and right.

    Parameters
    ----------
    decay_s : float
        Reverberation time T60 of the lows, from 0.1 to 20 s.
    high_decay_ratio : float
        T60 at the highest highs over ``decay_s``, from 0.1 (dull) to 1.
    crossover_hz : float
        Where the decay rate is midway between both, from 200 to 7500 Hz.
    size_m : float
        Of the room, from 3 to 40 m: the lines are as long as paths of 0.4 to 1.6 times that.
    diffusion : float
        Gain of the all-passes, from 0.3 (echoes that can be told apart) to 0.75; with less they
        would do little but delay.
    modulation_hz : float
        Rate at which the lines turn into each other, from 0 (never) to 3 Hz; breaks up
        resonances of long tails like a chorus, without changing the decay.
    pre_delay_ms : float
        From 0 to 200 ms.
    mix : float
        From 0 (dry) to 1 (reverberation only).

    Notes
    -----
    J.-M. Jot, A. Chaigne, 1991; S. Schlecht, E. Habets, "Time-varying feedback matrices in
    feedback delay networks and their application in artificial reverberation", JASA 138(3),
    2015. Within 5 % of the T60 asked for well below and well above the crossover.
    """

    label: ClassVar[Label] = "space"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    decay_s: Annotated[float, Field(ge=0.1, le=20)]
    high_decay_ratio: Annotated[float, Field(ge=0.1, le=1)] = 0.5
    crossover_hz: Annotated[float, Field(ge=200, le=7500)] = 3000.0
    size_m: Annotated[float, Field(ge=3, le=40)] = 12.0
    diffusion: Annotated[float, Field(ge=0.3, le=0.75)] = 0.6
    modulation_hz: Annotated[float, Field(ge=0, le=3)] = 0.0
    pre_delay_ms: Annotated[float, Field(ge=0, le=200)] = 0.0
    mix: Annotated[float, Field(ge=0, le=1)] = 0.3

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Reverberate."""
        rotating = LINES if self.modulation_hz else 0
        radians = 2 * np.pi * self.modulation_hz / sample_rate
        wet = self._network(sample_rate, audio.shape[0]).run(audio, rotating, radians)
        late = delayed(wet, round(self.pre_delay_ms / 1000 * sample_rate))
        mix = np.float32(self.mix)
        return (1 - mix) * audio + mix * late

    def tail_s(self) -> float:
        """Return the reverberation time and the pre-delay."""
        return self.decay_s + self.pre_delay_ms / 1000

    def _network(self, sample_rate: int, channels: int) -> DelayNetwork:
        """Return the lines, then the all-passes, wired."""
        delays = self._delays(sample_rate, channels)
        high_s = self.decay_s * self.high_decay_ratio
        filters = absorption(delays, sample_rate, self.decay_s, high_s, self.crossover_hz)
        filters[LINES:] = STILL
        most = remaining(delays, sample_rate, high_s / 2)  # so that no all-pass outlasts the rest
        leaving, sources, entering = network(delays.size, channels)
        entering[:LINES] = _MIXING @ np.array(leaving[:LINES])
        for channel, signal in enumerate(sources):
            for line in range(LINES + 4 * channel, LINES + 4 * channel + 4):
                signal = allpass(entering, line, signal, min(self.diffusion, most[line]))
            share = LINES // channels
            for k, line in enumerate(range(channel, LINES, channels)):
                entering[line] += signal * (-1) ** (k // 2 + k) / np.sqrt(share)
        taps = [
            (channel, line, int(delays[line]), float(_SIGNS[channel, line]))
            for channel in range(channels)
            for line in range(LINES)
        ]
        return DelayNetwork(delays, filters, entering, taps).with_unit_energy()

    def _delays(self, sample_rate: int, channels: int) -> NDArray[np.int64]:
        """Return the delays of the lines and, for each channel, of its all-passes."""
        paths_s = np.geomspace(0.4, 1.6, LINES) * self.size_m / SPEED_OF_SOUND
        lines = [distinct_primes(paths_s * sample_rate)]
        for channel in range(channels):
            lines.append(distinct_primes(DIFFUSERS_S * (1 + 0.07 * channel) * sample_rate))
        return np.concatenate(lines)


def _hadamard(size: int) -> NDArray[np.float64]:
    """Return an orthogonal matrix whose entries are all of one magnitude."""
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.kron(np.array([[1.0, 1.0], [1.0, -1.0]]), matrix)
    return np.asarray(matrix / np.sqrt(size))


_ROWS = [1, 12, 11, 4, 9, 7, 3, 14, 2, 10, 15, 5, 6, 0, 13, 8]
_FLIPS = [1, -1, 1, -1, -1, 1, 1, 1, 1, 1, 1, -1, 1, 1, -1, 1]
_MIXING = _hadamard(LINES)[_ROWS] * _FLIPS
"""Scrambled: symmetric, it would let the paths over lines i, j and over j, i add up in step."""

_SIGNS = np.array([[1, -1, 1, 1, -1, 1, -1, -1] * 2, [1, 1, -1, 1, 1, 1, -1, 1] * 2])
