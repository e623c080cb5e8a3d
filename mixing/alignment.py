"""How late processed audio is against what it was made from."""

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio

__all__ = ["lag_samples"]

WINDOW_SAMPLES = 2**16
"""How much of the reference is looked at: its loudest stretch."""

WHITENING = 0.5
"""Power of the whitening, between plain correlation (0) and GCC-PHAT (1): the peak stays
sharp under filters, and bins that hold nothing but noise do not vote as loud as the rest."""


def lag_samples(
    reference: Audio, processed: Audio, sample_rate: int, *, longest_ms: float = 100.0
) -> float:
    """Measure by how many samples ``processed`` is late.

    Generalised cross-correlation (C. Knapp, G. Carter, 1976) with partial whitening, over
    the loudest stretch of the reference, all channels together.

    On bass stems under heavy distortion or noise it errs: 9 samples were read for a hard
    clip 30 dB deep and 2 for noise at 3 dB SNR, neither of which can delay anything.

    Parameters
    ----------
    reference, processed : float32 arrays, shape (channels, samples)
        If one has fewer channels, only as many are compared.
    sample_rate : int
        In Hz.
    longest_ms : float
        Lags of up to this are looked for, both ways.

    Returns
    -------
    float
        Positive if late, negative if early; between samples by a parabola through the peak.
        NaN if either is silent.

    Examples
    --------
    >>> import numpy as np
    >>> click = np.zeros((1, 1000), np.float32)
    >>> click[0, 500] = 1.0
    >>> lag_samples(click, np.roll(click, 7, axis=1), 48_000)
    7.0
    """
    if not (reference.any() and processed.any()):
        return float("nan")
    channels = min(reference.shape[0], processed.shape[0])
    furthest = round(longest_ms / 1000 * sample_rate)
    start = _loudest_start(reference)
    first = reference[:channels, start : start + WINDOW_SAMPLES]
    before = max(0, start - furthest)
    second = processed[:channels, before : start + WINDOW_SAMPLES + furthest]
    if not (first.any() and second.any()):
        return float("nan")
    offset = before - start  # where the second window begins, seen from the first
    correlation = _correlation(first, second, 2 * WINDOW_SAMPLES)
    lags = np.arange(-furthest, furthest + 1)
    values = correlation[(lags - offset) % correlation.size]
    peak = int(np.argmax(values))
    return float(lags[peak] + _between(values, peak))


def _loudest_start(audio: Audio) -> int:
    """Return where the stretch of most energy begins, to a quarter of its length."""
    hop = WINDOW_SAMPLES // 4
    power = np.square(audio).sum(axis=0)
    quarters = np.add.reduceat(power, np.arange(0, max(1, power.size), hop))
    stretches = np.convolve(quarters, np.ones(4), mode="valid") if quarters.size > 4 else [0.0]
    return int(np.argmax(stretches)) * hop


def _correlation(first: Audio, second: Audio, size: int) -> NDArray[np.floating]:
    """Return the magnitude of the whitened circular correlation, for either polarity."""
    a, b = np.fft.rfft(first, size), np.fft.rfft(second, size)
    cross = (b * a.conj()).sum(axis=0)
    power = np.sqrt((np.abs(a) ** 2).sum(axis=0) * (np.abs(b) ** 2).sum(axis=0))
    floor = power.max() * 1e-9
    return np.abs(np.fft.irfft(cross / (power + floor) ** WHITENING, size))


def _between(values: NDArray[np.floating], peak: int) -> float:
    """Return the offset of the top of a parabola through the peak and its neighbours."""
    if not 0 < peak < values.size - 1:
        return 0.0
    left, top, right = (float(v) for v in values[peak - 1 : peak + 2])
    bend = left - 2 * top + right
    return 0.5 * (left - right) / bend if bend < 0 else 0.0
