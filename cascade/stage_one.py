"""Training of the generative stage: distances that have a weight, and an adversary."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..seeds import stream
from .configuration import TrainConfiguration
from .discriminator import Discriminator
from .generator import Generator, mixture_level
from .loader import Batch, draw_batch, draw_pairs
from .losses import (
    adversarial_loss,
    discriminator_loss,
    error_loss,
    feature_matching_loss,
    level_loss,
    log_mel_loss,
    magnitudes,
    mel_error_loss,
    sdr_loss,
)
from .optimisation import Optimisation
from .pcm import PcmCache

__all__ = ["StageOne"]

QUIET_SHARE = 0.25


class StageOne:
    """The generator, its adversary, and what they learn from.

    Parameters
    ----------
    configuration : TrainConfiguration
    cache : PcmCache
        The training split.
    device : torch.device
    """

    name = "stage_one"

    def __init__(
        self, configuration: TrainConfiguration, cache: PcmCache, device: torch.device
    ) -> None:
        self.configuration = configuration
        self.budget = configuration.stage_one
        self.cache = cache
        self.device = device
        torch.manual_seed(int(stream(configuration.seed, self.name).integers(2**31)))
        self.network = Generator(self.budget.network).to(device)
        self.adversary = Discriminator(self.budget.discriminator).to(device)
        size, steps = self.budget.optimiser, self.budget.steps
        self.generation = Optimisation(self.network, size, steps)
        self.judgement = Optimisation(self.adversary, size, steps)

    def train_step(self, step: int) -> dict[str, float]:
        """Learn from one batch; return the losses."""
        seed, budget = self.configuration.seed, self.budget
        frames = round(budget.seconds * self.configuration.sample_rate)
        batch = draw_batch(self.cache, seed, self.name, step, budget.batch, frames, budget.variety)
        rng = stream(seed, self.name, "pairs", step)
        pairs = draw_pairs(batch.active, budget.pairs, rng, QUIET_SHARE).to(self.device)
        batch = batch.to(self.device)
        estimate, target = self._hear(batch, pairs)
        losses = self._losses(estimate, target)
        said = {}
        if self._is_judged(step):
            heard = self._excerpts(estimate, target, pairs[1], rng)
            said["discriminator"] = self._judge(*heard, step)
            losses |= self._deceive(*heard)
        weights = budget.weights.model_dump()
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        said["gradient_norm"] = self.generation.descend(total, step)
        return {
            "loss": float(total.detach()),
            **said,
            **{k: float(v.detach()) for k, v in losses.items()},
        }

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a network's estimates for a batch, shape (batch, 8, samples)."""
        out: Tensor = network(batch.mixture)
        return out

    def state(self) -> dict[str, Tensor]:
        """Return all that `resume` needs, by name."""
        parts = {"generator": self.generation, "discriminator": self.judgement}
        return {f"{p}/{k}": v for p, o in parts.items() for k, v in o.state().items()}

    def resume(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""
        for part, optimisation in (
            ("generator/", self.generation),
            ("discriminator/", self.judgement),
        ):
            own = {k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)}
            optimisation.resume(own)

    def average(self) -> dict[str, Tensor]:
        """Return the averaged weights of the network."""
        return self.generation.average

    def _hear(self, batch: Batch, pairs: Tensor) -> tuple[Tensor, Tensor]:
        """Return estimates and targets of the pairs, relative to their mixtures' levels."""
        level = mixture_level(batch.mixture)[pairs[0], 0]
        estimate = self.network(batch.mixture, pairs) / level
        return estimate, batch.dry[pairs[0], pairs[1]] / level

    def _losses(self, estimate: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return every loss that has a weight, but the adversary's, by name."""
        rate, weights = self.configuration.sample_rate, self.budget.weights.model_dump()
        losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
            "log_mel": lambda a, b: log_mel_loss(a, b, rate),
            "error": error_loss,
            "mel_error": lambda a, b: mel_error_loss(magnitudes(a, b), a, b, rate),
            "sdr": sdr_loss,
            "level": level_loss,
            "waveform": functional.l1_loss,
        }
        return {name: loss(estimate, target) for name, loss in losses.items() if weights[name]}

    def _is_judged(self, step: int) -> bool:
        """Tell whether the adversary takes part in a step."""
        weights = self.budget.weights
        wanted = bool(weights.adversarial or weights.feature_matching)
        return wanted and step >= self.budget.discriminator.from_step

    def _excerpts(
        self, estimate: Tensor, target: Tensor, classes: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Cut what the adversary hears: the first pairs, which are the active ones."""
        size = self.budget.discriminator
        frames = min(round(size.seconds * self.configuration.sample_rate), target.shape[1])
        start = int(rng.integers(target.shape[1] - frames + 1))
        cut = slice(start, start + frames)
        return estimate[: size.pairs, cut], target[: size.pairs, cut], classes[: size.pairs]

    def _judge(self, estimate: Tensor, target: Tensor, classes: Tensor, step: int) -> float:
        """Teach the adversary to tell the two apart."""
        self.adversary.requires_grad_(True)
        verdicts = self.adversary(target, classes), self.adversary(estimate.detach(), classes)
        loss = discriminator_loss(*verdicts)
        self.judgement.descend(loss, step)
        return float(loss.detach())

    def _deceive(self, estimate: Tensor, target: Tensor, classes: Tensor) -> dict[str, Tensor]:
        """Return what the adversary makes the generator pay."""
        self.adversary.requires_grad_(False)
        with torch.no_grad():
            recorded = self.adversary(target, classes)
        estimated = self.adversary(estimate, classes)
        return {
            "adversarial": adversarial_loss(estimated),
            "feature_matching": feature_matching_loss(recorded, estimated),
        }
