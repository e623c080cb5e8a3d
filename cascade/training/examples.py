"""What a stage learns from in one part of one step, drawn by its address alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ...seeds import stream
from ..configuration import Budget
from .loader import Batch, draw_batch, draw_pairs, excerpts_of
from .on_the_fly import Flow
from .pcm import PcmCache
from .severities import severity_weights

__all__ = ["Drawn", "Examples"]

QUIET_SHARE = 0.25


@dataclass(frozen=True)
class Drawn:
    """A part of a batch, and what else was drawn for it.

    Parameters
    ----------
    batch : Batch
    pairs : int tensor, shape (2, pairs)
        The (example, class) pairs that are heard, most of them active.
    rng : numpy.random.Generator
        For what remains to be drawn.
    """

    batch: Batch
    pairs: Tensor
    rng: np.random.Generator


class Examples:
    """Draw the parts of a stage's batches.

    Parameters
    ----------
    name : str
        The stage's.
    seed, sample_rate : int
        Rate in Hz.
    budget : Budget
    cache : PcmCache
    severities : float array, shape (samples,), optional
        Of the cache's samples, where there is a curriculum.
    flow : Flow, optional
        Of fresh samples, which come instead of the cache's.
    """

    def __init__(
        self,
        name: str,
        seed: int,
        sample_rate: int,
        budget: Budget,
        cache: PcmCache,
        severities: NDArray[np.float64] | None = None,
        flow: Flow | None = None,
    ) -> None:
        self.name = name
        self.seed = seed
        self.frames = round(budget.seconds * sample_rate)
        self.budget = budget
        self.cache = cache
        self.severities = severities
        self.flow = flow

    def draw(self, step: int, part: int) -> Drawn:
        """Draw one part of one step's batch."""
        budget = self.budget
        size = budget.batch // budget.parts
        batch = self._batch(step, range(part * size, (part + 1) * size))
        rng = stream(self.seed, self.name, "part", step, part)
        pairs = draw_pairs(batch.active, budget.pairs // budget.parts, rng, QUIET_SHARE)
        return Drawn(batch, pairs, rng)

    def _batch(self, step: int, places: range) -> Batch:
        """Draw the excerpts at some places of one step's batch."""
        budget, curriculum = self.budget, self.budget.curriculum
        if self.flow is not None:
            found = self.flow.of(step, places)
            return excerpts_of(found, self.seed, self.name, step, self.frames, budget.variety)
        weights = None
        if curriculum is not None and self.severities is not None:
            weights = severity_weights(self.severities, curriculum, step)
        return draw_batch(
            self.cache, self.seed, self.name, step, budget.batch, self.frames, budget.variety,
            places=places, weights=weights,
        )  # fmt: skip
