"""Which note a single voice sings, and whether it sings at all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, resample

__all__ = ["PitchTrack", "tracked"]

COARSE_RATE = 16_000
LOWEST_HZ, HIGHEST_HZ = 65.0, 1000.0
HOP_S, WINDOW_S = 0.005, 0.032
APERIODIC = 0.1
"""YIN's threshold: power that does not repeat after a period, relative to the mean."""
QUIETEST_DB = -60.0
"""Frames this far below the loudest are silence."""
SHORTEST_S = 0.06
"""A note has to be steady for so long: drums are not."""
LARGEST_STEP = 0.06
"""Relative change from frame to frame, about a semitone, at which one note ends."""


@dataclass(frozen=True, eq=False)
class PitchTrack:
    """Fundamental frequency over time.

    Parameters
    ----------
    centres : int64 array, shape (frames,)
        Middle of each frame, in samples.
    periods : float64 array, shape (frames,)
        In samples; 0 where nothing is sung or nobody is sure.
    """

    centres: NDArray[np.int64]
    periods: NDArray[np.float64]

    def runs(self) -> list[tuple[int, int]]:
        """Return first and past-the-last frame of each unbroken stretch with a pitch."""
        voiced = np.pad((self.periods > 0).astype(np.int8), 1)
        edges = np.flatnonzero(np.diff(voiced))
        return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def tracked(audio: Audio, sample_rate: int) -> PitchTrack:
    """Follow the pitch of a single voice from 65 to 1000 Hz, 200 times a second.

    YIN at 16 kHz, then the period refined at the full rate over a window that is centred to
    half a sample, so that a glide is not heard late.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        Channels are averaged.
    sample_rate : int
        In Hz.

    Notes
    -----
    A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and
    music", J. Acoust. Soc. Am. 111(4), 2002.
    """
    from .pitch_loops import refined_periods

    mono = audio.mean(axis=0, dtype=np.float64).astype(np.float32)
    count = int(mono.size / sample_rate / HOP_S)
    times_s = np.asarray((np.arange(count) + 0.5) * HOP_S, np.float64)
    centres = np.rint(times_s * sample_rate).astype(np.int64)
    coarse = resample(mono[np.newaxis], sample_rate, COARSE_RATE)[0]
    periods = _coarse_periods(coarse, times_s) * (sample_rate / COARSE_RATE)
    _drop_unsteady(periods)
    reach = int(np.ceil(1.5 * sample_rate / COARSE_RATE)) + 1
    half = round(WINDOW_S / 2 * sample_rate)
    margin = half + int(sample_rate / LOWEST_HZ) + reach + 2
    padded = np.pad(mono, margin)
    return PitchTrack(centres, refined_periods(padded, centres + margin, periods, half, reach))


def _coarse_periods(mono: NDArray[np.float32], times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the period of each frame by YIN, in samples of ``mono``; 0 where unsure."""
    from scipy.fft import irfft, rfft

    width, longest = round(WINDOW_S * COARSE_RATE), int(COARSE_RATE / LOWEST_HZ) + 2
    size = 1024  # holds the window and the longest lag without wrapping round
    begins = np.rint(times_s * COARSE_RATE).astype(np.int64) - (width + longest // 2) // 2 + size
    padded = np.pad(mono, size)
    loudest = float(np.abs(mono).max(initial=0.0))
    periods = np.zeros(times_s.size)
    for block in range(0, times_s.size, 256):
        rows = np.arange(block, min(block + 256, times_s.size))
        frames = padded[begins[rows, np.newaxis] + np.arange(width + longest)].astype(np.float64)
        cross = rfft(frames, size) * rfft(frames[:, :width], size).conj()
        product = irfft(cross, size)[:, : longest + 1]
        sums = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
        energy = sums[:, width : width + longest + 1] - sums[:, : longest + 1]
        difference = np.maximum(energy[:, :1] + energy - 2 * product, 0)[:, 1:]
        audible = energy[:, 0] > width * (loudest * 10 ** (QUIETEST_DB / 20)) ** 2
        periods[rows] = np.where(audible, _first_dips(difference), 0)
    return periods


def _first_dips(difference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lag of the first deep dip of each row, which begins at lag 1; 0 without."""
    lags = np.arange(1, difference.shape[1] + 1)
    mean = np.cumsum(difference, axis=1) / lags
    normal = difference / np.maximum(mean, 1e-30)
    left, middle, right = normal[:, :-2], normal[:, 1:-1], normal[:, 2:]
    dips = (middle <= left) & (middle < right) & (middle < APERIODIC)
    dips &= lags[1:-1] >= COARSE_RATE / HIGHEST_HZ - 1
    first = dips.argmax(axis=1)
    return np.where(dips.any(axis=1), lags[1:-1][first], 0).astype(np.float64)


def _drop_unsteady(periods: NDArray[np.float64]) -> None:
    """Set to 0 what does not last as one note or one glide, and where one becomes another."""
    if periods.size == 0:
        return
    before = np.concatenate([[0.0], periods[:-1]])
    # A period in whole samples may step by one without any glide.
    joined = np.abs(periods - before) <= np.maximum(LARGEST_STEP * before, 1.0)
    joined &= (periods > 0) & (before > 0)
    starts = np.flatnonzero(~joined)
    lengths = np.diff(np.append(starts, periods.size))
    for start, length in zip(starts, lengths, strict=True):
        if length * HOP_S < SHORTEST_S:
            periods[start : start + length] = 0
        elif start > 0 and before[start] > 0:
            periods[start] = 0  # a gap between two notes keeps their runs apart
