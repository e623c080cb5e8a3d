"""Noise that was not in the music."""

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude, decibels
from ...seeds import stream
from ..effect import Effect, Label

__all__ = ["Hiss", "Hum", "Noise", "NoiseFloor", "Seed", "coloured_noise", "shaped_noise"]

Colour: TypeAlias = Literal["white", "pink", "brown", "blue", "violet"]
Seed: TypeAlias = Annotated[int, Field(ge=0, le=2**32 - 1)]

_Level: TypeAlias = Annotated[float, Field(ge=-120, le=-20)]

LOWEST_HZ = 20.0
"""Below, the noise is flat: a 1/f spectrum has no end of power down there."""


class Noise(Effect, kind="noise"):
    """Noise as loud as the music allows: the worse the signal-to-noise ratio, the louder.

    Parameters
    ----------
    snr_db : float
        RMS of the whole signal over RMS of the noise, from -20 to 100 dB. Silence stays
        silent.
    colour : {"white", "pink", "brown", "blue", "violet"}
        Above 20 Hz power falls by 0, 3 or 6 dB per octave, or rises by 3 or 6.
    seed : int
        Which noise, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    neutral: ClassVar[Mapping[str, float]] = {"snr_db": 100.0}

    snr_db: Annotated[float, Field(ge=-20, le=100)]
    colour: Colour = "white"
    seed: Seed = 0

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
    colour : {"white", "pink", "brown", "blue", "violet"}
        Above 20 Hz power falls by 0, 3 or 6 dB per octave, or rises by 3 or 6.
    seed : int
        Which noise, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"level_dbfs": -120.0}

    level_dbfs: _Level
    colour: Colour = "white"
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add noise."""
        noise = coloured_noise(audio.shape, sample_rate, self.colour, self.seed)
        return audio + noise * np.float32(amplitude(self.level_dbfs))


class Hiss(Effect, kind="hiss"):
    """Hiss of a fixed level that lives in the highs: of a microphone, a radio, a tape.

    White noise through a first-order high-pass: power rises by 6 dB per octave up to the
    corner and is flat above it. Independent in each channel.

    Parameters
    ----------
    level_dbfs : float
        RMS, from -120 to -20 dBFS.
    corner_hz : float
        From 20 (white) to 7500 Hz (thin and sharp).
    seed : int
        Which noise, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"level_dbfs": -120.0}

    level_dbfs: _Level
    corner_hz: Annotated[float, Field(ge=20, le=7500)] = 3000.0
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add noise."""
        noise = shaped_noise(
            audio.shape,
            sample_rate,
            self.seed,
            "hiss",
            lambda hz: hz / np.hypot(hz, self.corner_hz),
        )
        return audio + noise * np.float32(amplitude(self.level_dbfs))


class Hum(Effect, kind="hum"):
    """The mains are heard: a low hum, or a buzz where many harmonics come through.

    Harmonic k has the amplitude k ** (tilt_db / 6.02), and a phase of its own; all in both
    channels alike. Harmonics above 0.45 times the sample rate are left out.

    Parameters
    ----------
    level_dbfs : float
        RMS of all harmonics together, from -120 to -20 dBFS.
    mains_hz : {50, 60}
        The fundamental.
    harmonics : int
        How many partials, from 1 to 40.
    tilt_db : float
        From one octave of harmonics to the next, from -24 (the fundamental alone is heard) to
        0 dB (a buzz).
    seed : int
        Which phases, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"level_dbfs": -120.0}

    level_dbfs: _Level
    mains_hz: Literal[50, 60] = 50
    harmonics: Annotated[int, Field(ge=1, le=40)] = 12
    tilt_db: Annotated[float, Field(ge=-24, le=0)] = -9.0
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add the same second over and over: whole periods, since all rates are whole hertz."""
        k = np.arange(1, self.harmonics + 1)
        k = k[k * self.mains_hz <= 0.45 * sample_rate]
        weights = k ** (self.tilt_db / decibels(2.0))
        weights *= amplitude(self.level_dbfs) / np.sqrt(np.sum(weights**2) / 2)
        phases = stream(self.seed, "hum").uniform(0, 2 * np.pi, self.harmonics)[: k.size]
        lines = np.zeros(sample_rate // 2 + 1, complex)
        lines[k * self.mains_hz] = weights * np.exp(1j * phases) * sample_rate / 2
        second = np.fft.irfft(lines, sample_rate).astype(np.float32)
        return audio + np.resize(second, audio.shape[1])


def coloured_noise(
    shape: tuple[int, ...], sample_rate: int, colour: Colour, seed: int
) -> NDArray[np.float32]:
    """Return Gaussian noise of unit RMS, independent in each channel.

    Parameters
    ----------
    shape : (channels, samples)
    sample_rate : int
        In Hz.
    colour : {"white", "pink", "brown", "blue", "violet"}
    seed : int
    """
    slope = {"white": 0.0, "pink": -0.5, "brown": -1.0, "blue": 0.5, "violet": 1.0}[colour]
    tilt = (lambda hz: np.maximum(hz, LOWEST_HZ) ** slope) if slope else None
    return shaped_noise(shape, sample_rate, seed, "noise", tilt)


def shaped_noise(
    shape: tuple[int, ...],
    sample_rate: int,
    seed: int,
    name: str,
    gain: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None,
) -> NDArray[np.float32]:
    """Return Gaussian noise of unit RMS and any spectrum, independent in each channel.

    Parameters
    ----------
    shape : (channels, samples)
    sample_rate : int
        In Hz.
    seed : int
    name : str
        Which noise under this seed.
    gain : callable, optional
        From frequencies in Hz to amplitudes, of any scale; white without.
    """
    from scipy.fft import next_fast_len

    channels, samples = shape
    length = next_fast_len(max(samples, 1024), real=True)
    white = stream(seed, name).standard_normal((channels, length), dtype=np.float32)
    noise: NDArray[np.floating] = white
    if gain is not None:
        hz = np.fft.rfftfreq(length, 1 / sample_rate).astype(np.float64)
        tilt = gain(hz).astype(np.float32)
        noise = np.fft.irfft(np.fft.rfft(white) * tilt, length)
    rms = np.sqrt(np.mean(np.square(noise, dtype=np.float64), axis=1, keepdims=True))
    return np.asarray(noise / rms, np.float32)[:, :samples]
