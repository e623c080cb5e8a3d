"""The plate reverberator."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.delay_networks import (
    STILL,
    DelayNetwork,
    Signal,
    absorption,
    allpass,
    delayed,
    network,
    remaining,
)
from ..effect import Effect, Label

__all__ = ["Plate"]

DATTORRO_HZ = 29_761
"""The sample rate in which the paper counts its delays."""

TANK = (672, 4453, 1800, 3720, 908, 4217, 2656, 3163)
"""Lines of both halves: all-pass, delay, all-pass, delay."""

DIFFUSERS = (142, 107, 379, 277)
DIFFUSION = (0.75, 0.75, 0.625, 0.625)

# Line of the tank, samples after its input, sign: the paper's table 2.
LEFT = (
    (5, 266, 1),
    (5, 2974, 1),
    (6, 1913, -1),
    (7, 1996, 1),
    (1, 1990, -1),
    (2, 187, -1),
    (3, 1066, -1),
)
RIGHT = (
    (1, 353, 1),
    (1, 3627, 1),
    (2, 1228, -1),
    (3, 2673, 1),
    (5, 2111, -1),
    (6, 335, -1),
    (7, 121, -1),
)


class Plate(Effect, kind="plate"):
    """The studio's plate: dense from the first moment, bright, without walls or distance.

    y = (1 - mix) x + mix w. Four all-passes smear the sound, then it circles through a
    figure of eight of delays and all-passes that is heard at seven places per side. Each
    channel enters the half that its own side hears first; equal channels make it the paper's
    reverberator. Unlike there, every line of the tank loses what its length asks for, so that
    all of the sound decays alike: within 5 % of the T60 asked for, 12 % where that is below
    1 s. w has unit energy (white noise keeps its level within 0.3 dB).

    Parameters
    ----------
    decay_s : float
        Reverberation time T60 of the lows, from 0.5 to 10 s.
    high_decay_ratio : float
        T60 at the highest highs over ``decay_s``, from 0.1 to 1.
    crossover_hz : float
        Where the decay rate is midway between both, from 200 to 7500 Hz.
    pre_delay_ms : float
        From 0 to 200 ms.
    mix : float
        From 0 (dry) to 1 (reverberation only).

    Notes
    -----
    J. Dattorro, "Effect design, part 1: reverberator and other filters", J. Audio Eng. Soc.
    45(9), 1997; without its modulation.
    """

    label: ClassVar[Label] = "space"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    decay_s: Annotated[float, Field(ge=0.5, le=10)]
    high_decay_ratio: Annotated[float, Field(ge=0.1, le=1)] = 0.4
    crossover_hz: Annotated[float, Field(ge=200, le=7500)] = 5000.0
    pre_delay_ms: Annotated[float, Field(ge=0, le=200)] = 0.0
    mix: Annotated[float, Field(ge=0, le=1)] = 0.3

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Reverberate."""
        wet = self._network(sample_rate, audio.shape[0]).run(audio)
        late = delayed(wet, round(self.pre_delay_ms / 1000 * sample_rate))
        mix = np.float32(self.mix)
        return (1 - mix) * audio + mix * late

    def tail_s(self) -> float:
        """Return the reverberation time and the pre-delay."""
        return self.decay_s + self.pre_delay_ms / 1000

    def _network(self, sample_rate: int, channels: int) -> DelayNetwork:
        """Return the tank, then the all-passes before it, wired."""
        scale = sample_rate / DATTORRO_HZ
        wanted = np.array([*TANK, *DIFFUSERS, *(np.array(DIFFUSERS) * 1.07)][: 8 + 4 * channels])
        delays = np.round(wanted * scale).astype(np.int64)
        high_s = self.decay_s * self.high_decay_ratio
        filters = absorption(delays, sample_rate, self.decay_s, high_s, self.crossover_hz)
        filters[8:] = STILL
        most = remaining(delays, sample_rate, high_s / 2)  # so that no all-pass outlasts the rest
        leaving, sources, entering = network(delays.size, channels)
        smeared = []
        for channel, signal in enumerate(sources):
            for k, gain in enumerate(DIFFUSION):
                line = 8 + 4 * channel + k
                signal = allpass(entering, line, signal, min(gain, most[line]))
            smeared.append(signal)
        _half(entering, 0, smeared[-1] + leaving[7])
        _half(entering, 4, smeared[0] + leaving[3])
        taps = [
            (channel, line, max(1, round(after * scale)), float(sign))
            for channel, side in enumerate((LEFT, RIGHT)[:channels])
            for line, after, sign in side
        ]
        return DelayNetwork(delays, filters, entering, taps).with_unit_energy()


def _half(entering: NDArray[np.float64], first: int, signal: Signal) -> None:
    """Wire one half of the tank: all-pass, delay, all-pass, delay."""
    leaving = np.eye(entering.shape[1])
    entering[first + 1] = allpass(entering, first, signal, -0.7)
    entering[first + 3] = allpass(entering, first + 2, leaving[first + 1], 0.5)
