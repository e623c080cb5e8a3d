"""Features of a mix: what makes it sound like a release, as numbers that can be compared."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio, checked, decibels
from ..errors import AudioError
from .loudness import hop_energies, integrated_lufs, rms_dbfs, true_peak_dbtp

__all__ = ["FLOORS_DB", "OCTAVES_HZ", "class_balances", "mix_features", "octaves_below"]

Curve: TypeAlias = NDArray[np.float64]

OCTAVES_HZ = (31, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000)
"""Nominal centres of octave bands (IEC 61260-1); the exact ones are 1000 Hz times powers of two."""

WIDTH_BANDS_HZ = {"below_250_hz": (0, 250), "above_4000_hz": (4000, np.inf)}

FLOORS_DB = {"octave": -70.0, "side": -40.0, "balance": -25.0}
"""Below these a band is empty, a mix is mono, and a class is not heard: nothing is told apart."""

FADE_S = 0.02
"""An excerpt's edges are faded, else their steps would sound in the highest bands."""


def mix_features(audio: Audio, sample_rate: int) -> dict[str, float]:
    """Measure a mix, or an excerpt of one.

    Parameters
    ----------
    audio : float32 array, shape (2, samples)
        At least 0.4 s.
    sample_rate : int
        In Hz.

    Returns
    -------
    dict of str to float
        ``loudness_lufs``, ``true_peak_dbtp`` (BS.1770-4); ``loudness_range_lu`` (EBU Tech
        3342); ``crest_db``, sample peak over RMS; ``octave_63_hz_db`` and its like, the power
        of an octave over that of the whole, and ``slope_db_per_octave``, the straight line
        through the octaves from 63 Hz to 8 kHz (0 for pink noise); ``side_db``, the power of
        L - R over that of L + R, also below 250 Hz and above 4 kHz (0 dB where the channels
        have nothing in common); ``correlation`` of the channels.

    Raises
    ------
    AudioError
        If it is mono, too short or silent.
    """
    if checked(audio, "mix_features").shape[0] != 2:
        raise AudioError("has 1 channel, wanted 2; export it as stereo")
    if audio.shape[1] < 0.4 * sample_rate:
        raise AudioError(
            f"lasts {audio.shape[1] / sample_rate:.3g} s, wanted 0.4 s or more; remove it"
        )
    lufs = integrated_lufs(audio, sample_rate)
    if not np.isfinite(lufs):
        raise AudioError("is silent (below -70 LUFS); remove it")
    peak_dbfs = decibels(float(np.abs(audio).max()))
    return {
        "loudness_lufs": lufs,
        "loudness_range_lu": _loudness_range_lu(audio, sample_rate),
        "true_peak_dbtp": true_peak_dbtp(audio, sample_rate),
        "crest_db": peak_dbfs - rms_dbfs(audio),
        **_spectral(audio, sample_rate),
        "correlation": _correlation(audio),
    }


def octaves_below(sample_rate: int) -> tuple[int, ...]:
    """Return the octave bands whose centres lie well below half the sample rate."""
    return tuple(centre for centre in OCTAVES_HZ if centre < 0.4 * sample_rate)


def class_balances(stems: Mapping[str, Audio], sample_rate: int) -> dict[str, float]:
    """Return by how much each class is louder than the sum of all, in dB.

    Parameters
    ----------
    stems : mapping of class to float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.

    Returns
    -------
    dict of str to float
        Without classes that are silent or 25 dB below the sum.
    """
    whole = np.sum([np.broadcast_to(s, (2, s.shape[1])) for s in stems.values()], axis=0)
    sum_lufs = integrated_lufs(whole.astype(np.float32), sample_rate)
    over = {
        name: integrated_lufs(np.broadcast_to(stem, (2, stem.shape[1])), sample_rate) - sum_lufs
        for name, stem in stems.items()
    }
    return {name: db for name, db in over.items() if np.isfinite(db) and db > FLOORS_DB["balance"]}


def _loudness_range_lu(audio: Audio, sample_rate: int) -> float:
    """Return the spread of the loudness of 3 s windows, 10th to 95th percentile (EBU Tech 3342).

    0 for what is shorter than two windows a tenth of a second apart.
    """
    hops = hop_energies(audio, sample_rate)[0][0] / (sample_rate / 10)
    if len(hops) < 31:
        return 0.0
    powers = np.lib.stride_tricks.sliding_window_view(hops, 30).mean(axis=1)
    lufs = 10 * np.log10(np.maximum(powers, 1e-12)) - 0.691
    heard = lufs[lufs > -70]
    if not len(heard):
        return 0.0
    gate = 10 * np.log10(np.mean(10 ** (heard / 10))) - 20
    low, high = np.percentile(heard[heard > gate], (10, 95))
    return float(high - low)


def _spectral(audio: Audio, sample_rate: int) -> dict[str, float]:
    """Return what is read off the power spectra of mid and side."""
    mid, side, hz = _powers(audio, sample_rate)
    both = mid + side
    octaves = {
        f"octave_{centre}_hz_db": _ratio_db(
            _within(both, hz, *_edges(centre)), both.sum(), FLOORS_DB["octave"]
        )
        for centre in octaves_below(sample_rate)
    }
    inner = [octaves.get(f"octave_{centre}_hz_db") for centre in OCTAVES_HZ[1:-1]]
    line = [level for level in inner if level is not None]
    widths = {"side_db": (0.0, np.inf)}
    widths |= {f"side_{name}_db": band for name, band in WIDTH_BANDS_HZ.items()}
    return {
        "slope_db_per_octave": float(np.polyfit(np.arange(len(line)), line, 1)[0]),
        **octaves,
        **{
            name: _ratio_db(_within(side, hz, *band), _within(mid, hz, *band), FLOORS_DB["side"])
            for name, band in widths.items()
        },
    }


def _edges(centre_hz: int) -> tuple[float, float]:
    """Return where an octave band begins and ends."""
    exact = 1000 * 2.0 ** round(np.log2(centre_hz / 1000))
    return exact / np.sqrt(2), exact * np.sqrt(2)


def _powers(audio: Audio, sample_rate: int) -> tuple[Curve, Curve, Curve]:
    """Return the power spectra of mid and side, and their frequencies in Hz."""
    samples = audio.shape[1]
    fade = min(round(FADE_S * sample_rate), samples // 2)
    window = np.ones(samples)
    window[:fade] = np.sin(np.linspace(0, np.pi / 2, fade)) ** 2
    window[samples - fade :] = window[:fade][::-1]
    left, right = np.asarray(audio, np.float64) * window
    mid, side = (np.abs(np.fft.rfft(x)) ** 2 for x in (left + right, left - right))
    return np.asarray(mid), np.asarray(side), np.asarray(np.fft.rfftfreq(samples, 1 / sample_rate))


def _within(power: Curve, hz: Curve, low: float, high: float) -> float:
    """Return the power from one frequency to another."""
    first, last = np.searchsorted(hz, (low, high))
    return float(power[first:last].sum())


def _ratio_db(power: float, against: float, floor_db: float) -> float:
    """Return a ratio of powers in dB, between a floor and its opposite."""
    if power <= 0 or against <= 0:
        return floor_db if power <= 0 else -floor_db
    return float(np.clip(10 * np.log10(power / against), floor_db, -floor_db))


def _correlation(audio: Audio) -> float:
    """Return the correlation of left and right, from -1 to 1; 0 if one of them is silent."""
    left, right = np.asarray(audio, np.float64)
    power = np.sqrt(np.square(left).sum() * np.square(right).sum())
    return float((left * right).sum() / power) if power > 0 else 0.0
