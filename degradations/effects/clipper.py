"""The soft clipper."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ..dsp.oversampling import oversampled
from ..effect import Effect, Label, Undoable

__all__ = ["SoftClipper"]


class _Bend(Effect):
    """A curve that is straight up to a knee, oversampled."""

    label: ClassVar[Label] = "distortion"

    ceiling_db: Annotated[float, Field(ge=-48, le=0)]
    knee_db: Annotated[float, Field(ge=0.1, le=24)] = 6.0
    oversampling: Literal[1, 2, 4, 8] = 4

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Bend what lies beyond the knee."""
        begin = np.float32(amplitude(self.ceiling_db - self.knee_db))
        room = np.float32(amplitude(self.ceiling_db)) - begin

        def shape(x: Audio) -> Audio:
            magnitude = np.abs(x)
            bent = begin + room * self._beyond((magnitude - begin) / room)
            return np.where(magnitude > begin, np.copysign(bent, x), x)

        return oversampled(shape, audio, self.oversampling, sample_rate)

    @abstractmethod
    def _beyond(self, excess: Audio) -> Audio:
        """Return what becomes of the excess; both in units of the room above the knee."""


class SoftClipper(_Bend, kind="soft_clipper"):
    """Peaks are pressed flat with round shoulders: loud, with fewer harmonics than a hard clip.

    Straight up to a = 10 ** ((ceiling_db - knee_db) / 20), then y = a + (c - a) tanh((x - a) /
    (c - a)), which nears the ceiling c = 10 ** (ceiling_db / 20); odd. What stays below the
    knee keeps its level. Without harmonics above Nyquist a flat top must ripple: unless
    ``oversampling`` is 1, a tone 12 dB into it passes the ceiling by up to 1.3 dB, and noise by
    some 4 dB. The loudest alias of such a tone of 5 kHz (9 kHz), at 48 kHz, lies 68 dB (49 dB)
    below it.

    Undone, a peak is restored up to 3.8 (c - a) above the knee, if the harmonics that make it
    flat are all there: noise below 5 kHz comes back to -70 dB if its peak was 3 dB above the
    ceiling, to -45 dB if 6, and to -33 dB if 9.

    Parameters
    ----------
    ceiling_db : float
        From -48 to 0 dBFS.
    knee_db : float
        How far below the ceiling the bend begins: from 0.1 (a hard clip) to 24 dB.
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.
    """

    undoable: ClassVar[Undoable] = "approximately"

    def _beyond(self, excess: Audio) -> Audio:
        """Press."""
        return np.asarray(np.tanh(np.maximum(excess, 0)))

    def inverse(self) -> "SoftUnclipper":
        """Return the curve mirrored at the diagonal."""
        return SoftUnclipper(**self.model_dump())


class SoftUnclipper(_Bend):
    """Peaks that a :class:`SoftClipper` of the same numbers pressed flat stand up again."""

    kind: ClassVar[str] = "soft_unclipper"
    undoable: ClassVar[Undoable] = "approximately"

    def _beyond(self, excess: Audio) -> Audio:
        """Stretch; what ripples above the ceiling counts as just below it."""
        return np.asarray(np.arctanh(np.clip(excess, 0, STEEPEST)))

    def inverse(self) -> SoftClipper:
        """Return the clipper."""
        return SoftClipper(**self.model_dump())


STEEPEST = np.float32(0.999)
"""Share of the room above the knee from which the ceiling is too near to tell peaks apart."""
