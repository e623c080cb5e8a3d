"""A loss that keeps the mean embedding in place: the mean term of a Frechet distance.

The mean of a batch's few excerpts says little about a cloud. Each class therefore has a running
mean of the differences, which the batch moves a little; it is part of the saved state.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from ...audio import STEM_CLASSES
from ..metrics.musicnn_points import Points
from .losses import SILENT
from .ranks import Ranks

__all__ = ["EmbeddingMean"]

MEMORY = 0.95
"""How much of the running mean a step keeps: it is over some twenty batches."""


class EmbeddingMean:
    """How far the estimates' mean embedding is from the targets', class by class.

    Parameters
    ----------
    points : Points
        From excerpts to points; must let gradients through.
    sample_rate : int
        In Hz.
    ranks : Ranks
        All processes share the running means.
    """

    def __init__(self, points: Points, sample_rate: int, ranks: Ranks) -> None:
        self.points = points
        self.sample_rate = sample_rate
        self.ranks = ranks
        shape = len(STEM_CLASSES), points.dims
        self.running = torch.zeros(shape, device=ranks.device)
        self.seen = torch.zeros(len(STEM_CLASSES), device=ranks.device)
        self._sums, self._counts = torch.zeros_like(self.running), torch.zeros_like(self.seen)

    def loss(self, estimate: Tensor, target: Tensor, classes: Tensor) -> Tensor:
        """Return the squared distance of the means, averaged over the classes that are heard.

        Its value is that of the running means, its gradient that of the batch's share as if it
        were all of it: so the slope does not depend on the memory.

        Parameters
        ----------
        estimate, target : float tensors, shape (n, samples)
            At a level where the mixture's RMS is one.
        classes : int tensor, shape (n,)

        Returns
        -------
        float tensor, shape ()
            In squared units of the embedding, as the mean term of a Frechet distance.
        """
        heard = target.square().mean(-1) > SILENT
        if not heard.any():
            return 0 * estimate.sum()
        with torch.no_grad():
            wanted = self.points(target[heard], self.sample_rate)
        off = self.points(estimate[heard], self.sample_rate) - wanted
        own = functional.one_hot(classes[heard], len(STEM_CLASSES)).to(off.dtype)
        sums, counts = own.T @ off, own.sum(0)
        self._sums += sums.detach()
        self._counts += counts
        here = sums / counts.clamp(min=1)[:, None]
        moved = self._moved(here.detach()) + here - here.detach()
        return moved[counts > 0].square().sum(1).mean()

    def step(self) -> None:
        """Move the running means by all parts of a step, of all processes."""
        self.ranks.add_up([self._sums, self._counts])
        here = self._sums / self._counts.clamp(min=1)[:, None]
        known = (self._counts > 0) & torch.isfinite(here).all(1)
        self.running = torch.where(known[:, None], self._moved(here), self.running)
        self.seen += known
        self._sums, self._counts = torch.zeros_like(self.running), torch.zeros_like(self.seen)

    def _moved(self, here: Tensor) -> Tensor:
        """Return the running means after a batch; the first batches count alike."""
        share = (1 / (self.seen + 1)).clamp(min=1 - MEMORY)[:, None]
        return self.running + share * (here - self.running)

    def state(self) -> dict[str, Tensor]:
        """Return all that `resume` needs, by name."""
        return {"embedding_mean/running": self.running, "embedding_mean/seen": self.seen}

    def resume(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""
        self.running = tensors["embedding_mean/running"].to(self.ranks.device)
        self.seen = tensors["embedding_mean/seen"].to(self.ranks.device)
