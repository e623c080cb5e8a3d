"""A reference and an estimate that can be compared, and where the reference sounds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, checked
from ...errors import AudioError

__all__ = ["is_silent", "sounding_channels", "validate"]

SILENCE_DBFS = -100.0
"""RMS below which a reference holds nothing but rounding noise."""

SHORTEST_S = 0.1
"""Zimtohrli ends the process below about 0.06 s; no frame of 2048 samples fits either."""


def validate(reference: NDArray[Any], estimate: NDArray[Any], sample_rate: int) -> None:
    """Refuse a pair that cannot be compared.

    Raises
    ------
    AudioError
        If either is not audio, their shapes differ, the rate is no rate, or they are
        shorter than 0.1 s.
    """
    checked(reference, "reference")
    checked(estimate, "estimate")
    if reference.shape != estimate.shape:
        raise AudioError(
            f"estimate: wanted the reference's shape {reference.shape}, found {estimate.shape}; "
            "resample, trim or pad it first"
        )
    if sample_rate <= 0:
        raise AudioError(f"sample_rate: wanted a rate in Hz, found {sample_rate}; see the file's")
    if reference.shape[1] < SHORTEST_S * sample_rate:
        raise AudioError(
            f"reference: wanted at least {SHORTEST_S} s, found {reference.shape[1]} samples at "
            f"{sample_rate} Hz; score longer clips"
        )


def sounding_channels(audio: Audio) -> NDArray[np.bool_]:
    """Tell for each channel whether it is louder than the rounding noise of 16 bits.

    >>> sounding_channels(np.array([[0.1, -0.1], [0.0, 0.0]], np.float32)).tolist()
    [True, False]
    """
    power = np.square(audio, dtype=np.float64).mean(axis=1)
    loud: NDArray[np.bool_] = power > 10.0 ** (SILENCE_DBFS / 10.0)
    return loud


def is_silent(audio: Audio) -> bool:
    """Tell whether no channel sounds.

    >>> is_silent(np.zeros((2, 48000), np.float32))
    True
    """
    return not sounding_channels(audio).any()
