"""How audible a change is: distances between the spectra of two sounds at three resolutions.

Both sounds are cut into Hann windows of 5, 21 and 85 ms (the nearest powers of two: 256, 1024
and 4096 samples at 44.1 and 48 kHz), of which every sixteenth, eighth and second is looked at:
means over seconds need no more. Each channel counts for itself, so that a change of place is
one, too. Phase is not compared: polarity and all-passes make no distance.
"""

import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio

__all__ = [
    "BAND_EDGES_HZ",
    "Distance",
    "Spectra",
    "band_change_db",
    "distance",
    "loudness_change_lu",
]

Powers = NDArray[np.float32]

WINDOWS_S = (0.00533, 0.02133, 0.08533)
HOPS_IN_WINDOWS = (16, 8, 2)

FLOOR = np.float32(1e-7)
"""Cells more than 70 dB below the loudest one of the sound before count as that."""

SILENT_CELL = np.float32(1e-30)
"""A cell below that power counts as that: what rings on in an effect may be smaller still."""

BAND_EDGES_HZ = (0.0, 120.0, 500.0, 2000.0, 6000.0, 12_000.0)
"""Where the bands begin; the last one reaches up to half the sample rate."""

SILENT_BAND = 1e-10
"""A band below -100 dBFS counts as that."""


@dataclass(frozen=True)
class Distance:
    """How far apart two sounds are.

    Parameters
    ----------
    spectral_convergence : float
        Energy of the difference of the magnitudes, over that of the first sound's magnitudes,
        under the root: 0 if nothing changed, 1 if nothing is left.
    log_spectral_distance_db : float
        Mean difference of the cells' levels.
    """

    spectral_convergence: float
    log_spectral_distance_db: float

    @property
    def stft_distance(self) -> float:
        """Return the sum of both, the second in nepers: the multi-resolution STFT loss."""
        return self.spectral_convergence + self.log_spectral_distance_db * math.log(10) / 20


class Spectra:
    """A sound in time and frequency.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.
    loudness_lufs : float
        Of the audio.
    """

    def __init__(self, audio: Audio, sample_rate: int, loudness_lufs: float) -> None:
        self.sample_rate = sample_rate
        self.loudness_lufs = loudness_lufs
        self.powers = tuple(
            _powers(audio, _size(window_s, sample_rate), hops)
            for window_s, hops in zip(WINDOWS_S, HOPS_IN_WINDOWS, strict=True)
        )

    @cached_property
    def logarithms(self) -> tuple[Powers, ...]:
        """Natural logarithms of the powers."""
        lifted = (np.maximum(power, SILENT_CELL) for power in self.powers)
        return tuple(np.log(power, out=power) for power in lifted)

    @cached_property
    def magnitudes(self) -> tuple[Powers, ...]:
        """Roots of the powers."""
        return tuple(np.sqrt(power) for power in self.powers)

    @cached_property
    def loudest(self) -> tuple[np.float32, ...]:
        """The largest power in a cell, at each resolution."""
        return tuple(power.max() for power in self.powers)

    @cached_property
    def band_powers(self) -> NDArray[np.float64]:
        """Mean square in each band of ``BAND_EDGES_HZ`` below half the sample rate."""
        finest = self.powers[-1]
        bins = finest.mean(axis=1, dtype=np.float64).sum(axis=0)
        edges = _edges(self.sample_rate, finest.shape[-1])
        return np.add.reduceat(bins, edges)


def _size(window_s: float, sample_rate: int) -> int:
    """Return the power of two that is nearest to a length of time."""
    return int(2 ** round(math.log2(window_s * sample_rate)))


@cache
def _window(size: int) -> Powers:
    """Return a Hann window under which power is kept: a mean square, summed over all bins."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    return np.asarray(window * np.sqrt(2 / (size * np.square(window).sum())), np.float32)


def _powers(audio: Audio, size: int, hops: int) -> Powers:
    """Return the power in each cell, shape (channels, frames, bins)."""
    from scipy.fft import rfft

    if audio.shape[1] < size:
        audio = np.pad(audio, ((0, 0), (0, size - audio.shape[1])))
    frames = np.lib.stride_tricks.sliding_window_view(audio, size, axis=1)[:, :: hops * size]
    cells = rfft(frames * _window(size), axis=2, overwrite_x=True)
    power: Powers = np.square(cells.real)
    power += np.square(cells.imag)
    power[..., :: power.shape[-1] - 1] /= 2  # 0 Hz and half the rate have no mirror image
    return power


@cache
def _edges(sample_rate: int, bins: int) -> NDArray[np.intp]:
    """Return the bin with which each band begins."""
    inside = [edge for edge in BAND_EDGES_HZ if edge < sample_rate / 2]
    return np.asarray([round(edge / (sample_rate / 2) * (bins - 1)) for edge in inside], np.intp)


def loudness_change_lu(before: Spectra, after: Spectra) -> float:
    """Return the change of integrated loudness; NaN if either has none (below -70 LUFS)."""
    change = after.loudness_lufs - before.loudness_lufs
    return change if math.isfinite(change) else float("nan")


def band_change_db(before: Spectra, after: Spectra) -> list[float | None]:
    """Return what happened to the energy in each band; None for bands above half the rate."""
    old, new = (np.maximum(sound.band_powers, SILENT_BAND) for sound in (before, after))
    changes: list[float | None] = [float(change) for change in 10 * np.log10(new / old)]
    return changes + [None] * (len(BAND_EDGES_HZ) - len(changes))


def distance(before: Spectra, after: Spectra) -> Distance:
    """Return how far ``after`` is from ``before``, once both are equally loud.

    Parameters
    ----------
    before, after : Spectra
        Of the same length and rate. One channel against two stands in both.

    Returns
    -------
    Distance
        Means over the three resolutions, but for those that have nothing to tell: in a short
        sound, the few windows that are looked at may all fall where nothing was before. NaN if
        nothing was there before.

    Notes
    -----
    R. Yamamoto, E. Song, J. Kim, "Parallel WaveGAN", ICASSP 2020: the multi-resolution STFT
    loss, here with levels matched and a floor, so that what nobody hears weighs nothing.
    """
    telling = _telling(before)
    if not telling or not before.band_powers.any():
        return Distance(float("nan"), float("nan"))
    lifted = -_louder_db(before, after)
    if before.powers[0].shape[0] < after.powers[0].shape[0]:
        lifted += 10 * math.log10(2)  # one channel stands in two, each 3 dB lower
    pairs = [_cells(before, after, number, lifted) for number in telling]
    convergence, levels = (float(np.mean(numbers)) for numbers in zip(*pairs, strict=True))
    return Distance(convergence, levels)


def _telling(before: Spectra) -> list[int]:
    """Return the resolutions at which something was there before.

    A distance is relative to what was: where all cells lie below the floor of the loudest
    resolution, that is nothing, or next to it.
    """
    least = max(*before.loudest) * FLOOR
    return [
        number for number, power in enumerate(before.loudest) if power > max(least, SILENT_CELL)
    ]


def _louder_db(before: Spectra, after: Spectra) -> float:
    """Return by how much it got louder; by its energy where there is no loudness, or none at all.

    What fell silent stays so: nothing can be made as loud as what was.
    """
    change_lu = loudness_change_lu(before, after)
    if math.isfinite(change_lu):
        return change_lu
    left = float(after.band_powers.sum())
    return 10 * math.log10(left / float(before.band_powers.sum())) if left > 0 else 0.0


def _cells(before: Spectra, after: Spectra, number: int, lifted_db: float) -> tuple[float, float]:
    """Return spectral convergence and mean difference of levels at one resolution."""
    old, new = before.magnitudes[number], after.magnitudes[number]
    rest = new * np.float32(10 ** (lifted_db / 20))
    rest -= old
    wide = rest.shape[0] / old.shape[0]
    energy = before.powers[number].sum(dtype=np.float64) * wide
    convergence = math.sqrt(float(np.square(rest).sum(dtype=np.float64) / energy))
    floor = np.log(before.loudest[number] * FLOOR)
    levels = after.logarithms[number] + np.float32(lifted_db * math.log(10) / 10)
    np.maximum(levels, floor, out=levels)
    levels -= np.maximum(before.logarithms[number], floor)
    np.abs(levels, out=levels)
    return convergence, float(levels.mean(dtype=np.float64)) * 10 / math.log(10)
