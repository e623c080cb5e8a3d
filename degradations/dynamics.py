"""What compressors and limiters share: they are a gain that changes over time."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio, checked
from ..errors import AudioError
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
        """Process ``audio``, which is its own key."""
        return self.processed(audio, audio, sample_rate)

    def processed(self, audio: Audio, key: Audio, sample_rate: int) -> Audio:
        """Multiply ``audio`` by the key's curve; both were checked."""
        curve_db = self.gain_curve_db(key, sample_rate).astype(np.float32)
        gains: NDArray[np.float32] = np.exp(curve_db * np.float32(np.log(10) / 20))
        return audio * gains

    def keyed(self, audio: Audio, key: Audio, sample_rate: int) -> Audio:
        """Process ``audio`` while the detector listens to ``key``: an external side-chain.

        ``effect.keyed(audio, audio, sample_rate)`` is ``effect(audio, sample_rate)``.

        Parameters
        ----------
        audio, key : float32 arrays, shape (channels, samples)
            Of the same length. The key has as many channels as the audio, or one that drives
            all of them. Left unchanged.
        sample_rate : int
            In Hz.

        Returns
        -------
        float32 array, shape (channels, samples)

        Raises
        ------
        AudioError
            If either is no audio, or the key does not fit the audio.
        """
        checked(audio, self.kind)
        checked(key, f"the key of {self.kind}")
        self._check_below_nyquist(sample_rate)
        if key.shape[1] != audio.shape[1] or key.shape[0] not in (1, audio.shape[0]):
            raise AudioError(
                f"{self.kind}: wanted a key of shape {audio.shape} or {(1, audio.shape[1])}, "
                f"found {key.shape}; cut it to the audio, or mix it down"
            )
        if audio.shape[1] == 0:
            return audio.copy()
        processed = self.processed(audio, key, sample_rate)
        return checked(processed, f"the outcome of {self}")


def one_pole(time_ms: float, sample_rate: int) -> float:
    """Return the coefficient of a one-pole filter that is 63 % there after ``time_ms``.

    >>> round(one_pole(1.0, 48_000) ** 48, 4)
    0.3679
    """
    return float(np.exp(-1000.0 / (time_ms * sample_rate)))
