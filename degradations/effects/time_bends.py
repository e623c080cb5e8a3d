"""Vibrato and tape speed: sound that is read now ahead of its time, now behind it.

The displacement is data, so that labels of onsets and notes can be bent along. No effect
here makes a sound longer or shorter, or leaves it out of place: wet and dry would part. A
true change of tempo belongs to the preparation of songs, before any pair is made.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, SerializeAsAny

from ...audio import Audio
from ..dsp.interpolation import moved
from ..dsp.oscillators import Cycle, swing_s, turns
from ..effect import Effect, Label, Undoable

__all__ = ["TapeSpeed", "TimeBend", "Vibrato"]


class TimeBend(Effect):
    """Reads the sound at n + displacement[n], in all channels alike.

    What is read faster by a ratio r and lies above Nyquist / r folds back, within the last
    few percent below Nyquist. What would be read from before the beginning or past the end
    is silence.
    """

    label: ClassVar[Label] = "pitch"
    undoable: ClassVar[Undoable] = "approximately"
    moves_time: ClassVar[bool] = True

    @abstractmethod
    def displacement_samples(self, samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return how far ahead of each sample the sound is read, shape (samples,).

        Parameters
        ----------
        samples : int
            Length of the whole recording.
        sample_rate : int
            In Hz.
        """

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Read along the bent line."""
        return moved(audio, self.displacement_samples(audio.shape[1], sample_rate))

    def inverse(self) -> "TimeBend":
        """Return the bend that leads back; what the interpolators dull stays dull."""
        return _BentBack(bend=self)


class _BentBack(TimeBend):
    """A bend of time, undone."""

    kind: ClassVar[str] = "bent_back"

    bend: SerializeAsAny[TimeBend]

    def displacement_samples(self, samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return the displacement that leads back: the inverse function of the bend's."""
        here = np.arange(samples, dtype=np.float64)
        if samples == 0:
            return here
        there = here + self.bend.displacement_samples(samples, sample_rate)
        beyond = np.minimum(here - there[0], 0) + np.maximum(here - there[-1], 0)
        return np.asarray(np.interp(here, there, here) + beyond - here)

    def inverse(self) -> TimeBend:
        """Return the bend that was undone."""
        return self.bend


class Vibrato(TimeBend, kind="vibrato"):
    """The pitch swings around its note, as under a singer's or a violinist's breath and hand.

    The highest and lowest pitch are depth_cents above and below exactly, and the mean speed
    is exactly 1 (see :func:`~wetdry.degradations.dsp.oscillators.swing_s`). The displacement is
    about 0.092 depth_cents / rate_hz milliseconds either way (50 cents at 6 Hz: 0.77 ms) and
    its mean over the recording is zero.

    Parameters
    ----------
    rate_hz : float
        From 0.5 to 14 Hz.
    depth_cents : float
        Either way, from 0 to 200 cents.
    phase : float
        Where in its cycle it begins, from 0 (at the mean pitch, rising) to 1.
    """

    neutral: ClassVar[Mapping[str, float]] = {"depth_cents": 0.0}

    rate_hz: Annotated[float, Field(ge=0.5, le=14)]
    depth_cents: Annotated[float, Field(ge=0, le=200)]
    phase: Cycle = 0.0

    def displacement_samples(self, samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return how far ahead of each sample the sound is read, shape (samples,)."""
        cycles = turns(self.rate_hz, samples, sample_rate, self.phase)
        ahead = swing_s(cycles, self.rate_hz, self.depth_cents) * sample_rate
        return np.asarray(ahead - (ahead.mean() if samples else 0.0))


class TapeSpeed(TimeBend, kind="tape_speed"):
    """Tape runs a little fast, then a little slow, and ends when it should.

    Over the whole recording the speed swings through a whole number of cycles, from and
    back to the right one; the sound begins and ends in place, and in between is early (or,
    with a negative depth, late) by up to 0.184 depth_cents / 1000 / cycles of the duration
    (20 cents over 10 s: 37 ms).

    Parameters
    ----------
    depth_cents : float
        Either way, from -100 (slow first) to 100 cents (fast first).
    cycles : int
        From 1 to 8.
    """

    neutral: ClassVar[Mapping[str, float]] = {"depth_cents": 0.0}

    depth_cents: Annotated[float, Field(ge=-100, le=100)]
    cycles: Annotated[int, Field(ge=1, le=8)] = 1

    def displacement_samples(self, samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return how far ahead of each sample the sound is read, shape (samples,)."""
        rate_hz = self.cycles * sample_rate / max(samples - 1, 1)
        ahead = swing_s(turns(rate_hz, samples, sample_rate), rate_hz, self.depth_cents)
        return np.asarray((ahead - ahead[:1]) * sample_rate)
