"""What a scan hears of one stem, block by block: how its onsets and its pitches are spread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio

__all__ = ["PITCH_BINS", "Heard", "Listener", "frames_per_second"]

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
    """

    onsets: NDArray[np.float32]
    pitches: NDArray[np.float64]


def frames_per_second(sample_rate: int) -> float:
    """Return how many onset frames a second has: 100, or nearly so many."""
    return sample_rate / _hop(sample_rate)


def _hop(sample_rate: int) -> int:
    return round(sample_rate / 100)


class Listener:
    """Hears audio block by block; where it is cut does not matter.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        from scipy.fft import next_fast_len

        self.rate = sample_rate
        half = next_fast_len(round(ONSET_WINDOW_S * sample_rate / 2), real=True)
        self.onset_frames = _Frames(2 * half, _hop(sample_rate))
        tall = next_fast_len(round(PITCH_WINDOW_S * sample_rate / 2), real=True)
        self.pitch_frames = _Frames(2 * tall, tall)
        edges = np.rint(BAND_EDGES_HZ * 2 * half / sample_rate).astype(int)
        self.edges = np.unique(edges[edges < half])
        self.before: NDArray[np.float32] | None = None
        self.onsets: list[NDArray[np.float32]] = []
        self.pitches = np.zeros(PITCH_BINS)

    def hear(self, audio: Audio) -> None:
        """Take in a block, of shape (channels, samples)."""
        mono = audio.mean(axis=0)
        for start in range(0, len(mono), PIECE_SECONDS * self.rate):
            piece = mono[start : start + PIECE_SECONDS * self.rate]
            self._hear_onsets(self.onset_frames.spectra(piece))
            self._hear_pitches(self.pitch_frames.spectra(piece))

    def heard(self) -> Heard:
        """Return what was heard, once all has been taken in."""
        rest = np.zeros((1, self.pitch_frames.size), np.float32)
        self.hear(rest)
        return Heard(np.concatenate([np.zeros(1, np.float32), *self.onsets]), self.pitches)

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
        frames = np.lib.stride_tricks.sliding_window_view(waiting, self.size)[:: self.hop][:count]
        spectra: NDArray[np.complex64] = rfft(frames * self.window)
        return spectra
