"""Stages: one effect of a chain at work, with what it was given and what it made."""

from collections.abc import Callable
from dataclasses import dataclass

from ..audio import Audio
from .effect import Effect

__all__ = ["Stage", "Watch"]


@dataclass(frozen=True)
class Stage:
    """One effect of a chain, seen at work.

    Parameters
    ----------
    effect : Effect
    before, after : float32 array, shape (channels, samples)
        What came and what it made; not to be changed.
    heard : float32 array, shape (channels, samples)
        What a detector listened to: ``before``, unless a side-chain gave it another sound.
    widened : bool
        Whether it was given the one channel of ``before`` twice, 3 dB lower.
    """

    effect: Effect
    before: Audio
    after: Audio
    heard: Audio
    widened: bool


Watch = Callable[[Stage], None]
"""Is told of every stage of a chain, in order."""
