"""Stage two: a waveform U-Net that corrects what stage one made plausible.

After "Demucs-L" of DTT-BSR+ (arXiv 2606.24127): Demucs (arXiv 1911.13254) without its LSTM.
What differs: one network corrects all classes at once, unless `conditioning` asks for one that is
told the class or for eight; it hears the mixture as well, so that what stage one destroyed can
still be recovered from it; and it may have a spectral branch (see
`wetdry.cascade.networks.spectral_branch`).
"""

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...audio import STEM_CLASSES
from ..sizes import RegressorConfiguration
from .conditioning import Film, class_by_class, each_alone
from .generator import HOP, mixture_level
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
    single : bool
        Whether it is one of eight, and corrects one class alone.

    Notes
    -----
    A shared network hears the mixture and all estimates; one that corrects a class at a time
    hears the mixture, that class's estimate, and the sum of the others. The output is stage
    one's estimate plus what the U-Net and the branch say; a fresh network returns stage one's
    estimate unchanged. Without ``sees_mixture`` neither the mixture nor the sum is heard,
    and nothing of the output depends on the mixture. Levels are undone inside: twice the input
    is twice the output. ``grid`` is the distance in samples at which its strides repeat.
    """

    def __init__(self, size: RegressorConfiguration, single: bool = False) -> None:
        super().__init__()
        self.size = size
        self.grid = max(STRIDE**size.layers, HOP)
        self.networks, self.films = nn.ModuleList(), nn.ModuleList()
        if size.conditioning == "per_class" and not single:
            self.networks.extend(Regressor(size, single=True) for _ in STEM_CLASSES)
            return
        spoken = len(STEM_CLASSES) if size.conditioning == "shared" else 1
        others = 1 if size.conditioning == "shared" else 2
        heard = spoken + others if size.sees_mixture else spoken
        widths = [heard]
        for layer in range(size.layers):
            widths.append(min(round(size.channels * size.growth**layer), size.widest))
        steps = list(pairwise(widths))
        self.down = nn.ModuleList(_down(a, b) for a, b in steps)
        self.up = nn.ModuleList(_up(b, a) for a, b in reversed(steps[1:]))
        self.gate = _gate(widths[1])
        self.final = _widen(widths[1], spoken)
        self.apply(_start)
        nn.init.zeros_(self.final.weight)
        nn.init.zeros_(cast(Tensor, self.final.bias))
        self.spectral = SpectralBranch(size, heard, spoken) if size.spectral_channels else None
        if size.conditioning == "film":
            self.films.extend(Film(width) for width in widths[1:])

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
        level = mixture_level(mixture if self.size.sees_mixture else first.sum(1, keepdim=True))
        if self.size.conditioning == "shared":
            heard = torch.cat([mixture, first], 1) if self.size.sees_mixture else first
            said = self.correct(heard / level, pairs)
        else:
            said = self._one_by_one(mixture / level, first / level, pairs)
        return first[pairs[0], pairs[1]] + level[pairs[0], 0] * said

    def _one_by_one(self, mixture: Tensor, first: Tensor, pairs: Tensor) -> Tensor:
        """Return what to add to each estimate, heard beside the mixture and the sum of the rest."""
        own = first[pairs[0], pairs[1]]
        heard = own[:, None]
        if self.size.sees_mixture:
            others = first.sum(1)[pairs[0]] - own
            heard = torch.stack([mixture[pairs[0], 0], own, others], 1)
        if not len(self.networks):
            return self.correct(heard, each_alone(len(heard), heard.device), pairs[1])
        return class_by_class(
            pairs[1],
            heard.shape[-1],
            lambda stem_class, places: cast(Regressor, self.networks[stem_class]).correct(
                heard[places], each_alone(len(places), heard.device)
            ),
        )

    def correct(self, heard: Tensor, pairs: Tensor, classes: Tensor | None = None) -> Tensor:
        """Return what to add to estimates, from what is heard at a level of one.

        Parameters
        ----------
        heard : float tensor, shape (batch, channels, samples)
            The mixture, if it is heard, then what is known of the stems.
        pairs : int tensor, shape (2, n)
            Examples and, of what is said of each, the places that are wanted.
        classes : int tensor, shape (batch,), optional
            What the network is told.

        Returns
        -------
        float tensor, shape (n, samples)
        """
        samples = heard.shape[-1]
        said = self._u_net(functional.pad(heard, (0, -samples % self.grid)), classes)
        said = said[pairs[0], pairs[1], :samples].float()
        if self.spectral is not None:
            said = said + self.spectral(heard, pairs)
        return said

    def _u_net(self, x: Tensor, classes: Tensor | None) -> Tensor:
        """Map (batch, channels, samples) to what is said; samples a multiple of the grid."""
        skips = []
        for level, layer in enumerate(self.down):
            x = layer(x)
            if classes is not None:
                x = self.films[level](x, classes)
            skips.append(x)
        for layer, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = layer(x) + skip
        out: Tensor = self.final(self.gate(x))
        return out
