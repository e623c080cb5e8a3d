"""Observing: who watches the chains of a session while it is rendered."""

from typing import Protocol

from ..degradations.stages import Stage, Watch
from .meter import Meter

__all__ = ["UNSEEN", "Observer", "Recorder"]


class Observer(Protocol):
    """Watches the chains of a session."""

    def start(self, meter: Meter) -> None:
        """Begin: a session is going to be rendered, and measured with this meter."""

    def at(self, place: str) -> Watch | None:
        """Return who watches the chain at a place; what was seen there before is forgotten.

        Places are ``track.N`` (counted from 0), ``bus.NAME``, ``send.NAME``, ``master`` and
        ``medium``. A track whose chain is refused starts again with its next one.
        """


class _Unseen:
    """Nobody watches."""

    def start(self, meter: Meter) -> None:
        """Do nothing."""

    def at(self, place: str) -> None:
        """Return nobody."""


UNSEEN: Observer = _Unseen()


class Recorder:
    """Keeps every stage, with all its audio; an :class:`Observer`.

    Attributes
    ----------
    stages : dict of str to list of Stage
        By place.
    """

    def __init__(self) -> None:
        self.stages: dict[str, list[Stage]] = {}

    def start(self, meter: Meter) -> None:
        """Forget what was seen of another session."""
        self.stages = {}

    def at(self, place: str) -> Watch:
        """Return what appends to the stages of a place."""
        stages = self.stages[place] = []
        return stages.append
