"""Long audio in overlapping windows: any length in the memory of a window."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio

__all__ = ["window_starts", "windowed"]


def window_starts(frames: int, window: int, overlap: int) -> list[int]:
    """Return where windows begin that cover ``frames`` evenly and overlap enough.

    Parameters
    ----------
    frames, window, overlap : int
        In samples; ``overlap`` is the least.

    Examples
    --------
    >>> window_starts(100, 40, 10)
    [0, 30, 60]
    >>> window_starts(30, 40, 10)
    [0]
    """
    count = max(1, -(-(frames - overlap) // (window - overlap)))
    return [round(start) for start in np.linspace(0, max(frames - window, 0), count)]


def windowed(
    read: Callable[[int, int], Audio],
    estimate: Callable[[Audio], Audio],
    frames: int,
    window: int,
    overlap: int,
) -> Iterator[Audio]:
    """Estimate window by window and cross-fade where they overlap.

    Parameters
    ----------
    read : callable
        Gives ``(start, frames)`` of the input, shape (channels, frames); starts never fall.
    estimate : callable
        Maps (channels, frames) to (..., frames).
    frames : int
        Length of the input.
    window, overlap : int
        In samples.

    Yields
    ------
    float32 array, shape (..., samples)
        Consecutive parts; together as long as the input.
    """
    starts = window_starts(frames, window, overlap)
    waiting, weight = np.zeros((), np.float32), np.zeros(0, np.float32)
    for start, end in zip(starts, [*starts[1:], frames], strict=True):
        length = min(window, frames - start)
        fade = _fade(length, overlap, start > 0, start + length < frames)
        part = estimate(read(start, length)) * fade
        kept = len(weight)  # what earlier windows left for this one to fade into
        part[..., :kept] += waiting[..., :kept]
        fade[:kept] += weight
        done = end - start
        yield part[..., :done] / fade[:done]
        waiting, weight = part[..., done:], fade[done:]


def _fade(length: int, overlap: int, rises: bool, falls: bool) -> NDArray[np.float32]:
    """Return a window's weight: one, with ramps of ``overlap`` samples, never zero."""
    ramp = (np.arange(overlap, dtype=np.float32) + 0.5) / np.float32(max(overlap, 1))
    fade = np.ones(length, np.float32)
    if rises:
        fade[:overlap] *= ramp
    if falls:
        fade[length - overlap :] *= ramp[::-1]
    return fade
