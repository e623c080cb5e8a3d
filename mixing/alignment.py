"""How late processed audio is against what it was made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio
from .phase_slopes import FRAME, bent, delay_between

__all__ = ["lag_samples"]

FRAMES = 20
"""How many stretches are looked at: the loudest of so many equal parts of the reference."""

WINDOW = 2**16
"""Samples of the loudest stretch, over which lags of any length are looked for."""

NEAR = 8
"""Lags up to this are believed at first sight; longer ones are looked for everywhere."""

LARGEST_DEVIATION = 0.15
"""Standard error, in samples, beyond which there is no telling."""

CLEAR_DEVIATION = 0.05
"""Standard error that a lag of half a sample or more must have: of 1500 effects that cannot
delay, on real stems, half of them bass, a dozen seemed late, and none of them as clearly."""

LEAST_AGREEMENT = 0.9
"""Mean cosine by which the phases must follow one delay."""

LEAST_EXPLAINED = 0.1
"""Share of the processed power that a curve of the reference must account for."""

Pair = tuple[int, int]
"""What is compared of the reference and of the processed: left, right, mid or side (0 to 3)."""

Frames = NDArray[np.float32]


@dataclass(frozen=True)
class _Fit:
    """A lag, and what speaks for it."""

    lag: float
    deviation: float
    agreement: float
    explained: float

    @property
    def certain(self) -> bool:
        return (
            self.deviation < (LARGEST_DEVIATION if abs(self.lag) < 0.5 else CLEAR_DEVIATION)
            and self.agreement > LEAST_AGREEMENT
            and self.explained > LEAST_EXPLAINED
        )


def lag_samples(
    reference: Audio, processed: Audio, sample_rate: int, *, longest_ms: float = 100.0
) -> float:
    """Measure by how many samples ``processed`` is late.

    Distortion does not fool it: the reference is first bent by the curve that explains the
    processed sound best, so that a clipped bass is compared with a clipped bass. The delay is
    then the slope of the phase between the two over frequency, each bin weighted by what its
    coherence lets it know (the maximum likelihood weights of C. Knapp, G. Carter, 1976); noise,
    and whatever else the reference does not account for, has no vote. See phase_slopes.py.

    Parameters
    ----------
    reference, processed : float32 arrays, shape (channels, samples)
        Those channels are compared that are most alike, or their sums or differences.
    sample_rate : int
        In Hz.
    longest_ms : float
        Lags of up to this are looked for, both ways.

    Returns
    -------
    float
        Positive if late, negative if early; right to half a sample. NaN where it cannot be
        known: if either is silent, if too little of the reference is left, or if frames or bands
        contradict each other, as they do where a dull sound went through a steep filter.

    Examples
    --------
    >>> import numpy as np
    >>> click = np.zeros((1, 1000), np.float32)
    >>> click[0, 500] = 1.0
    >>> round(lag_samples(click, np.roll(click, 7, axis=1), 48_000), 3)
    7.0
    """
    if not (reference.any() and processed.any()):
        return float("nan")
    furthest = round(longest_ms / 1000 * sample_rate)
    starts = _loud_frames(reference)
    heard = _gathered(reference, starts)
    pair = _most_alike(heard, _gathered(processed, starts))
    fitted = cache(partial(_fitted, heard, processed, starts, furthest))  # places come again
    fit = fitted(pair, 0)
    if fit.certain and fit.explained > 0.5 and abs(fit.lag) < min(NEAR, furthest):
        return fit.lag
    fits = [fitted(*place) for place in _places(reference, processed, furthest)]
    best = max([fit, *fits], key=lambda fit: fit.explained)
    return best.lag if best.certain and abs(best.lag) <= furthest + 0.5 else float("nan")


def _fitted(
    heard: Frames, processed: Audio, starts: NDArray[np.intp], furthest: int, pair: Pair, lag: int
) -> _Fit:
    """Measure the lag near a guess; each time from the whole samples found before."""
    x = _view(heard, pair[0])
    for _ in range(3):
        y = _view(_gathered(processed, starts + lag), pair[1])
        curve, explained = bent(x, y)
        delay = delay_between(curve, y)
        guess, found = lag, lag + delay.samples
        lag = round(min(max(found, -furthest), furthest))
        if lag == guess:
            break
    return _Fit(found, delay.deviation, delay.agreement, explained)


def _loud_frames(audio: Audio) -> NDArray[np.intp]:
    """Return where the loudest frame of each part of the audio begins."""
    hop = FRAME // 4
    if audio.shape[1] <= FRAME:
        return np.zeros(1, np.intp)
    power = np.square(audio).sum(axis=0)
    hops = np.add.reduceat(power, np.arange(0, power.size - power.size % hop, hop))
    frames = np.convolve(hops, [0.25, 1.0, 1.0, 0.25], mode="valid")  # the window's own weights
    parts = min(FRAMES, max(1, frames.size // 3))
    bounds = np.arange(parts + 1) * frames.size // parts
    return np.array([(a + int(np.argmax(frames[a:b]))) * hop for a, b in pairwise(bounds)])


def _gathered(audio: Audio, starts: NDArray[np.intp]) -> Frames:
    """Return frames of all channels, shape (channels, frames, samples); silence beyond the ends."""
    out = np.zeros((len(audio), len(starts), FRAME), np.float32)
    for frame, start in enumerate(starts):
        first, last = max(start, 0), min(start + FRAME, audio.shape[1])
        if last > first:
            out[:, frame, first - start : last - start] = audio[:, first:last]
    return out


def _view(channels: NDArray[Any], which: int) -> NDArray[Any]:
    """Return left, right, mid or side."""
    if which < 2:
        return np.asarray(channels[which])
    return np.asarray(channels[0] + channels[1] if which == 2 else channels[0] - channels[1])


def _pairs(first: int, second: int) -> Iterator[Pair]:
    """Go through what can be compared; mid and side only where both have them."""
    yield from ((i, j) for i in range(first) for j in range(second))
    if first == second == 2:
        yield from ((2, 2), (3, 3))


def _most_alike(heard: Frames, processed: Frames) -> Pair:
    """Return the pair of largest correlation as they lie; of equals the first."""
    best, most = (0, 0), -1.0
    for i, j in _pairs(len(heard), len(processed)):
        x, y = _view(heard, i).ravel(), _view(processed, j).ravel()
        xx, yy, xy = (float(np.einsum("n,n", a, b)) for a, b in ((x, x), (y, y), (x, y)))
        alike = abs(xy) / np.sqrt(xx * yy) if xx * yy > 0 else 0.0
        if alike * (1 if i < 2 else 0.98) > most + 1e-3:  # channels, if there is little in it
            best, most = (i, j), alike * (1 if i < 2 else 0.98)
    return best


def _places(reference: Audio, processed: Audio, furthest: int) -> Iterator[tuple[Pair, int]]:
    """Go through where the lag may be: for channels, and for mid and side, at none and at a peak.

    The peak is that of the partly whitened correlation, between plain correlation and GCC-PHAT.
    """
    start = _loudest_start(reference)
    first = reference[:, start : start + WINDOW]
    second = np.zeros((len(processed), first.shape[1] + 2 * furthest), np.float32)
    before, after = max(0, start - furthest), start + first.shape[1] + furthest
    part = processed[:, before:after]
    offset = before - start + furthest
    second[:, offset : offset + part.shape[1]] = part
    if not (first.any() and second.any()):
        return
    peaks: dict[bool, tuple[float, Pair, int]] = {}
    for pair, values, scale in _correlations(first, second):
        values = np.abs(values[: 2 * furthest + 1])
        top = int(np.argmax(values))
        height = float(values[top]) / scale if scale > 0 else 0.0
        if height > peaks.get(pair[0] < 2, (0.0,))[0]:
            peaks[pair[0] < 2] = height, pair, top - furthest
    for _, pair, lag in peaks.values():
        yield from ((pair, place) for place in dict.fromkeys((0, lag)))


def _loudest_start(audio: Audio) -> int:
    """Return where the stretch of most energy begins, to a quarter of its length."""
    hop = WINDOW // 4
    power = np.square(audio).sum(axis=0)
    quarters = np.add.reduceat(power, np.arange(0, max(1, power.size), hop))
    stretches = np.convolve(quarters, np.ones(4), mode="valid") if quarters.size > 4 else [0.0]
    return int(np.argmax(stretches)) * hop


def _correlations(
    first: Audio, second: Audio
) -> Iterator[tuple[Pair, NDArray[np.floating], float]]:
    """Go through whitened correlations of all pairs, and the largest value that each could have."""
    from scipy.fft import irfft, next_fast_len, rfft  # of floats three times as fast as numpy's

    size = next_fast_len(second.shape[1], real=True)
    a, b = rfft(first, size), rfft(second, size)
    power = np.sqrt((np.abs(a) ** 2).sum(axis=0) * (np.abs(b) ** 2).sum(axis=0))
    whitening = (power + power.max() * 1e-6) ** -0.25
    a, b = a * whitening, b * whitening
    for i, j in _pairs(len(a), len(b)):
        x, y = _view(a, i), _view(b, j)
        scale = float(np.sqrt((np.abs(x) ** 2).sum() * (np.abs(y) ** 2).sum())) * 2 / size
        yield (i, j), irfft(y * x.conj(), size), scale
