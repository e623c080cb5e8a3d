"""The pulse of a song: its tempo and its beats, from the onsets of all stems together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pulse", "find_pulse"]

Floats = NDArray[np.float64]

WEIGHTS = {"Drums": 3.0, "Percussions": 2.0, "Bass": 1.5, "Vocals": 0.5}
"""Who is listened to for the beat; all others count 1."""

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
LIKELIEST_BPM, SPREAD_OCTAVES = 100.0, 0.9
UNHEARD = 0.05
"""Where so little recurs with the beat, against what recurs twice as often, that is the beat."""

TIGHTNESS = 300.0
LATE_S = 0.010
"""By how much the frame in which an onset rises most lies behind it: measured on clicks."""

SMOOTHED_BEATS = 6
"""To either side: a beat stands where the line through its neighbours has it."""

FEWEST_BEATS = 6


@dataclass(frozen=True)
class Pulse:
    """Where the beats of a song lie.

    Parameters
    ----------
    tempo_bpm : float
        Of the middle interval between beats; NaN where nothing repeats.
    confidence : float
        From 0 to 1: how much of the onsets comes again after one, two, three and four beats.
    beats_s : tuple of float
        From the beginning of the files.
    """

    tempo_bpm: float = float("nan")
    confidence: float = 0.0
    beats_s: tuple[float, ...] = ()


def find_pulse(stems: Sequence[tuple[str, NDArray[np.float32]]], frame_rate: float) -> Pulse:
    """Find the beats of a song.

    Parameters
    ----------
    stems : sequence of (class, onsets)
        Of shape (frames,) each; see `Listener`.
    frame_rate : float
        Frames a second.

    Notes
    -----
    The period is the likeliest, under a log-normal prior, by the product of two: the
    autocorrelation of the onsets after one to four beats, which a period's double has too, and
    their spectrum at the beat, its half and its quarter, which its half has too (after
    G. Peeters, "Template-based estimation of time-varying tempo", 2007). The beats are the best
    path of dynamic programming (D. Ellis, "Beat tracking by dynamic programming", 2007).
    """
    if not stems:
        return Pulse()
    summed = np.sum([WEIGHTS.get(name, 1.0) * x.astype(np.float64) for name, x in stems], axis=0)
    if len(summed) < 4 * frame_rate or not summed.any():
        return Pulse()
    onsets = _sharpened(summed, frame_rate)
    tempo, confidence = _tempo(onsets, frame_rate)
    frames = _between_frames(_beats(onsets, 60 * frame_rate / tempo), onsets)
    beats = _smoothed(frames / frame_rate - LATE_S)
    if len(beats) < FEWEST_BEATS:
        return Pulse()
    return Pulse(
        tempo_bpm=round(60 / float(np.median(np.diff(beats))), 3),
        confidence=round(confidence, 3),
        beats_s=tuple(np.round(beats, 4).tolist()),
    )


def _sharpened(onsets: Floats, frame_rate: float) -> Floats:
    """Return what rises above the mean of the second around, smooth over a few frames."""
    from scipy.ndimage import gaussian_filter1d, uniform_filter1d

    above = np.maximum(onsets - uniform_filter1d(onsets, round(frame_rate)), 0)
    smooth = gaussian_filter1d(above, 0.015 * frame_rate)
    return np.asarray(smooth / max(float(smooth.std()), 1e-12))


def _tempo(onsets: Floats, frame_rate: float) -> tuple[float, float]:
    """Return the likeliest tempo in BPM, and how clear it is."""
    from scipy.fft import irfft, next_fast_len, rfft

    count = len(onsets)
    size = next_fast_len(2 * count, real=True)
    spectrum = np.abs(rfft(onsets - onsets.mean(), size))
    repeats = irfft(spectrum**2, size)[:count] / (count - np.arange(count))
    repeats /= repeats[0]

    def repeated(lags: Floats) -> Floats:
        return np.asarray(np.interp(lags, np.arange(count), repeats))

    def pulsed(bpm: Floats) -> Floats:
        return np.asarray(
            np.interp(bpm / 60, np.arange(len(spectrum)) * frame_rate / size, spectrum)
        )

    bpm = np.geomspace(SLOWEST_BPM, FASTEST_BPM, 2000)
    lags = 60 * frame_rate / bpm
    comb = np.maximum(np.mean([repeated(n * lags) for n in (1, 2, 3, 4)], axis=0), 0)
    prior = np.exp(-0.5 * (np.log2(bpm / LIKELIEST_BPM) / SPREAD_OCTAVES) ** 2)
    once, twice = pulsed(bpm), pulsed(2 * bpm)
    best = int((comb * (once + twice + pulsed(4 * bpm)) * prior).argmax())
    tempo = float(bpm[best])
    if once[best] < UNHEARD * twice[best] and 2 * tempo < FASTEST_BPM:
        tempo *= 2
    return tempo, float(np.clip(comb[best], 0, 1))


def _beats(onsets: Floats, period: float) -> NDArray[np.int64]:
    """Return the frames of the best row of beats: on onsets, and evenly apart."""
    from .tempo_loops import best_ways

    shortest, longest = max(1, round(period / 2)), round(2 * period)
    cost = TIGHTNESS * np.log(np.arange(longest, shortest - 1, -1) / period) ** 2
    total = np.zeros(len(onsets) + longest)  # silence before the beginning
    back = np.arange(len(onsets)) - best_ways(onsets, cost, total)
    last = len(onsets) - longest + int(total[-longest:].argmax())
    path = [last]
    while back[path[-1]] >= 0:
        path.append(int(back[path[-1]]))
    return np.array(path[::-1])


def _between_frames(beats: NDArray[np.int64], onsets: Floats) -> Floats:
    """Move every beat to the top of the parabola through the onset that it stands on."""
    inner = np.clip(beats, 1, len(onsets) - 2)
    left, middle, right = (onsets[inner + step] for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    top = np.divide(left - right, 2 * bend, out=np.zeros(len(beats)), where=bend < -1e-9)
    return np.asarray(beats + np.clip(top, -1, 1))


def _smoothed(beats: Floats) -> Floats:
    """Return every beat where the line through its neighbours has it: finer than a frame."""
    smooth = np.empty_like(beats)
    for n in range(len(beats)):
        near = slice(max(0, n - SMOOTHED_BEATS), n + SMOOTHED_BEATS + 1)
        numbers = np.arange(len(beats))[near] - n
        at = beats[near]
        off = numbers - numbers.mean()
        slope = float((off * at).sum() / max((off**2).sum(), 1.0))
        smooth[n] = at.mean() - slope * numbers.mean()
    return smooth
