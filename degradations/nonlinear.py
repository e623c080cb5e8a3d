"""Distortion: curves that bend the waveform, oversampled so that they do not alias.

Both leave quiet sound at its level and act on what is loud, so they depend on the level
that comes in; a gain before and after makes any other behaviour.

The loudest alias of a full-scale tone of 5 kHz (9 kHz), at 48 kHz and 24 dB into the curve:
saturation 44 dB (32 dB) below the tone, hard clip 50 dB (46 dB); 17 dB (14 dB) without
oversampling. The filters around the curve take what lies above 0.91 times Nyquist.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..audio import Audio, amplitude
from .effect import Effect, Label
from .oversampling import oversampled

__all__ = ["HardClip", "Saturation"]

_Oversampling: TypeAlias = Literal[1, 2, 4, 8]


class Saturation(Effect, kind="saturation"):
    """Peaks are rounded and odd harmonics appear, from tape warmth to fuzz.

    y = tanh(g x) / g with g = 10 ** (drive_db / 20): what is far below -drive_db dBFS keeps
    its level, and nothing gets louder than -drive_db dBFS. (A plain tanh(g x) is this
    followed by a gain of ``drive_db``.)

    Parameters
    ----------
    drive_db : float
        From 0 (the loudest peaks only) to 48 dB (a square wave).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.
    """

    label: ClassVar[Label] = "distortion"
    neutral: ClassVar[Mapping[str, float]] = {"drive_db": 0.0}

    drive_db: Annotated[float, Field(ge=0, le=48)]
    oversampling: _Oversampling = 4

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Bend."""
        drive = np.float32(amplitude(self.drive_db))
        return oversampled(
            lambda x: np.tanh(x * drive) / drive, audio, self.oversampling, sample_rate
        )


class HardClip(Effect, kind="hard_clip"):
    """Peaks are cut off flat, as by an overloaded input: harsh, many harmonics.

    y = min(max(x, -c), c) with c = 10 ** (ceiling_db / 20). Without harmonics above Nyquist
    a flat top must ripple: unless ``oversampling`` is 1, a tone passes the ceiling by up to
    2 dB, and noise by 5 dB.

    Parameters
    ----------
    ceiling_db : float
        From -48 to 0 dBFS.
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts; 1 aliases like a cheap converter.
    """

    label: ClassVar[Label] = "distortion"
    neutral: ClassVar[Mapping[str, float]] = {"ceiling_db": 0.0}

    ceiling_db: Annotated[float, Field(ge=-48, le=0)]
    oversampling: _Oversampling = 8

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Cut."""
        ceiling = np.float32(amplitude(self.ceiling_db))
        return oversampled(
            lambda x: np.clip(x, -ceiling, ceiling), audio, self.oversampling, sample_rate
        )
