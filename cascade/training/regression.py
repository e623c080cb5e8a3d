"""Learning to be exact: what stage two, the tuning of both stages and the student do alike."""

from collections.abc import Mapping
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..configuration import (
    JointConfiguration,
    StageTwoConfiguration,
    StudentConfiguration,
    TrainConfiguration,
)
from ..metrics.musicnn_points import Points, musicnn_points
from ..networks.compiling import compile_blocks
from ..networks.generator import mixture_level
from .embedding_mean import EmbeddingMean
from .examples import Drawn, Examples
from .loader import Batch
from .losses import error_loss, magnitudes, mel_error_loss, multi_resolution_stft_loss
from .optimisation import Optimisation, arithmetic
from .parts import Parts, mean_numbers
from .pcm import PcmCache
from .ranks import Ranks

Heard = tuple[tuple[Tensor, ...], dict[str, Tensor]]

__all__ = ["Regression", "regression_losses"]

Budget = TypeVar("Budget", StageTwoConfiguration, JointConfiguration, StudentConfiguration)


def regression_losses(estimate: Tensor, target: Tensor, sample_rate: int) -> dict[str, Tensor]:
    """Return what says how exact estimates are, by the names of the weights.

    Parameters
    ----------
    estimate, target : float tensors, shape (n, samples)
        At a level where the mixture's RMS is one.
    sample_rate : int
        In Hz.
    """
    spectra = magnitudes(estimate, target)
    return {
        "waveform": functional.l1_loss(estimate, target),
        "spectral": multi_resolution_stft_loss(spectra),
        "error": error_loss(estimate, target),
        "mel_error": mel_error_loss(spectra, estimate, target, sample_rate),
    }


class Regression(Generic[Budget]):
    """A network, its optimiser and what it learns from; a stage says what it hears and wants.

    Parameters
    ----------
    configuration : TrainConfiguration
    budget : StageTwoConfiguration, JointConfiguration or StudentConfiguration
        The stage's part of it.
    network : torch.nn.Module
        Trained in place.
    cache : PcmCache
        What it learns from.
    ranks : Ranks
    severities : float array, shape (samples,), optional
        Of the cache's samples, where there is a curriculum.
    points : Points, optional
        What the loss ``embedding_mean`` hears with; musicnn by default.
    """

    name: str

    def __init__(
        self,
        configuration: TrainConfiguration,
        budget: Budget,
        network: nn.Module,
        cache: PcmCache,
        ranks: Ranks,
        severities: NDArray[np.float64] | None = None,
        points: Points | None = None,
    ) -> None:
        self.configuration = configuration
        self.budget: Budget = budget
        self.ranks = ranks
        seed, rate = configuration.seed, configuration.sample_rate
        self.examples = Examples(self.name, seed, rate, budget, cache, severities)
        self.parts = Parts(self.draw, budget.parts, ranks)
        self.network = network.to(ranks.device).train()
        self.optimisation = Optimisation(
            self.network, budget.optimiser, budget.steps, ranks, configuration.precision
        )
        self.means = None
        if budget.embedding_mean:
            self.means = EmbeddingMean(points or musicnn_points(), rate, ranks)
        if configuration.compile:
            compile_blocks(self.network)

    def draw(self, step: int, part: int) -> Drawn:
        """Draw one part of one step's batch."""
        return self.examples.draw(step, part)

    def hear(self, batch: Batch, pairs: Tensor) -> Heard:
        """Return what is said of some (example, class) pairs, and losses of what is no sound.

        Parameters
        ----------
        batch : Batch
        pairs : int tensor, shape (2, n)

        Returns
        -------
        said : tuple of float tensors, each of shape (n, samples)
            The last is the estimate.
        losses : dict of str to tensor
        """
        raise NotImplementedError

    def target(self, batch: Batch) -> Tensor:
        """Return what should be said of a batch, shape (batch, 8, samples)."""
        return batch.dry

    def losses(self, said: tuple[Tensor, ...], target: Tensor) -> dict[str, Tensor]:
        """Return the losses by the names of their weights; all is relative to mixtures' levels."""
        return regression_losses(said[-1], target, self.configuration.sample_rate)

    def weight(self, loss: str) -> float:
        """Return the weight of a loss."""
        weight: float = getattr(self.budget, loss)
        return weight

    def train_step(self, step: int) -> dict[str, float]:
        """Learn from one batch; return the losses."""
        parts = [self._learn(drawn) for drawn in self.parts.of(step)]
        said = mean_numbers(parts, self.ranks, self.budget.parts)
        if self.means is not None:
            self.means.step()
        return said | {"gradient_norm": self.optimisation.descend(step)}

    def _learn(self, drawn: Drawn) -> dict[str, Tensor]:
        """Gather the gradients of one part; return its losses."""
        batch, pairs = drawn.batch.to(self.ranks.device), drawn.pairs.to(self.ranks.device)
        level = mixture_level(batch.mixture)[pairs[0], 0]
        with arithmetic(self.configuration.precision, self.ranks.device):
            heard, others = self.hear(batch, pairs)
        said = tuple(signal / level for signal in heard)
        target = self.target(batch)[pairs[0], pairs[1]] / level
        losses = self.losses(said, target) | others
        if self.means is not None:
            losses["embedding_mean"] = self.means.loss(said[-1], target, pairs[1])
        total = torch.stack([self.weight(name) * x for name, x in losses.items()]).sum()
        self.optimisation.gather(total, self.budget.parts)
        return {"loss": total, **losses}

    def state(self) -> dict[str, Tensor]:
        """Return all that `resume` needs, by name."""
        return self.optimisation.state() | (self.means.state() if self.means is not None else {})

    def resume(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""
        self.optimisation.resume(tensors)
        if self.means is not None:
            self.means.resume(tensors)

    def average(self) -> dict[str, Tensor]:
        """Return the averaged weights of the network."""
        return self.optimisation.average
