"""Short noises now and then: the crackle of a record and the clicks of a bad clock."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ...seeds import stream
from ..dsp.events import event_positions, event_sizes
from ..effect import Effect, Label
from .noise import Seed

__all__ = ["Clicks", "Crackle", "crackle"]

_Rate: TypeAlias = Annotated[float, Field(ge=0, le=500)]
_Level: TypeAlias = Annotated[float, Field(ge=-90, le=-6)]

PULSES = ((7000.0, 0.08), (3500.0, 0.25), (1500.0, 0.8))
"""Hertz and time constant in ms of the three sorts of pulse, from a grain of dust to a scratch.
Measured clicks of records last 0.1 to 4 ms (S. Godsill, P. Rayner, "Digital audio
restoration", 1998)."""

PULSE_MS = 6.0


class Crackle(Effect, kind="crackle"):
    """An old record crackles: soft ticks all the time, a loud one now and then.

    Pulses at random times (a Poisson process), whose peaks in dB are normally distributed:
    many small, few large. Each is a damped oscillation of one of three lengths, and comes
    from a place of its own between left and right, its louder side at full size.

    Parameters
    ----------
    rate_hz : float
        Pulses per second on average, from 0 to 500.
    level_dbfs : float
        Median peak, from -90 to -6 dBFS.
    spread_db : float
        Standard deviation of the peaks, from 0 (all alike) to 12 dB; none is more than 18 dB
        above the median, or above full scale.
    seed : int
        Which times, sizes and places, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"rate_hz": 0.0}

    rate_hz: _Rate
    level_dbfs: _Level
    spread_db: Annotated[float, Field(ge=0, le=12)] = 6.0
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add the pulses."""
        return audio + crackle(
            audio.shape, sample_rate, self.rate_hz, self.level_dbfs, self.spread_db, self.seed
        )


class Clicks(Effect, kind="clicks"):
    """Single samples are wrong: ticks of a bad clock, cable or buffer.

    At random times (a Poisson process) one sample, in all channels, is off by a value whose
    dB are normally distributed, of either sign.

    Parameters
    ----------
    rate_hz : float
        Clicks per second on average, from 0 to 500.
    level_dbfs : float
        Median size, from -90 to -6 dBFS.
    spread_db : float
        Standard deviation of the sizes, from 0 (all alike) to 12 dB.
    seed : int
        Which times and sizes, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"rate_hz": 0.0}

    rate_hz: _Rate
    level_dbfs: _Level
    spread_db: Annotated[float, Field(ge=0, le=12)] = 0.0
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add to the samples that are hit."""
        out = audio.copy()
        at = event_positions(self.seed, "clicks", self.rate_hz, audio.shape[1], sample_rate)
        at = np.unique(at)
        sizes = event_sizes(self.seed, "clicks", at.size, self.level_dbfs, self.spread_db)
        out[:, at] += sizes.astype(np.float32)
        return out


def crackle(
    shape: tuple[int, ...],
    sample_rate: int,
    rate_hz: float,
    level_dbfs: float,
    spread_db: float,
    seed: int,
) -> NDArray[np.float32]:
    """Return crackle alone; see :class:`Crackle`.

    Parameters
    ----------
    shape : (channels, samples)
    sample_rate : int
        In Hz.
    rate_hz, level_dbfs, spread_db, seed
        As in :class:`Crackle`.
    """
    from scipy.signal import oaconvolve

    channels, samples = shape
    at = event_positions(seed, "crackle", rate_hz, samples, sample_rate)
    sizes = event_sizes(seed, "crackle", at.size, level_dbfs, spread_db)
    random = stream(seed, "crackle", "places")
    angles, sorts = random.random(at.size) * np.pi / 2, random.integers(0, len(PULSES), at.size)
    sides = np.stack([np.cos(angles), np.sin(angles)])
    peaks = sizes * (sides / sides.max(axis=0) if channels == 2 else np.ones((1, at.size)))
    out = np.zeros(shape, np.float32)
    for sort, (hz, decay_ms) in enumerate(PULSES):
        mine = sorts == sort
        spikes = np.zeros(shape)
        for spiked, heights in zip(spikes, peaks[:, mine], strict=True):
            np.add.at(spiked, at[mine], heights)
        pulse = _pulse(hz, decay_ms, sample_rate)[np.newaxis]
        out += oaconvolve(spikes, pulse, axes=1)[:, :samples]
    return out


def _pulse(hz: float, decay_ms: float, sample_rate: int) -> NDArray[np.float64]:
    """Return a damped oscillation whose peak is 1."""
    t = np.arange(max(2, round(PULSE_MS / 1000 * sample_rate))) / sample_rate
    pulse = np.exp(-t * 1000 / decay_ms) * np.cos(2 * np.pi * hz * t)
    return np.asarray(pulse / np.abs(pulse).max())
