"""Chains: effects one after the other, as a value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import Audio, amplitude
from .dynamics import Dynamics
from .effect import Effect, effect_type, load_effect
from .side_chains import Keyed

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

    def __call__(
        self, audio: Audio, sample_rate: int, keys: Mapping[str, Audio] | None = None
    ) -> Audio:
        """Process ``audio``.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
        sample_rate : int
            In Hz.
        keys : mapping of str to float32 array, shape (1, samples), optional
            What the side-chains hear; those whose key is not there are left out.

        Returns
        -------
        float32 array, shape (channels, samples)
            Aligned with ``audio``. Two channels if an effect widens mono to stereo; both
            then stand 3 dB lower, so that their summed power is that of the mono signal.
        """
        for effect in self.effects:
            if effect.widens and audio.shape[0] == 1:
                audio = np.repeat(audio, 2, axis=0) * np.float32(amplitude(-3.0103))
            if isinstance(effect, Keyed):
                audio = effect.by(keys or {}, audio, sample_rate)
            else:
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
        return cls(tuple(_effect(row) for row in rows))


def _effect(row: dict[str, Any]) -> Effect:
    """Build one effect; a ``key`` beside the numbers of dynamics is their side-chain."""
    if "key" not in row or not issubclass(effect_type(str(row.get("effect"))), Dynamics):
        return load_effect(row)
    own = load_effect({name: value for name, value in row.items() if name != "key"})
    return Keyed.model_validate({"effect": own, "key": row["key"]})
