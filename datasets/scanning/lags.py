"""Lags: by how much one stem of a song is late against another that plays the same."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_lags"]

FARTHEST_S = 5.0
ALIKE = 0.5
"""Least correlation of the onsets of two takes of one part; of others hardly any reaches it."""

UNRIVALLED = 0.85
"""At most so much of it at any other lag: else it may be the beat that comes again."""

RIVAL_S = 0.05


def find_lags(onsets: Sequence[NDArray[np.float32]], frame_rate: float) -> list[tuple[float, int]]:
    """Find how late each stem is against the one that plays most alike.

    Only takes of one part can be compared: doubles, several microphones of one player, a part
    and what its processing left of it. What plays something else has no lag that could be known.

    Parameters
    ----------
    onsets : sequence of float32 array, shape (frames,)
        See `Listener`; they may differ in length.
    frame_rate : float
        Frames a second.

    Returns
    -------
    list of (float, int)
        Lag in milliseconds, positive where the stem is late, true to a few of them, and the
        other's place in the sequence; (NaN, -1) where none plays so much alike, more than five
        seconds apart, or where several lags are as likely.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    unknown = (float("nan"), -1)
    found, best = [unknown] * len(onsets), [ALIKE] * len(onsets)
    reach = round(FARTHEST_S * frame_rate)
    size = next_fast_len(max(map(len, onsets), default=0) + reach + 1, real=True)
    sharp = [_sharpened(x, frame_rate) for x in onsets]
    spectra = [rfft(x, size) for x in sharp]
    for a in range(len(sharp)):
        for b in range(a):
            norm = float(np.sqrt(np.square(sharp[a]).sum() * np.square(sharp[b]).sum()))
            around = np.roll(irfft(spectra[a] * spectra[b].conj(), size), reach)
            alike = around[: 2 * reach + 1] / max(norm, 1e-12)
            peak, lag_s = _peak(alike, reach, frame_rate)
            for one, other, sign in ((a, b, 1), (b, a, -1)):
                if peak >= best[one]:
                    best[one] = peak
                    found[one] = (round(sign * 1000 * lag_s, 1) + 0.0, other)
    return found


def _sharpened(onsets: NDArray[np.float32], frame_rate: float) -> NDArray[np.float64]:
    """Return what rises above the mean of the second around, its loudest held down."""
    from scipy.ndimage import uniform_filter1d

    loud = np.sqrt(onsets.astype(np.float64))
    return np.asarray(loud - uniform_filter1d(loud, round(frame_rate)))


def _peak(alike: NDArray[np.float64], middle: int, frame_rate: float) -> tuple[float, float]:
    """Return the highest correlation and its lag in seconds; 0 where another rivals it."""
    top = int(alike.argmax())
    away = np.abs(np.arange(len(alike)) - top) > RIVAL_S * frame_rate
    if not 0 < top < len(alike) - 1 or alike[away].max() > UNRIVALLED * alike[top]:
        return 0.0, 0.0
    left, here, right = (float(alike[top + step]) for step in (-1, 0, 1))
    between = 0.5 * (left - right) / (left - 2 * here + right)
    return here, (top + between - middle) / frame_rate
