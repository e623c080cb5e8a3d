"""Feeds: batches for training, whose sequence no worker, rank or interruption changes.

The main process says which sample stands where, by a :class:`Playlist`; workers only read or
render what they are told. So a place in the feed is a number, and a feed goes on from it with
other numbers of workers, of ranks and of samples in a batch.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeAlias

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from ...datasets import SetAside
from ...datasets.jobs import SECONDS_PER_SAMPLE
from ...datasets.workers import ONE_THREAD, environment, interrupts_held
from ...errors import AudioError, UsageError
from ...seeds import stream
from .collation import collated
from .playlist import Playlist, Turn

__all__ = ["Feed", "Source"]

CURE = "look at the stem or the recipe; the other samples are complete"

Given: TypeAlias = tuple[dict[str, Any], list[dict[str, str]]]
"""A batch, and what was left out of it."""


class Source(Protocol):
    """Where samples come from: :func:`wetdry.datasets.read`, :func:`wetdry.datasets.fresh`.

    Anything with these methods will do, on whatever store; workers get it pickled.
    """

    def __len__(self) -> int:
        """Return how many there are; raise a TypeError where they are endless."""

    def __getitem__(self, index: int, /) -> dict[str, Any]:
        """Return a sample: its key, its sample rate, and fields of audio."""

    def excerpt(self, index: int, start: int, frames: int, /) -> dict[str, Any]:
        """Return part of a sample."""

    def length(self, index: int, /) -> tuple[int, int]:
        """Return how many samples of audio it has, and its sample rate in Hz."""


class Feed:
    """Batches without end, or of so many epochs: ``for batch in feed``.

    A batch is a dict with ``key`` and ``sample_rate``, lists, and the source's fields: audio as
    float32 tensors of shape (batch, channels, samples); ``dry``, ``wet`` and ``wet_master`` of
    shape (batch, 8, channels, samples), in the order of ``STEM_CLASSES``; ``taps`` and outputs
    as dicts of tensors; ``row`` as a list.

    Over all ranks and workers every sample comes exactly once in an epoch. Batches run on across
    epochs, so that all are full; with ``epochs`` the last ones may be smaller, by one sample on
    some ranks, and ranks without a sample end a batch earlier. Iterating again goes on with the
    batch after the last one that was given out.

    Parameters
    ----------
    source : Source
    playlist : Playlist, optional
        All samples, shuffled with seed 0, by default.
    batch : int
        Samples in a batch of one rank.
    seconds : float, optional
        Length of the excerpt that is cut from each sample, at a place drawn by seed, epoch and
        place in the epoch; all of it by default.
    epochs : int, optional
        How many there are.
    workers : int
        Processes that read or render, each with one thread, started anew (spawn) and kept; 0:
        this process does.
    rank, ranks : int, optional
        Which of how many processes this is; as ``torch.distributed`` says, if it is running.
    pin_memory : bool
        Whether batches come in page-locked memory, for ``.to("cuda", non_blocking=True)``.

    Raises
    ------
    UsageError
        If the numbers contradict each other, or excerpts are longer than samples.
    """

    def __init__(
        self,
        source: Source,
        playlist: Playlist | None = None,
        *,
        batch: int,
        seconds: float | None = None,
        epochs: int | None = None,
        workers: int = 0,
        rank: int | None = None,
        ranks: int | None = None,
        pin_memory: bool = False,
    ) -> None:
        count = _count(source)
        self.playlist = playlist or Playlist(count)
        self.batch = batch
        self.rank, self.ranks = _standing(rank, ranks)
        _check(self.playlist, count, batch, epochs, seconds)
        self.set_aside: list[dict[str, str]] = []
        """Samples that were left out of this rank's batches: ``what``, ``reason``, ``cure``."""
        self._end = None if epochs is None else epochs * (self.playlist.length or 0)
        self._position = 0
        self._passes = 0
        samples = _Samples(source, seconds, self.playlist.seed)
        samples.check(self.playlist.at(0))
        self._open = partial(
            DataLoader[Any],
            samples,
            batch_sampler=_Places(self),
            num_workers=workers,
            collate_fn=_given,
            pin_memory=pin_memory,
            timeout=SECONDS_PER_SAMPLE * batch if workers else 0,
            multiprocessing_context="spawn" if workers else None,
            persistent_workers=workers > 0,
            generator=torch.Generator(),  # else each pass would move torch's global one
        )
        self._loader = self._open()
        self._given_out = self._batches(self._passes)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go on after the last batch that was given out; earlier iterators are at their end."""
        self._passes += 1
        self._given_out = self._batches(self._passes)
        return self._given_out

    def close(self) -> None:
        """End the workers, if there are any; whoever iterates again starts others."""
        self._passes += 1
        self._given_out.close()
        self._loader = self._open()  # the last reference to the one before ends its workers

    def _batches(self, this: int) -> Generator[dict[str, Any], None, None]:
        """Give out batches; what workers have read ahead does not count."""
        self._check_pass(this)
        with environment(ONE_THREAD), interrupts_held():  # workers start, load BLAS
            given = iter(self._loader)
        for batch, left_out in given:
            self._position = self._after(self._position)
            self.set_aside += left_out
            if batch:
                yield batch
                self._check_pass(this)
            elif self.ranks > 1:  # another rank would wait for this one's gradients for ever
                raise AudioError(f"all of a batch is set aside: {left_out}; take larger batches")
        if self._end is not None:  # a rank may have had no sample of the last batch
            self._position = self._end

    def state_dict(self) -> dict[str, int | None]:
        """Return the place in the feed: the batches given out until now are behind it.

        The same on all ranks that have taken equally many batches; plain numbers, for JSON or
        ``torch.save``. Weights and seconds are not in it: give the feed the same again.
        """
        length = self.playlist.length
        epoch, samples = divmod(self._position, length) if length else (0, self._position)
        return {**self._identity(), "epoch": epoch, "samples": samples}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a place; workers, ranks and batch size may be others than when it was noted.

        Raises
        ------
        UsageError
            If it is of a feed of other samples, or another seed.
        """
        own = self._identity()
        if {*state} != {*own, "epoch", "samples"}:
            raise UsageError(f"feed: wanted a state of state_dict(), found {dict(state)!r}")
        for name, value in own.items():
            if state[name] != value:
                raise UsageError(
                    f"feed: wanted a state with {name} {value}, found {state[name]}; "
                    "give the feed the samples and the playlist that it was noted with"
                )
        self._position = state["epoch"] * (self.playlist.length or 0) + state["samples"]
        self._passes += 1

    def _identity(self) -> dict[str, int | None]:
        """Return what two feeds must share for a place to mean the same."""
        playlist = self.playlist
        return {"seed": playlist.seed, "count": playlist.count, "length": playlist.length}

    def _check_pass(self, this: int) -> None:
        """Refuse to go on with an iterator after another one, or another place, was begun."""
        if this != self._passes:
            raise UsageError("feed: this iterator was left; use the one of the last iter(feed)")

    def _after(self, position: int) -> int:
        """Return the position after the batches of all ranks that begin at one."""
        after = position + self.batch * self.ranks
        return after if self._end is None else min(after, self._end)

    def turns(self, position: int) -> Iterator[list[Turn]]:
        """Say what this rank's batches from a position on consist of."""
        while self._end is None or position < self._end:
            after = self._after(position)
            turns = [self.playlist.at(p) for p in range(position + self.rank, after, self.ranks)]
            if turns:
                yield turns
            position = after


class _Places(Sampler[list[Turn]]):
    """What DataLoader asks for the next batch's samples."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    def __iter__(self) -> Iterator[list[Turn]]:
        """Go on where the feed stands."""
        return self.feed.turns(self.feed._position)


@dataclass(frozen=True)
class _Samples(Dataset[dict[str, Any] | SetAside]):
    """What DataLoader asks for a sample, in whatever process."""

    source: Source
    seconds: float | None
    seed: int

    def __getitem__(self, turn: Turn) -> dict[str, Any] | SetAside:
        """Return the sample, or why there is none."""
        try:
            if self.seconds is None:
                return self.source[turn.sample]
            start, frames = self._part(turn, self.seconds)
            return self.source.excerpt(turn.sample, start, frames)
        except SetAside as error:
            return error

    def check(self, turn: Turn) -> None:
        """Refuse an impossible length of excerpts at once."""
        if self.seconds is not None:
            self._part(turn, self.seconds)

    def _part(self, turn: Turn, seconds: float) -> tuple[int, int]:
        """Return where the excerpt begins, and its length."""
        there, rate = self.source.length(turn.sample)
        frames = round(seconds * rate)
        if not 0 < frames <= there:
            raise UsageError(
                f"feed: wanted excerpts of {seconds:g} s, found a sample of {there / rate:g} s; "
                "shorten seconds"
            )
        rng = stream(self.seed, "excerpt", turn.epoch, turn.place)
        return int(rng.integers(there - frames + 1)), frames


def _given(samples: list[dict[str, Any] | SetAside]) -> Given:
    """Make a batch of the samples that there are."""
    left_out = [
        {"what": sample.what, "reason": sample.reason, "cure": CURE}
        for sample in samples
        if isinstance(sample, SetAside)
    ]
    return collated([s for s in samples if not isinstance(s, SetAside)]), left_out


def _count(source: Source) -> int | None:
    """Return how many samples a source has; None where it is endless."""
    try:
        return len(source)
    except TypeError:
        return None


def _standing(rank: int | None, ranks: int | None) -> tuple[int, int]:
    """Return which of how many processes this is."""
    if (rank is None) != (ranks is None):
        raise UsageError("feed: wanted both rank and ranks, or neither; found one of them")
    if rank is None or ranks is None:
        together = torch.distributed.is_available() and torch.distributed.is_initialized()
        both = torch.distributed.get_rank, torch.distributed.get_world_size
        return (both[0](), both[1]()) if together else (0, 1)
    if not 0 <= rank < ranks:
        raise UsageError(f"feed: wanted a rank from 0 to {ranks - 1}, found {rank}")
    return rank, ranks


def _check(
    playlist: Playlist, count: int | None, batch: int, epochs: int | None, seconds: float | None
) -> None:
    """Refuse numbers that contradict each other."""
    if playlist.count != count:
        raise UsageError(
            f"feed: wanted a playlist of the source's {count or 'endless'} samples, found one of "
            f"{playlist.count or 'endless ones'}; give it len(source), or None"
        )
    if batch < 1 or (epochs is not None and epochs < 1):
        raise UsageError("feed: wanted batches of at least one sample, and at least one epoch")
    if epochs is not None and count is None:
        raise UsageError(
            f"feed: endless samples have no epochs, found epochs={epochs}; leave it out"
        )
