"""Wow and flutter."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...seeds import stream
from ..dsp.oscillators import swing_s, turns
from ..effect import Label
from .time_bends import TimeBend

__all__ = ["WowAndFlutter"]

RANDOM_HZ = (0.5, 20.0)
"""The band of the random component: below, a capstan's servo holds the speed."""


class WowAndFlutter(TimeBend, kind="wow_and_flutter"):
    """The pitch sags and trembles, as on a worn cassette or an off-centre record.

    Three deviations of speed add up: a slow sine (wow), a fast one (flutter) and a random
    one, Gaussian and flat from 0.5 to 20 Hz. All are in cents: 1 % is 17.2 cents. (Meters
    after IEC 60386 read percent of peak, weighted by ear: 1 around 4 Hz, half of it at 0.8
    and 20 Hz.) A good cassette deck has about 0.1 % or 2 cents, a worn one 0.5 % or 9, a
    record at 33 1/3 turns a minute sways at 0.56 Hz. The mean displacement over the
    recording is zero.

    Parameters
    ----------
    wow_depth_cents : float
        Either way, from 0 to 50 cents.
    flutter_depth_cents : float
        Either way, from 0 to 30 cents.
    random_depth_cents : float
        RMS, from 0 to 10 cents.
    wow_rate_hz : float
        From 0.3 to 6 Hz.
    flutter_rate_hz : float
        From 6 to 100 Hz.
    seed : int
        Of the phases of both sines and of the random component, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "medium"
    neutral: ClassVar[Mapping[str, float]] = {
        "wow_depth_cents": 0.0,
        "flutter_depth_cents": 0.0,
        "random_depth_cents": 0.0,
    }

    wow_depth_cents: Annotated[float, Field(ge=0, le=50)]
    flutter_depth_cents: Annotated[float, Field(ge=0, le=30)]
    random_depth_cents: Annotated[float, Field(ge=0, le=10)] = 1.0
    wow_rate_hz: Annotated[float, Field(ge=0.3, le=6)] = 1.0
    flutter_rate_hz: Annotated[float, Field(ge=6, le=100)] = 10.0
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0

    def displacement_samples(self, samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return how far ahead of each sample the sound is read, shape (samples,)."""
        ahead = np.zeros(samples)
        if samples == 0:
            return ahead
        starts = stream(self.seed, "phases").random(2)
        sines = (
            (self.wow_rate_hz, self.wow_depth_cents),
            (self.flutter_rate_hz, self.flutter_depth_cents),
        )
        for (rate_hz, depth_cents), start in zip(sines, starts, strict=True):
            cycles = turns(rate_hz, samples, sample_rate, float(start))
            ahead += swing_s(cycles, rate_hz, depth_cents) * sample_rate
        ahead += self._wander(samples, sample_rate)
        return np.asarray(ahead - ahead.mean())

    def _wander(self, samples: int, sample_rate: int) -> NDArray[np.float64]:
        """Return the displacement of the random component: band-limited speed, integrated."""
        from scipy.fft import irfft, next_fast_len

        low, high = RANDOM_HZ
        length = next_fast_len(max(samples, round(4 * sample_rate / low)), real=True)
        first, last = int(np.ceil(low * length / sample_rate)), int(high * length / sample_rate)
        rng = stream(self.seed, "wander")
        real, imaginary = rng.standard_normal((2, last + 1 - first))
        bins = np.zeros(length // 2 + 1, np.complex128)
        bins[first : last + 1] = real + 1j * imaginary
        ratio = np.log(2) / 1200 * self.random_depth_cents
        rms = np.sqrt(2 * np.sum(np.abs(bins) ** 2)) / length
        omega = 2 * np.pi * np.arange(bins.size) / length  # radians a sample
        omega[0] = 1.0
        return np.asarray(irfft(bins * (ratio / rms) / (1j * omega), length)[:samples])
