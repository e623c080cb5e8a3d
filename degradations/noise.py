"""Noise that was not in the music."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..audio import Audio, amplitude
from ..seeds import stream
from .effect import Effect, Label

__all__ = ["Noise", "NoiseFloor", "coloured_noise"]

Colour: TypeAlias = Literal["white", "pink", "brown"]
_Seed: TypeAlias = Annotated[int, Field(ge=0, le=2**32 - 1)]

LOWEST_HZ = 20.0
"""Below, the noise is flat: a 1/f spectrum has no end of power down there."""


class Noise(Effect, kind="noise"):
    """Noise as loud as the music allows: the worse the signal-to-noise ratio, the louder.

    Parameters
    ----------
    snr_db : float
        RMS of the whole signal over RMS of the noise, from -20 to 100 dB. Silence stays
        silent.
    colour : {"white", "pink", "brown"}
        Power falls by 0, 3 or 6 dB per octave above 20 Hz.
    seed : int
        Which noise, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    neutral: ClassVar[Mapping[str, float]] = {"snr_db": 100.0}

    snr_db: Annotated[float, Field(ge=-20, le=100)]
    colour: Colour = "white"
    seed: _Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add noise."""
        rms = float(np.sqrt(np.mean(audio.astype(np.float64) ** 2)))
        noise = coloured_noise(audio.shape, sample_rate, self.colour, self.seed)
        return audio + noise * np.float32(rms * amplitude(-self.snr_db))


class NoiseFloor(Effect, kind="noise_floor"):
    """Hiss of a fixed level, as of tape or a preamplifier: heard where the music is quiet.

    Parameters
    ----------
    level_dbfs : float
        RMS of the noise, from -120 to -20 dBFS.
    colour : {"white", "pink", "brown"}
        Power falls by 0, 3 or 6 dB per octave above 20 Hz.
    seed : int
        Which noise, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"level_dbfs": -120.0}

    level_dbfs: Annotated[float, Field(ge=-120, le=-20)]
    colour: Colour = "white"
    seed: _Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add noise."""
        noise = coloured_noise(audio.shape, sample_rate, self.colour, self.seed)
        return audio + noise * np.float32(amplitude(self.level_dbfs))


def coloured_noise(
    shape: tuple[int, ...], sample_rate: int, colour: Colour, seed: int
) -> NDArray[np.float32]:
    """Return Gaussian noise of unit RMS, independent in each channel.

    Parameters
    ----------
    shape : (channels, samples)
    sample_rate : int
        In Hz.
    colour : {"white", "pink", "brown"}
    seed : int
    """
    from scipy.fft import next_fast_len

    channels, samples = shape
    length = next_fast_len(max(samples, 1024), real=True)
    white = stream(seed, "noise").standard_normal((channels, length), dtype=np.float32)
    noise: NDArray[np.floating] = white
    if colour != "white":
        hz = np.fft.rfftfreq(length, 1 / sample_rate)
        slope = {"pink": 0.5, "brown": 1.0}[colour]
        tilt = (np.maximum(hz, LOWEST_HZ) ** -slope).astype(np.float32)
        noise = np.fft.irfft(np.fft.rfft(white) * tilt, length)
    rms = np.sqrt(np.mean(np.square(noise, dtype=np.float64), axis=1, keepdims=True))
    return np.asarray(noise / rms, np.float32)[:, :samples]
