"""Joint fine-tuning: both stages learn together, end to end, after each has learnt alone."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from .configuration import JointConfiguration, TrainConfiguration
from .generator import Generator
from .loader import Batch
from .losses import log_mel_loss
from .musicnn_points import Points
from .pcm import PcmCache
from .ranks import Ranks
from .regression import Regression
from .regressor import Regressor

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

    def forward(self, mixture: Tensor, pairs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return what both stages say of mixtures.

        Parameters
        ----------
        mixture : float tensor, shape (batch, 1, samples)
        pairs : int tensor, shape (2, n), optional
            Examples and classes that are wanted of stage two.

        Returns
        -------
        first : float tensor, shape (batch, 8, samples)
        second : float tensor, shape (batch, 8, samples), or (n, samples) where pairs are given
        """
        first = self.stage_one(mixture)
        return first, self.stage_two(mixture, first, pairs)


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
    ) -> None:
        assert configuration.joint is not None
        network = Cascade(generator, regressor)
        super().__init__(
            configuration, configuration.joint, network, cache, ranks, severities, points
        )

    def hear(self, batch: Batch, pairs: Tensor) -> tuple[Tensor, ...]:
        """Return what both stages say of some pairs."""
        first, second = self.network(batch.mixture, pairs)
        return first[pairs[0], pairs[1]], second

    def losses(self, said: tuple[Tensor, ...], target: Tensor) -> dict[str, Tensor]:
        """Return stage two's losses on the cascade, and one that keeps stage one plausible."""
        plausible = log_mel_loss(said[0], target, self.configuration.sample_rate)
        return super().losses(said, target) | {"log_mel": plausible}

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a cascade's estimates for a batch, shape (batch, 8, samples)."""
        out: Tensor = network(batch.mixture)[1]
        return out
