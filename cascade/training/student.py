"""The student: one network that says in one pass what the whole cascade says."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...seeds import stream
from ..configuration import StudentConfiguration, TrainConfiguration
from ..metrics.musicnn_points import Points
from ..networks.generator import Generator
from ..sizes import GeneratorConfiguration
from .loader import Batch
from .pcm import PcmCache
from .ranks import Ranks
from .regression import Heard, Regression

__all__ = ["Student", "student_size"]


def student_size(configuration: TrainConfiguration) -> GeneratorConfiguration:
    """Return the size of a run's student: its own, or stage one's.

    Parameters
    ----------
    configuration : TrainConfiguration
        With a part ``student``.
    """
    assert configuration.student is not None
    return configuration.student.network or configuration.stage_one.network


class Student(Regression[StudentConfiguration]):
    """The student and what it learns from: the cascade's outputs beside the dry stems.

    Parameters
    ----------
    configuration : TrainConfiguration
        With a part ``student``.
    begin : mapping of str to tensor
        Stage one's weights: the student's first ones, unless it has a network of its own. What
        stage one knows of effects is left behind.
    cache : PcmCache
        What `cache_estimates` wrote of the cascade.
    ranks : Ranks
    severities : float array, shape (samples,), optional
    points : Points, optional
        As of `Regression`.
    """

    name = "student"

    def __init__(
        self,
        configuration: TrainConfiguration,
        begin: Mapping[str, Tensor],
        cache: PcmCache,
        ranks: Ranks,
        severities: NDArray[np.float64] | None = None,
        points: Points | None = None,
    ) -> None:
        budget = configuration.student
        assert budget is not None
        torch.manual_seed(int(stream(configuration.seed, self.name).integers(2**31)))
        network = Generator(student_size(configuration))
        if budget.network is None:
            network.load_state_dict({name: begin[name] for name in network.state_dict()})
        super().__init__(configuration, budget, network, cache, ranks, severities, points)

    def hear(self, batch: Batch, pairs: Tensor) -> Heard:
        """Return what the student says of some pairs."""
        return (self.network(batch.mixture, pairs),), {}

    def target(self, batch: Batch) -> Tensor:
        """Return what lies between the dry stems and what the cascade made of the mixture."""
        return self.budget.taught * batch.first + (1 - self.budget.taught) * batch.dry

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a student's estimates for a batch, shape (batch, 8, samples)."""
        out: Tensor = network(batch.mixture)
        return out
