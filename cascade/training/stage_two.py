"""Training of the regression stage: from cached estimates of stage one to the exact waveform."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...audio import STEM_CLASSES, Audio
from ...seeds import stream
from ..configuration import StageTwoConfiguration, TrainConfiguration
from ..metrics.musicnn_points import Points
from ..networks.generator import Generator
from ..networks.regressor import Regressor
from ..networks.windows import windowed
from .examples import Drawn
from .loader import Batch
from .pcm import PcmCache, write_cache
from .ranks import Ranks
from .regression import Heard, Regression

__all__ = ["StageTwo", "cache_estimates", "estimate_whole"]


def cache_estimates(
    estimate: Callable[[Audio, Mapping[str, Any]], Audio],
    cache: PcmCache,
    folder: Path,
    seed: int,
    most: int | None = None,
) -> PcmCache:
    """Write one channel of every sample together with what a trained network says of it.

    Parameters
    ----------
    estimate : callable
        From a mono mixture, shape (1, samples), and what the cache knows of its sample to
        estimates, shape (8, samples).
    cache : PcmCache
        The training split.
    folder : Path
        Opened where it exists already.
    seed : int
        Of the draw, for each key, of the channel that is taken.
    most : int, optional
        At most so many samples.
    """
    if folder.exists():
        return PcmCache.open(folder)

    def samples() -> Iterator[tuple[str, dict[str, Audio]]]:
        for item, about in islice(enumerate(cache.items), most):
            rng = stream(seed, "channel", about["key"])
            mix = np.eye(about["channels"])[rng.integers(about["channels"])]
            signals = {
                name: cache.mono(item, name, 0, about["frames"], mix)[None]
                for name in about["signals"]
            }
            estimates = zip(STEM_CLASSES, estimate(signals["mixture"], about), strict=True)
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


class StageTwo(Regression[StageTwoConfiguration]):
    """The regressor and what it learns from.

    Parameters
    ----------
    configuration : TrainConfiguration
    cache : PcmCache
        What `cache_estimates` wrote.
    ranks : Ranks
    severities : float array, shape (samples,), optional
    points : Points, optional
        As of `Regression`.
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
        budget = configuration.stage_two
        torch.manual_seed(int(stream(configuration.seed, self.name).integers(2**31)))
        network = Regressor(budget.network)
        super().__init__(configuration, budget, network, cache, ranks, severities, points)

    def draw(self, step: int, part: int) -> Drawn:
        """Draw one part of a batch, with estimates that are less reliable than they were."""
        drawn = super().draw(step, part)
        return replace(drawn, batch=self.augment(drawn.batch, drawn.rng))

    def hear(self, batch: Batch, pairs: Tensor) -> Heard:
        """Return what the regressor says of some pairs."""
        return (self.network(batch.mixture, batch.first, pairs),), {}

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
