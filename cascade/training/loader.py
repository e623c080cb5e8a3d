"""Batches for training: a split decoded once into PCM on disk, excerpts drawn by address.

Which excerpt stands at which place of which step follows from the seed alone, never from
what was read before; that is what makes a resumed run the same as an undisturbed one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...audio import STEM_CLASSES, Audio
from ...errors import ShardError
from ...seeds import stream
from ..sizes import VarietyConfiguration
from .pcm import PcmCache, write_cache
from .samples import Sample, read_samples
from .variety import draw_length, vary

__all__ = ["Batch", "draw_batch", "draw_pairs", "excerpts_of", "prepare", "signals_of"]

TRIES = 4
AS_IT_IS = VarietyConfiguration()


@dataclass(frozen=True)
class Batch:
    """Excerpts of mono audio.

    Parameters
    ----------
    mixture : float tensor, shape (batch, 1, samples)
    dry : float tensor, shape (batch, 8, samples)
    first : float tensor, shape (batch, 8, samples)
        Stage one's estimates; silent where they are not cached.
    effects : int8 tensor, shape (batch, 8, labels), optional
        States of the labels of what was done (`EffectLabels.states`), where they are to be known.
    """

    mixture: Tensor
    dry: Tensor
    first: Tensor
    effects: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device."""
        effects = None if self.effects is None else self.effects.to(device)
        return Batch(self.mixture.to(device), self.dry.to(device), self.first.to(device), effects)

    def each(self) -> Iterator["Batch"]:
        """Yield each excerpt as a batch of one: what is only heard need not fit in at once."""
        effects = [None] * len(self.mixture) if self.effects is None else self.effects.split(1)
        signals = (self.mixture.split(1), self.dry.split(1), self.first.split(1))
        return (Batch(*part) for part in zip(*signals, effects, strict=True))

    @property
    def active(self) -> Tensor:
        """Which stems are heard: within 60 dB of the mixture; bool, shape (batch, 8)."""
        return self.dry.square().mean(2) > 1e-6 * self.mixture.square().mean(2) + 1e-12


def prepare(
    data: Path, split: str, sample_rate: int, folder: Path, limit: int | None = None
) -> PcmCache:
    """Decode a split once, or open what was decoded before.

    Parameters
    ----------
    data : Path
        The dataset's folder.
    split : str
    sample_rate : int
        Rate in Hz that the dataset must have.
    folder : Path
        Where the samples are kept.
    limit : int, optional
        Stop after so many samples.

    Raises
    ------
    ShardError
        If the shards cannot be read, or have another sample rate.
    """
    if folder.exists():
        return PcmCache.open(folder)
    samples = islice(read_samples(data, split), limit)
    return write_cache(folder, _signals(samples, sample_rate, data))


def _signals(
    samples: Iterator[Sample], sample_rate: int, data: Path
) -> Iterator[tuple[str, dict[str, Audio]]]:
    """Name the signals of each sample."""
    for sample in samples:
        if sample.sample_rate != sample_rate:
            raise ShardError(
                f"{data}: wanted {sample_rate} Hz, found {sample.sample_rate} Hz in "
                f"{sample.key}; set sample_rate in the training configuration"
            )
        yield sample.key, signals_of(sample.mixture, sample.dry)


def signals_of(mixture: Audio, dry: Mapping[str, Audio]) -> dict[str, Audio]:
    """Name the signals of a sample as `draw_batch` looks for them."""
    return {"mixture": mixture, **{f"dry/{name}": audio for name, audio in dry.items()}}


def draw_batch(
    cache: PcmCache,
    seed: int,
    stage: str,
    step: int,
    batch: int,
    frames: int,
    variety: VarietyConfiguration = AS_IT_IS,
    *,
    places: Sequence[int] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> Batch:
    """Draw the batch of one step.

    Parameters
    ----------
    cache : PcmCache
    seed : int
    stage : str
        Names the stream of draws.
    step, batch : int
        Every sample comes once in an epoch, in an order drawn for each epoch.
    frames : int
        Length of the excerpts, in samples.
    variety : VarietyConfiguration
        How much they are changed.
    places : sequence of int, optional
        Those excerpts of the batch that are wanted.
    weights : float array, shape (samples,), optional
        How often each sample comes in this step; then there are no epochs.
    """
    count = len(cache.items)

    def chosen(place: int) -> int:
        if weights is None:
            epoch, position = divmod(step * batch + place, count)
            return int(_order(seed, stage, epoch, count)[position])
        reach = np.cumsum(weights)
        drawn = stream(seed, stage, "weighted", step, place).random() * reach[-1]
        return min(int(np.searchsorted(reach, drawn, "right")), count - 1)

    found = ((p, cache, chosen(p)) for p in (range(batch) if places is None else places))
    return excerpts_of(found, seed, stage, step, frames, variety)


def excerpts_of(
    found: Iterable[tuple[int, PcmCache, int]],
    seed: int,
    stage: str,
    step: int,
    frames: int,
    variety: VarietyConfiguration = AS_IT_IS,
) -> Batch:
    """Cut an excerpt for each place of a step out of the sample that was found for it.

    Parameters
    ----------
    found : iterable of (place, cache, item)
        The sample is the cache's ``items[item]``.
    seed, stage, step, frames, variety
        As `draw_batch` takes them: what is cut where follows from them and the place.
    """
    excerpts, effects = [], []
    for place, cache, item in found:
        rng = stream(seed, stage, "cut", step, place)
        cut = _excerpt(cache, item, draw_length(frames, variety, rng), rng)
        excerpts.append(vary(cut, frames, variety, rng))
        effects.append(cache.items[item].get("effects"))
    signals = torch.from_numpy(np.stack(excerpts))
    known = [states for states in effects if states is not None]
    told = torch.from_numpy(np.stack(known)) if known else None
    mixture, dry, first = signals.split([1, len(STEM_CLASSES), len(STEM_CLASSES)], dim=1)
    return Batch(mixture, dry, first, told)


@lru_cache(maxsize=4)
def _order(seed: int, stage: str, epoch: int, count: int) -> NDArray[np.int64]:
    """Return the order of the samples in an epoch."""
    return stream(seed, stage, "order", epoch).permutation(count)


def _excerpt(cache: PcmCache, item: int, frames: int, rng: np.random.Generator) -> Audio:
    """Cut mixture, dry stems and estimates where the mixture sounds, shape (17, frames)."""
    about = cache.items[item]
    mix = (
        np.ones(1)
        if about["channels"] == 1
        else np.array([(1, 0), (0, 1), (0.5, 0.5)])[rng.integers(3)]
    )
    for _ in range(TRIES):
        start = int(rng.integers(max(about["frames"] - frames, 0) + 1))
        mixture = cache.mono(item, "mixture", start, frames, mix)
        if np.square(mixture).mean() > 1e-6:
            break
    names = [f"{kind}/{name}" for kind in ("dry", "first") for name in STEM_CLASSES]
    return np.stack([mixture, *(cache.mono(item, name, start, frames, mix) for name in names)])


def draw_pairs(active: Tensor, count: int, rng: np.random.Generator, quiet: float) -> Tensor:
    """Draw (example, class) pairs, most of them from the active ones.

    Parameters
    ----------
    active : bool tensor, shape (batch, 8)
    count : int
        All pairs are taken where there are no more than that.
    rng : numpy.random.Generator
    quiet : float
        Share of silent pairs.

    Returns
    -------
    int tensor, shape (2, at most count)
    """
    heard, silent = (rng.permutation(np.argwhere(a)) for a in (active.numpy(), ~active.numpy()))
    loud = min(len(heard), max(round(count * (1 - quiet)), count - len(silent)))
    return torch.from_numpy(np.concatenate([heard[:loud], silent[: count - loud]]).T.copy())
