"""The delay between two sounds, from the slope of the phase between them.

Three things bend the phase beside a delay, and are taken out or held against the answer:

- harmonics that distortion adds stand in a phase of their own. So the reference is bent first by
  the curve that explains the processed sound best, the mean of one given the other
  (:func:`bent`); what is then compared has the same harmonics. A delay does not tilt the curve,
  since sound passes each level upwards as often as downwards.
- a high-pass leads by a phase that falls with 1 / frequency: fitted beside the delay.
- whatever is not the reference is incoherent: bins vote by their coherence, those that could be
  chance not at all; and frames and bands that contradict each other widen the standard error.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["FRAME", "Delay", "bent", "delay_between"]

FRAME = 4096
"""Samples of a frame: 11 Hz between bins."""

BINS = 64
"""Of equal count, along a curve."""

CHANCE = 1e-5
"""How likely a bin of noise may be to get a vote."""

MOST_COHERENCE = 0.999
"""Above it, bins know equally much: nothing is more alike for being louder than its noise."""

BANDS = 8
"""Of equal weight, that must agree."""

FINENESS = 2
"""Places between samples at which the delay is looked for, before the slope tells the rest."""

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class Delay:
    """A delay and what speaks for it.

    Parameters
    ----------
    samples : float
        Positive if the second is late.
    deviation : float
        Standard error in samples, from how much frames and bands differ; infinite if there is
        nothing to go by.
    agreement : float
        Mean cosine of the phases that the delay leaves, by weight; 1 for a pure delay.
    """

    samples: float
    deviation: float
    agreement: float


NO_DELAY = Delay(0.0, float("inf"), 0.0)


def bent(x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[Floats, float]:
    """Return ``x`` bent by the curve that is nearest to ``y``, and its share of y's power."""
    if x.min() == x.max():
        return np.zeros(x.shape), 0.0
    from .bent_curves import bend

    out = np.empty(x.size)
    explained = bend(x.ravel(), y.ravel(), max(1, x.size // BINS), out)
    return out.reshape(x.shape), float(explained)


def delay_between(x: Floats, y: NDArray[np.float32]) -> Delay:
    """Measure by how many samples ``y`` is late.

    Parameters
    ----------
    x, y : arrays, shape (frames, FRAME)

    Returns
    -------
    Delay
        Up to a quarter of a frame, both ways.
    """
    cross, coherence, freedom = _coherence(x, y)
    weights = _weights(coherence, freedom)
    total = _smooth(cross.sum(axis=0))
    size = np.maximum(np.abs(total), 1e-300)
    turns = 2 * np.pi * np.arange(weights.size) / FRAME
    lead = 1 / np.maximum(turns, turns[1])
    lean = weights * (turns - lead * weights.sum() / max((weights * lead**2).sum(), 1e-300))
    slope = float((lean * turns).sum())  # what a delay of one sample would come to
    if not slope > 1e-9 * (weights * turns**2).sum():
        return NO_DELAY
    samples, polarity = _nearest(weights * total / size)
    for _ in range(3):
        turned = polarity * np.exp(1j * turns * samples)
        rest = np.angle(total * turned)
        samples -= float((lean * rest).sum()) / slope
    turned = polarity * np.exp(1j * turns * samples)
    rest = np.angle(total * turned)
    frames = (np.imag(cross * turned) * (lean / size)).sum(axis=1)
    rest_lead = (weights * lead * rest).sum() / (weights * lead**2).sum()
    bands = _bands(np.abs(lean * turns), lean * (rest - rest_lead * lead))
    deviation = np.sqrt(np.square(frames).sum() + np.square(bands).sum()) / slope
    agreement = (weights * np.cos(rest)).sum() / weights.sum()
    return Delay(samples, float(deviation), float(agreement))


@cache
def _window() -> Floats:
    """Return the window of a frame."""
    return np.hanning(FRAME)


def _coherence(x: Floats, y: NDArray[np.float32]) -> tuple[Complexes, Floats, float]:
    """Return cross-spectra of the frames, their coherence, and how many frames count."""
    a, b = np.fft.rfft(x * _window()), np.fft.rfft(y * _window())
    power_a, power_b = a.real**2 + a.imag**2, b.real**2 + b.imag**2
    loudness = np.sqrt(power_a[:, 2:].sum(axis=1) * power_b[:, 2:].sum(axis=1))
    votes = 1 / np.sqrt(loudness + 1e-3 * loudness.max() + 1e-300)  # halfway to one vote each
    cross = b * a.conj() * votes[:, np.newaxis]
    one = _smooth((power_a * votes[:, np.newaxis]).sum(axis=0))
    other = _smooth((power_b * votes[:, np.newaxis]).sum(axis=0))
    both = np.abs(_smooth(cross.sum(axis=0))) ** 2
    floor = 1e-24 * one.max() * other.max() + 1e-300  # rounding is not alike
    heard = loudness * votes
    counted = heard.sum() ** 2 / max((heard**2).sum(), 1e-300)
    return cross, both / (one * other + floor), float(counted)


def _weights(coherence: Floats, counted: float) -> Floats:
    """Return maximum likelihood weights; none for the lowest bins, nor for what may be chance."""
    freedom = counted * 8 / 3  # of the smoothing
    chance = 1 - CHANCE ** (1 / max(freedom - 1, 0.3))
    known = np.minimum(coherence, MOST_COHERENCE)
    weights = np.where(coherence > chance, known / (1 - known), 0.0)
    weights[:2] = 0
    return weights


def _smooth(values: NDArray[np.inexact]) -> NDArray[np.inexact]:
    """Return means over a bin and its neighbours."""
    out = values.copy()
    out[1:-1] = (values[:-2] + 2 * values[1:-1] + values[2:]) / 4
    return out


def _nearest(spectrum: Complexes) -> tuple[float, float]:
    """Return the delay at which the weighted phases agree best, and the polarity there."""
    size = FRAME * FINENESS
    answer = np.fft.irfft(spectrum, size)
    reach = size // 4
    answer = np.concatenate([answer[-reach:], answer[: reach + 1]])
    top = int(np.argmax(np.abs(answer)))
    return (top - reach) / FINENESS, float(np.sign(answer[top]))


def _bands(weight: Floats, values: Floats) -> Floats:
    """Return sums of values over bands of equal weight."""
    share = np.cumsum(weight) / weight.sum()
    band = np.minimum((share * BANDS).astype(int), BANDS - 1)
    return np.asarray(np.bincount(band, values, minlength=BANDS), np.float64)
