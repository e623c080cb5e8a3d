"""The telephone line."""

from functools import cache
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, resample
from ..dsp.companding import companded
from ..effect import Effect, Label

__all__ = ["Telephone"]

Band: TypeAlias = Literal["narrow", "wide"]

RATES_HZ: dict[Band, int] = {"narrow": 8000, "wide": 16_000}
TAPS: dict[Band, int] = {"narrow": 255, "wide": 1023}
CORNERS_HZ: dict[Band, tuple[int, int, int, int]] = {
    "narrow": (110, 280, 3380, 3840),
    "wide": (10, 66, 6840, 7420),
}
"""Where the lower slope begins and ends, and the upper one, before the window rounds them."""


class Telephone(Effect, kind="telephone"):
    """A voice on the line: no bass, no air, and, if companded, a grain that follows the sound.

    The sound is resampled to 8 or 16 kHz, filtered by a symmetric kernel, companded or not,
    and resampled back (soxr), all of it without delay and channel by channel.

    Parameters
    ----------
    band : {"narrow", "wide"}
        300 to 3400 Hz, as classic lines and GSM have it, or 50 to 7000 Hz, as HD voice.
        Narrow keeps what codecs for ITU-T G.712 promise for one direction: within 0.25 dB
        from 300 to 3000 Hz and 0.9 dB up to 3400 Hz, below 0 dB at 200 Hz, at least 30 dB
        down at 60 Hz, 12.5 dB at 4000 Hz and 35 dB from 4600 Hz on. Wide is 3 dB down at 50
        and 7000 Hz, and flat from 100 to 6800 Hz.
    companding : {"none", "a_law", "mu_law"}
        Eight bits a sample, as in ITU-T G.711 (Europe, or America and Japan): 34 to 39 dB
        from a tone to its noise, whatever its level from 0 to -40 dBFS.

    Notes
    -----
    ITU-T G.712 (11/2001) and G.711 (11/1988); limits as in the data sheets of the codecs
    MT9094 (Mitel) and 821054 (IDT); wide band as in ITU-T P.341.
    """

    label: ClassVar[Label] = "medium"

    band: Band = "narrow"
    companding: Literal["none", "a_law", "mu_law"] = "none"

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Send down the line."""
        from scipy.signal import oaconvolve

        rate = RATES_HZ[self.band]
        margin = sample_rate // rate + 1  # one sample of the line's rate, lest rounding cuts it
        sent = resample(np.pad(audio, ((0, 0), (0, margin))), sample_rate, rate)
        kernel = _kernel(self.band)[np.newaxis]
        start = kernel.size // 2
        line = oaconvolve(sent, kernel, axes=1)[:, start : start + sent.shape[1]]
        if self.companding != "none":
            line = companded(line, self.companding)
        received = resample(line, rate, sample_rate)
        return np.asarray(received[:, : audio.shape[1]], np.float32)


@cache
def _kernel(band: Band) -> NDArray[np.float32]:
    """Return the symmetric kernel of the band, at the rate of its line."""
    from scipy.signal import firwin2

    rate = RATES_HZ[band]
    hz = (0, *CORNERS_HZ[band], rate / 2)
    taps = firwin2(TAPS[band], hz, (0, 0, 1, 1, 0, 0), window=("kaiser", 5.0), fs=rate)
    return np.asarray(taps, np.float32)
