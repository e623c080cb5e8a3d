"""The exciter: treble that was not there."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from ...audio import Audio, amplitude
from ..dsp.oversampling import oversampled
from ..dsp.sections import run_sections
from ..effect import Effect, Label

__all__ = ["Exciter"]


class Exciter(Effect, kind="exciter"):
    """Sparkle and air: the top band gets overtones, and nothing else changes.

    y = x + a H(f(g H x)) / g with a = 10 ** (amount_db / 20), g = 10 ** (drive_db / 20), H a
    Butterworth high-pass of order 4, and f(u) = 3 pi / 4 (sqrt(1 + u ** 2) - 1). The curve is
    even: a tone gets its octave and further even harmonics, never more or less of itself. A
    tone far above -drive_db dBFS, and half an octave or more above ``frequency_hz``, gets an
    octave of ``amount_db`` (to 0.3 dB); at g x = u far below 1 the octave is 20 log10(3 pi u /
    16) dB weaker still, and quiet sound gets none.

    Parameters
    ----------
    frequency_hz : float
        Where the top band begins, from 500 to 12000 Hz.
    drive_db : float
        From 0 (the loudest only is excited) to 60 dB (all of it).
    amount_db : float
        Level of the octave against the tone that makes it, from -60 to 0 dB.

    Notes
    -----
    The loudest alias of a full-scale tone of 5 kHz (9 kHz), at 48 kHz and with the default
    drive and amount: 87 dB (75 dB) below the tone.
    """

    label: ClassVar[Label] = "distortion"
    neutral: ClassVar[Mapping[str, float]] = {"amount_db": -60.0}

    frequency_hz: Annotated[float, Field(ge=500, le=12_000)]
    drive_db: Annotated[float, Field(ge=0, le=60)] = 40.0
    amount_db: Annotated[float, Field(ge=-60, le=0)] = -20.0

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Add overtones."""
        from scipy.signal import butter

        top = butter(4, self.frequency_hz, "highpass", fs=sample_rate, output="sos")
        drive = amplitude(self.drive_db)
        scale = np.float32(0.75 * np.pi / drive * amplitude(self.amount_db))

        def overtones(x: Audio) -> Audio:
            square = np.square(x * np.float32(drive))
            # as sqrt(1 + square) - 1, which would cancel where it is quiet
            return np.asarray(square / (1 + np.sqrt(1 + square)) * scale, np.float32)

        excited = oversampled(overtones, run_sections(top, audio), FINENESS, sample_rate)
        return audio + run_sections(top, excited)


FINENESS = 8
