"""Layers that know effects: one through which a network is told them, one that predicts them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..effect_labels import PRESENT, UNKNOWN

__all__ = ["LabelHead", "Telling", "forgotten", "label_loss", "one_hot"]

STATES = 3
"""Unknown, absent, present."""

UNSAID_SHARE = 0.5
"""How often a stem's labels, and those of the mix, are left unsaid in training."""

NARROW = 8
"""Channels of what a head hears in each band."""


def one_hot(states: Tensor) -> Tensor:
    """Return states (n, labels) as numbers, shape (n, 3 * labels)."""
    return functional.one_hot(states.long(), STATES).flatten(1).float()


class Telling(nn.Module):
    """Scale and shift channels by the labels of what was done (FiLM), each known or unknown.

    Parameters
    ----------
    channels, labels : int
        A fresh one changes nothing.
    """

    def __init__(self, channels: int, labels: int) -> None:
        super().__init__()
        self.states = nn.Parameter(torch.zeros(STATES * labels, 2 * channels))

    def numbers(self, told: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is added to a scale of one, and the shift, each of shape (n, channels)."""
        scale, shift = (told @ self.states).chunk(2, 1)
        return scale, shift

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Map (n, channels, frames, bands), and what `one_hot` returns, to the same shape."""
        scale, shift = (part[..., None, None] for part in self.numbers(told))
        return x * (1 + scale) + shift


class LabelHead(nn.Module):
    """Predict labels from mean and spread of every band over time.

    Parameters
    ----------
    channels, bands : int
        Width of a frame of what it hears.
    heads, labels : int
        Classes that it speaks for, and labels of each.
    """

    def __init__(self, channels: int, bands: int, heads: int, labels: int) -> None:
        super().__init__()
        width = 2 * NARROW * bands
        self.narrow = nn.Linear(channels, NARROW)
        self.norm = nn.LayerNorm(width)
        self.weight = nn.Parameter(torch.zeros(heads, width, labels))
        self.bias = nn.Parameter(torch.zeros(heads, 1, labels))

    @torch.no_grad()
    def expect(self, shares: NDArray[np.float64]) -> None:
        """Begin with how common each label is, (heads, labels): rare ones are not a surprise."""
        self.bias.copy_(torch.from_numpy(np.log(shares / (1 - shares))).float()[:, None])

    def forward(self, x: Tensor, pairs: Tensor) -> Tensor:
        """Map (batch, channels, frames, bands) and (2, n) pairs to log-odds (n, labels)."""
        heard = functional.leaky_relu(self.narrow(x.permute(0, 2, 3, 1)), 0.1).float()
        spread = (heard.var(1, unbiased=False) + 1e-5).sqrt()
        about = self.norm(torch.cat([heard.mean(1), spread], -1).flatten(1))
        own = about[pairs[0]][:, None]
        return torch.baddbmm(self.bias[pairs[1]], own, self.weight[pairs[1]])[:, 0].float()


def forgotten(states: Tensor, own: int, rng: np.random.Generator) -> Tensor:
    """Leave half of what is known unsaid: the labels of each stem, and those of the mix.

    Parameters
    ----------
    states : int8 tensor, shape (batch, 8, labels)
    own : int
        How many of the labels are a stem's; the others are the mix's.
    rng : numpy.random.Generator
    """
    batch, classes, labels = states.shape
    stems = rng.random((batch, classes, 1)) < UNSAID_SHARE
    mixes = rng.random((batch, 1, 1)) < UNSAID_SHARE
    unsaid = np.where(np.arange(labels) < own, stems, mixes)
    return states.masked_fill(torch.from_numpy(unsaid).to(states.device), UNKNOWN)


def label_loss(predicted: Tensor, states: Tensor, shares: NDArray[np.float64]) -> Tensor:
    """Return the binary cross-entropy of what is known.

    Each label counts in units of what it costs to know no more than how common it is, so that
    rare ones count as much as others, and the odds stay true.

    Parameters
    ----------
    predicted : float tensor, shape (n, labels)
        Log-odds.
    states : int8 tensor, shape (n, labels)
    shares : float array, shape (8, labels)
    """
    share = shares.mean(0).clip(0.02, 0.98)
    chance = -share * np.log(share) - (1 - share) * np.log(1 - share)
    known = states != UNKNOWN
    truth = (states == PRESENT).to(predicted.dtype)
    cost = functional.binary_cross_entropy_with_logits(predicted, truth, reduction="none")
    scaled = cost / torch.from_numpy(chance).to(predicted)
    return (scaled * known).sum() / known.sum().clamp(min=1)
