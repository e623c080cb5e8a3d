"""What compressors, gates and limiters share: they are a gain that changes over time."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio, checked
from ..errors import AudioError
from .effect import Effect, Label

__all__ = ["Dynamics", "one_pole"]


class Dynamics(Effect):
    """A gain curve, taken from the sound itself or from another one, its key.

    The curve is data. It has shape (samples,) where all channels share one gain, so that the
    stereo image stands still, and (channels, samples) where each has its own; both multiply
    audio of shape (channels, samples) as they are. Applied to every stem of a bus, the curve
    of the bus leaves stems that still sum to the processed bus.

    Everything begins at rest, as after a long silence.
    """

    label: ClassVar[Label] = "dynamics"

    @abstractmethod
    def gain_curve_db(self, key: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the gain that the effect gives where ``key`` sounds.

        Parameters
        ----------
        key : float32 array, shape (channels, samples)
            What the detector hears. Left unchanged.
        sample_rate : int
            In Hz.

        Returns
        -------
        float32 array, shape (samples,) or (channels, samples)
            In dB; make-up gain included.
        """

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Process ``audio``, which is its own key."""
        return self.processed(audio, audio, sample_rate)

    def processed(self, audio: Audio, key: Audio, sample_rate: int) -> Audio:
        """Multiply ``audio`` by the key's curve; both were checked."""
        return audio * self.gains(self.gain_curve_db(key, sample_rate))

    def is_gain(self) -> bool:
        """Return whether the curve multiplies the whole sound, so that it can be divided out."""
        return True

    @staticmethod
    def gains(curve_db: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a curve as factors."""
        return np.asarray(np.exp(curve_db * np.float32(np.log(10) / 20)))

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

        Examples
        --------
        >>> from wetdry.degradations import Ducking
        >>> music, voice = np.full((2, 9600), 0.1, np.float32), np.ones((1, 9600), np.float32)
        >>> ducked = Ducking(threshold_db=-30, depth_db=20, attack_ms=5).keyed(music, voice, 48_000)
        >>> ducked[:, -1].round(3)
        array([0.01, 0.01], dtype=float32)
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
