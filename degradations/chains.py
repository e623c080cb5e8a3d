"""Chains: effects one after the other, as a value."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import Audio, amplitude
from .effect import Effect, load_effect

__all__ = ["Chain"]


@dataclass(frozen=True)
class Chain:
    """Effects applied one after the other.

    Parameters
    ----------
    effects : tuple of Effect

    Examples
    --------
    >>> from wetdry.degradations import Gain
    >>> chain = Chain((Gain(gain_db=-6.0), Gain(gain_db=6.0)))
    >>> Chain.from_rows(chain.rows()) == chain
    True
    """

    effects: tuple[Effect, ...] = ()

    def __call__(self, audio: Audio, sample_rate: int) -> Audio:
        """Process ``audio``.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
        sample_rate : int
            In Hz.

        Returns
        -------
        float32 array, shape (channels, samples)
            Aligned with ``audio``. Two channels if an effect widens mono to stereo; both
            then stand 3 dB lower, so that their summed power is that of the mono signal.
        """
        for effect in self.effects:
            if effect.widens and audio.shape[0] == 1:
                audio = np.repeat(audio, 2, axis=0) * np.float32(amplitude(-3.0103))
            audio = effect(audio, sample_rate)
        return audio

    def __iter__(self) -> Iterator[Effect]:
        """Go through the effects, first to last."""
        return iter(self.effects)

    def __len__(self) -> int:
        """Return the number of effects."""
        return len(self.effects)

    def tail_s(self) -> float:
        """Return for how many seconds the chain rings on."""
        return sum(effect.tail_s() for effect in self.effects)

    def located(self, folder: Path) -> "Chain":
        """Return the chain with the files that its effects name looked for in ``folder``."""
        return Chain(tuple(effect.located(folder) for effect in self.effects))

    def rows(self) -> list[dict[str, Any]]:
        """Return the chain as a manifest stores it."""
        return [effect.row() for effect in self.effects]

    @classmethod
    def from_rows(cls, rows: list[dict[str, Any]]) -> "Chain":
        """Build the chain that ``rows`` describe; the inverse of :meth:`rows`."""
        return cls(tuple(load_effect(row) for row in rows))
