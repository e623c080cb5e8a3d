"""Power spectra and mel bands just as the metrics' and musicnn's definitions want them, in numpy.

The losses have their own in ``spectra``, made for gradients; here every number is compared with
other people's.
"""

from functools import cache
from typing import Literal

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["mel_filterbank", "mel_snr_db", "power_spectrogram", "stft_distance"]

MEL_RESOLUTIONS = ((512, 256, 80), (1024, 512, 128), (2048, 1024, 192))
"""Frame, hop and mel bands of Multi-Mel-SNR, in samples at 48 kHz."""

STFT_RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512))
"""Frame and hop of the STFT distance: 11, 21 and 43 ms at 48 kHz, as in the paper at 24 kHz."""

EPSILON = 1e-8
"""What the challenge adds to denominators."""

POWER_FLOOR = 1e-7
"""Power below which the STFT distance hears nothing: a tone at -112 to -124 dBFS."""

LINEAR_UP_TO_HZ, LINEAR_MELS, LOG_STEP = 1000.0, 15.0, np.log(6.4) / 27.0
"""Slaney's mel scale: 15 even steps up to 1 kHz, then 27 to every factor of 6.4."""


def power_spectrogram(
    signal: NDArray[np.float32],
    size: int,
    hop: int,
    padding: Literal["reflect", "constant"] = "reflect",
) -> NDArray[np.float32]:
    """Return squared magnitudes of Hann-windowed frames, centred on every ``hop``-th sample.

    Parameters
    ----------
    signal : float32 array, shape (samples,)
    size, hop : int
        Length of the frames and their distance, in samples; the window is periodic.
    padding : {"reflect", "constant"}
        How ``size // 2`` samples are put before and after; "reflect" wants a longer signal.

    Returns
    -------
    float32 array, shape (1 + samples // hop, size // 2 + 1)

    Examples
    --------
    A full-scale tone in the middle of a bin gives (size / 4) ** 2 there.

    >>> tone = np.cos(2 * np.pi * np.arange(4096) / 8).astype(np.float32)
    >>> float(power_spectrogram(tone, 64, 32)[20, 8].round())
    256.0
    """
    frames = sliding_window_view(np.pad(signal, size // 2, mode=padding), size)[::hop]
    spectrum = scipy.fft.rfft(frames * _hann(size))
    power: NDArray[np.float32] = np.square(spectrum.real) + np.square(spectrum.imag)
    return power


@cache
def _hann(size: int) -> NDArray[np.float32]:
    """Return the periodic Hann window."""
    return np.hanning(size + 1)[:-1].astype(np.float32)


@cache
def mel_filterbank(
    sample_rate: int, size: int, bands: int, scale: Literal["htk", "slaney"]
) -> NDArray[np.float32]:
    """Return triangles that gather the bins of a spectrum into ``bands`` mel bands up to Nyquist.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    size : int
        Length of the frames, in samples.
    bands : int
    scale : {"htk", "slaney"}
        "htk": 2595 log10(1 + f / 700), peaks of height 1 (torchaudio's default, so the
        challenge's). "slaney": linear below 1 kHz, triangles of equal area (librosa's default,
        so musicnn's).

    Returns
    -------
    float32 array, shape (size // 2 + 1, bands)
        Multiply a power spectrogram by it from the right.

    Examples
    --------
    >>> mel_filterbank(48000, 2048, 192, "htk").shape
    (1025, 192)
    """
    nyquist_hz = sample_rate / 2
    edges_hz = {"htk": _edges_htk, "slaney": _edges_slaney}[scale](nyquist_hz, bands + 2)
    bins_hz = np.linspace(0.0, nyquist_hz, size // 2 + 1)[:, None]
    low, peak, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    triangles = np.minimum((bins_hz - low) / (peak - low), (high - bins_hz) / (high - peak))
    height = 2.0 / (high - low) if scale == "slaney" else 1.0
    return (np.maximum(triangles, 0.0) * height).astype(np.float32)


def _edges_htk(nyquist_hz: float, count: int) -> NDArray[np.float64]:
    """Return frequencies that stand at equal distances on the HTK mel scale."""
    mels = np.linspace(0.0, 2595.0 * np.log10(1.0 + nyquist_hz / 700.0), count)
    edges: NDArray[np.float64] = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    return edges


def _edges_slaney(nyquist_hz: float, count: int) -> NDArray[np.float64]:
    """Return frequencies that stand at equal distances on Slaney's mel scale (Nyquist > 1 kHz)."""
    mels = np.linspace(0.0, LINEAR_MELS + np.log(nyquist_hz / LINEAR_UP_TO_HZ) / LOG_STEP, count)
    above = LINEAR_UP_TO_HZ * np.exp((mels - LINEAR_MELS) * LOG_STEP)
    return np.where(mels < LINEAR_MELS, mels * LINEAR_UP_TO_HZ / LINEAR_MELS, above)


def mel_snr_db(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Return the Multi-Mel-SNR of one channel at 48 kHz; ``metrics.mmsnr_db`` says how.

    Parameters
    ----------
    reference, estimate : float32 array, shape (samples,)

    Returns
    -------
    float
        In dB.
    """
    wanted, found = reference.astype(np.float64), estimate.astype(np.float64)
    alpha = float(wanted @ found) / (float(found @ found) + EPSILON)
    ratios = []
    for size, hop, bands in MEL_RESOLUTIONS:
        filters = mel_filterbank(48_000, size, bands, "htk")
        mel_wanted = power_spectrogram(reference, size, hop) @ filters
        # Power grows with the square of the gain: the waveform itself need not be scaled.
        mel_found = np.float32(alpha**2) * (power_spectrogram(estimate, size, hop) @ filters)
        ratios.append(_energy(mel_wanted) / (_energy(mel_wanted - mel_found) + EPSILON))
    return float(np.mean(10.0 * np.log10(ratios)))


def stft_distance(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Return the STFT distance of one channel; ``metrics.multi_resolution_stft_distance`` says how.

    Parameters
    ----------
    reference, estimate : float32 array, shape (samples,)

    Returns
    -------
    float
        Spectral convergence plus nepers.
    """
    distances = []
    for size, hop in STFT_RESOLUTIONS:
        wanted = np.maximum(power_spectrogram(reference, size, hop), POWER_FLOOR)
        found = np.maximum(power_spectrogram(estimate, size, hop), POWER_FLOOR)
        difference = _energy(np.sqrt(wanted) - np.sqrt(found))
        convergence = np.sqrt(difference / wanted.sum(dtype=np.float64))
        logarithmic = 0.5 * np.abs(np.log(wanted / found)).mean(dtype=np.float64)
        distances.append(convergence + logarithmic)
    return float(np.mean(distances))


def _energy(values: NDArray[np.float32]) -> float:
    """Return the sum of squares."""
    return float(np.square(values).sum(dtype=np.float64))
