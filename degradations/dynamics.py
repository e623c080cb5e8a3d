"""What compressors and limiters share: they are a gain that changes over time."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio
from .effect import Effect, Label

__all__ = ["Dynamics", "one_pole"]


class Dynamics(Effect):
    """One gain curve for all channels, so that the stereo image stands still.

    The curve is data: applied to every stem of a bus, it leaves stems that still sum to the
    processed bus.
    """

    label: ClassVar[Label] = "dynamics"

    @abstractmethod
    def gain_curve_db(self, audio: Audio, sample_rate: int) -> NDArray[np.float64]:
        """Return the gain that the effect gives to each sample of ``audio``.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            Left unchanged.
        sample_rate : int
            In Hz.

        Returns
        -------
        float64 array, shape (samples,)
            In dB; make-up gain included.
        """

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Multiply by the curve."""
        curve_db = self.gain_curve_db(audio, sample_rate).astype(np.float32)
        gains: NDArray[np.float32] = np.exp(curve_db * np.float32(np.log(10) / 20))
        return audio * gains


def one_pole(time_ms: float, sample_rate: int) -> float:
    """Return the coefficient of a one-pole filter that is 63 % there after ``time_ms``.

    >>> round(one_pole(1.0, 48_000) ** 48, 4)
    0.3679
    """
    return float(np.exp(-1000.0 / (time_ms * sample_rate)))
