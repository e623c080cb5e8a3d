"""The stereo image, turned and stretched: a 2x2 matrix of gains, as every balance knob is.

All are exact to the rounding of float32 and have an exact inverse unless a gain of zero has
taken something away for good.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ..effect import Effect, Label, Undoable

__all__ = ["ChannelImbalance", "ChannelSwap", "MidSideGain", "Pan", "Polarity", "Width"]

Matrix: TypeAlias = NDArray[np.float64]
_GainDb: TypeAlias = Annotated[float, Field(ge=-24, le=24)]


class _Image(Effect):
    """Each channel becomes a weighted sum of both."""

    label: ClassVar[Label] = "stereo"
    undoable: ClassVar[Undoable] = "exactly"

    @abstractmethod
    def matrix(self) -> Matrix:
        """Return the weights, shape (2, 2): rows are the channels that leave."""

    def mono_gain(self) -> float:
        """Return what happens to audio of one channel."""
        return 1.0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Mix."""
        if audio.shape[0] == 1:
            return audio * np.float32(self.mono_gain())
        (a, b), (c, d) = self.matrix().astype(np.float32)
        left, right = audio
        return np.stack([a * left + b * right, c * left + d * right])

    def inverse(self) -> Effect | None:
        """Return the inverse matrix; None if there is none."""
        matrix = self.matrix()
        if np.linalg.cond(matrix) > MOST_LOST:
            return None
        (a, b), (c, d) = np.linalg.inv(matrix).tolist()
        return _Undone(weights=(a, b, c, d), mono=1 / self.mono_gain())


MOST_LOST = 1e4
"""Attenuation beyond which float32 has rounded off too much to give anything back (80 dB)."""


class _Undone(_Image):
    """An image put back."""

    kind: ClassVar[str] = "image_undone"

    weights: tuple[float, float, float, float]
    mono: float

    def matrix(self) -> Matrix:
        """Return the weights."""
        return np.reshape(self.weights, (2, 2))

    def mono_gain(self) -> float:
        """Return the inverse of what was done to one channel."""
        return self.mono


class Width(_Image, kind="width"):
    """The image is narrowed to mono, or spread beyond the loudspeakers.

    Mid (L + R) / 2 stays, side (L - R) / 2 is multiplied by ``width``. Nothing on mono audio.
    Undone exactly from 0.0001 on: what is gone in mono is gone.

    Parameters
    ----------
    width : float
        From 0 (mono) over 1 (as it was) to 2 (side 6 dB up).
    """

    neutral: ClassVar[Mapping[str, float]] = {"width": 1.0}

    width: Annotated[float, Field(ge=0, le=2)]

    def matrix(self) -> Matrix:
        """Return the weights."""
        return _mid_side(1.0, self.width)


class MidSideGain(_Image, kind="mid_side_gain"):
    """What both channels share, and what sets them apart, are balanced anew.

    Mid (L + R) / 2 and side (L - R) / 2 get a gain each. Mono audio is all mid.

    Parameters
    ----------
    mid_db, side_db : float
        From -24 to 24 dB.
    """

    neutral: ClassVar[Mapping[str, float]] = {"mid_db": 0.0, "side_db": 0.0}

    mid_db: _GainDb
    side_db: _GainDb

    def matrix(self) -> Matrix:
        """Return the weights."""
        return _mid_side(amplitude(self.mid_db), amplitude(self.side_db))

    def mono_gain(self) -> float:
        """Return the gain of the mid."""
        return amplitude(self.mid_db)


class ChannelImbalance(_Image, kind="channel_imbalance"):
    """One channel is louder than the other, as after a worn fader or a bad cable.

    The right channel gets half of ``imbalance_db``, the left loses as much. Nothing on mono
    audio.

    Parameters
    ----------
    imbalance_db : float
        Right over left, from -24 to 24 dB.
    """

    moves_image: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"imbalance_db": 0.0}

    imbalance_db: _GainDb

    def matrix(self) -> Matrix:
        """Return the weights."""
        return np.diag([amplitude(-self.imbalance_db / 2), amplitude(self.imbalance_db / 2)])


class Polarity(_Image, kind="polarity"):
    """Upside down: nothing to hear on both, a hollow, placeless image on one channel.

    Parameters
    ----------
    channels : {"left", "both", "right"}
        Which are multiplied by -1. A single channel only by ``both``.
    """

    channels: Literal["left", "both", "right"]

    def matrix(self) -> Matrix:
        """Return the weights."""
        left = -1.0 if self.channels != "right" else 1.0
        right = -1.0 if self.channels != "left" else 1.0
        return np.diag([left, right])

    def mono_gain(self) -> float:
        """Return -1 if both are inverted."""
        return -1.0 if self.channels == "both" else 1.0


class ChannelSwap(_Image, kind="channel_swap"):
    """Left and right are exchanged. Nothing on mono audio."""

    moves_image: ClassVar[bool] = True

    def matrix(self) -> Matrix:
        """Return the weights."""
        return np.array([[0.0, 1.0], [1.0, 0.0]])


class Pan(_Image, kind="pan"):
    """The sound moves to one side.

    Both channels get a gain; the middle leaves them as they were (on true stereo this is a
    balance knob, on a source in the middle a pan pot). With t = (position + 1) / 2 the left
    and right gains are proportional to

    - constant_power: cos(t pi / 2), sin(t pi / 2); 3 dB up at the side;
    - compromise: the square roots of the products of the other two; 4.5 dB up;
    - linear: 1 - t, t; 6 dB up, and the sum of both channels stays.

    Parameters
    ----------
    position : float
        From -1 (left only) to 1 (right only); undone exactly in between.
    law : {"constant_power", "compromise", "linear"}
    """

    widens: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"position": 0.0}

    position: Annotated[float, Field(ge=-1, le=1)]
    law: Literal["constant_power", "compromise", "linear"] = "constant_power"

    def matrix(self) -> Matrix:
        """Return the weights."""
        t = np.array([1 - self.position, 1 + self.position]) / 2  # of left and of right
        power, linear = np.sin(t * np.pi / 2) * np.sqrt(2), t * 2
        laws = {"constant_power": power, "compromise": np.sqrt(power * linear), "linear": linear}
        return np.diag(laws[self.law])


def _mid_side(mid: float, side: float) -> Matrix:
    """Return the weights that multiply mid and side by these."""
    return np.array([[mid + side, mid - side], [mid - side, mid + side]]) / 2
