"""Random chains: distributions over chains, as YAML writes them.

A list of steps. A step is an effect whose numbers are distributions, or a combinator::

    - compressor: {threshold_db: [-30, -10], ratio: {log_uniform: [1.5, 8]}}
      probability: 0.6
    - one_of: [{saturation: {drive_db: [6, 24]}}, {hard_clip: {ceiling_db: [-12, -3]}}, none]
    - shuffle: [{gain: {gain_db: [-3, 3]}}, {band_limit: {bandwidth_hz: [4000, 16000]}}]
    - repeat: [{bell: {frequency_hz: {log_uniform: [100, 8000]}, gain_db: [-6, 6]}}]
      times: [1, 5]
    - compressor: {threshold_db: -30, ratio: 4}
      key: Drums                                # the drums duck it: a class, or bus.NAME

Every number has a random stream of its own, found by the names on the way to it, never by
position: a step or a number more leaves all other draws alone. Two steps of one kind in one
list are told apart by their order, or by ``name:``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..errors import RecipeError
from ..seeds import stream
from .chains import Chain
from .distributions import Distribution, File
from .effect import Effect
from .side_chains import Keyed

__all__ = ["OneOf", "RandomChain", "RandomEffect", "Repeat", "Shuffle", "Step"]

Address = tuple[str | int, ...]


@dataclass(frozen=True)
class Step(ABC):
    """A part of a random chain.

    Parameters
    ----------
    name : str
        Its part of the address of its draws; unique among its neighbours.
    probability : float
        How often it is there at all, from 0 to 1.
    """

    name: str
    probability: float

    def draw(self, seed: int, *address: str | int) -> tuple[Effect, ...]:
        """Draw the effects; none when the coin says to skip the step."""
        if stream(seed, *address, self.name, "probability").random() >= self.probability:
            return ()
        return self.effects(seed, (*address, self.name))

    @abstractmethod
    def effects(self, seed: int, address: Address) -> tuple[Effect, ...]:
        """Draw the effects of a step that is there."""


@dataclass(frozen=True)
class RandomChain:
    """A distribution over chains.

    Parameters
    ----------
    steps : tuple of Step
    """

    steps: tuple[Step, ...] = ()

    def draw(self, seed: int, *address: str | int) -> Chain:
        """Draw the chain that lives at ``address`` under ``seed``.

        Returns
        -------
        Chain
        """
        drawn = (step.draw(seed, *address) for step in self.steps)
        return Chain(tuple(effect for effects in drawn for effect in effects))


@dataclass(frozen=True)
class RandomEffect(Step):
    """One effect whose numbers are still distributions.

    Parameters
    ----------
    effect : type of Effect
    numbers : tuple of (str, Distribution)
    where : str
        File, line and path, for messages.
    key : str or None
        Whom its detector hears in place of its own track; see :class:`Keyed`.
    """

    effect: type[Effect]
    numbers: tuple[tuple[str, Distribution], ...]
    where: str
    key: str | None = None

    def effects(self, seed: int, address: Address) -> tuple[Effect, ...]:
        """Draw the numbers."""
        values: dict[str, Any] = {}
        for name, distribution in self.numbers:
            value = distribution.draw(stream(seed, *address, name).random)
            if isinstance(value, File):
                values |= {name: value.path, f"{name}_sha256": value.digest}
            else:
                values[name] = value
        try:
            drawn = self.effect(**values)
            return (
                Keyed.model_validate({"effect": drawn, "key": self.key}) if self.key else drawn,
            )
        except ValidationError as error:
            first = error.errors()[0]
            raise RecipeError(f"{self.where}: {first['msg']}, drawn {values}") from None


@dataclass(frozen=True)
class OneOf(Step):
    """One of several chains, all alike."""

    options: tuple[RandomChain, ...]

    def effects(self, seed: int, address: Address) -> tuple[Effect, ...]:
        """Draw which, then draw it."""
        which = int(len(self.options) * stream(seed, *address, "one_of").random())
        return self.options[which].draw(seed, *address, which).effects


@dataclass(frozen=True)
class Shuffle(Step):
    """All steps, in random order."""

    chain: RandomChain

    def effects(self, seed: int, address: Address) -> tuple[Effect, ...]:
        """Draw each step, then the order."""
        drawn = [step.draw(seed, *address) for step in self.chain.steps]
        keys = [stream(seed, *address, step.name, "order").random() for step in self.chain.steps]
        order = sorted(range(len(drawn)), key=keys.__getitem__)
        return tuple(effect for i in order for effect in drawn[i])


@dataclass(frozen=True)
class Repeat(Step):
    """The same steps several times, drawn anew each time."""

    chain: RandomChain
    times: Distribution

    def effects(self, seed: int, address: Address) -> tuple[Effect, ...]:
        """Draw how often, then each time."""
        times = self.times.draw(stream(seed, *address, "times").random)
        rounds = (self.chain.draw(seed, *address, i) for i in range(times))
        return tuple(effect for chain in rounds for effect in chain)
