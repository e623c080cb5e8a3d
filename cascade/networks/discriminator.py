"""The listener that stage one is trained against: one judge for each STFT window.

A multi-frequency discriminator after DTT-BSR (arXiv 2602.19825): complex spectrograms of
three windows, two-dimensional convolutions, spectral norm. What differs: one discriminator
serves all classes, told which class it hears by an embedding.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from ...audio import STEM_CLASSES
from ..sizes import DiscriminatorConfiguration
from .spectra import magnitude, stft

__all__ = ["Discriminator", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What the discriminator says about some audio.

    Parameters
    ----------
    scores : list of float tensors, each (batch, 1, frames, bins)
        One for each window; near 1 for what it takes for recorded, near 0 for estimated.
    features : list of float tensors
        The outputs of all layers of all windows.
    """

    scores: list[Tensor]
    features: list[Tensor]

    def halves(self) -> tuple["Verdict", "Verdict"]:
        """Return what is said of the first half of the audio, and of the second."""
        parts = ([x.chunk(2) for x in said] for said in (self.scores, self.features))
        scores, features = parts
        first, second = (
            Verdict([x[half] for x in scores], [x[half] for x in features]) for half in (0, 1)
        )
        return first, second


class WindowDiscriminator(nn.Module):
    """Judge a complex spectrogram of one window.

    Parameters
    ----------
    window : int
        Length of the STFT's window, in samples.
    size : DiscriminatorConfiguration
    """

    def __init__(self, window: int, size: DiscriminatorConfiguration) -> None:
        super().__init__()
        self.window = window
        widths = [2] + [size.channels * min(2**n, 4) for n in range(size.layers)]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 3, stride=(1 + n % 2, 2), padding=1))
            for n, (a, b) in enumerate(pairwise(widths))
        )
        self.classes = nn.Embedding(len(STEM_CLASSES), widths[1])
        self.leave = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, audio: Tensor, classes: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the score, (batch, 1, frames, bins), and each layer's output."""
        spectrum = stft(audio, self.window, self.window // 2).mT
        compressed = torch.view_as_real(spectrum) * (magnitude(spectrum) ** -0.7)[..., None]
        x = compressed.permute(0, 3, 1, 2)
        features = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index == 0:
                x = x + self.classes(classes)[:, :, None, None]
            x = functional.leaky_relu(x, 0.1)
            features.append(x.float())
        return self.leave(x).float(), features


class Discriminator(nn.Module):
    """Tell recorded stems from estimated ones, window by window.

    Parameters
    ----------
    size : DiscriminatorConfiguration
    """

    def __init__(self, size: DiscriminatorConfiguration) -> None:
        super().__init__()
        self.windows = nn.ModuleList(WindowDiscriminator(w, size) for w in size.windows)

    @torch.no_grad()
    def refresh(self) -> None:
        """Bring what is known of the layers' spectral norms one iteration nearer.

        Once for each step, and not for each look: how often processes look is their own affair.
        """
        self.train()
        for layer in self.modules():
            if is_parametrized(layer):
                _ = layer.weight  # computing it moves the estimate
        self.eval()

    def forward(self, audio: Tensor, classes: Tensor) -> Verdict:
        """Judge audio of known classes.

        Parameters
        ----------
        audio : float tensor, shape (batch, samples)
            Of a level near one.
        classes : int tensor, shape (batch,)
            Positions in ``STEM_CLASSES``.
        """
        scores, features = [], []
        for window in self.windows:
            score, heard = window(audio, classes)
            scores.append(score)
            features.extend(heard)
        return Verdict(scores, features)
