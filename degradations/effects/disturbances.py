"""Disturbances of a fixed kind: moments that sink, and a constant that should not be there."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.events import event_positions
from ..effect import Effect, Label, Undoable
from .noise import Seed

__all__ = ["DcOffset", "Dropouts"]


class _Dips(Effect):
    """A gain that sinks, or rises, at random moments."""

    label: ClassVar[Label] = "medium"
    undoable: ClassVar[Undoable] = "exactly"
    sign: ClassVar[int]

    rate_hz: Annotated[float, Field(ge=0, le=20)]
    length_ms: Annotated[float, Field(ge=2, le=500)] = 40.0
    depth_db: Annotated[float, Field(ge=1, le=60)] = 30.0
    seed: Seed = 0

    def gain_curve_db(self, samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return the gain at each sample, in dB, shape (samples,)."""
        length = max(1, round(self.length_ms / 1000 * sample_rate))
        ramp = max(1, length // 4)
        edge = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)
        dip = np.ones(length)
        dip[:ramp] = edge
        dip[length - ramp :] = edge[::-1]
        depth = np.zeros(samples + length)
        for start in event_positions(self.seed, "dips", self.rate_hz, samples, sample_rate):
            piece = depth[start : start + length]
            np.maximum(piece, dip, out=piece)
        return self.sign * self.depth_db * depth[:samples]

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Multiply."""
        curve_db = self.gain_curve_db(audio.shape[1], sample_rate)
        return audio * (10 ** (curve_db / 20)).astype(np.float32)


class _Refilled(_Dips):
    """The same dips upside down."""

    kind: ClassVar[str] = "refilled_dropouts"
    sign: ClassVar[int] = 1

    def inverse(self) -> "Dropouts":
        """Return the dropouts."""
        return Dropouts(**self.model_dump())


class Dropouts(_Dips, kind="dropouts"):
    """The sound sinks for moments: worn tape, a loose cable, a fading link.

    At random times (a Poisson process) the gain falls by ``depth_db`` and comes back, a
    quarter of the length going down and a quarter coming up, along half a cosine in dB. All
    channels at once; dropouts that overlap do not add up.

    Parameters
    ----------
    rate_hz : float
        Dropouts per second on average, from 0 to 20.
    length_ms : float
        Of each, edges included, from 2 to 500 ms.
    depth_db : float
        From 1 to 60 dB.
    seed : int
        Which times, from 0 to 2**32 - 1.
    """

    sign: ClassVar[int] = -1
    neutral: ClassVar[Mapping[str, float]] = {"rate_hz": 0.0}

    def inverse(self) -> Effect:
        """Return the gain that rises where this one falls."""
        return _Refilled(**self.model_dump())


class DcOffset(Effect, kind="dc_offset"):
    """Nothing is heard, but the waveform no longer lies around zero: y = x + offset.

    Parameters
    ----------
    offset : float
        In units of full scale, from -0.5 to 0.5.
    """

    label: ClassVar[Label] = "level"
    undoable: ClassVar[Undoable] = "exactly"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"offset": 0.0}

    offset: Annotated[float, Field(ge=-0.5, le=0.5)]

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add."""
        return audio + np.float32(self.offset)

    def inverse(self) -> "DcOffset":
        """Return the opposite offset."""
        return DcOffset(offset=-self.offset)
