"""What memoryless distortion is made of: a curve at a higher rate, and the way back."""

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, SerializeAsAny

from ...audio import Audio, amplitude
from ..dsp.oversampling import oversampled, oversampled_pointwise
from ..dsp.sections import run_sections
from ..effect import Effect, Label, Undoable

__all__ = ["COUPLING_HZ", "Curve", "Oversampling", "Unbent", "UndoableCurve", "coupled"]

Oversampling: TypeAlias = Literal[1, 2, 4, 8]
Samples: TypeAlias = NDArray[np.floating[Any]]

COUPLING_HZ = 5.0
"""Where the capacitors behind asymmetric curves stop the direct current."""


class Curve(Effect):
    """y = f(g x) / g with g = 10 ** (drive_db / 20), where f has unit slope at 0.

    What is far below -drive_db dBFS keeps its level.
    """

    label: ClassVar[Label] = "distortion"

    drive_db: Annotated[float, Field(ge=0, le=48)]
    oversampling: Oversampling = 8

    @abstractmethod
    def bend(self, x: Samples) -> Samples:
        """Return f(x)."""

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Bend."""
        drive = np.float32(amplitude(self.drive_db))
        return oversampled_pointwise(
            lambda x: np.asarray(self.bend(x * drive) / drive, np.float32),
            audio,
            self.oversampling,
            sample_rate,
        )


class UndoableCurve(Curve):
    """A curve that only ever rises, so that each outcome has one origin."""

    undoable: ClassVar[Undoable] = "approximately"

    @abstractmethod
    def unbend(self, y: Samples) -> Samples:
        """Return the x of f(x) = y, for y that f reaches."""

    def inverse(self) -> "Unbent":
        """Return the opposite curve."""
        return Unbent(curve=self)


class Unbent(Effect):
    """Peaks that were rounded stand up again.

    x = f^-1(g y) / g, at the rate at which the curve was applied. Harmonics that fell above
    the band are missing, so that the outcome is not exact, the less so the flatter the curve
    was; nothing is restored above full scale.

    Parameters
    ----------
    curve : UndoableCurve
        What is to be undone.
    """

    kind: ClassVar[str] = "unbent"
    label: ClassVar[Label] = "distortion"
    undoable: ClassVar[Undoable] = "approximately"

    curve: SerializeAsAny[UndoableCurve]

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Unbend."""
        drive = amplitude(self.curve.drive_db)
        highest = float(self.curve.bend(np.array([drive]))[0])

        def shape(y: Audio) -> Audio:
            reached = np.clip(y.astype(np.float64) * drive, -highest, highest)
            return np.asarray(self.curve.unbend(reached) / drive, np.float32)

        return oversampled(shape, audio, self.curve.oversampling, sample_rate)

    def inverse(self) -> UndoableCurve:
        """Return the curve."""
        return self.curve


def coupled(audio: Audio, sample_rate: int) -> Audio:
    """Take out the direct current: a first-order high-pass at ``COUPLING_HZ``.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.
    """
    from scipy.signal import butter

    return run_sections(butter(1, COUPLING_HZ, "highpass", fs=sample_rate, output="sos"), audio)
