"""Training of the generative stage: distances that have a weight, and an adversary."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...seeds import stream
from ..configuration import TrainConfiguration
from ..effect_labels import EffectLabels
from ..networks.compiling import compile_blocks
from ..networks.discriminator import Discriminator
from ..networks.generator import mixture_level
from .awareness import built_generator, label_losses, told_in_training
from .examples import Drawn, Examples
from .loader import Batch
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
from .on_the_fly import Flow
from .optimisation import Optimisation, arithmetic
from .parts import Parts, mean_numbers
from .pcm import PcmCache
from .ranks import Ranks

__all__ = ["StageOne"]


class StageOne:
    """The generator, its adversary, and what they learn from.

    Parameters
    ----------
    configuration : TrainConfiguration
    cache : PcmCache
        The training split.
    ranks : Ranks
    severities : float array, shape (samples,), optional
        Of the cache's samples, where there is a curriculum.
    labels : EffectLabels, optional
        Of what was done to the cache's samples, where the network is told or predicts it.
    flow : Flow, optional
        Of fresh samples, which it learns from instead of the cache's.
    """

    name = "stage_one"

    def __init__(
        self,
        configuration: TrainConfiguration,
        cache: PcmCache,
        ranks: Ranks,
        severities: NDArray[np.float64] | None = None,
        labels: EffectLabels | None = None,
        flow: Flow | None = None,
    ) -> None:
        self.labels = labels
        self.configuration = configuration
        self.budget = budget = configuration.stage_one
        self.ranks = ranks
        seed, rate = configuration.seed, configuration.sample_rate
        examples = Examples(self.name, seed, rate, budget, cache, severities, flow)
        self.flow = flow
        self.parts = Parts(examples.draw, budget.parts, ranks)
        torch.manual_seed(int(stream(seed, self.name).integers(2**31)))
        self.network = built_generator(budget, labels).to(ranks.device)
        self.adversary = Discriminator(budget.discriminator).to(ranks.device)
        settings = (budget.optimiser, budget.steps, ranks, configuration.precision)
        self.generation = Optimisation(self.network, *settings)
        self.judgement = Optimisation(self.adversary, *settings)
        if configuration.compile:
            compile_blocks(self.network)
            compile_blocks(self.adversary)

    def close(self) -> None:
        """End what draws and renders ahead."""
        self.parts.close()
        if self.flow is not None:
            self.flow.close()

    def train_step(self, step: int) -> dict[str, float]:
        """Learn from one batch; return the losses."""
        judged = self._is_judged(step)
        if judged:
            self.adversary.refresh()
        parts = [self._learn(drawn, judged) for drawn in self.parts.of(step)]
        said = mean_numbers(parts, self.ranks, self.budget.parts)
        if judged:
            self.judgement.descend(step)
        return said | {"gradient_norm": self.generation.descend(step)}

    def _learn(self, drawn: Drawn, judged: bool) -> dict[str, Tensor]:
        """Gather the gradients of one part; return its losses."""
        batch, pairs = drawn.batch.to(self.ranks.device), drawn.pairs.to(self.ranks.device)
        estimate, target, predicted = self._hear(batch, pairs, drawn.rng)
        losses = self._losses(estimate, target) | label_losses(predicted, batch, pairs, self.labels)
        said = {}
        if judged:
            said["discriminator"], deceived = self._judge(estimate, target, pairs[1], drawn.rng)
            losses |= deceived
        weights = self.budget.weights.model_dump() | {"labels": self.budget.label_weight}
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        self.generation.gather(total, self.budget.parts)
        return {"loss": total, **said, **losses}

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a network's estimates for a batch, shape (batch, 8, samples)."""
        out: Tensor = network(batch.mixture, effects=batch.effects)
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

    def _hear(
        self, batch: Batch, pairs: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return estimates and targets of the pairs, relative to their mixtures' levels; labels."""
        told = told_in_training(self.network, batch, self.labels, rng)
        level = mixture_level(batch.mixture)[pairs[0], 0]
        with arithmetic(self.configuration.precision, self.ranks.device):
            estimate, labels = self.network.stems_and_labels(batch.mixture, pairs, told)
        return estimate / level, batch.dry[pairs[0], pairs[1]] / level, labels

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

    def _judge(
        self, estimate: Tensor, target: Tensor, classes: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Teach the adversary to tell the two apart; return its loss and what the generator pays.

        Both learn from one look of the adversary as it was before the step. It hears a cut of
        the first pairs, which are the active ones.
        """
        size, count = self.budget.discriminator, self.budget.parts
        frames = min(round(size.seconds * self.configuration.sample_rate), target.shape[1])
        start = int(rng.integers(target.shape[1] - frames + 1))
        most = min(max(size.pairs // count, 1), len(target))
        heard = torch.cat([target[:most], estimate[:most]])[:, start : start + frames]
        with arithmetic(self.configuration.precision, self.ranks.device):
            recorded, estimated = self.adversary(heard, classes[:most].repeat(2)).halves()
        loss = discriminator_loss(recorded, estimated)
        self.judgement.gather(loss, count, keep_graph=True)
        return loss, {
            "adversarial": adversarial_loss(estimated),
            "feature_matching": feature_matching_loss(recorded, estimated),
        }
