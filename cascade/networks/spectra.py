"""Short-time Fourier transforms and mel filters, as torch tensors."""

import math
from functools import cache

import torch
from torch import Tensor

__all__ = ["istft", "magnitude", "mel_filterbank", "stft"]


@cache
def _hann(length: int, device: torch.device) -> Tensor:
    """Return the periodic Hann window of ``length`` samples."""
    return torch.hann_window(length, device=device)


def stft(audio: Tensor, window: int, hop: int) -> Tensor:
    """Return the complex spectrogram of ``audio``; white noise of power 1 has power 1 per bin.

    Parameters
    ----------
    audio : float tensor, shape (..., samples)
    window : int
        Length of the Hann window, in samples.
    hop : int
        Distance of two frames, in samples.

    Returns
    -------
    complex tensor, shape (..., window // 2 + 1, samples // hop + 1)
        Frames are centred on multiples of ``hop``; zeros stand beyond both ends.
    """
    flat = audio.reshape(-1, audio.shape[-1])
    hann = _hann(window, audio.device)
    spectrum = torch.stft(flat, window, hop, window=hann, pad_mode="constant", return_complex=True)
    spectrum = spectrum / math.sqrt(0.375 * window)  # the sum of the squared window
    return spectrum.reshape(*audio.shape[:-1], *spectrum.shape[-2:])


def istft(spectrum: Tensor, window: int, hop: int, samples: int) -> Tensor:
    """Undo `stft`.

    Parameters
    ----------
    spectrum : complex tensor, shape (..., window // 2 + 1, frames)
    window, hop : int
        As given to `stft`.
    samples : int
        Length of the audio.

    Returns
    -------
    float tensor, shape (..., samples)
    """
    flat = spectrum.reshape(-1, *spectrum.shape[-2:]) * math.sqrt(0.375 * window)
    hann = _hann(window, spectrum.device)
    audio = torch.istft(flat, window, hop, window=hann, length=samples)
    return audio.reshape(*spectrum.shape[:-2], samples)


def magnitude(spectrum: Tensor) -> Tensor:
    """Return the magnitude, whose gradient stays finite where the spectrum is zero.

    Parameters
    ----------
    spectrum : complex tensor, any shape

    Returns
    -------
    float tensor, same shape
        At least 1e-5 (-100 dB).
    """
    return (spectrum.real.square() + spectrum.imag.square() + 1e-10).sqrt()


@cache
def mel_filterbank(window: int, mels: int, sample_rate: int) -> Tensor:
    """Return triangular filters, evenly spaced on the HTK mel scale, each of sum one.

    Filters narrower than the distance of two bins are widened to it, so that none is
    empty and every bin is heard.

    Parameters
    ----------
    window : int
        Length of the STFT's window, in samples.
    mels : int
        Number of filters, from 0 Hz to half the sample rate.
    sample_rate : int
        In Hz.

    Returns
    -------
    float tensor, shape (mels, window // 2 + 1)
    """
    top = 2595 * math.log10(1 + sample_rate / 2 / 700)
    edges = 700 * (10 ** (torch.linspace(0, top, mels + 2, dtype=torch.float64) / 2595) - 1)
    width = sample_rate / window
    bins = torch.arange(window // 2 + 1, dtype=torch.float64) * width
    centre = edges[1:-1, None]
    left = torch.clamp(centre - edges[:-2, None], min=width)
    right = torch.clamp(edges[2:, None] - centre, min=width)
    distance = bins - centre
    filters = torch.clamp(1 - torch.where(distance < 0, -distance / left, distance / right), min=0)
    return (filters / filters.sum(1, keepdim=True)).float()
