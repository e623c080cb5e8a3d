"""Joint fine-tuning: both stages learn together, end to end, after each has learnt alone."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from ..configuration import JointConfiguration, TrainConfiguration
from ..effect_labels import EffectLabels
from ..metrics.musicnn_points import Points
from ..networks.generator import Generator
from ..networks.regressor import Regressor
from .awareness import label_losses, told_in_training
from .examples import Drawn
from .loader import Batch
from .losses import log_mel_loss
from .pcm import PcmCache
from .ranks import Ranks
from .regression import Heard, Regression

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


class Joint(Regression[JointConfiguration]):
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
    points : Points, optional
        As of `Regression`.
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
        self.labels, self.generator = labels, generator
        assert configuration.joint is not None
        network = Cascade(generator, regressor)
        super().__init__(
            configuration, configuration.joint, network, cache, ranks, severities, points
        )

    def draw(self, step: int, part: int) -> Drawn:
        """Draw one part of a batch, with half of what is told left unsaid."""
        drawn = super().draw(step, part)
        told = told_in_training(self.generator, drawn.batch, self.labels, drawn.rng)
        return drawn if told is None else replace(drawn, batch=replace(drawn.batch, effects=told))

    def hear(self, batch: Batch, pairs: Tensor) -> Heard:
        """Return what both stages say of some pairs."""
        told = batch.effects if self.generator.told else None
        first, second, predicted = self.network(batch.mixture, pairs, told)
        labels = label_losses(predicted[pairs[0], pairs[1]].float(), batch, pairs, self.labels)
        return (first[pairs[0], pairs[1]], second), labels

    def losses(self, said: tuple[Tensor, ...], target: Tensor) -> dict[str, Tensor]:
        """Return stage two's losses on the cascade, and one that keeps stage one plausible."""
        plausible = log_mel_loss(said[0], target, self.configuration.sample_rate)
        return super().losses(said, target) | {"log_mel": plausible}

    def weight(self, loss: str) -> float:
        """Return a loss's weight; labels have stage one's."""
        own = self.configuration.stage_one.label_weight
        return own if loss == "labels" else super().weight(loss)

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a cascade's estimates for a batch, shape (batch, 8, samples)."""
        out: Tensor = network(batch.mixture, effects=batch.effects)[1]
        return out
