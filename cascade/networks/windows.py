"""Long audio in overlapping windows: any length in the memory of a window."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = ["CrossFade", "window_starts", "windowed"]


def window_starts(frames: int, window: int, overlap: int, grid: int = 1) -> list[int]:
    """Return where windows begin that cover ``frames`` evenly and overlap enough.

    Parameters
    ----------
    frames, window, overlap : int
        In samples; ``overlap`` is the least.
    grid : int
        Windows begin at multiples of it: networks with strides hear a whole song and a
        window of it alike only if both are cut at the same places.

    Examples
    --------
    >>> window_starts(100, 40, 10)
    [0, 30, 60]
    >>> window_starts(100, 40, 10, grid=8)
    [0, 16, 40, 56]
    >>> window_starts(30, 40, 10)
    [0]
    """
    stride = max(window - overlap - (grid - 1), 1)
    count = max(1, -(-(frames - overlap) // stride)) if frames > window else 1
    last = max(frames - window, 0)
    return [int(start) // grid * grid for start in np.linspace(0, last, count)]


def windowed(
    read: Callable[[int, int], Audio],
    estimate: Callable[[Audio], Audio],
    frames: int,
    window: int,
    overlap: int,
    grid: int = 1,
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
    window, overlap, grid : int
        In samples; see `window_starts`. The last window is longer by less than ``grid``.

    Yields
    ------
    float32 array, shape (..., samples)
        Consecutive parts; together as long as the input.
    """
    starts = window_starts(frames, window, overlap, grid)
    cross_fade = CrossFade(overlap)
    for start, end in zip(starts, [*starts[1:], frames], strict=True):
        length = frames - start if start == starts[-1] else window
        estimated = estimate(read(start, length))
        yield cross_fade.add(estimated, end - start, start > 0, start + length < frames)


class CrossFade:
    """Windows one after another; what later ones will still change waits.

    Parameters
    ----------
    overlap : int
        Length of the ramps, in samples.
    """

    def __init__(self, overlap: int) -> None:
        self._overlap = overlap
        self._waiting = self._weight = np.zeros(0, np.float32)

    def add(self, estimate: Audio, done: int, rises: bool, falls: bool) -> Audio:
        """Add a window that begins where the last ``done`` samples ended.

        Parameters
        ----------
        estimate : float32 array, shape (..., samples)
        done : int
            Samples at its start that no later window will change.
        rises, falls : bool
            Whether it has a ramp at its start and at its end.

        Returns
        -------
        float32 array, shape (..., done)
        """
        fade = _fade(estimate.shape[-1], self._overlap, rises, falls)
        part = estimate * fade
        kept = len(self._weight)  # what earlier windows left for this one to fade into
        part[..., :kept] += self._waiting
        fade[:kept] += self._weight
        self._waiting, self._weight = part[..., done:], fade[done:]
        out: Audio = part[..., :done] / fade[:done]
        return out

    def rest(self) -> Audio:
        """Return what waits, when no window follows."""
        out: Audio = self._waiting / self._weight
        return out


def _fade(length: int, overlap: int, rises: bool, falls: bool) -> NDArray[np.float32]:
    """Return a window's weight: one, with ramps of ``overlap`` samples, never zero."""
    ramp = (np.arange(overlap, dtype=np.float32) + 0.5) / np.float32(max(overlap, 1))
    fade = np.ones(length, np.float32)
    if rises:
        fade[:overlap] *= ramp
    if falls:
        fade[length - overlap :] *= ramp[::-1]
    return fade
