"""Random chains: distributions over chains, as YAML writes them.

A list of steps. A step is an effect whose numbers are distributions, or a combinator::

    - compressor: {threshold_db: [-30, -10], ratio: {log_uniform: [1.5, 8]}}
      probability: 0.6
      when: genre == rock
    - compressor: {threshold_db: -30, ratio: 4}
      key: Drums                                # the drums duck it: a class, or bus.NAME

Every number has a random stream of its own, found by the names on the way to it, never by
position: a step or a number more leaves all other draws alone. Two steps of one kind in one
list are told apart by their order, or by ``name:``. Combinators: see combinators.py.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ...errors import RecipeError
from ...seeds import Place
from ..chains import Chain
from ..effect import Effect
from ..plugins.plugin import Plugin
from ..side_chains import Keyed
from .expressions import Expression
from .random_values import Distribution, File
from .scope import WHOLE, Scope

__all__ = ["RandomChain", "RandomEffect", "RandomPlugin", "Step"]

NOTHING = Chain()


@dataclass(frozen=True)
class Step(ABC):
    """A part of a random chain.

    Parameters
    ----------
    name : str
        Its part of the address of its draws; unique among its neighbours.
    probability : float
        How often it is there at all, from 0 to 1.
    when : Expression or None
        A condition without which it is not there.
    keep : bool
        Whether it belongs to the target: severity leaves it alone.
    """

    name: str
    probability: float
    when: Expression | None = field(default=None, kw_only=True)
    keep: bool = field(default=False, kw_only=True)

    def drawn(self, place: Place, scope: Scope) -> Chain:
        """Draw the effects; none when the condition or the coin says to skip the step.

        Parameters
        ----------
        place : Place
            Of the chain; what a step draws lives below its name.
        scope : Scope
        """
        if self.when is not None and not self.when.draw(lambda: 0.0, scope.names):
            return NOTHING
        within = scope.full() if self.keep else scope
        often = self.probability * self.presence(within.severity)
        if often <= 0:
            return NOTHING
        own = place.below(self.name)
        if often < 1 and own.number("probability") >= often:  # a sure thing needs no coin
            return NOTHING
        drawn = self.effects(own, within)
        return drawn.all_kept() if self.keep else drawn

    def presence(self, severity: float) -> float:
        """Return the share of its draws that a severity leaves; here, what is inside decides."""
        return 1.0

    @abstractmethod
    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw the effects of a step that is there."""


@dataclass(frozen=True)
class RandomChain:
    """A distribution over chains.

    Parameters
    ----------
    steps : tuple of Step
    """

    steps: tuple[Step, ...] = ()

    def draw(self, seed: int, *address: str | int, scope: Scope = WHOLE) -> Chain:
        """Draw the chain that lives at ``address`` under ``seed``.

        Parameters
        ----------
        seed : int
        *address : str or int
        scope : Scope
            What its expressions refer to, and how severe it is.

        Returns
        -------
        Chain

        Raises
        ------
        RecipeError
            If an expression refers to what ``scope`` does not hold.
        """
        return self.drawn(Place(seed, *address), scope)

    def drawn(self, place: Place, scope: Scope) -> Chain:
        """Draw the chain that lives at a place; see :meth:`draw`."""
        return Chain.joined([step.drawn(place, scope) for step in self.steps])


@dataclass(frozen=True)
class RandomEffect(Step):
    """One effect whose numbers are still distributions.

    Parameters
    ----------
    effect : type of Effect
    numbers : tuple of (str, Distribution)
        Expressions last: they refer to those before them.
    where : str
        File, line and path, for messages.
    key : str or None
        Whom its detector hears in place of its own track; see :class:`Keyed`.
    """

    effect: type[Effect]
    numbers: tuple[tuple[str, Distribution], ...]
    where: str
    key: str | None = None

    def presence(self, severity: float) -> float:
        """Return 1 while there is an amount to turn down, else the severity itself."""
        return float(severity > 0) if self.effect.neutral else severity

    def effects(self, place: Place, scope: Scope) -> Chain:
        """Draw the numbers."""
        drawn: dict[str, Any] = {}
        known = dict(scope.names)
        for name, distribution in self.numbers:
            known[name] = drawn[name] = distribution.draw(place.uniform(name), known)
        for name, neutral in self.effect.neutral.items():
            value = drawn[name] if name in drawn else self.effect.model_fields[name].default
            drawn[name] = scope.scaled(value, neutral)
        return Chain((self._built(drawn),))

    def _built(self, drawn: dict[str, Any]) -> Effect:
        """Build the effect; a file brings its digest."""
        values: dict[str, Any] = {}
        for name, value in drawn.items():
            if isinstance(value, File):
                values |= {name: value.path, f"{name}_sha256": value.digest}
            else:
                values[name] = value
        try:
            built = self.effect(**values)
        except ValidationError as error:
            first = error.errors()[0]
            raise RecipeError(f"{self.where}: {first['msg']}, drawn {values}") from None
        return Keyed.model_validate({"effect": built, "key": self.key}) if self.key else built


@dataclass(frozen=True)
class RandomPlugin(RandomEffect):
    """A plugin whose parameters are still distributions.

    Parameters
    ----------
    plugin : Plugin
        At its defaults.
    """

    plugin: Plugin = field(kw_only=True)

    def _built(self, drawn: dict[str, Any]) -> Effect:
        """Build the effect."""
        return Plugin.model_validate({**self.plugin.model_dump(), "parameters": drawn})
