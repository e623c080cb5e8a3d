"""Musicnn as a loss hears it: the same points as `wetdry.cascade.metrics.musicnn`, with gradients.

What differs: an excerpt shorter than a patch of 3 s is not repeated but heard as it is, loudness
is not gated, resampling is done in the spectrum, and bands are not rounded to 16 bits. Estimate
and target are heard alike, so that their difference is what the Frechet distance sees.
"""

from functools import lru_cache
from typing import Protocol

import torch
from scipy.signal import sosfreqz
from torch import Tensor

from ...mixing.loudness import k_weighting
from .musicnn import BANDS, FRAME, HOP, LOUDNESS_LUFS, PATCH_FRAMES, SAMPLE_RATE, load
from .musicnn_network import MusicnnNetwork
from .power_spectra import mel_filterbank

__all__ = ["MusicnnPoints", "Points", "musicnn_points"]

QUIETEST_LUFS = -70.0
"""Below it nothing is brought to a level: the absolute gate of BS.1770."""


class Points(Protocol):
    """What turns audio into points, with gradients."""

    @property
    def dims(self) -> int:
        """Numbers of a point."""

    def __call__(self, audio: Tensor, sample_rate: int) -> Tensor:
        """Map excerpts (n, samples) to points (n, dims)."""
        ...


class MusicnnPoints:
    """The 200 numbers before musicnn's last layer, one point for each excerpt.

    Parameters
    ----------
    network : MusicnnNetwork
        Not trained: its weights get no gradient.
    """

    dims = 200

    def __init__(self, network: MusicnnNetwork) -> None:
        self._network = network.eval().requires_grad_(False)

    def __call__(self, audio: Tensor, sample_rate: int) -> Tensor:
        """Return the points; means of those of all whole patches where there are several.

        Parameters
        ----------
        audio : float tensor, shape (n, samples)
        sample_rate : int
            In Hz.

        Returns
        -------
        float tensor, shape (n, 200)
        """
        network = self._network.to(audio.device)
        frames = _log_mel(_levelled(audio.float(), sample_rate))
        count = frames.shape[1] // PATCH_FRAMES
        if count == 0:
            points: Tensor = network(frames)
            return points
        patches = frames[:, : count * PATCH_FRAMES].reshape(-1, PATCH_FRAMES, BANDS)
        return network(patches).reshape(len(audio), count, -1).mean(1)


def _levelled(audio: Tensor, sample_rate: int) -> Tensor:
    """Resample to 16 kHz and bring to -23 LUFS what is loud enough to be measured."""
    samples = audio.shape[-1]
    spectrum = torch.fft.rfft(audio)
    power = spectrum.real.square() + spectrum.imag.square()
    weight = _weights(samples, sample_rate).to(audio.device)
    lufs = 10 * torch.log10((power * weight).sum(-1, keepdim=True) + 1e-12) - 0.691
    gain = torch.where(lufs > QUIETEST_LUFS, 10 ** ((LOUDNESS_LUFS - lufs) / 20), 1.0)
    out = round(samples * SAMPLE_RATE / sample_rate)
    return gain * torch.fft.irfft(spectrum, out) * (out / samples)


@lru_cache(maxsize=8)
def _weights(samples: int, sample_rate: int) -> Tensor:
    """Return what each bin's power counts in the K-weighted mean square of an excerpt."""
    bins = torch.fft.rfftfreq(samples, 1 / sample_rate, dtype=torch.float64).numpy()
    response = sosfreqz(k_weighting(sample_rate), bins, fs=sample_rate)[1]
    return torch.from_numpy(abs(response) ** 2 * 2 / samples**2).float()


def _log_mel(audio: Tensor) -> Tensor:
    """Map (n, samples) at 16 kHz to (n, frames, bands), as ``log_mel_patches`` does."""
    window = torch.hann_window(FRAME, device=audio.device)
    spectrum = torch.stft(
        audio, FRAME, HOP, window=window, pad_mode="constant", return_complex=True
    )
    power = (spectrum.real.square() + spectrum.imag.square()).mT
    filters = torch.from_numpy(mel_filterbank(SAMPLE_RATE, FRAME, BANDS, "slaney"))
    return torch.log10(1 + 10_000 * power @ filters.to(audio.device))


def musicnn_points() -> MusicnnPoints:
    """Return musicnn with its trained weights.

    Raises
    ------
    AssetError
        If they were not fetched.
    """
    return MusicnnPoints(load().network)
