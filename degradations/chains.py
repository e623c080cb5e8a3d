"""Chains: effects one after the other, as a value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

from ..audio import Audio, amplitude
from .dynamics import Dynamics
from .effect import Effect, effect_type, load_effect
from .side_chains import Keyed
from .stages import Stage, Watch

__all__ = ["Chain", "StoredChain"]


@dataclass(frozen=True)
class Chain:
    """Effects applied one after the other.

    Parameters
    ----------
    effects : tuple of Effect
    kept : frozenset of int
        Which of them, counted from 0, belong to the target: they are not to be undone.

    Examples
    --------
    >>> from wetdry.degradations import Gain
    >>> chain = Chain((Gain(gain_db=-6.0), Gain(gain_db=6.0)), kept=frozenset({1}))
    >>> Chain.from_rows(chain.rows()) == chain
    True
    >>> print(chain)
    [{gain: {gain_db: -6}}, {gain: {gain_db: 6}, keep: true}]
    """

    effects: tuple[Effect, ...] = ()
    kept: frozenset[int] = frozenset()

    def __call__(
        self,
        audio: Audio,
        sample_rate: int,
        keys: Mapping[str, Audio] | None = None,
        watch: Watch | None = None,
    ) -> Audio:
        """Process ``audio``.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
        sample_rate : int
            In Hz.
        keys : mapping of str to float32 array, shape (1, samples), optional
            What the side-chains hear; those whose key is not there are left out.
        watch : callable, optional
            Called with the :class:`Stage` of each effect that was not left out.

        Returns
        -------
        float32 array, shape (channels, samples)
            Aligned with ``audio``. Two channels if an effect widens mono to stereo; both
            then stand 3 dB lower, so that their summed power is that of the mono signal.
        """
        for effect in self.effects:
            before = heard = audio
            widened = audio.shape[0] == 1 and effect.makes_stereo()
            if widened:
                audio = np.repeat(audio, 2, axis=0) * np.float32(amplitude(-3.0103))
            if not isinstance(effect, Keyed):
                audio = effect(audio, sample_rate)
            elif keys and effect.key in keys:
                heard = keys[effect.key]
                audio = effect.by(keys, audio, sample_rate)
            else:
                continue
            if watch is not None:
                watch(Stage(effect, before, audio, heard, widened))
        return audio

    def __iter__(self) -> Iterator[Effect]:
        """Go through the effects, first to last."""
        return iter(self.effects)

    def __len__(self) -> int:
        """Return the number of effects."""
        return len(self.effects)

    def __str__(self) -> str:
        """Show it as it is written in YAML."""
        steps = (f"{{{line}}}" for line in self.lines())
        return f"[{', '.join(steps)}]" if self.effects else "none"

    def lines(self) -> list[str]:
        """Return a line for each effect, as it is written in YAML."""
        keep = ", keep: true"
        return [f"{e}{keep if i in self.kept else ''}" for i, e in enumerate(self.effects)]

    def tail_s(self) -> float:
        """Return for how many seconds the chain rings on."""
        return sum(effect.tail_s() for effect in self.effects)

    def located(self, folder: Path) -> "Chain":
        """Return the chain with the files that its effects name looked for in ``folder``."""
        return replace(self, effects=tuple(effect.located(folder) for effect in self.effects))

    def inverse(self) -> "Chain | None":
        """Return the chain that undoes this one, last effect first; None if one cannot be."""
        inverses = [effect.inverse() for effect in reversed(self.effects)]
        effects = tuple(effect for effect in inverses if effect is not None)
        return Chain(effects) if len(effects) == len(self) else None

    def all_kept(self) -> "Chain":
        """Return the chain with every effect marked as part of the target."""
        return replace(self, kept=frozenset(range(len(self.effects))))

    def of_target(self) -> "Chain":
        """Return the effects that belong to the target, in their order."""
        return Chain(tuple(self.effects[i] for i in sorted(self.kept))).all_kept()

    @classmethod
    def joined(cls, chains: Iterable["Chain"]) -> "Chain":
        """Return several chains one after the other."""
        parts = [chain for chain in chains if chain.effects]
        if len(parts) == 1:
            return parts[0]
        effects: list[Effect] = []
        kept: set[int] = set()
        for chain in parts:
            if chain.kept:
                kept |= {len(effects) + i for i in chain.kept}
            effects += chain.effects
        return cls(tuple(effects), frozenset(kept))

    def rows(self) -> list[dict[str, Any]]:
        """Return the chain as a manifest stores it: what is kept says so, beside its numbers."""
        rows = [effect.row() for effect in self.effects]
        for place in self.kept:
            rows[place]["keep"] = True
        return rows

    @classmethod
    def from_rows(cls, rows: list[dict[str, Any]]) -> "Chain":
        """Build the chain that ``rows`` describe; the inverse of :meth:`rows`."""
        kept = frozenset(i for i, row in enumerate(rows) if row.get("keep"))
        plain = ({k: v for k, v in row.items() if k != "keep"} for row in rows)
        return cls(tuple(_effect(row) for row in plain), kept)


def _effect(row: dict[str, Any]) -> Effect:
    """Build one effect; a ``key`` beside the numbers of dynamics is their side-chain."""
    if "key" not in row or not issubclass(effect_type(str(row.get("effect"))), Dynamics):
        return load_effect(row)
    own = load_effect({name: value for name, value in row.items() if name != "key"})
    return Keyed.model_validate({"effect": own, "key": row["key"]})


def _chain(value: Any) -> Chain:
    """Accept a chain, or the rows that describe one."""
    return value if isinstance(value, Chain) else Chain.from_rows(value)


StoredChain = Annotated[Chain, BeforeValidator(_chain), PlainSerializer(Chain.rows)]
"""A chain as a field of a record that is stored as JSON."""
