"""Training of the regression stage: from cached estimates of stage one to the exact waveform."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..audio import STEM_CLASSES, Audio
from ..seeds import stream
from .compiling import compile_blocks
from .configuration import TrainConfiguration
from .effect_labels import EffectLabels
from .effect_layers import forgotten
from .embedding_mean import EmbeddingMean
from .examples import Drawn, Examples
from .generator import Generator, mixture_level
from .loader import Batch
from .losses import error_loss, magnitudes, mel_error_loss, multi_resolution_stft_loss
from .musicnn_points import Points, musicnn_points
from .optimisation import Optimisation, arithmetic
from .parts import Parts, mean_numbers
from .pcm import PcmCache, write_cache
from .ranks import Ranks
from .regressor import Regressor
from .windows import windowed

__all__ = ["StageTwo", "cache_estimates", "regression_losses"]


def cache_estimates(
    generator: Generator,
    configuration: TrainConfiguration,
    cache: PcmCache,
    folder: Path,
    device: torch.device,
    labels: EffectLabels | None = None,
) -> PcmCache:
    """Write one channel of every sample together with stage one's estimates of it.

    Parameters
    ----------
    generator : Generator
        Stage one, trained.
    configuration : TrainConfiguration
    cache : PcmCache
        The training split; which channel is taken is drawn for each key.
    folder : Path
        Opened where it exists already.
    device : torch.device
    labels : EffectLabels, optional
        Where stage one is told effects: half of what is known is left unsaid, drawn by key.
    """
    if folder.exists():
        return PcmCache.open(folder)

    def samples() -> Iterator[tuple[str, dict[str, Audio]]]:
        items = islice(enumerate(cache.items), configuration.stage_two.cached_samples)
        for item, about in items:
            rng = stream(configuration.seed, "channel", about["key"])
            mix = np.eye(about["channels"])[rng.integers(about["channels"])]
            signals = {
                name: cache.mono(item, name, 0, about["frames"], mix)[None]
                for name in about["signals"]
            }
            told = None
            if labels is not None and generator.told:
                states = torch.from_numpy(np.stack([about["effects"]]))
                rng = stream(configuration.seed, "unsaid", about["key"])
                told = forgotten(states, len(labels.own), rng).to(device)
            first = estimate_whole(generator, signals["mixture"], configuration, device, told)
            estimates = zip(STEM_CLASSES, first, strict=True)
            yield about["key"], signals | {f"first/{name}": x[None] for name, x in estimates}

    return write_cache(folder, samples())


@torch.no_grad()
def estimate_whole(
    generator: Generator,
    mixture: Audio,
    configuration: TrainConfiguration,
    device: torch.device,
    told: Tensor | None = None,
) -> Audio:
    """Return stage one's estimates of a mono mixture, shape (8, samples), as restoration does."""
    sample_rate, size = configuration.sample_rate, configuration.restoration

    def estimate(part: Audio) -> Audio:
        heard = torch.from_numpy(part)[None].to(device)
        out: Audio = generator(heard, effects=told)[0].cpu().numpy()
        return out

    parts = windowed(
        lambda start, frames: mixture[:, start : start + frames],
        estimate,
        mixture.shape[1],
        round(size.window_s * sample_rate),
        round(size.overlap_s * sample_rate),
        generator.grid,
    )
    return np.concatenate(list(parts), axis=-1)


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


class StageTwo:
    """The regressor and what it learns from.

    Parameters
    ----------
    configuration : TrainConfiguration
    cache : PcmCache
        What `cache_estimates` wrote.
    ranks : Ranks
    severities : float array, shape (samples,), optional
        Of the cache's samples, where there is a curriculum.
    points : Points, optional
        What the loss ``embedding_mean`` hears with; musicnn by default.
    """

    name = "stage_two"

    def __init__(
        self,
        configuration: TrainConfiguration,
        cache: PcmCache,
        ranks: Ranks,
        severities: NDArray[np.float64] | None = None,
        points: Points | None = None,
    ) -> None:
        self.configuration = configuration
        self.budget = budget = configuration.stage_two
        self.ranks = ranks
        seed, rate = configuration.seed, configuration.sample_rate
        self.examples = Examples(self.name, seed, rate, budget, cache, severities)
        self.parts = Parts(self._draw, budget.parts, ranks)
        torch.manual_seed(int(stream(seed, self.name).integers(2**31)))
        self.network = Regressor(budget.network).to(ranks.device)
        self.regression = Optimisation(
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
        return said | {"gradient_norm": self.regression.descend(step)}

    def _draw(self, step: int, part: int) -> Drawn:
        """Draw one part of a batch, with estimates that are less reliable than they were."""
        drawn = self.examples.draw(step, part)
        return replace(drawn, batch=self.augment(drawn.batch, drawn.rng))

    def _learn(self, drawn: Drawn) -> dict[str, Tensor]:
        """Gather the gradients of one part; return its losses."""
        batch, pairs = drawn.batch.to(self.ranks.device), drawn.pairs.to(self.ranks.device)
        level = mixture_level(batch.mixture)[pairs[0], 0]
        with arithmetic(self.configuration.precision, self.ranks.device):
            estimate = self.network(batch.mixture, batch.first, pairs) / level
        target = batch.dry[pairs[0], pairs[1]] / level
        losses = regression_losses(estimate, target, self.configuration.sample_rate)
        if self.means is not None:
            losses["embedding_mean"] = self.means.loss(estimate, target, pairs[1])
        total = torch.stack([getattr(self.budget, name) * x for name, x in losses.items()]).sum()
        self.regression.gather(total, self.budget.parts)
        return {"loss": total, **losses}

    def augment(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """Make stage one's estimates less reliable than they are on songs that it was taught.

        Every estimate is turned in phase by a constant of its own; now and then it is
        nearly lost, so that the mixture has to help, or is the clean target itself.
        """
        shape = (*batch.first.shape[:2], 1)
        turn = rng.uniform(-1, 1, shape) * np.pi * self.budget.phase_offset
        lost = rng.random(shape) < self.budget.lost_share
        gain = np.where(lost, 10 ** -rng.uniform(0.5, 2, shape), 1)
        spectrum = torch.fft.rfft(batch.first)
        turned = torch.polar(torch.from_numpy(gain).float(), torch.from_numpy(turn).float())
        first = torch.fft.irfft(spectrum * turned, batch.first.shape[-1])
        clean = torch.from_numpy(rng.random(shape) < self.budget.clean_share)
        return Batch(batch.mixture, batch.dry, torch.where(clean, batch.dry, first))

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a network's estimates for a batch, shape (batch, 8, samples)."""
        out: Tensor = network(batch.mixture, batch.first)
        return out

    def state(self) -> dict[str, Tensor]:
        """Return all that `resume` needs, by name."""
        return self.regression.state() | (self.means.state() if self.means is not None else {})

    def resume(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""
        self.regression.resume(tensors)
        if self.means is not None:
            self.means.resume(tensors)

    def average(self) -> dict[str, Tensor]:
        """Return the averaged weights of the network."""
        return self.regression.average
