"""The first reflections of a room, without its reverberation."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ...seeds import stream
from ..dsp.delay_networks import delayed
from ..effect import Effect, Label

__all__ = ["EarlyReflections"]


class EarlyReflections(Effect, kind="early_reflections"):
    """A place is heard around the sound, but no reverberation: a small room, a close wall.

    y = x + single echoes. Their density grows as the square of time, as in a room, until the
    last one at ``span_ms``; their level falls evenly in dB. Every other one comes from the
    other channel; times, levels within 3 dB and polarities are drawn for each side. The
    direct sound stays as it was, so the whole gets louder by what is added.

    Parameters
    ----------
    span_ms : float
        When the last reflection comes, from 5 to 100 ms (to the nearest sample).
    reflections : int
        Heard in each channel, from 4 to 32.
    level_db : float
        Energy of all reflections over that of the direct sound, from -30 to 0 dB.
    fall_db : float
        How far the level falls until ``span_ms``, from 0 to 30 dB.
    seed : int
        Which place, from 0 to 2**32 - 1.

    Notes
    -----
    H. Kuttruff, "Room acoustics", section 4.2: reflections per second grow as t ** 2.
    """

    label: ClassVar[Label] = "space"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True

    span_ms: Annotated[float, Field(ge=5, le=100)]
    reflections: Annotated[int, Field(ge=4, le=32)] = 12
    level_db: Annotated[float, Field(ge=-30, le=0)] = -6.0
    fall_db: Annotated[float, Field(ge=0, le=30)] = 10.0
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add the reflections."""
        times_s, gains = self.pattern()
        delays = np.maximum(1, np.round(times_s * sample_rate)).astype(int)
        out = audio.copy()
        for side in range(audio.shape[0]):
            for k in range(self.reflections):
                source = audio[side if k % 2 == 0 else -1 - side]
                late = delayed(source[np.newaxis], int(delays[side, k]))[0]
                out[side] += np.float32(gains[side, k]) * late
        return out

    def tail_s(self) -> float:
        """Return the span."""
        return self.span_ms / 1000

    def pattern(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times in seconds and gains of the reflections at each side, shape (2, count)."""
        rng = stream(self.seed, "early_reflections")
        shape = 2, self.reflections
        share = (np.arange(self.reflections) + rng.random(shape)) / self.reflections
        share[:, -1] = 1.0
        place = np.cbrt(share)  # so that the density grows as the square of time
        levels_db = rng.uniform(-3, 3, shape) - self.fall_db * place
        gains = 10 ** (levels_db / 20) * rng.choice([-1.0, 1.0], shape)
        gains *= amplitude(self.level_db) / np.sqrt(np.sum(gains**2, axis=1, keepdims=True))
        return self.span_ms / 1000 * place, gains
