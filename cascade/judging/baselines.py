"""Baselines: what a score is worth against silence, the mixture, and masks that know the answer.

The masks are computed from the target itself, so that no mask of their kind does better on the
same spectra: they bound what a system reaches that only takes away.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from .cases import Contestant, Sample

__all__ = ["BASELINES", "baseline", "complex_mask", "ratio_mask"]

FRAME_S = 0.043
"""Length of a frame, brought to a power of two: 2048 samples at 44.1 and 48 kHz, as in DTT-BSR."""

QUIET = 1e-12
"""Power below which a bin holds nothing to be shared out."""

Spectrum = NDArray[np.complex64]


def ratio_mask(mixture: Audio, target: Audio, sample_rate: int) -> Audio:
    """Return what the ideal ratio mask leaves of a mixture: the Wiener gain of every bin.

    |S|^2 / (|S|^2 + |X - S|^2), from 0 to 1, with the target S and the mixture X; the phase is
    the mixture's. The target must stand in the mixture at its own level.

    Parameters
    ----------
    mixture, target : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.

    Examples
    --------
    Where target and rest share no bin, the mask parts them.

    >>> low, high = (np.sin(np.arange(48000, dtype=np.float32)[None] * f) for f in (0.1, 1.0))
    >>> rest = ratio_mask(low + high, low, 48000) - low
    >>> bool(np.abs(rest[:, 4096:-4096]).max() < 1e-3)
    True
    """

    def mask(heard: Spectrum, wanted: Spectrum) -> Spectrum:
        own, other = _power(wanted), _power(heard - wanted)
        return np.asarray(own / np.maximum(own + other, QUIET) * heard, np.complex64)

    return _masked(mask, mixture, target, sample_rate)


def complex_mask(mixture: Audio, target: Audio, sample_rate: int) -> Audio:
    """Return what the ideal complex mask of magnitudes up to 1 leaves of a mixture.

    S / X, held within the unit circle: right phases, and right magnitudes wherever the mixture
    is not softer than the target. What it lacks has to be made up, not uncovered.

    Parameters are as those of :func:`ratio_mask`.
    """

    def mask(heard: Spectrum, wanted: Spectrum) -> Spectrum:
        gain = np.sqrt(_power(heard) / np.maximum(_power(wanted), QUIET))
        return np.asarray(wanted * np.minimum(gain, 1.0), np.complex64)

    return _masked(mask, mixture, target, sample_rate)


def _power(spectrum: Spectrum) -> NDArray[np.float32]:
    """Return squared magnitudes."""
    power: NDArray[np.float32] = np.square(spectrum.real) + np.square(spectrum.imag)
    return power


def _masked(
    mask: Callable[[Spectrum, Spectrum], Spectrum], mixture: Audio, target: Audio, sample_rate: int
) -> Audio:
    """Go to spectra and back; the mask is given those of mixture and target."""
    from scipy.signal import ShortTimeFFT

    if not target.any():
        return np.zeros_like(target)

    size = 2 ** round(np.log2(FRAME_S * sample_rate))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    stft = ShortTimeFFT(window, size // 4, sample_rate)
    spectra = (np.asarray(stft.stft(audio), np.complex64) for audio in (mixture, target))
    out = stft.istft(mask(*spectra), k1=mixture.shape[1])
    return np.asarray(out, np.float32)


def _silence(mixture: Audio, target: Audio, sample_rate: int) -> Audio:
    """Know nothing."""
    return np.zeros_like(target)


def _mixture(mixture: Audio, target: Audio, sample_rate: int) -> Audio:
    """Give back what was given."""
    return mixture


BASELINES: Mapping[str, Callable[[Audio, Audio, int], Audio]] = MappingProxyType(
    {
        "silence": _silence,
        "mixture": _mixture,
        "oracle_ratio_mask": ratio_mask,
        "oracle_complex_mask": complex_mask,
    }
)
"""From mixture, target and rate to an estimate, by system."""


def baseline(names: Sequence[str]) -> Contestant:
    """Return some of ``BASELINES`` as a contestant; without a mixture only silence answers."""

    def answer(sample: Sample) -> Mapping[str, Mapping[str, Audio]]:
        there = [name for name in names if sample.mixture is not None or name == "silence"]
        return {
            name: {
                stem_class: BASELINES[name](
                    target if sample.mixture is None else sample.mixture, target, sample.sample_rate
                )
                for stem_class, target in sample.dry.items()
            }
            for name in there
        }

    return answer
