"""Batches for training: a split decoded once into PCM on disk, excerpts drawn by address.

Which excerpt stands at which place of which step follows from the seed alone, never from
what was read before; that is what makes a resumed run the same as an undisturbed one.
"""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..audio import STEM_CLASSES, Audio
from ..errors import ShardError
from ..seeds import stream
from .checkpoints import write_atomically
from .samples import Sample, read_samples

__all__ = ["Batch", "PcmCache", "draw_batch", "draw_pairs", "prepare", "write_cache"]

FULL_SCALE = 32768
TRIES = 4


@dataclass(frozen=True)
class Batch:
    """Excerpts of mono audio.

    Parameters
    ----------
    mixture : float tensor, shape (batch, 1, samples)
    dry : float tensor, shape (batch, 8, samples)
    first : float tensor, shape (batch, 8, samples)
        Stage one's estimates; silent where they are not cached.
    """

    mixture: Tensor
    dry: Tensor
    first: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device."""
        return Batch(self.mixture.to(device), self.dry.to(device), self.first.to(device))

    @property
    def active(self) -> Tensor:
        """Which stems are heard: within 60 dB of the mixture; bool, shape (batch, 8)."""
        return self.dry.square().mean(2) > 1e-6 * self.mixture.square().mean(2) + 1e-12


@dataclass(frozen=True)
class PcmCache:
    """Signals as 16-bit samples in one file, which the operating system pages in and out.

    Parameters
    ----------
    pcm : int16 array, shape (numbers,)
    items : list of dict
        For each sample its ``key``, ``channels``, ``frames`` and, by name, the position
        of each of its ``signals`` in ``pcm``; silent signals are left out.
    """

    pcm: NDArray[np.int16]
    items: list[dict[str, Any]]

    @classmethod
    def open(cls, folder: Path) -> "PcmCache":
        """Open what `write_cache` wrote."""
        items = json.loads((folder / "index.json").read_text("utf-8"))
        return cls(np.memmap(folder / "pcm.i16", np.int16, "r"), items)

    def mono(self, item: int, name: str, start: int, frames: int, mix: NDArray[Any]) -> Audio:
        """Return part of a signal, mixed to mono, shape (frames,); silence beyond its ends.

        Parameters
        ----------
        item : int
        name : str
            "mixture", or "dry/" or "first/" and a class.
        start, frames : int
            In samples.
        mix : float array, shape (channels,)
            What each channel contributes.
        """
        about = self.items[item]
        out = np.zeros(frames, np.float32)
        if name in about["signals"]:
            at, length = about["signals"][name], about["frames"]
            for channel in np.flatnonzero(mix):
                begin = at + channel * length
                part = self.pcm[begin + start : begin + min(start + frames, length)]
                out[: len(part)] += part * np.float32(mix[channel] / FULL_SCALE)
        return out


def write_cache(folder: Path, samples: Iterable[tuple[str, dict[str, Audio]]]) -> PcmCache:
    """Write signals to ``folder``, which appears when it is complete and not before.

    Parameters
    ----------
    folder : Path
    samples : iterable of (key, signals)
        Signals by name, each float32 of shape (channels, frames).
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    items: list[dict[str, Any]] = []
    position = 0
    with (partial / "pcm.i16").open("wb") as file:
        for key, signals in samples:
            channels, frames = next(iter(signals.values())).shape
            places = {}
            for name, audio in signals.items():
                if not np.any(audio):
                    continue
                whole = np.rint(audio * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE - 1)
                file.write(whole.astype("<i2").tobytes())
                places[name] = position
                position += audio.size
            items.append({"key": key, "channels": channels, "frames": frames, "signals": places})
    write_atomically(partial / "index.json", json.dumps(items).encode())
    partial.replace(folder)
    return PcmCache.open(folder)


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
        dry = {f"dry/{name}": audio for name, audio in sample.dry.items()}
        yield sample.key, {"mixture": sample.mixture, **dry}


def draw_batch(cache: PcmCache, seed: int, stage: str, step: int, batch: int, frames: int) -> Batch:
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
    """
    count = len(cache.items)
    excerpts = []
    for place in range(batch):
        epoch, position = divmod(step * batch + place, count)
        item = int(stream(seed, stage, "order", epoch).permutation(count)[position])
        excerpts.append(_excerpt(cache, item, frames, stream(seed, stage, "cut", step, place)))
    return Batch(*(torch.from_numpy(np.stack(parts)) for parts in zip(*excerpts, strict=True)))


def _excerpt(
    cache: PcmCache, item: int, frames: int, rng: np.random.Generator
) -> tuple[Audio, Audio, Audio]:
    """Cut mixture, dry stems and estimates at one place where the mixture sounds."""
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
    dry, first = (
        np.stack([cache.mono(item, f"{kind}/{name}", start, frames, mix) for name in STEM_CLASSES])
        for kind in ("dry", "first")
    )
    return mixture[None], dry, first


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
