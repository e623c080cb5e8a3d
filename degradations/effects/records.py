"""Records: vinyl, and what was before it."""

from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ...seeds import stream
from ..dsp.responses import deemphasis, inverse_sections, without_delay
from ..dsp.sections import run_sections
from ..effect import Effect, Label
from .clicks import crackle
from .filters import Bell
from .noise import Seed, shaped_noise
from .nonlinear import Saturation

__all__ = ["Shellac", "Vinyl"]

_Drive: TypeAlias = Annotated[float, Field(ge=0, le=24)]
_Rate: TypeAlias = Annotated[float, Field(ge=0, le=500)]
_Noise: TypeAlias = Annotated[float, Field(ge=-100, le=-20)]
_Click: TypeAlias = Annotated[float, Field(ge=-90, le=-10)]

RIAA_ZEROS_US, RIAA_POLES_US = (318.0, 0.0), (3180.0, 75.0)
"""Playback (IEC 60098): poles at 50 and 2122 Hz, a zero at 500 Hz."""

MONO_BELOW_HZ = 150.0
RUMBLE_HZ = 30.0
SPREAD_DB = 6.0


class Vinyl(Effect, kind="vinyl"):
    """A long-playing record: crackle, rumble, a rustle below the music, bass in the middle.

    The bass of the sides is taken out (no stylus could follow it), the RIAA curve raises the
    highs and lowers the bass, the groove saturates along a tanh, so that loud sibilants suffer
    first, and playback undoes the curve. The stylus' width takes the highest tones, without
    shifting any phase. Noise of the groove is heard through the RIAA curve.

    Parameters
    ----------
    drive_db : float
        How loud it is cut, from 0 to 24 dB: nothing at 1 kHz gets louder than -drive_db dBFS,
        and at 10 kHz nothing louder than 14 dB below that.
    bandwidth_hz : float
        -3 dB, from 4000 (worn) to 20000 Hz.
    surface_dbfs : float
        RMS of the groove's noise, from -100 to -20 dBFS.
    rumble_dbfs : float
        RMS of the bearing's noise around 30 Hz, from -100 to -20 dBFS.
    crackle_rate_hz, crackle_dbfs : float
        Clicks per second, from 0 to 500, and their median peak, from -90 to -10 dBFS; see
        ``crackle``, whose spread is 6 dB here.
    seed : int
        Which noise and clicks, from 0 to 2**32 - 1.

    Notes
    -----
    IEC 60098 (3180, 318 and 75 microseconds).
    """

    label: ClassVar[Label] = "medium"
    moves_image: ClassVar[bool] = True
    adds_noise: ClassVar[bool] = True

    drive_db: _Drive = 0.0
    bandwidth_hz: Annotated[float, Field(ge=4000, le=20_000)] = 16_000.0
    surface_dbfs: _Noise = -62.0
    rumble_dbfs: _Noise = -60.0
    crackle_rate_hz: _Rate
    crackle_dbfs: _Click = -40.0
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Cut and play."""
        playback = deemphasis(RIAA_ZEROS_US, RIAA_POLES_US, sample_rate)
        playback[0, :3] /= _riaa(np.array(1000.0))  # where records are levelled
        cut = run_sections(inverse_sections(playback), _bass_in_the_middle(audio, sample_rate))
        groove = Saturation(drive_db=self.drive_db, oversampling=2)(cut, sample_rate)
        played = run_sections(playback, groove)
        heard = without_delay(played, sample_rate, lambda hz: _stylus(hz, self.bandwidth_hz))
        return heard + self._noises(audio.shape, sample_rate)

    def _noises(self, shape: tuple[int, ...], sample_rate: int) -> NDArray[np.float32]:
        """Return surface noise, rumble and crackle."""
        surface = shaped_noise(
            shape, sample_rate, self.seed, "surface", lambda hz: _riaa(hz) * _lows_cut(hz)
        )
        rumble = shaped_noise(shape, sample_rate, self.seed, "rumble", _rumble)
        clicks = crackle(
            shape, sample_rate, self.crackle_rate_hz, self.crackle_dbfs, SPREAD_DB, self.seed
        )
        surface *= np.float32(amplitude(self.surface_dbfs))
        return surface + rumble * np.float32(amplitude(self.rumble_dbfs)) + clicks


class Shellac(Effect, kind="shellac"):
    """A record or cylinder sung into a horn: a narrow band that honks, under heavy crackle.

    Mono. The horn's resonances (three bells, at places of their own) colour the sound and
    ring; the band ends steeply at either side; the cutter saturates along a tanh; noise and
    clicks come on top.

    Parameters
    ----------
    low_hz, high_hz : float
        Ends of the band, -6 dB: 100 to 500 Hz, and 2000 to 7000 Hz (a cylinder has about 300
        to 2500 Hz, an electrical recording 100 to 6000 Hz).
    resonance_db : float
        Height of the three resonances, from 0 (electrical recording) to 15 dB.
    drive_db : float
        From 0 to 24: nothing gets louder than -drive_db dBFS.
    surface_dbfs : float
        RMS of the noise, from -100 to -20 dBFS; pink within the band.
    crackle_rate_hz, crackle_dbfs : float
        As in :class:`Vinyl`.
    seed : int
        Which horn, noise and clicks, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "medium"
    moves_time: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True
    adds_noise: ClassVar[bool] = True

    low_hz: Annotated[float, Field(ge=100, le=500)] = 200.0
    high_hz: Annotated[float, Field(ge=2000, le=7000)] = 4000.0
    resonance_db: Annotated[float, Field(ge=0, le=15)] = 8.0
    drive_db: _Drive = 6.0
    surface_dbfs: _Noise = -45.0
    crackle_rate_hz: _Rate
    crackle_dbfs: _Click = -30.0
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Sing into the horn, cut and play; both channels hear the same."""
        mono = np.ascontiguousarray(audio.mean(axis=0, keepdims=True))
        for horn in self.resonances():
            mono = horn(mono, sample_rate)
        cut = Saturation(drive_db=self.drive_db, oversampling=2)(mono, sample_rate)
        surface = shaped_noise(
            mono.shape, sample_rate, self.seed, "surface", lambda hz: np.maximum(hz, 20.0) ** -0.5
        )
        clicks = crackle(
            mono.shape, sample_rate, self.crackle_rate_hz, self.crackle_dbfs, SPREAD_DB, self.seed
        )
        heard = without_delay(cut + clicks, sample_rate, self._band)
        surface = without_delay(surface, sample_rate, self._band)
        rms = float(np.sqrt(np.mean(np.square(surface, dtype=np.float64))))
        noise = surface * np.float32(amplitude(self.surface_dbfs) / max(rms, 1e-9))
        return np.repeat(heard + noise, len(audio), axis=0)

    def resonances(self) -> tuple[Bell, ...]:
        """Return the three resonances of the horn, about an octave apart."""
        random = stream(self.seed, "horn")
        octaves = np.arange(3) + random.uniform(-0.3, 0.3, 3)
        qs = random.uniform(2, 6, 3)
        return tuple(
            Bell(centre_hz=500 * 2**octave, gain_db=self.resonance_db, q=q)
            for octave, q in zip(octaves.tolist(), qs.tolist(), strict=True)
        )

    def _band(self, hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gain of the whole way: sixth order at either end."""
        low = 1 / (1 + (self.low_hz / np.maximum(hz, 1.0)) ** 6)
        return np.asarray(low / (1 + (hz / self.high_hz) ** 6))


def _bass_in_the_middle(audio: Audio, sample_rate: int) -> Audio:
    """Take the bass out of the difference of the channels."""
    if len(audio) == 1:
        return audio
    sides = np.asarray((audio[:1] - audio[1:]) / 2, np.float32)
    bass = sides - without_delay(sides, sample_rate, _lows_cut)
    return np.concatenate([audio[:1] - bass, audio[1:] + bass])


def _lows_cut(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a gain that is half at 150 Hz and falls by 12 dB per octave below."""
    return np.asarray(hz**2 / (hz**2 + MONO_BELOW_HZ**2))


def _stylus(hz: NDArray[np.float64], bandwidth_hz: float) -> NDArray[np.float64]:
    """Return what a stylus of some width reads of a groove."""
    return np.asarray(10 ** (-3.0103 / 20 * (hz / bandwidth_hz) ** 4))


def _riaa(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gain of playback."""
    turn = 2e-6j * np.pi * hz
    return np.asarray(np.abs((1 + 318 * turn) / ((1 + 3180 * turn) * (1 + 75 * turn))))


def _rumble(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the spectrum of the rumble: a resonance at 30 Hz."""
    ratio = hz / RUMBLE_HZ
    return np.asarray(ratio / np.hypot(1 - ratio**2, ratio))
