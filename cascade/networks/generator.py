"""Stage one: a TFC-TDF U-Net over the complex spectrogram that hears all classes at once.

After DTT-BSR (arXiv 2602.19825). What differs: one network with a head per class instead of
eight networks, unless `conditioning` asks for these or for one that is told the class; layer
normalisation of each frame instead of batch normalisation, because a
batch of four excerpts says little about the statistics of music and because a frame that is
normalised by itself sounds the same in a window as in the whole song; skips are added.
"""

from itertools import pairwise
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...audio import STEM_CLASSES
from ..sizes import Awareness, GeneratorConfiguration
from .bottleneck import Bottleneck
from .conditioning import Film, class_by_class, each_alone
from .effect_layers import LabelHead, Telling, one_hot
from .spectra import istft, magnitude, stft

__all__ = ["Generator", "mixture_level"]

WINDOW = 2048
HOP = 512
BINS = WINDOW // 2  # the bin at half the sample rate is left out: powers of two fold well
COMPRESSION = 0.3  # magnitudes of music span 80 dB; networks want them closer together


def mixture_level(mixture: Tensor) -> Tensor:
    """Return the RMS level that both stages divide by, never below -100 dBFS.

    Parameters
    ----------
    mixture : float tensor, shape (batch, 1, samples)

    Returns
    -------
    float tensor, shape (batch, 1, 1)
    """
    return mixture.square().mean((1, 2), keepdim=True).sqrt().clamp(min=1e-5)


class FrameNorm(nn.Module):
    """Layer normalisation of each frame over channels and frequencies.

    Parameters
    ----------
    channels, bands : int
        Width of a frame.
    """

    def __init__(self, channels: int, bands: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(bands, channels))
        self.bias = nn.Parameter(torch.zeros(bands, channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frames, bands) to the same shape."""
        x = x.permute(0, 2, 3, 1)  # contiguous where the memory is channels-last
        x = functional.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)
        return x.permute(0, 3, 1, 2)


class Block(nn.Module):
    """Time-frequency convolutions (TFC), then a dense layer over frequency (TDF).

    Parameters
    ----------
    channels, bands : int
        Width of a frame.
    size : GeneratorConfiguration
    """

    def __init__(self, channels: int, bands: int, size: GeneratorConfiguration) -> None:
        super().__init__()
        self.norms = nn.ModuleList(FrameNorm(channels, bands) for _ in range(size.layers))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels, channels, size.kernel, padding=size.kernel // 2)
            for _ in range(size.layers)
        )
        narrow = max(bands // size.squeeze, 1)
        self.norm = FrameNorm(channels, bands)
        self.squeeze = nn.Linear(bands, narrow)
        self.widen = nn.Linear(narrow, bands)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frames, bands) to the same shape."""
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            x = x + convolution(functional.leaky_relu(norm(x), 0.1))
        dense: Tensor = self.widen(functional.leaky_relu(self.squeeze(self.norm(x)), 0.1))
        return x + dense


class Generator(nn.Module):
    """Estimate every dry stem from the mixture, plausibly rather than exactly.

    Parameters
    ----------
    size : GeneratorConfiguration
    single : bool
        Whether it is one of eight, and speaks for one class alone.
    effects : {"none", "told", "predicted"}
        Whether it is told what was done, or says so. A shared network, which hears all classes
        at once, is told where it speaks for each; others at every level.
    labels : int
        How many labels of effects there are.

    Notes
    -----
    Input and output are waveforms; a stereo signal is a batch of two. Levels are undone
    inside: twice the input is twice the output. ``grid`` is the distance in samples at which
    its strides repeat.
    """

    def __init__(
        self,
        size: GeneratorConfiguration,
        single: bool = False,
        effects: Awareness = "none",
        labels: int = 0,
    ) -> None:
        super().__init__()
        self.size = size
        self.told = labels if effects == "told" else 0
        self.predicted = labels if effects == "predicted" else 0
        self.grid = HOP << size.levels
        self.networks, self.films = nn.ModuleList(), nn.ModuleList()
        self.tellings, self.head = nn.ModuleList(), None
        if size.conditioning == "per_class" and not single:
            self.networks.extend(Generator(size, True, effects, labels) for _ in STEM_CLASSES)
            return
        bands = BINS // size.fold
        widths = [size.channels * (level + 1) for level in range(size.levels + 1)]
        heights = [bands >> level for level in range(size.levels + 1)]
        self.enter = nn.Conv2d(3 * size.fold, widths[0], 3, padding=1)
        shapes = list(zip(widths, heights, strict=True))[:-1]
        self.down = nn.ModuleList(Block(c, f, size) for c, f in shapes)
        self.up = nn.ModuleList(Block(c, f, size) for c, f in shapes)
        steps = list(pairwise(widths))
        self.shrink = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in steps)
        self.grow = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in steps)
        self.bottleneck = Bottleneck(widths[-1], size)
        heads = len(STEM_CLASSES) if size.conditioning == "shared" else 1
        shape = (heads, widths[0] + 3 * size.fold, 2 * size.fold)
        self.heads = nn.Parameter(0.02 * torch.randn(shape))
        self.biases = nn.Parameter(torch.zeros(heads, 1, 2 * size.fold))
        if size.conditioning == "film":
            self.films.extend(Film(width) for width in widths)
        if self.told:
            shared = size.conditioning == "shared"
            heard = [widths[0] + 3 * size.fold] if shared else widths
            self.tellings.extend(Telling(width, labels) for width in heard)
        if self.predicted:
            spoken = 1 if single else len(STEM_CLASSES)
            self.head = LabelHead(widths[-1], heights[-1], spoken, labels)

    def expect(self, shares: NDArray[np.float64]) -> None:
        """Begin with how common each label is, shape (8, labels), where labels are predicted."""
        for place, network in enumerate(self.networks):
            cast(Generator, network).expect(shares[place : place + 1])
        if self.head is not None:
            self.head.expect(shares)

    def forward(
        self, mixture: Tensor, pairs: Tensor | None = None, effects: Tensor | None = None
    ) -> Tensor:
        """Estimate the stems; parameters are those of `stems_and_labels`.

        Returns
        -------
        float tensor, shape (batch, 8, samples), or (n, samples) where pairs are given
        """
        return self.stems_and_labels(mixture, pairs, effects)[0]

    def stems_and_labels(
        self, mixture: Tensor, pairs: Tensor | None = None, effects: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Estimate the stems, and what was done to them.

        Parameters
        ----------
        mixture : float tensor, shape (batch, 1, samples)
        pairs : int tensor, shape (2, n), optional
            Examples and classes to estimate, where not all are wanted.
        effects : int8 tensor, shape (batch, 8, labels), optional
            States of the labels (`EffectLabels.states`), for a network that is told; by default
            it is told nothing.

        Returns
        -------
        stems : float tensor, shape (batch, 8, samples), or (n, samples) where pairs are given
        labels : float tensor, shape (batch, 8, labels), or (n, labels)
            Log-odds; without labels where none are predicted.
        """
        if pairs is None:
            shape = len(mixture), len(STEM_CLASSES)
            every = torch.ones(shape, device=mixture.device).nonzero().T
            stems, labels = self.stems_and_labels(mixture, every, effects)
            return stems.reshape(*shape, -1), labels.reshape(*shape, self.predicted)
        if len(self.networks):
            return self._by_networks(mixture, pairs, effects)
        told, classes, heads = self._told(pairs, effects), None, pairs
        if len(self.films):
            mixture, classes = mixture[pairs[0]], pairs[1]
            pairs = each_alone(len(mixture), mixture.device)
            heads = torch.stack([pairs[0], classes])
        level = mixture_level(mixture)[:, 0]
        spectrum = stft(mixture[:, 0] / level, WINDOW, HOP)
        spectrum = spectrum.mT[..., :BINS]
        features = self._fold(spectrum)
        x, middle = self._u_net(features, classes, told)
        labels = middle.new_zeros(len(pairs[0]), 0)
        if self.head is not None:
            labels = self.head(middle, heads)
        spectra = self._spectra(x, features, spectrum, pairs, told)
        spectra = functional.pad(spectra, (0, 1)).mT
        return istft(spectra, WINDOW, HOP, mixture.shape[-1]) * level[pairs[0]], labels

    def _by_networks(
        self, mixture: Tensor, pairs: Tensor, effects: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Let the network of each class say what it has to say."""
        examples, samples = pairs[0], mixture.shape[-1]

        def say(stem_class: int, places: Tensor) -> Tensor:
            network = cast(Generator, self.networks[stem_class])
            own = examples[places]
            known = None if effects is None else effects[own, stem_class][:, None]
            alone = each_alone(len(own), mixture.device)
            return torch.cat(network.stems_and_labels(mixture[own], alone, known), 1)

        said = class_by_class(pairs[1], samples + self.predicted, say)
        return said[:, :samples], said[:, samples:]

    def _told(self, pairs: Tensor, effects: Tensor | None) -> Tensor | None:
        """Return what is told of each pair, if anything is told at all."""
        if not self.told:
            return None
        if effects is None:
            return one_hot(torch.zeros(len(pairs[0]), self.told, device=pairs.device))
        return one_hot(effects[pairs[0], pairs[1]])

    def _spectra(
        self, x: Tensor, features: Tensor, mixture: Tensor, pairs: Tensor, told: Tensor | None
    ) -> Tensor:
        """Map mixtures (batch, frames, 1024) to stems (n, frames, 1024), all complex."""
        heard = torch.cat([x, features], 1).permute(0, 2, 3, 1)
        out = self._speak(heard, pairs, told)[:, : mixture.shape[1]]
        if self.size.output == "mask":
            gain = 2 * torch.sigmoid(out.real - 2)  # a fresh network passes a quarter
            return torch.complex(gain, gain * out.imag) * mixture[pairs[0]]
        # the outputs live in the compressed domain; this undoes the compression
        return out * magnitude(out) ** (1 / COMPRESSION - 1)

    def _fold(self, spectrum: Tensor) -> Tensor:
        """Compress, fold bins into channels, and pad the frames to what the U-Net halves."""
        loud = magnitude(spectrum)
        parts = torch.view_as_real(spectrum) * (loud ** (COMPRESSION - 1))[..., None]
        features = torch.cat([parts, (loud**COMPRESSION)[..., None]], -1)
        features = features.reshape(*features.shape[:2], -1, 3 * self.size.fold)
        missing = -features.shape[1] % (1 << self.size.levels)
        return functional.pad(features, (0, 0, 0, 0, 0, missing)).permute(0, 3, 1, 2)

    def _speak(self, heard: Tensor, pairs: Tensor, told: Tensor | None) -> Tensor:
        """Apply the wanted heads to (batch, frames, bands, channels): (n, frames, 1024)."""
        flat = heard.flatten(1, 2)[pairs[0]]
        heads, biases = self.heads[pairs[1]], self.biases[pairs[1]]
        if told is not None and self.size.conditioning == "shared":
            scale, shift = cast(Telling, self.tellings[0]).numbers(told)  # of what heads hear
            biases = biases + shift[:, None] @ heads
            heads = heads * (1 + scale[..., None])
        out = torch.baddbmm(biases, flat, heads).float()
        return torch.view_as_complex(out.reshape(len(out), heard.shape[1], BINS, 2))

    def _u_net(
        self, features: Tensor, classes: Tensor | None, told: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Go down, through the bottleneck, and up again with the skips added; return both."""
        x: Tensor = self._tell(self.enter(features), 0, classes, told)
        skips = []
        for level, (block, shrink) in enumerate(zip(self.down, self.shrink, strict=True)):
            x = block(x)
            skips.append(x)
            x = self._tell(shrink(x), level + 1, classes, told)
        x = middle = self.bottleneck(x)
        for level in reversed(range(self.size.levels)):
            x = self.up[level](self.grow[level](x) + skips[level])
        return x, middle

    def _tell(self, x: Tensor, level: int, classes: Tensor | None, told: Tensor | None) -> Tensor:
        """Tell one level of the U-Net the classes and effects, where it is told them at all."""
        if classes is not None:
            x = self.films[level](x, classes)
        if told is not None and self.size.conditioning != "shared":
            x = self.tellings[level](x, told)
        return x
