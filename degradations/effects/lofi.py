"""What early samplers did to sound: few bits, few samples a second."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, resample
from ...errors import AudioError
from ...seeds import stream
from ..effect import Effect, Label

__all__ = ["BitCrush", "SampleRateReduction"]


class BitCrush(Effect, kind="bit_crush"):
    """Quiet sound crumbles into steps; with dither, into steady hiss instead.

    y = s round(x / s) with s = 2 ** (1 - bits): full scale spans 2 ** bits steps, one of
    which is 0. The error has a power of s ** 2 / 12 wherever the sound spans a few steps;
    what stays within half a step of 0 is gone. Dither adds triangular noise, two steps wide,
    before rounding: the error then has a power of s ** 2 / 4, at any level and even in
    silence, and its mean and power know nothing of the sound, which is heard below the last
    step too. Nothing is clipped at full scale.

    Parameters
    ----------
    bits : float
        From 1 (three levels) to 24; fractions are steps in between.
    dither : bool
    seed : int
        Which dither, from 0 to 2**32 - 1.

    Notes
    -----
    S. Lipshitz, R. Wannamaker, J. Vanderkooy, "Quantization and dither: a theoretical
    survey", J. Audio Eng. Soc. 40(5), 1992.
    """

    label: ClassVar[Label] = "distortion"
    adds_noise: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"bits": 24.0}

    bits: Annotated[float, Field(ge=1, le=24)]
    dither: bool = False
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float64]:
        """Round."""
        step = 2.0 ** (1 - self.bits)
        steps = audio.astype(np.float64) / step
        if self.dither:
            first, second = stream(self.seed, "dither").random((2, *audio.shape))
            steps += first - second
        return np.asarray(np.rint(steps) * step)


class SampleRateReduction(Effect, kind="sample_rate_reduction"):
    """Gritty and glassy: tones come back mirrored, as from an old sampler.

    The sound is sampled ``rate_hz`` times a second with no filter before, and each sample
    held until the next with no filter behind. Aliases and images are the point: a tone of f
    Hz appears at abs(n rate +- f) as well, every one at f' weighted by
    sin(pi f' / rate) / (pi f' / rate), as by the hold of an analogue converter, to 0.2 dB.
    Nothing else is added but 50 dB below: edges fall between samples where they must, and
    images above Nyquist do not fold.

    Each value is taken from the middle of the time for which it is held, so that the sound is
    not late by half a period.

    Parameters
    ----------
    rate_hz : float
        From 500 to 40000 Hz; below the sample rate.
    """

    label: ClassVar[Label] = "distortion"

    rate_hz: Annotated[float, Field(ge=500, le=40_000)]

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Sample and hold, at a multiple of the rate."""
        fine_hz = sample_rate * FINENESS
        fine = resample(audio, sample_rate, fine_hz)
        held = _held(fine.astype(np.float64), fine_hz / self.rate_hz)
        return resample(held.astype(np.float32), fine_hz, sample_rate)

    def _check_below_nyquist(self, sample_rate: int) -> None:
        """Refuse rates that do not reduce: here it is the rate itself that must be lower."""
        if self.rate_hz >= sample_rate:
            raise AudioError(
                f"{self.kind}.rate_hz: {self.rate_hz:g} Hz is not below the sample rate "
                f"({sample_rate} Hz); lower it"
            )


FINENESS = 4
"""Times the sample rate at which the hold is laid out; 20 kHz loses 0.2 dB."""


def _held(fine: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """Return a zero-order hold of ``period`` samples, averaged over each sample's width."""
    count = int(fine.shape[1] / period) + 2
    middles = np.asarray((np.arange(count) + 0.5) * period - 0.5, np.float64)
    values = _between(fine, middles)
    sums = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))
    edges = np.arange(fine.shape[1] + 1) / period  # of the samples, in periods
    whole = edges.astype(np.int64)
    integral = sums[:, whole] + (edges - whole) * values[:, whole]
    return np.asarray(np.diff(integral, axis=1) * period)


def _between(fine: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values between samples by cubic Lagrange interpolation; silence beyond the ends."""
    first = np.floor(places).astype(np.int64)
    t = places - first
    padded = np.pad(fine, ((0, 0), (2, 2)))
    last = padded.shape[1] - 1
    weights = (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )
    taps = (padded[:, np.minimum(first + 1 + k, last)] * w for k, w in enumerate(weights))
    return np.asarray(sum(taps))
