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
    waiting: Audio | None = None
    for index, start in enumerate(starts):
        length = min(window, frames - start)
        fade = _fade(length, overlap, first=index == 0, last=index == len(starts) - 1)
        part = estimate(read(start, length))
        total = np.concatenate([part * fade, np.broadcast_to(fade, (1,) * (part.ndim - 1) + (length,)) ], axis=0) if False else None
        del total
        yield part
