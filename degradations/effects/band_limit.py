"""Band limiting by a lower sample rate."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, resample_frames
from ..effect import Effect, Label

__all__ = ["BandLimit"]


class BandLimit(Effect, kind="band_limit"):
    """Nothing is left above a frequency, as after a trip through a low sample rate.

    The audio is resampled down to ``2 * bandwidth_hz`` and back by linear-phase filters
    (soxr), without delay. About the last 9 % below the bandwidth belong to the slope.

    Parameters
    ----------
    bandwidth_hz : float
        Half the lower sample rate, from 2000 to 20000 Hz.
    """

    label: ClassVar[Label] = "medium"

    bandwidth_hz: Annotated[float, Field(ge=2000, le=20_000)]

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Resample down and back."""
        rate = round(2 * self.bandwidth_hz)
        samples = audio.shape[1]
        if round(samples * rate / sample_rate) * sample_rate < samples * rate:  # the end is cut
            audio = np.pad(audio, ((0, 0), (0, sample_rate // rate + 1)))
        there = resample_frames(audio.T, sample_rate, rate)
        return resample_frames(there, rate, sample_rate)[:samples].T
