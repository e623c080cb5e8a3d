"""Tremolo, auto-pan and ring modulation: gains that swing."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, SerializeAsAny

from ...audio import Audio, amplitude
from ..dsp.oscillators import Cycle, Waveform, turns, wave
from ..dsp.oversampling import oversampled
from ..effect import Effect, Label, Undoable

__all__ = ["AutoPan", "RingModulation", "Tremolo"]


class _Swinging(Effect):
    """A known gain for each channel and sample, never zero, so that it can be divided out."""

    label: ClassVar[Label] = "modulation"
    undoable: ClassVar[Undoable] = "exactly"

    rate_hz: Annotated[float, Field(ge=0.05, le=20)]
    waveform: Waveform = "sine"
    phase: Cycle = 0.0

    def gains(self, shape: tuple[int, ...], sample_rate: int) -> NDArray[np.float64]:
        """Return the gain of each sample of audio of shape (channels, samples)."""
        raise NotImplementedError

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float64]:
        """Multiply by the gains."""
        return audio * self.gains(audio.shape, sample_rate)

    def inverse(self) -> "_Stilled":
        """Return the effect that divides by the same gains."""
        return _Stilled(swinging=self)


class _Stilled(Effect):
    """A tremolo or an auto-pan, divided out again."""

    kind: ClassVar[str] = "stilled"
    label: ClassVar[Label] = "modulation"
    undoable: ClassVar[Undoable] = "exactly"

    swinging: SerializeAsAny[_Swinging]

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float64]:
        """Divide by the gains."""
        return audio / self.swinging.gains(audio.shape, sample_rate)

    def inverse(self) -> _Swinging:
        """Return what was divided out."""
        return self.swinging


class Tremolo(_Swinging, kind="tremolo"):
    """The loudness pulsates, as in an old guitar amplifier.

    The gain swings between 1 and 10 ** (-depth_db / 20), alike in all channels.

    Parameters
    ----------
    rate_hz : float
        From 0.05 to 20 Hz.
    depth_db : float
        From the loudest to the softest moment, from 0 to 40 dB.
    waveform : {"sine", "triangle", "square"}
        Of the gain as a factor; the edges of the square take a twentieth of a cycle.
    phase : float
        Where in its cycle it begins, from 0 (half-way, rising) to 1.
    """

    neutral: ClassVar[Mapping[str, float]] = {"depth_db": 0.0}

    depth_db: Annotated[float, Field(ge=0, le=40)]

    def gains(self, shape: tuple[int, ...], sample_rate: int) -> NDArray[np.float64]:
        """Return the gain at each sample, shape (1, samples)."""
        swing = wave(turns(self.rate_hz, shape[1], sample_rate, self.phase), self.waveform)
        return 1 - (1 - amplitude(-self.depth_db)) * (1 - swing[np.newaxis]) / 2


class AutoPan(_Swinging, kind="auto_pan"):
    """The sound wanders between left and right.

    Left and right are weighted by sqrt(2) cos and sqrt(2) sin of (1 + p) pi / 4, where p
    swings between -depth and depth: with constant power, and unchanged at p = 0. Mono audio,
    which has nowhere to go, stays as it is.

    Parameters
    ----------
    rate_hz : float
        From 0.05 to 20 Hz.
    depth : float
        From 0 (still) to 0.99 (one side is then 42 dB louder than the other).
    waveform : {"sine", "triangle", "square"}
        Of p; the edges of the square take a twentieth of a cycle.
    phase : float
        Where in its cycle it begins, from 0 (in the middle, going right) to 1.
    """

    widens: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"depth": 0.0}

    depth: Annotated[float, Field(ge=0, le=0.99)]

    def gains(self, shape: tuple[int, ...], sample_rate: int) -> NDArray[np.float64]:
        """Return the gain at each sample, shape (channels, samples)."""
        if shape[0] == 1:
            return np.ones(shape)
        swing = wave(turns(self.rate_hz, shape[1], sample_rate, self.phase), self.waveform)
        angle = (1 + self.depth * swing) * np.pi / 4
        return np.asarray(np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)]))


class RingModulation(Effect, kind="ring_modulation"):
    """Every partial splits in two, above and below: bells and robots, out of tune with all.

    y = (1 - mix) x + mix x sqrt(2) sin(2 pi (carrier_hz t + phase)), at twice the sample
    rate, so that nothing folds back at Nyquist. A partial at f becomes two at f - carrier_hz
    and f + carrier_hz, 3 dB lower each; together they are as loud as it was.

    Parameters
    ----------
    carrier_hz : float
        From 20 to 5000 Hz.
    mix : float
        From 0 (dry) to 1 (the two sidebands only).
    phase : float
        Where in its cycle the carrier begins, from 0 to 1.
    """

    label: ClassVar[Label] = "modulation"
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    carrier_hz: Annotated[float, Field(ge=20, le=5000)]
    mix: Annotated[float, Field(ge=0, le=1)] = 0.5
    phase: Cycle = 0.0

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Multiply by the carrier."""

        def ring(fine: Audio) -> Audio:
            cycles = turns(self.carrier_hz, fine.shape[1], 2 * sample_rate, self.phase)
            gains = 1 - self.mix + self.mix * np.sqrt(2) * wave(cycles)
            return np.asarray(fine * gains.astype(np.float32))

        return oversampled(ring, audio, 2, sample_rate)
