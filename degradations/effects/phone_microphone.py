"""The microphone of a telephone."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.sections import run_sections
from ..effect import Effect, Label
from .biquads import high_pass, low_pass, normalised

__all__ = ["PhoneMicrophone"]


class PhoneMicrophone(Effect, kind="phone_microphone"):
    """Recorded with a phone: no depth, a hard edge in the highs, no air above it.

    Three things in a row: the second-order high-pass against wind and handling
    (Butterworth), the resonance of the sound channel in front of a small electret or MEMS
    capsule, and the roll-off above it. The last two are one, a second-order low-pass of
    q = 10 ** (resonance_db / 20): a Helmholtz resonator has that gain at its resonance, and
    falls by 12 dB per octave above.

    Parameters
    ----------
    low_cut_hz : float
        -3 dB, from 40 to 400 Hz. Capsules have 20 to 100 Hz; phones with a voice filter
        about 200 Hz.
    resonance_hz : float
        From 2000 to 20000 Hz; bare capsules 10 to 20 kHz, behind the channel of a case and a
        gasket 4 to 10 kHz.
    resonance_db : float
        From 0 to 20 dB, had exactly at the resonance; 3 (mesh in the channel) to 15 dB.

    Notes
    -----
    Knowles, "SiSonic design guide", rev. 3.0 (acoustic path, wideband response); B. Faber,
    "iPhone microphone frequency response comparison", 2009 (200 Hz high-pass of the 3GS).
    The ranges are typical, not those of one model. Nothing is compensated: on real stems the
    defaults leave a lag of about a sample, 50 to 90 on kicks and basses, whose phase the low
    cut turns, and a resonance of 15 dB at 2 kHz 15 to 19 samples. For the line behind it:
    :class:`Telephone`, or a codec.
    """

    label: ClassVar[Label] = "medium"
    moves_time: ClassVar[bool] = True

    low_cut_hz: Annotated[float, Field(ge=40, le=400)] = 120.0
    resonance_hz: Annotated[float, Field(ge=2000, le=20_000)] = 7500.0
    resonance_db: Annotated[float, Field(ge=0, le=20)] = 8.0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Filter."""
        q = 10 ** (self.resonance_db / 20)
        rows = [
            high_pass(self.low_cut_hz, np.sqrt(0.5), sample_rate),
            low_pass(self.resonance_hz, q, sample_rate),
        ]
        return run_sections(normalised(rows), audio)
