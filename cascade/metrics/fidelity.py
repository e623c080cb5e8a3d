"""How near a restored stem comes to its dry reference: the field's metrics, on plain arrays.

Conventions
-----------
* ``reference`` and ``estimate`` are float32 of the same shape (channels, samples).
* A reference that is silent (below -100 dBFS RMS, the noise of rounding to 16 bits) has no score:
  the answer is NaN, which means "not defined" and is for the caller to count, never to fill in.
* Metrics "per channel" are means over those channels in which the reference sounds.
* The spectral metrics hear 48 kHz; audio at another rate is resampled first.
* Decibels of a ratio stay within [-30, 100], so that a mean over clips means something.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, resample
from ...mixing.loudness import integrated_lufs
from .pairs import is_silent, sounding_channels, validate
from .power_spectra import mel_snr_db, stft_distance

__all__ = [
    "METRICS",
    "evaluate",
    "loudness_error_lu",
    "mmsnr_db",
    "multi_resolution_stft_distance",
    "sdr_db",
    "si_sdr_db",
    "zimtohrli_distance",
]

SPECTRAL_HZ = 48_000
"""The rate at which the spectral metrics are defined."""

FLOOR_DB, CEILING_DB = -30.0, 100.0
"""Ratios are held in here: a thousandth of the energy in common, and float32's own rounding."""

GATE_LUFS = -70.0
"""Absolute gate of BS.1770-4: what is softer has no loudness."""


def mmsnr_db(reference: Audio, estimate: Audio, sample_rate: int) -> float:
    """Return the Multi-Mel-SNR, the ICASSP 2026 challenge's first metric (arXiv 2601.04343).

    The estimate is scaled by alpha = <ref, est> / (<est, est> + 1e-8); then
    10 log10(sum M_ref^2 / (sum (M_ref - M_est)^2 + 1e-8)) over power mel spectrograms
    (HTK scale, peaks of height 1, periodic Hann, reflected edges: torchaudio's defaults),
    averaged over three resolutions and then over channels.

    Silence scores 0 dB; gain and polarity do not matter; a delay does: 1, 5, 24 or 240 samples
    leave 8.9, 3.8, 1.6 or 0.1 dB of pink noise, and more of a bass.

    Returns
    -------
    float
        In dB, higher is better; NaN for a silent reference.
    """
    validate(reference, estimate, sample_rate)
    return _mean_over_channels(mel_snr_db, reference, estimate, sample_rate)


def si_sdr_db(reference: Audio, estimate: Audio, sample_rate: int) -> float:
    """Return the scale-invariant signal-to-distortion ratio (Le Roux et al. 2019).

    10 log10(|a ref|^2 / |est - a ref|^2) with a = <est, ref> / <ref, ref>: one gain for all
    channels, so that a moved stereo image costs; the mean is not removed.

    A silent estimate has nothing in common with the reference and no direction of its own, for
    which the formula says 0/0. It gets the floor of -30 dB, which is also what any estimate gets
    that shares less than a thousandth of its energy with the reference. Were it left out, a
    system would gain by saying nothing; at -inf, one clip would decide every mean.

    Returns
    -------
    float
        In dB within [-30, 100], higher is better; NaN for a silent reference.

    Examples
    --------
    >>> time_s = np.arange(4800, dtype=np.float32) / 48000
    >>> wanted = np.sin(2 * np.pi * 1000 * time_s)[None]
    >>> noise = np.cos(2 * np.pi * 1000 * time_s)[None]
    >>> round(si_sdr_db(wanted, 0.3 * (wanted + 0.1 * noise), 48000), 2)
    20.0
    """
    validate(reference, estimate, sample_rate)
    wanted, found = _flat(reference), _flat(estimate)
    energy = wanted @ wanted
    if is_silent(reference):
        return float("nan")
    target = (found @ wanted / energy) * wanted
    return _ratio_db(target, found - target)


def sdr_db(reference: Audio, estimate: Audio, sample_rate: int) -> float:
    """Return the plain signal-to-distortion ratio 10 log10(|ref|^2 / |ref - est|^2).

    Over all channels at once, as in the MDX challenge (Mitsufuji et al. 2022). Silence scores
    0 dB; gain and polarity matter.

    Returns
    -------
    float
        In dB within [-30, 100], higher is better; NaN for a silent reference.
    """
    validate(reference, estimate, sample_rate)
    if is_silent(reference):
        return float("nan")
    return _ratio_db(_flat(reference), _flat(reference) - _flat(estimate))


def multi_resolution_stft_distance(reference: Audio, estimate: Audio, sample_rate: int) -> float:
    """Return spectral convergence + log-magnitude distance (Yamamoto et al. 2020).

    |S_ref - S_est|_F / |S_ref|_F + mean |ln S_ref - ln S_est|, with magnitudes held above
    sqrt(1e-7) as its authors do, averaged over three resolutions and then over channels.

    Returns
    -------
    float
        0 for the reference itself, lower is better; NaN for a silent reference.
    """
    validate(reference, estimate, sample_rate)
    return _mean_over_channels(stft_distance, reference, estimate, sample_rate)


def zimtohrli_distance(reference: Audio, estimate: Audio, sample_rate: int) -> float:
    """Return Google's Zimtohrli distance, a model of just noticeable differences.

    Per channel at 48 kHz, as the challenge does.

    Returns
    -------
    float
        0 for what cannot be told apart, lower is better; NaN for a silent reference.
    """
    validate(reference, estimate, sample_rate)
    return _mean_over_channels(_zimtohrli, reference, estimate, sample_rate)


def loudness_error_lu(reference: Audio, estimate: Audio, sample_rate: int) -> float:
    """Return how much louder or softer an estimate is: |L_est - L_ref|, integrated BS.1770-4.

    What lies below the meter's gate at -70 LUFS counts as -70, so that a silent estimate has an
    error that can be averaged. The only metric here that asks for nothing but the level.

    Returns
    -------
    float
        In LU, lower is better; NaN for a silent reference.
    """
    validate(reference, estimate, sample_rate)
    if is_silent(reference):
        return float("nan")
    wanted, found = (
        max(integrated_lufs(audio, sample_rate), GATE_LUFS) for audio in (reference, estimate)
    )
    return abs(found - wanted)


Metric = Callable[[Audio, Audio, int], float]

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "mmsnr_db": mmsnr_db,
        "si_sdr_db": si_sdr_db,
        "sdr_db": sdr_db,
        "mrstft": multi_resolution_stft_distance,
        "zimtohrli": zimtohrli_distance,
        "loudness_error_lu": loudness_error_lu,
    }
)
"""Every metric under the name of its column."""


def evaluate(
    reference: Audio, estimate: Audio, sample_rate: int, metrics: Sequence[str] = tuple(METRICS)
) -> dict[str, float]:
    """Score one estimate with several metrics.

    Parameters
    ----------
    reference, estimate : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.
    metrics : sequence of str
        Names from ``METRICS``. Zimtohrli takes twice as long as the rest together, so that
        validation while training leaves it out.

    Raises
    ------
    AudioError
        As ``validate`` does.

    Examples
    --------
    >>> tone = np.sin(np.arange(48000, dtype=np.float32) / 9)[None]
    >>> evaluate(tone, 0 * tone, 48000, ["si_sdr_db", "sdr_db"])
    {'si_sdr_db': -30.0, 'sdr_db': 0.0}
    """
    validate(reference, estimate, sample_rate)
    heard = (
        resample(reference, sample_rate, SPECTRAL_HZ),
        resample(estimate, sample_rate, SPECTRAL_HZ),
        SPECTRAL_HZ,
    )
    return {
        name: METRICS[name](*heard)
        if name in ("mmsnr_db", "mrstft", "zimtohrli")
        else METRICS[name](reference, estimate, sample_rate)
        for name in metrics
    }


def _flat(audio: Audio) -> NDArray[np.float64]:
    """Return all channels as one vector."""
    return audio.astype(np.float64).ravel()


def _ratio_db(target: NDArray[np.float64], rest: NDArray[np.float64]) -> float:
    """Return the ratio of two energies in dB, held in; nothing against anything is the floor."""
    power, distortion = float(target @ target), float(rest @ rest)
    with np.errstate(divide="ignore"):
        ratio_db = 10.0 * (np.log10(power) - np.log10(distortion)) if power else -np.inf
    return float(np.clip(ratio_db, FLOOR_DB, CEILING_DB))


def _mean_over_channels(
    compare: Callable[[NDArray[np.float32], NDArray[np.float32]], float],
    reference: Audio,
    estimate: Audio,
    sample_rate: int,
) -> float:
    """Compare at 48 kHz the channels in which the reference sounds; NaN if there is none."""
    sounding = sounding_channels(reference)
    if not sounding.any():
        return float("nan")
    wanted = resample(reference[sounding], sample_rate, SPECTRAL_HZ)
    found = resample(estimate[sounding], sample_rate, SPECTRAL_HZ)
    return float(np.mean([compare(*pair) for pair in zip(wanted, found, strict=True)]))


def _zimtohrli(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Return the distance of one channel; the wheel is loaded when it is first asked."""
    import zimtohrli

    return float(zimtohrli.Pyohrli().distance(reference, estimate))
