"""Distortion by curves that are not odd or do not only rise: even harmonics, folds.

An even part of a curve makes direct current. Only that part passes a first-order high-pass
at 5 Hz, as behind a coupling capacitor: the odd part, which carries the tone itself, is
not turned in phase, and wet stays in time with dry down to the lowest bass.

The loudest alias of a full-scale tone of 5 kHz (9 kHz), at 48 kHz, 24 dB into the curve and
with the default oversampling: tube 76 dB (50 dB) below it, fold back 110 dB
(110 dB), rectifier 90 dB (85 dB).
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from ...audio import Audio, amplitude
from ..dsp.oversampling import oversampled
from ..effect import Effect, Label
from .curves import Curve, Oversampling, Samples, coupled

__all__ = ["FoldBack", "Rectifier", "Tube", "biased_tanh"]


class Tube(Effect, kind="tube"):
    """One side of the wave is rounded before the other: warm, with a strong octave.

    y = f(g x) / g with g = 10 ** (drive_db / 20) and f(u) = (tanh(u + b) - tanh b) /
    (1 - tanh(b) ** 2): unit slope at 0, so that what is far below -drive_db dBFS keeps its
    level. A quiet tone of amplitude u gets a second harmonic of amplitude u ** 2 tanh(b) / 2.
    The even part of f passes a high-pass at 5 Hz. Bias above 0.66 first lifts what gets
    louder, by up to 1.2 dB, before it rounds it.

    Parameters
    ----------
    drive_db : float
        From 0 (the loudest peaks only) to 48 dB (a pulse wave).
    bias : float
        From 0 (symmetric, odd harmonics only) to 1 (most of all even).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.
    """

    label: ClassVar[Label] = "distortion"

    drive_db: Annotated[float, Field(ge=0, le=48)]
    bias: Annotated[float, Field(ge=0, le=1)] = 0.3
    oversampling: Oversampling = 8

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Bend, odd and even part apart."""
        drive = np.float32(amplitude(self.drive_db))

        def parts(x: Audio) -> Audio:
            there, back = (biased_tanh(s * drive * x, self.bias) for s in (1, -1))
            return np.asarray(
                np.concatenate([there - back, there + back]) / (2 * drive), np.float32
            )

        odd, even = np.split(oversampled(parts, audio, self.oversampling, sample_rate), 2)
        return odd + coupled(even, sample_rate)


def biased_tanh(x: Audio, bias: float) -> Audio:
    """Return tanh about the working point ``bias``, scaled to pass 0 with unit slope."""
    rest = np.tanh(np.float32(bias))
    return np.asarray((np.tanh(x + np.float32(bias)) - rest) / (1 - rest * rest), np.float32)


class FoldBack(Curve, kind="fold_back"):
    """The louder, the more often the wave folds over: metallic, as from a synthesizer.

    y = sin(g x) / g with g = 10 ** (drive_db / 20): what is far below -drive_db dBFS keeps
    its level, nothing gets louder than -drive_db dBFS, and what goes beyond comes back. A
    tone of amplitude u = g x has odd harmonics n of amplitude 2 |J_n(u)|, hence hardly any
    above n = u + 4; the corners of a triangle, the other usual folder, alias 60
    dB louder, antiderivative or not.

    Parameters
    ----------
    drive_db : float
        From 0 (hardly bent) to 30 dB (ten folds at full scale).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.
    """

    neutral: ClassVar[Mapping[str, float]] = {"drive_db": 0.0}

    drive_db: Annotated[float, Field(ge=0, le=30)]

    def bend(self, x: Samples) -> Samples:
        """Return sin(x)."""
        return np.sin(x)


class Rectifier(Effect, kind="rectifier"):
    """The lower half of the wave is turned over: an octave up, nasal, at any level alike.

    y = (1 - mix) x + mix h(|x|), where h is a first-order high-pass at 5 Hz. Half-wave
    rectification is ``mix`` 0.5; at 1 a tone leaves nothing but even harmonics, 4 / pi / (n *
    n - 1) for n = 2, 4, ..., so that a measured lag then means nothing. The level of the odd
    part falls with ``mix``, at any loudness.

    |x| is averaged between neighbours by its antiderivative, which brings aliases down by 25
    dB at little more cost (it delays |x| by half a sample of the higher rate and takes 0.14
    dB off at 20 kHz).

    Parameters
    ----------
    mix : float
        From 0 (dry) over 0.5 (half-wave) to 1 (full-wave).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.

    Notes
    -----
    J. Parker, V. Zavalishin, E. Le Bivic, "Reducing the aliasing of nonlinear waveshaping
    using continuous-time convolution", DAFx 2016.
    """

    label: ClassVar[Label] = "distortion"
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    mix: Annotated[float, Field(ge=0, le=1)]
    oversampling: Oversampling = 8

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Turn over."""
        folded = oversampled(_averaged_magnitude, audio, self.oversampling, sample_rate)
        mix = np.float32(self.mix)
        return (1 - mix) * audio + mix * coupled(folded, sample_rate)


def _averaged_magnitude(x: Audio) -> Audio:
    """Return the mean of |x| along the line from the sample before to each sample."""
    before = np.pad(x, ((0, 0), (1, 0)))[:, :-1]
    crossing = x * before < 0
    span = np.where(crossing, np.abs(x) + np.abs(before), 1)
    turned = (x * x + before * before) / (2 * span)
    return np.asarray(np.where(crossing, turned, np.abs(x + before) / 2), np.float32)
