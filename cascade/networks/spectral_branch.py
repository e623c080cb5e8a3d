"""Stage two's second road: gates on the spectrograms of what it hears.

A waveform network learns to pass sound through before it learns to correct it, which takes
days. This branch starts from sound that is there already: in each band and frame it takes a
share of stage one's estimate and of the mixture, in the manner of a learnt Wiener filter.
The paper has none; Hybrid Demucs (arXiv 2111.03600) joins the two kinds for the same reason.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..sizes import GeneratorConfiguration, RegressorConfiguration
from .generator import HOP, WINDOW, Block
from .spectra import istft, magnitude, mel_filterbank, stft

__all__ = ["SpectralBranch"]

BANDS = 128
SPACING_HZ = 44_100
"""The sample rate that the bands are spaced for; at others they are stretched."""

FLOOR = 1e-3


class SpectralBranch(nn.Module):
    """Correct estimates by gates on their own and on the mixture's spectrogram.

    Parameters
    ----------
    size : RegressorConfiguration
        ``spectral_channels``, ``spectral_blocks`` and ``sees_mixture``.
    heard, spoken : int
        Channels that it hears, the mixture first where it is heard, and for how many of the
        others it speaks.
    """

    filters: Tensor
    spread: Tensor

    def __init__(self, size: RegressorConfiguration, heard: int, spoken: int) -> None:
        super().__init__()
        channels = size.spectral_channels
        block = GeneratorConfiguration(layers=1, squeeze=2)
        self.enter = nn.Conv2d(heard, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            Block(channels, BANDS, block) for _ in range(size.spectral_blocks)
        )
        self.sources = 1 + size.sees_mixture
        self.leave = nn.Conv2d(channels, self.sources * spoken, 1)
        for parameter in self.leave.parameters():  # a fresh branch changes nothing
            nn.init.zeros_(parameter)
        filters = mel_filterbank(WINDOW, BANDS, SPACING_HZ)
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("spread", filters / filters.sum(0).clamp(min=1e-6), persistent=False)

    def forward(self, heard: Tensor, pairs: Tensor) -> Tensor:
        """Return what to add to the estimates.

        Parameters
        ----------
        heard : float tensor, shape (batch, channels, samples)
            The mixture, at a level of one, where it is heard, and the estimates.
        pairs : int tensor, shape (2, n)
            Examples and places among the estimates.

        Returns
        -------
        float tensor, shape (n, samples)
        """
        spectra = stft(heard, WINDOW, HOP)
        x = torch.log(self.filters @ magnitude(spectra) + FLOOR).mT
        x = self.enter(x.contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            x = block(x)
        said = self.leave(functional.leaky_relu(x, 0.1))
        said = said.reshape(len(said), -1, self.sources, *said.shape[2:])
        gates = (said[pairs[0], pairs[1]] @ self.spread).float().mT
        sound = gates[:, 0] * spectra[pairs[0], pairs[1] + self.sources - 1]
        if self.sources > 1:
            sound = sound + gates[:, 1] * spectra[pairs[0], 0]
        return istft(sound, WINDOW, HOP, heard.shape[-1])
