"""Stage two: a waveform U-Net that corrects what stage one made plausible.

After "Demucs-L" of DTT-BSR+ (arXiv 2606.24127): Demucs (arXiv 1911.13254) without its LSTM.
What differs: one network corrects all classes at once, and it hears the mixture as well, so
that what stage one destroyed can still be recovered from it; and it may have a spectral
branch (see `wetdry.cascade.spectral_branch`).
"""

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..audio import STEM_CLASSES
from .generator import HOP, mixture_level
from .sizes import RegressorConfiguration
from .spectral_branch import SpectralBranch

__all__ = ["Regressor"]

KERNEL = 8
STRIDE = 4


def _down(inputs: int, outputs: int) -> nn.Module:
    """Return an encoder layer: a strided convolution, then a gated mix of channels."""
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, KERNEL, STRIDE, padding=(KERNEL - STRIDE) // 2),
        nn.ReLU(),
        nn.Conv1d(outputs, 2 * outputs, 1),
        nn.GLU(dim=1),
    )


def _up(inputs: int, outputs: int) -> nn.Module:
    """Return a decoder layer: a gated convolution, then a strided transposed one."""
    return nn.Sequential(_gate(inputs), _widen(inputs, outputs), nn.ReLU())


def _gate(channels: int) -> nn.Module:
    """Return a convolution that looks left and right, and its gate."""
    return nn.Sequential(nn.Conv1d(channels, 2 * channels, 3, padding=1), nn.GLU(dim=1))


def _widen(inputs: int, outputs: int) -> nn.ConvTranspose1d:
    """Return the transposed convolution that undoes a layer's stride."""
    return nn.ConvTranspose1d(inputs, outputs, KERNEL, STRIDE, padding=(KERNEL - STRIDE) // 2)


def _start(layer: nn.Module) -> None:
    """Keep the signal's variance through a deep stack that has no normalisation.

    A rectifier halves the power; a gate of one half and the two paths that a decoder adds
    leave about a quarter of it.
    """
    if isinstance(layer, nn.Conv1d):
        gain = 2.0**0.5 if layer.stride == (STRIDE,) else 1.5
        nn.init.normal_(layer.weight, std=gain / (layer.in_channels * layer.kernel_size[0]) ** 0.5)
    elif isinstance(layer, nn.ConvTranspose1d):
        nn.init.normal_(layer.weight, std=(layer.in_channels * KERNEL / STRIDE) ** -0.5)


class Regressor(nn.Module):
    """Estimate the dry stems exactly, from stage one's estimates and the mixture.

    Parameters
    ----------
    size : RegressorConfiguration

    Notes
    -----
    The output is stage one's estimate plus what the U-Net and the branch say; a fresh network
    returns stage one's estimate unchanged. Levels are undone inside: twice the input is twice
    the output. ``grid`` is the distance in samples at which its strides repeat.
    """

    def __init__(self, size: RegressorConfiguration) -> None:
        super().__init__()
        widths = [len(STEM_CLASSES) + 1]
        for layer in range(size.layers):
            widths.append(min(round(size.channels * size.growth**layer), size.widest))
        steps = list(pairwise(widths))
        self.down = nn.ModuleList(_down(a, b) for a, b in steps)
        self.up = nn.ModuleList(_up(b, a) for a, b in reversed(steps[1:]))
        self.gate = _gate(widths[1])
        self.final = _widen(widths[1], len(STEM_CLASSES))
        self.apply(_start)
        nn.init.zeros_(self.final.weight)
        nn.init.zeros_(cast(Tensor, self.final.bias))
        self.spectral = SpectralBranch(size) if size.spectral_channels else None
        self.grid = max(STRIDE**size.layers, HOP)

    def forward(self, mixture: Tensor, first: Tensor, pairs: Tensor | None = None) -> Tensor:
        """Correct stage one's estimates.

        Parameters
        ----------
        mixture : float tensor, shape (batch, 1, samples)
        first : float tensor, shape (batch, 8, samples)
            Stage one's estimates.
        pairs : int tensor, shape (2, n), optional
            Examples and classes to correct, where not all are wanted.

        Returns
        -------
        float tensor, shape (batch, 8, samples), or (n, samples) where pairs are given
        """
        if pairs is None:
            every = torch.ones(first.shape[:2], device=first.device).nonzero().T
            stems: Tensor = self(mixture, first, every)
            return stems.reshape(first.shape)
        level, samples = mixture_level(mixture), mixture.shape[-1]
        heard = torch.cat([mixture, first], 1) / level
        said = self._u_net(functional.pad(heard, (0, -samples % self.grid)))
        said = said[pairs[0], pairs[1], :samples].float()
        if self.spectral is not None:
            said = said + self.spectral(heard, pairs)
        return first[pairs[0], pairs[1]] + level[pairs[0], 0] * said

    def _u_net(self, x: Tensor) -> Tensor:
        """Map (batch, 9, samples) to (batch, 8, samples), samples a multiple of the grid."""
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        for layer, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = layer(x) + skip
        out: Tensor = self.final(self.gate(x))
        return out
