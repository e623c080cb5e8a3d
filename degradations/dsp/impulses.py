"""Impulse responses: read, resampled, aligned to their direct sound, and normalised."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, amplitude
from ..assets import Assets, sound_of

__all__ = ["ImpulseResponse", "convolved", "impulse_file", "prepared"]

ONSET_DB = -20.0
"""The direct sound begins where the response first comes this near its peak (ISO 3382-1)."""

DIRECT_S = 0.001
"""It peaks within this time of its onset."""


@dataclass(frozen=True, eq=False)
class ImpulseResponse:
    """A response of unit energy (mean of the channels) and where its direct sound is.

    Parameters
    ----------
    taps : float32 array, shape (channels, samples)
    direct_samples : int
        Position of the peak of the direct sound.
    """

    taps: Audio
    direct_samples: int


def prepared(taps: Audio, sample_rate: int) -> ImpulseResponse:
    """Cut what comes before the direct sound and normalise to unit energy.

    Unit energy means that white noise leaves as loud as it came.

    Parameters
    ----------
    taps : float32 array, shape (channels, samples)
        Not all zero.
    sample_rate : int
        In Hz.
    """
    magnitude = np.abs(taps).max(axis=0)
    onset = int(np.argmax(magnitude >= magnitude.max() * amplitude(ONSET_DB)))
    reach = max(1, round(DIRECT_S * sample_rate))
    direct = onset + int(np.argmax(magnitude[onset : onset + reach]))
    start = max(0, onset - reach)
    energy = np.sum(taps[:, start:].astype(np.float64) ** 2) / taps.shape[0]
    return ImpulseResponse((taps[:, start:] / np.sqrt(energy)).astype(np.float32), direct - start)


def convolved(audio: Audio, response: ImpulseResponse) -> NDArray[np.float32]:
    """Convolve channel by channel; the direct sound stays where the sound was.

    A mono response serves both channels; mono audio hears the mean of a stereo response.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    response : ImpulseResponse
    """
    from scipy.signal import oaconvolve

    taps = response.taps
    if audio.shape[0] < taps.shape[0]:
        taps = taps.mean(axis=0, keepdims=True)
    taps = np.broadcast_to(taps, (audio.shape[0], taps.shape[1]))
    start = response.direct_samples
    out: NDArray[np.float32] = oaconvolve(audio, taps, axes=1)[:, start : start + audio.shape[1]]
    return out


def _read(path: Path, sample_rate: int) -> ImpulseResponse:
    """Read a response at the rate given in Hz."""
    return prepared(sound_of("impulse", path, sample_rate), sample_rate)


impulse_file = Assets("impulse", "an audio file", _read, keep=32)
"""Reads an impulse response; it is resampled to the rate, in Hz, that follows the digest."""
