"""Magnetic tape, driven into saturation."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from ...audio import Audio, amplitude, resample
from ..effect import Effect, Label
from .curves import Oversampling, coupled

__all__ = ["COERCIVITY", "Tape"]

COERCIVITY = 27.0 / (3 * 22.0)
"""27 kA/m, over three times the 22 kA/m that shape the anhysteretic curve."""


class Tape(Effect, kind="tape"):
    """Dense and rounded: loud moments leave a trace on what follows them.

    y = M(g x) / (bias g) with g = 10 ** (drive_db / 20), where M is the magnetisation that the
    field g x leaves on fresh tape by the model of Jiles and Atherton (see ``hysteresis.py``).
    What is far below -drive_db dBFS keeps its level; what is louder first gains, by at most 1
    / bias, as more of the tape takes part, then saturates, at 1 / bias above -drive_db dBFS.
    A tone gets odd harmonics: the third rises by 1 dB per dB while it is quiet.

    Playback hears no direct current (a first-order high-pass at 5 Hz, which turns 40 Hz by 7
    degrees). Speed errors, hiss, and the losses of heads are not included.

    The loudest alias of a full-scale tone of 5 kHz (9 kHz), at 48 kHz and 24 dB of drive: 42
    dB (32 dB) below the tone; 65 dB (46 dB) at eight times the rate.

    Parameters
    ----------
    drive_db : float
        From 0 (the loudest peaks only) to 48 dB (all but a square wave).
    bias : float
        The share of the magnetisation that follows the field at once: from 0.2 (hardly any
        bias: quiet sound is lost beside loud sound) to 1 (ideal: the curve coth(3 u) - 1 / 3
        u, without memory).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which tape is magnetised.

    Notes
    -----
    D. Jiles, D. Atherton, "Theory of ferromagnetic hysteresis", J. Magn. Magn. Mater. 61,
    1986; J. Chowdhury, "Real-time physical modelling for analog tape machines", DAFx 2019,
    whose numbers for tape these are (with bias 0.17), but for the coupling between domains:
    left out, which changes 1 % of the signal or less and lets the equation be solved exactly.
    """

    label: ClassVar[Label] = "distortion"

    drive_db: Annotated[float, Field(ge=0, le=48)]
    bias: Annotated[float, Field(ge=0.2, le=1)] = 0.7
    oversampling: Oversampling = 4

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Record and play back."""
        from ..dsp.hysteresis import magnetisation

        drive, fine_hz = amplitude(self.drive_db), sample_rate * self.oversampling
        field = resample(audio, sample_rate, fine_hz) * np.float32(drive)
        tape = np.stack([magnetisation(h, COERCIVITY, self.bias) for h in field])
        played = resample(tape, fine_hz, sample_rate)
        return coupled(played / np.float32(self.bias * drive), sample_rate)
