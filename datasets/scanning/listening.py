"""What a scan hears of one stem, block by block: how its onsets and its pitches are spread."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = ["PITCH_BINS", "Heard", "Listener", "bins_hz", "frames_per_second"]

PIECE_SECONDS = 3
"""Spectra of longer pieces leave the processor's cache and cost half as much again."""

ONSET_WINDOW_S = 0.023
BAND_EDGES_HZ = 40.0 * 2.0 ** (np.arange(25) / 3)
"""Thirds of an octave from 40 Hz to 10 kHz."""

QUIETEST_POWER = 1e-5
"""Of a band, against a sine at full scale: what is softer makes no onset."""

PITCH_WINDOW_S = 0.19
LOWEST_HZ, HIGHEST_HZ = 55.0, 2000.0
FAINTEST = 1e-2
"""Peaks softer than this, against the loudest of their frame, are left out: 40 dB."""

PITCH_BINS = 240
"""Of an octave: 5 cents each."""

A_HZ = 440.0

KEPT_FRAMES = 320
"""Spectra that are kept of a stem, evenly over its length: half a minute, or that much of more."""

HIGHEST_KEPT_HZ = 4000.0


@dataclass(frozen=True)
class Heard:
    """What was heard of one stem.

    Parameters
    ----------
    onsets : float32 array, shape (frames,)
        Rise of the logarithm of power, summed over bands a third of an octave wide; frame n is
        centred on n / `frames_per_second`.
    pitches : float64 array, shape (PITCH_BINS,)
        Strength of the peaks of the spectrum by place in the octave, from the C of A = 440 Hz.
    spectra : complex64 array, shape (frames, bins)
        From 0 Hz to 4 kHz, `bins_hz` apart; at most 320, evenly over the stem.
    """

    onsets: NDArray[np.float32]
    pitches: NDArray[np.float64]
    spectra: NDArray[np.complex64]


def frames_per_second(sample_rate: int) -> float:
    """Return how many onset frames a second has: 100, or nearly so many."""
    return sample_rate / _hop(sample_rate)


def bins_hz(sample_rate: int) -> float:
    """Return how far apart the bins of a stem's spectra lie."""
    return sample_rate / _tall(sample_rate)


def _hop(sample_rate: int) -> int:
    return round(sample_rate / 100)


def _tall(sample_rate: int) -> int:
    """Return the length of the frames in which pitches are told apart; it is even."""
    from scipy.fft import next_fast_len

    return 2 * int(next_fast_len(round(PITCH_WINDOW_S * sample_rate / 2), real=True))


class Listener:
    """Hears audio block by block; where it is cut does not matter.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    frames : int
        How long the stem is: of a long one, not all spectra are kept.
    """

    def __init__(self, sample_rate: int, frames: int = 0) -> None:
        from scipy.fft import next_fast_len

        self.rate = sample_rate
        half = next_fast_len(round(ONSET_WINDOW_S * sample_rate / 2), real=True)
        self.onset_frames = _Frames(2 * half, _hop(sample_rate))
        tall = _tall(sample_rate)
        self.pitch_frames = _Frames(tall, tall // 2)
        self.stride = max(1, math.ceil(frames / (tall // 2 * KEPT_FRAMES)))
        self.top = min(int(HIGHEST_KEPT_HZ / bins_hz(sample_rate)), tall // 2)
        self.kept: list[NDArray[np.complex64]] = []
        self.passed = 0
        edges = np.rint(BAND_EDGES_HZ * 2 * half / sample_rate).astype(int)
        self.edges = np.unique(edges[edges < half])
        self.before: NDArray[np.float32] | None = None
        self.onsets: list[NDArray[np.float32]] = []
        self.pitches = np.zeros(PITCH_BINS)

    def hear(self, audio: Audio) -> None:
        """Take in a block, of shape (channels, samples)."""
        mono = audio[0] if len(audio) == 1 else audio.mean(axis=0)
        for start in range(0, len(mono), PIECE_SECONDS * self.rate):
            piece = mono[start : start + PIECE_SECONDS * self.rate]
            self._hear_onsets(self.onset_frames.spectra(piece))
            self._hear_pitches(spectra := self.pitch_frames.spectra(piece))
            self.kept.append(spectra[-self.passed % self.stride :: self.stride, : self.top].copy())
            self.passed += len(spectra)

    def heard(self) -> Heard:
        """Return what was heard, once all has been taken in."""
        rest = np.zeros((1, self.pitch_frames.size), np.float32)
        self.hear(rest)
        onsets = np.concatenate([np.zeros(1, np.float32), *self.onsets])
        return Heard(onsets, self.pitches, np.concatenate(self.kept))

    def _hear_onsets(self, spectra: NDArray[np.complex64]) -> None:
        if not len(spectra):
            return
        power = np.square(spectra.real) + np.square(spectra.imag)
        bands = np.add.reduceat(power[:, : self.edges[-1]], self.edges[:-1], axis=1)
        full = (self.onset_frames.size / 4) ** 2  # a Hann window sums to half its length
        levels = np.log10(np.maximum(bands / np.float32(full), QUIETEST_POWER))
        before = levels[:1] if self.before is None else self.before
        self.onsets.append(np.maximum(np.diff(levels, axis=0, prepend=before), 0).sum(axis=1))
        self.before = levels[-1:]

    def _hear_pitches(self, spectra: NDArray[np.complex64]) -> None:
        """Add up the peaks of the spectrum, each as strong as the root of its amplitude."""
        size = self.pitch_frames.size
        low = int(LOWEST_HZ * size / self.rate)
        high = min(int(HIGHEST_HZ * size / self.rate), size // 2) + 2
        part = np.abs(spectra[:, low - 1 : high])
        left, middle, right = part[:, :-2], part[:, 1:-1], part[:, 2:]
        floor = np.maximum(part.max(axis=1, keepdims=True, initial=0) * FAINTEST, 1e-5 * size)
        rows, places = np.nonzero((middle > left) & (middle >= right) & (middle > floor))
        a, b, c = (np.log(np.maximum(x[rows, places], 1e-9)) for x in (left, middle, right))
        between = 0.5 * (a - c) / (a - 2 * b + c)
        hz = (places + low + between) * (self.rate / size)
        bins = np.rint(PITCH_BINS * (np.log2(hz / A_HZ) + 0.75)).astype(int) % PITCH_BINS
        self.pitches += np.bincount(bins, np.sqrt(middle[rows, places] / size), PITCH_BINS)


class _Frames:
    """Cuts audio that comes in blocks into windowed frames, the first centred on its beginning."""

    def __init__(self, size: int, hop: int) -> None:
        self.size, self.hop = size, hop
        self.window = np.hanning(size + 1)[:-1].astype(np.float32)
        self.waiting = np.zeros(size // 2, np.float32)

    def spectra(self, mono: NDArray[np.float32]) -> NDArray[np.complex64]:
        """Return the spectra of the frames that are complete, of shape (frames, bins)."""
        from scipy.fft import rfft

        waiting = np.concatenate([self.waiting, mono])
        count = max(0, (len(waiting) - self.size) // self.hop + 1)
        self.waiting = waiting[count * self.hop :]
        if not count:
            return np.zeros((0, self.size // 2 + 1), np.complex64)
        if not waiting.any():
            return np.zeros((count, self.size // 2 + 1), np.complex64)
        frames = np.lib.stride_tricks.sliding_window_view(waiting, self.size)[:: self.hop][:count]
        spectra: NDArray[np.complex64] = rfft(frames * self.window)
        return spectra
