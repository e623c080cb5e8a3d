"""The ladder filter of analogue synthesizers."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ..dsp.oversampling import oversampled
from ..effect import Effect, Label

__all__ = ["Ladder"]


class Ladder(Effect, kind="ladder"):
    """The sweepable low-pass of synthesizers: round, with a whistle at the cutoff.

    Four one-pole low-passes in a row and feedback around them: y = G(v), G(s) = 1 /
    (1 + s)^4 with s = j f / cutoff, v = tanh(d (x - k y)) / d with k = 4 ``resonance`` and
    d = 10 ** (``drive_db`` / 20). Only the input pair bends, the stages are linear. The
    loop is solved without delay (trapezoidal integrators), so that the whistle is in tune.

    A quiet sound far below the cutoff loses 1 / (1 + k), up to 14 dB, as in the original;
    at the cutoff its gain is 1 / (4 - k). Nothing gets louder than ``-drive_db`` dBFS, not
    even the endless whistle that a resonance above 1 leaves behind (but for the ripple of
    resampling, and of cutoffs above a quarter of the rate without oversampling).

    Parameters
    ----------
    cutoff_hz : float
        From 20 to 20000 Hz; without resonance the gain is -12.04 dB there.
    resonance : float
        From 0 to 1.1; 1 is where a quiet whistle would neither grow nor fade.
    drive_db : float
        From 0 (the loudest peaks bend) to 36 dB (fuzz).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the loop runs; 2 is enough without drive.

    Notes
    -----
    R. Moog, US patent 3475623, 1969. V. Zavalishin, "The art of VA filter design", 2018,
    ch. 5 and 6. The delay of three of its poles, 3 / (2 pi cutoff), is compensated. On eight
    real stems, up to a resonance of 0.9, what is left is up to 3 samples at 5 kHz, 10 at 1 kHz
    and hundreds at 200 Hz; a whistle that outlasts its sound has no lag.

    The loudest alias of a full-scale tone of 5 kHz (9 kHz) at 48 kHz, cutoff 8 kHz, resonance
    0.7, against what is left of the tone: without drive -135 dB (-135 dB), at 12 dB of drive
    -105 dB (-52 dB), at 24 dB -41 dB (-19 dB), with ``oversampling`` 8 -70 dB (-37 dB). A low
    cutoff takes the tone and leaves the aliases: at 2 kHz and 24 dB, 5 kHz has -32 dB, and of
    9 kHz hardly more than aliases is left.
    """

    label: ClassVar[Label] = "filter"
    moves_time: ClassVar[bool] = True

    cutoff_hz: Annotated[float, Field(ge=20, le=20_000)]
    resonance: Annotated[float, Field(ge=0, le=1.1)] = 0.3
    drive_db: Annotated[float, Field(ge=0, le=36)] = 0.0
    oversampling: Literal[1, 2, 4, 8] = 4

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Filter."""
        from ..dsp.filter_recursions import laddered

        cutoff, drive = self._cutoff(sample_rate), amplitude(self.drive_db)
        return oversampled(
            lambda x: laddered(x, cutoff, 4 * self.resonance, drive),
            audio,
            self.oversampling,
            sample_rate,
        )

    def latency_samples(self, sample_rate: int) -> int:
        """Return the delay that three one-pole filters give to the lows."""
        return round(1.5 / (self._cutoff(sample_rate) * self.oversampling))

    def tail_s(self) -> float:
        """Return the time in which the whistle falls by 60 dB; endless counts as a minute."""
        fading = 1 - min(self.resonance, 1.0) ** 0.25
        longest = np.log(1000) / (60 * 2 * np.pi * self.cutoff_hz)
        return float(60 * longest / max(fading, longest))

    def _cutoff(self, sample_rate: int) -> float:
        """Return the cutoff as the integrators need it, bent as the bilinear transform bends."""
        return float(np.tan(np.pi * self.cutoff_hz / (sample_rate * self.oversampling)))
