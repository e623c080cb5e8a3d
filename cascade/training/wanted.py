"""Training samples rendered while a stage learns: what is wanted when, by address alone.

A rendered sample costs more than a step, so each is heard in `EXCERPTS` steps, one after the
other. At a place of a batch samples follow each other; places change theirs at different steps,
so that rendering is spread evenly. Which sample stands where follows from the step and the place:
that is what makes a resumed run, and one with other workers, the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...datasets import Fresh, SetAside
from ...mixing.sessions import Session
from ...seeds import stream
from ..feeds.feed import CURE
from ..sizes import CurriculumConfiguration
from .loader import signals_of
from .pcm import in_memory
from .severities import severity_weights

__all__ = ["EXCERPTS", "Wanted", "slot_of"]

EXCERPTS = 4
"""Steps in which a rendered sample is heard: with excerpts of 2 s, 8 s are heard about once."""

ELSEWHERE = 10**8
"""A sample that is passed over is replaced by one so far behind it, where no dataset reaches."""

CANDIDATES = 256
"""Sessions that are drawn for a slot before none is taken to fit."""

FAULTY = 8
"""Samples of a slot that may be set aside, one after the other."""


def slot_of(step: int, place: int, batch: int) -> int:
    """Return which sample is heard at a place of a step, before any is passed over.

    Examples
    --------
    >>> [[slot_of(step, place, 3) for place in range(3)] for step in range(5)]
    [[0, 1, 2], [0, 1, 2], [0, 1, 5], [0, 4, 5], [3, 4, 5]]
    """
    return (step + place % EXCERPTS) // EXCERPTS * batch + place


@dataclass(frozen=True)
class Wanted:
    """The samples of a stage from a step on, in the order in which they are wanted.

    What a `Feed` of one sample a batch asks for, in whatever process.

    Parameters
    ----------
    samples : Fresh
        Endless.
    held_out : frozenset of str
        Songs that are never learnt from.
    curriculum : CurriculumConfiguration or None
    seed : int
        Of the run.
    batch : int
    places : tuple of int
        Of the batch that are this process's.
    begin : int
        The step.
    """

    samples: Fresh
    held_out: frozenset[str]
    curriculum: CurriculumConfiguration | None
    seed: int
    batch: int
    places: tuple[int, ...]
    begin: int = 0

    def __len__(self) -> int:
        raise TypeError("these samples are endless: they have no length")

    def length(self, turn: int) -> tuple[int, int]:
        """Return the length of a sample, and its rate in Hz."""
        return self.samples.length(turn)

    def excerpt(self, turn: int, start: int, frames: int) -> dict[str, Any]:
        """Refuse: samples are wanted whole, for several excerpts."""
        raise NotImplementedError

    def __getitem__(self, turn: int) -> dict[str, Any]:
        """Render what is wanted at a turn; where nothing can be, "failure" says why."""
        slot = slot_of(*self.address(turn), self.batch)
        said: dict[str, Any] = {"slot": slot, "set_aside": [], "failure": ""}
        for index in self._fitting(slot):
            try:
                sample = self.samples[index]
            except SetAside as error:
                reason = {"what": error.what, "reason": error.reason, "cure": CURE}
                said["set_aside"].append(reason)
                if len(said["set_aside"]) == FAULTY:
                    break
                continue
            cache = in_memory(sample["key"], signals_of(sample["mixture"], sample["dry"]))
            labels = sample["row"]["labels"] if "row" in sample else []
            return said | {"items": cache.items, "pcm": cache.pcm, "labels": labels}
        failure = self._failure(slot, said["set_aside"])
        return said | {"failure": failure, "items": [], "pcm": np.empty(0, "<i2"), "labels": []}

    def _failure(self, slot: int, set_aside: list[dict[str, str]]) -> str:
        """Say why a slot has no sample."""
        where = f"{self.samples.split} sample {slot}"
        if len(set_aside) == FAULTY:
            return (
                f"{where} and {FAULTY - 1} in its place cannot be rendered, the last because of: "
                f"{set_aside[-1]['reason']}; look at the stems or the recipe"
            )
        return (
            f"{where}: wanted a session that may be learnt from, found none among {CANDIDATES}: "
            "they hold songs that choose the best weights, or are too severe for the curriculum; "
            "set validation_share lower, or let the curriculum begin higher"
        )

    def address(self, turn: int) -> tuple[int, int]:
        """Return the step and the place at which a sample is first heard."""
        count = len(self.places)
        if turn < count:
            return self.begin, self.places[turn]
        rounds, following = divmod(turn - count, count)
        changes = (
            (step, place)
            for step in range(self.begin + 1, self.begin + 1 + EXCERPTS)
            for place in self.places
            if not (step + place % EXCERPTS) % EXCERPTS
        )
        step, place = list(changes)[following]
        return step + rounds * EXCERPTS, place

    def _fitting(self, slot: int) -> Iterator[int]:
        """Yield the indices for a slot whose sessions may be learnt from, its own first."""
        generation, place = divmod(slot, self.batch)
        step = max(generation * EXCERPTS - place % EXCERPTS, 0)  # when it is first heard
        for candidate in range(CANDIDATES):
            index = slot + candidate * ELSEWHERE
            session = Session.from_row(self.samples.plan_row(index)["session"])
            known = {track.song for track in session.tracks}
            if not known & self.held_out and self._is_due(session, step, index):
                yield index

    def _is_due(self, session: Session, step: int, index: int) -> bool:
        """Tell whether a curriculum has a session come; a severe one early has a small chance."""
        if self.curriculum is None:
            return True
        weights = severity_weights(np.array([session.severity]), self.curriculum, step)
        luck = stream(self.seed, "on the fly", index).random()
        return weights is None or bool(luck < weights[0])
