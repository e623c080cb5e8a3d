"""Audio as arrays: the shape that everything shares, the classes of stems, decibels."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError

__all__ = ["LOUDEST", "STEM_CLASSES", "Audio", "amplitude", "checked", "decibels"]

Audio: TypeAlias = NDArray[np.float32]
"""Samples as ``float32`` of shape ``(channels, samples)``, nominally in [-1, 1]."""

STEM_CLASSES = (
    "Vocals",
    "Guitars",
    "Keyboards",
    "Synthesizers",
    "Bass",
    "Drums",
    "Percussions",
    "Orchestral",
)
"""The eight classes of the task (arXiv 2505.21827), in the order used everywhere."""

LOUDEST = 1e4
"""Magnitude beyond which samples are taken for damage: some codecs end the process at 1e7."""


def amplitude(level_db: float) -> float:
    """Return the factor that ``level_db`` decibels stand for.

    >>> round(amplitude(-6.0206), 4)
    0.5
    """
    return float(10.0 ** (level_db / 20.0))


def decibels(factor: float) -> float:
    """Return ``factor`` in decibels; -inf for 0.

    >>> round(decibels(0.5), 2)
    -6.02
    """
    return 20.0 * float(np.log10(factor)) if factor > 0 else float("-inf")


def checked(audio: NDArray[Any], where: str) -> Audio:
    """Return ``audio`` if it is what the whole package takes for audio.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        One or two channels.
    where : str
        Who asks; begins the message.

    Raises
    ------
    AudioError
        If the dtype, the axes, the number of channels, a non-finite or an absurd
        sample makes it something else.
    """
    if audio.dtype != np.float32 or audio.ndim != 2:
        raise AudioError(
            f"{where}: wanted float32 audio of shape (channels, samples), found {audio.dtype} "
            f"of shape {audio.shape}; convert it with np.atleast_2d(audio).astype(np.float32)"
        )
    if audio.shape[0] not in (1, 2):
        raise AudioError(
            f"{where}: wanted 1 or 2 channels, found {audio.shape[0]}; mix down or split first"
        )
    high, low = float(audio.max(initial=0.0)), float(audio.min(initial=0.0))  # no copy: every call
    if not (high < LOUDEST and low > -LOUDEST):  # NaN is neither
        peak = max(high, -low)
        what = f"a peak of {peak:.3g}" if np.isfinite(peak) else "NaN or infinite samples"
        raise AudioError(f"{where}: wanted finite samples near [-1, 1], found {what}")
    return audio
