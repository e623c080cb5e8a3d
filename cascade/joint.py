"""Joint fine-tuning: both stages learn together, end to end, after each has learnt alone."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .awareness import label_losses, told_in_training
from .compiling import compile_blocks
from .configuration import JointConfiguration, TrainConfiguration
from .effect_labels import EffectLabels
from .embedding_mean import EmbeddingMean
from .examples import Drawn, Examples
from .generator import Generator, mixture_level
from .loader import Batch
from .losses import log_mel_loss
from .musicnn_points import Points, musicnn_points
from .optimisation import Optimisation, arithmetic
from .parts import Parts, mean_numbers
from .pcm import PcmCache
from .ranks import Ranks
from .regressor import Regressor
from .stage_two import regression_losses

__all__ = ["Cascade", "Joint"]


class Cascade(nn.Module):
    """Both stages as one network, whose weights are one file: a pair can never be mixed.

    Parameters
    ----------
    generator, regressor : torch.nn.Module
    """

    def __init__(self, generator: Generator, regressor: Regressor) -> None:
        super().__init__()
        self.stage_one = generator
        self.stage_two = regressor

    def forward(
        self, mixture: Tensor, pairs: Tensor | None = None, effects: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return what both stages say of mixtures.

        Parameters
        ----------
        mixture : float tensor, shape (batch, 1, samples)
        pairs : int tensor, shape (2, n), optional
            Examples and classes that are wanted of stage two.
        effects : int8 tensor, shape (batch, 8, labels), optional
            What stage one is told, where it is told effects.

        Returns
        -------
        first : float tensor, shape (batch, 8, samples)
        second : float tensor, shape (batch, 8, samples), or (n, samples) where pairs are given
        labels : float tensor, shape (batch, 8, labels)
            Log-odds; without labels where stage one predicts none.
        """
        first, labels = self.stage_one.stems_and_labels(mixture, effects=effects)
        return first, self.stage_two(mixture, first, pairs), labels


class Joint:
    """Both networks and what they learn from.

    Parameters
    ----------
    configuration : TrainConfiguration
        With a part ``joint``.
    generator, regressor : torch.nn.Module
        Trained; tuned in place.
    cache : PcmCache
        The training split.
    ranks : Ranks
    severities : float array, shape (samples,), optional
        Of the cache's samples, where there is a curriculum.
    points : Points, optional
        What the loss ``embedding_mean`` hears with; musicnn by default.
    labels : EffectLabels, optional
        Of what was done to the cache's samples, where stage one is told or predicts it; labels
        go on being predicted at stage one's weight.
    """

    name = "joint"

    def __init__(
        self,
        configuration: TrainConfiguration,
        generator: Generator,
        regressor: Regressor,
        cache: PcmCache,
        ranks: Ranks,
        severities: NDArray[np.float64] | None = None,
        points: Points | None = None,
        labels: EffectLabels | None = None,
    ) -> None:
        self.labels = labels
        assert configuration.joint is not None
        self.configuration = configuration
        self.budget: JointConfiguration = configuration.joint
        self.ranks = ranks
        seed, rate, budget = configuration.seed, configuration.sample_rate, self.budget
        examples = Examples(self.name, seed, rate, budget, cache, severities)
        self.parts = Parts(examples.draw, budget.parts, ranks)
        self.network = Cascade(generator, regressor).to(ranks.device).train()
        self.tuning = Optimisation(
            self.network, budget.optimiser, budget.steps, ranks, configuration.precision
        )
        self.means = None
        if budget.embedding_mean:
            self.means = EmbeddingMean(points or musicnn_points(), rate, ranks)
        if configuration.compile:
            compile_blocks(self.network)

    def train_step(self, step: int) -> dict[str, float]:
        """Learn from one batch; return the losses."""
        parts = [self._learn(drawn) for drawn in self.parts.of(step)]
        said = mean_numbers(parts, self.ranks, self.budget.parts)
        if self.means is not None:
            self.means.step()
        return said | {"gradient_norm": self.tuning.descend(step)}

    def _learn(self, drawn: Drawn) -> dict[str, Tensor]:
        """Gather the gradients of one part; return its losses."""
        batch, pairs = drawn.batch.to(self.ranks.device), drawn.pairs.to(self.ranks.device)
        level = mixture_level(batch.mixture)[pairs[0], 0]
        with arithmetic(self.configuration.precision, self.ranks.device):
            told = told_in_training(self.network.stage_one, batch, self.labels, drawn.rng)
            first, second, predicted = self.network(batch.mixture, pairs, told)
        plausible, estimate = first[pairs[0], pairs[1]] / level, second / level
        target, rate = batch.dry[pairs[0], pairs[1]] / level, self.configuration.sample_rate
        losses = regression_losses(estimate, target, rate)
        losses["log_mel"] = log_mel_loss(plausible, target, rate)
        if self.means is not None:
            losses["embedding_mean"] = self.means.loss(estimate, target, pairs[1])
        losses |= label_losses(predicted[pairs[0], pairs[1]], batch, pairs, self.labels)
        weights = self.budget.model_dump() | {"labels": self.configuration.stage_one.label_weight}
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        self.tuning.gather(total, self.budget.parts)
        return {"loss": total, **losses}

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a cascade's estimates for a batch, shape (batch, 8, samples)."""
        out: Tensor = network(batch.mixture, effects=batch.effects)[1]
        return out

    def state(self) -> dict[str, Tensor]:
        """Return all that `resume` needs, by name."""
        return self.tuning.state() | (self.means.state() if self.means is not None else {})

    def resume(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""
        self.tuning.resume(tensors)
        if self.means is not None:
            self.means.resume(tensors)

    def average(self) -> dict[str, Tensor]:
        """Return the averaged weights of both networks."""
        return self.tuning.average
