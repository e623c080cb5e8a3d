"""Bleed: how much of one stem is heard in another of its song, as microphones catch it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO_BLEED_DB", "find_bleed"]

Floats = NDArray[np.float32]

NO_BLEED_DB = -60.0
"""Stands for stems in which no other is heard; less than this cannot be measured."""

FOLDS = 4
"""Parts of a song that must tell the same of how a stem gets into another."""

FOLD_FRAMES = 8
FEWEST_FRAMES = 2 * FOLDS * FOLD_FRAMES
BINS_TOGETHER = 8
"""Neighbours in the spectrum that are weighted alike."""

EARLIEST_MS, LATEST_MS = -1.0, 40.0
"""When bleed arrives: 40 ms are 14 m of air. Sooner than that it comes from the other stem."""

AROUND_MS = 90.0
DIRECT_MS = 3.0
BEFORE_MS, AFTER_MS = 2.0, 10.0
CONCENTRATED = 0.3
"""Least share of a path within 3 ms. Notes that two players strike together spread over all lags,
and no more than 0.25 of them lay so close in 99 of 100 pairs of stems that were made apart."""

FAINTEST = 1e-5
"""Frequencies with less of a stem, against its strongest, say nothing of its way."""

AT_ONCE = 8
"""Stems that are heard for bleed together: bounds the memory of songs of a hundred stems."""


def find_bleed(
    stems: Sequence[tuple[str, NDArray[np.complex64]]], bin_hz: float
) -> list[tuple[float, int]]:
    """Find which stem of another class is heard most in each stem of a song.

    Parameters
    ----------
    stems : sequence of (class, spectra)
        Of shape (frames, bins) each, of the same moments; see `Listener`.
    bin_hz : float
        From bin to bin.

    Returns
    -------
    list of (float, int)
        Power of what the other brings in against the stem's whole power up to 4 kHz, in dB,
        and the other's place in the sequence; (`NO_BLEED_DB`, -1) where none is heard, (NaN, -1)
        where there is no other class or too little sound to tell.

    Notes
    -----
    The way from one stem into another is a least-squares filter at each frequency, every moment
    weighted by the inverse of the power heard there, so that the pauses of a stem count, where
    what is heard is bleed. It is found in four parts of the song apart, and only in what they
    agree is believed (products of different parts, which chance does not favour). Then its
    energy must lie within 3 ms: the direct way of sound. Of two stems in either of which the
    other seems to be heard, the clearer way is taken.
    """
    unknown = [(float("nan"), -1)] * len(stems)
    names = np.array([name for name, _ in stems])
    if len(set(names)) < 2 or len(stems[0][1]) < FEWEST_FRAMES:
        return unknown
    level, clear = _ways([spectra for _, spectra in stems], bin_hz)
    apart = names[:, None] != names[None, :]
    heard = (
        (clear >= CONCENTRATED) & (clear >= clear.T) & apart & (level > 10 ** (NO_BLEED_DB / 10))
    )
    found = []
    for stem in range(len(stems)):
        if not apart[:, stem].any():
            found.append(unknown[0])
        elif not heard[:, stem].any():
            found.append((NO_BLEED_DB, -1))
        else:
            source = int(np.where(heard[:, stem], level[:, stem], 0).argmax())
            found.append((round(10 * float(np.log10(level[source, stem])), 1), source))
    return found


def _ways(spectra: list[NDArray[np.complex64]], bin_hz: float) -> tuple[Floats, Floats]:
    """Return how strong each stem (rows) is in each other (columns), and how clear its way is."""
    frames, bins = spectra[0].shape
    parts = np.arange(frames) // FOLD_FRAMES % FOLDS
    order = np.argsort(parts, kind="stable")
    cuts = np.searchsorted(parts[order], np.arange(FOLDS + 1))
    heard = np.stack([x.T[:, order] for x in spectra], axis=1)  # (bins, stems, frames)
    powers = np.square(heard.real) + np.square(heard.imag)
    weights = np.stack([_weights(x).T[:, order] for x in spectra], axis=1)
    means = powers.mean(axis=2).T  # (stems, bins)
    level = np.zeros((len(spectra), len(spectra)), np.float32)
    clear = np.zeros_like(level)
    for first in range(0, len(spectra), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        paths = np.stack(
            [
                _paths(heard[:, :, part], powers[:, :, part], some, weights[:, some, part], means)
                for part in map(slice, cuts[:-1], cuts[1:])
            ]
        )
        level[:, some], clear[:, some] = _agreed(paths, means, 2e-3 * bins * bin_hz)
        level[:, some] /= np.maximum(means[some].sum(axis=1), 1e-30)
    return level, clear


def _weights(spectra: NDArray[np.complex64]) -> Floats:
    """Return the inverse of the power around each moment and frequency."""
    power = np.square(spectra.real) + np.square(spectra.imag)
    edges = np.arange(0, power.shape[1], BINS_TOGETHER)
    band = np.add.reduceat(power, edges, axis=1) / BINS_TOGETHER
    around = band.copy()
    around[1:] += band[:-1]
    around[:-1] += band[1:]
    inverse = 1 / (around / 3 + 1e-6 * band.mean() + 1e-12)
    return np.repeat(inverse, BINS_TOGETHER, axis=1)[:, : power.shape[1]].astype(np.float32)


def _paths(
    heard: NDArray[np.complex64], powers: Floats, some: slice, weights: Floats, means: Floats
) -> Floats:
    """Return the impulse responses from every stem to some, of shape (stems, some, taps)."""
    from scipy.fft import irfft

    targets = heard[:, some].conj() * weights
    shared = np.matmul(heard, targets.transpose(0, 2, 1)).conj()
    own = np.matmul(powers, weights.transpose(0, 2, 1))
    own += 1e-3 * own.mean(axis=0) + 1e-20
    said = means >= FAINTEST * means.max(axis=1, keepdims=True)
    filters = (shared / own).transpose(1, 2, 0) * said[:, None]
    taps: Floats = irfft(np.ascontiguousarray(filters), 2 * filters.shape[2])
    return taps


def _agreed(paths: Floats, means: Floats, taps_per_ms: float) -> tuple[Floats, Floats]:
    """Return the power that paths carry and how much of each lies together.

    ``paths`` is of shape (parts, stems, some, taps), ``means`` the power of the stems at each
    frequency. Powers are sums of products of different parts.
    """
    from scipy.fft import rfft
    from scipy.ndimage import uniform_filter1d

    taps = paths.shape[-1]
    middle = taps // 2
    paths = np.roll(paths, middle, axis=-1)
    energy = _shared_power(paths)
    width = max(1, round(DIRECT_MS * taps_per_ms))
    near = uniform_filter1d(energy, width, axis=-1, mode="constant") * width
    early, late = (middle + round(ms * taps_per_ms) for ms in (EARLIEST_MS, LATEST_MS))
    peak = near[..., early:late].argmax(axis=-1) + early
    reach = round(AROUND_MS * taps_per_ms)
    around = np.abs(energy[..., max(0, middle - reach) : middle + reach]).sum(axis=-1)
    best = np.take_along_axis(near, peak[..., None], axis=-1)[..., 0]
    since = np.arange(taps) - peak[..., None]
    direct = (since >= -BEFORE_MS * taps_per_ms) & (since <= AFTER_MS * taps_per_ms)
    filters = rfft(paths * direct)[..., : means.shape[1]]
    carried = (_shared_power(filters) * means[:, None]).sum(axis=-1)
    return np.maximum(carried, 0), best / np.maximum(around, 1e-30)


def _shared_power(parts: NDArray[np.float32] | NDArray[np.complex64]) -> Floats:
    """Return the mean product of each two different parts, of shape (parts, ...)."""
    whole = np.square(np.abs(parts.sum(axis=0))) - np.square(np.abs(parts)).sum(axis=0)
    return np.asarray(whole / (len(parts) * (len(parts) - 1)), np.float32)
