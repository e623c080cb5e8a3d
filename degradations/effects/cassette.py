"""The compact cassette."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ..dsp.responses import deemphasis, inverse_sections, without_delay
from ..dsp.sections import run_sections
from ..effect import Effect, Label
from .noise import Seed, shaped_noise
from .nonlinear import Saturation

__all__ = ["Cassette"]

PLAYBACK_US = {"ferric": 120.0, "chrome": 70.0}
BASS_US = 3180.0
"""Time constants of playback (IEC 60094-1): 120 or 70 and 3180 microseconds."""

BOOST = 4.0
"""The recorder raises bass and treble by at most this before they reach the tape (12 dB)."""

BUMP_HZ, BUMP_OCTAVES = 70.0, 0.6
"""Where the wave on the tape is as long as the head, and how wide that is."""


class Cassette(Effect, kind="cassette"):
    """A cassette: soft highs, thick bass, loud treble that is squashed, and hiss.

    The recorder raises treble and bass by the shelves of its tape; what is on the tape
    saturates along a tanh; playback lowers them again, so that only loud treble and bass
    suffer (a cassette holds 10 dB less at 10 kHz than in the middle). The head adds a bump at
    70 Hz and loses the highs; neither shifts any phase. Wow and flutter are an effect of their
    own.

    Parameters
    ----------
    drive_db : float
        How hot it is recorded, from 0 to 24: nothing in the middle gets louder than
        -drive_db dBFS (the oversampled curve of ``saturation``).
    tape : {"ferric", "chrome"}
        Time constant of 120 or 70 microseconds; chrome takes more treble and hisses less.
    bandwidth_hz : float
        -3 dB, from 4000 (a toy) to 18000 Hz (a deck); half as much again is 12 dB down.
    bump_db : float
        From 0 to 6 dB.
    hiss_dbfs : float
        RMS, from -100 to -30 dBFS: white up to 1.3 kHz (2.3 kHz), rising above.
    seed : int
        Which hiss, from 0 to 2**32 - 1.

    Notes
    -----
    IEC 60094-1 for the time constants; the record boost follows published maximum output
    levels of type I and II tapes to some 2 dB.
    """

    label: ClassVar[Label] = "medium"
    adds_noise: ClassVar[bool] = True

    drive_db: Annotated[float, Field(ge=0, le=24)]
    tape: Literal["ferric", "chrome"] = "ferric"
    bandwidth_hz: Annotated[float, Field(ge=4000, le=18_000)] = 12_000.0
    bump_db: Annotated[float, Field(ge=0, le=6)] = 2.0
    hiss_dbfs: Annotated[float, Field(ge=-100, le=-30)] = -60.0
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Record and play."""
        treble_us = PLAYBACK_US[self.tape]
        zeros, poles = (treble_us / BOOST, BASS_US * BOOST), (treble_us, BASS_US)
        playback = deemphasis(zeros, poles, sample_rate)
        playback[1, :3] /= BOOST  # unit gain in the middle; 12 dB less at 0 Hz
        recorded = run_sections(inverse_sections(playback), audio)
        on_tape = Saturation(drive_db=self.drive_db, oversampling=2)(recorded, sample_rate)
        played = run_sections(playback, on_tape)
        hiss = shaped_noise(
            audio.shape, sample_rate, self.seed, "cassette", lambda hz: self._hiss(hz, treble_us)
        )
        heard = without_delay(played, sample_rate, self._head)
        return heard + hiss * np.float32(amplitude(self.hiss_dbfs))

    def _head(self, hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gain of the playback head."""
        octaves = np.log2(np.maximum(hz, 1.0) / BUMP_HZ) / BUMP_OCTAVES
        bump = 10 ** (self.bump_db / 20 * np.exp(-0.5 * octaves**2))
        return np.asarray(bump * self._gap(hz))

    def _gap(self, hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what gap and spacing leave of the highs."""
        return np.asarray(10 ** (-3.0103 / 20 * (hz / self.bandwidth_hz) ** 3.4))

    def _hiss(self, hz: NDArray[np.float64], treble_us: float) -> NDArray[np.float64]:
        """Return the spectrum of the hiss: white on the tape, raised by the playback amplifier."""
        return np.hypot(1.0, 2e-6 * np.pi * hz * treble_us) * self._gap(hz)
