"""From YAML to random chains, with errors that say where, wanted, found and the cure."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from ...audio import STEM_CLASSES
from ...errors import RecipeError, WetdryError
from ..dynamics import Dynamics
from ..effect import Effect, find_effect
from ..own_effects import unknown
from ..plugins.plugin import Plugin, offered, parameter_slots
from .combinators import OneOf, RandomMidSide, RandomParallel, Repeat, Shuffle, SomeOf
from .distributions import (
    NOTHING,
    Constant,
    Distribution,
    UniformInteger,
    parse_distribution,
    parse_weights,
)
from .expressions import Expression, is_expression, parse_condition
from .reaches import Reach
from .slots import Slot, slots_of
from .steps import RandomChain, RandomEffect, RandomPlugin, Step
from .yaml_tree import Node

__all__ = ["COMBINATORS", "COUNT", "MIX", "MOST_BRANCHES", "TIMES", "parse_chain"]

COMBINATORS = {
    "one_of": ("weights",),
    "some_of": ("count",),
    "shuffle": (),
    "repeat": ("times",),
    "parallel": ("mix",),
    "mid_side": (),
}
"""Combinators, and the options that stand beside them."""
OPTIONS = ("probability", "name", "when", "keep", "key")
BESIDE = tuple(option for options in COMBINATORS.values() for option in options)
RESERVED = (*COMBINATORS, *OPTIONS, *BESIDE, "none")
"""What no effect may be named."""
TIMES = Slot("times", "integer", 0, 32)
COUNT = Slot("count", "integer", 0, 32)
MIX = Slot("mix", "number", 0, 1)
MOST_BRANCHES = 8
SEED = UniformInteger(0, 2**32 - 1)
"""What a ``seed`` is drawn from where the recipe does not fix it."""


def parse_chain(
    node: Node,
    folder: Path,
    sample_rate: int,
    known: Mapping[str, Reach] = NOTHING,
    *,
    not_kept: str = "a target is one stem, and this is not for one stem alone",
) -> RandomChain:
    """Read a list of steps, and prove that whatever it can draw is valid.

    Parameters
    ----------
    node : Node
        A list; ``none`` or an empty list is the chain that does nothing.
    folder : Path
        Where relative file names begin.
    sample_rate : int
        In Hz; frequencies must lie below half of it.
    known : mapping of str to Reach
        Names that expressions can refer to, and all that they can be.
    not_kept : str
        Why no step here can be part of the target; empty where one can.

    Raises
    ------
    RecipeError
        With file, line, path, what was wanted, what was found and how to cure it.
    """
    if node.value in (None, "none"):
        return RandomChain()
    return _ChainReader(folder, sample_rate, known, not_kept).chain(node)


@dataclass(frozen=True)
class _ChainReader:
    """Reads steps; holds what all of them need."""

    folder: Path
    sample_rate: int
    known: Mapping[str, Reach]
    not_kept: str
    inside: str = ""

    def chain(self, node: Node) -> RandomChain:
        """Read a list of steps."""
        counts: Counter[str] = Counter()
        steps: list[Step] = []
        for item in node.items("a list of steps, each beginning with '- '"):
            step = self.step(item, counts)
            if any(step.name == other.name for other in steps):
                raise item.error("a name that no neighbour has", repr(step.name))
            steps.append(step)
        return RandomChain(tuple(steps))

    def step(self, node: Node, counts: Counter[str]) -> Step:
        """Read one step: an effect or a combinator, and its options."""
        pairs = node.mapping("a step such as {compressor: {threshold_db: -18, ratio: 4}}")
        kinds = [key for key in pairs if key not in (*OPTIONS, *BESIDE)]
        if len(kinds) != 1:
            raise node.error("one effect or combinator in a step", cure="one '- ' for each step")
        kind = kinds[0]
        for option in BESIDE:
            if option in pairs and option not in COMBINATORS.get(kind, ()):
                owner = next(name for name, options in COMBINATORS.items() if option in options)
                raise pairs[option].error(f"'{option}' beside '{owner}' alone", f"'{option}'")
        counts[kind] += 1
        step = self.body(kind, pairs, _name(kind, counts[kind], pairs), _probability(pairs))
        when = parse_condition(pairs["when"], self.known) if "when" in pairs else None
        step = replace(step, when=when, keep=self.keep(pairs))
        if "key" in pairs:
            if self.inside:
                raise pairs["key"].error(f"'key' outside of '{self.inside}'", "'key'")
            key = _key(kind, pairs["key"])
            assert isinstance(step, RandomEffect)
            return replace(step, key=key)
        return step

    def keep(self, pairs: dict[str, Node]) -> bool:
        """Read whether a step belongs to the target."""
        if "keep" not in pairs:
            return False
        node = pairs["keep"]
        if not isinstance(node.value, bool):
            raise node.error("true or false")
        if node.value and self.not_kept:
            raise node.error("'keep' in the chain of a stem", "'keep'", self.not_kept)
        return node.value

    def body(self, kind: str, pairs: dict[str, Node], name: str, probability: float) -> Step:
        """Read what a step does."""
        node = pairs[kind]
        match kind:
            case "one_of":
                options = tuple(chain for _, chain in self.options(node))
                weights = parse_weights(pairs.get("weights"), len(options))
                return OneOf(name, probability, options, weights)
            case "some_of":
                named = self.options(node)
                slot = replace(COUNT, high=len(named))
                return SomeOf(name, probability, named, self.beside(node, pairs, slot))
            case "shuffle":
                return Shuffle(name, probability, self.chain(node))
            case "repeat":
                times = self.beside(node, pairs, TIMES)
                return Repeat(name, probability, self.chain(node), times)
            case "parallel":
                return self.parallel(node, pairs, name, probability)
            case "plugin":
                return self.plugin(node, name, probability)
            case "mid_side":
                chains = node.mapping("chains for mid and side", ["mid", "side"])
                inside = self.within(kind)
                mid, side = (
                    inside.option(chains[part]) if part in chains else RandomChain()
                    for part in ("mid", "side")
                )
                return RandomMidSide(name, probability, mid, side)
        return self.effect(kind, node, name, probability)

    def beside(self, node: Node, pairs: dict[str, Node], slot: Slot) -> Distribution:
        """Read the number that a combinator must have beside it."""
        if slot.name not in pairs:
            example = f"such as {slot.name}: [1, 2]"
            raise node.error(
                f"'{slot.name}' beside '{node.path.rpartition('.')[2]}'", "none", example
            )
        return parse_distribution(pairs[slot.name], slot, self.folder, self.known)

    def parallel(self, node: Node, pairs: dict[str, Node], name: str, probability: float) -> Step:
        """Read chains that stand side by side."""
        branches = self.within("parallel").options(node)
        if len(branches) > MOST_BRANCHES:
            raise node.error(f"at most {MOST_BRANCHES} branches", str(len(branches)))
        mix: Distribution = Constant(1.0)
        if "mix" in pairs:
            mix = parse_distribution(pairs["mix"], MIX, self.folder, self.known)
        return RandomParallel(name, probability, branches, mix)

    def within(self, kind: str) -> "_ChainReader":
        """Return a reader of chains that an effect holds: no side-chains, and kept whole or not."""
        return replace(self, not_kept=f"or keep the whole of '{kind}'", inside=kind)

    def options(self, node: Node) -> tuple[tuple[str, RandomChain], ...]:
        """Read a list of options, each with a name made of its steps' names."""
        counts: Counter[str] = Counter()
        named = []
        for item in node.items("a list of options"):
            chain = self.option(item)
            name = "+".join(step.name for step in chain.steps) or "none"
            counts[name] += 1
            named.append((name if counts[name] == 1 else f"{name}#{counts[name]}", chain))
        if not named:
            raise node.error("at least one option")
        return tuple(named)

    def option(self, node: Node) -> RandomChain:
        """Read one option: a step, a list of steps, or none."""
        if node.value in (None, "none"):
            return RandomChain()
        if isinstance(node.value, list):
            return self.chain(node)
        return RandomChain((self.step(node, Counter()),))

    def effect(self, kind: str, node: Node, name: str, probability: float) -> RandomEffect:
        """Read an effect and the distributions of its numbers."""
        effect = find_effect(kind)
        if effect is None:
            raise node.error("an effect or combinator", repr(kind), unknown(kind, COMBINATORS))
        if effect.needs and find_spec(effect.needs) is None:
            cure = "run `pip install 'wetdry[neural]'`"
            raise node.error(f"the package {effect.needs}", "none", cure)
        slots = slots_of(effect)
        given = {} if node.value is None else node.mapping(f"{kind}'s numbers", list(slots))
        numbers = self.numbers(node, given, slots)
        where = f"{node.where}: {node.path}"
        return RandomEffect(name, probability, effect, tuple(numbers.items()), where)

    def numbers(
        self, node: Node, given: Mapping[str, Node], slots: Mapping[str, Slot]
    ) -> dict[str, Distribution]:
        """Read the distributions of an effect's numbers, expressions last."""
        numbers: dict[str, Distribution] = {}
        for slot in slots.values():
            if slot.name in given and not is_expression(given[slot.name]):
                numbers[slot.name] = self.number(given[slot.name], slot)
            elif slot.name == "seed" and slot.name not in given:
                numbers["seed"] = SEED
            elif slot.required and slot.name not in given:
                raise node.error(f"{slot.name}, {slot.bounds()}", "none")
        for slot in slots.values():
            if slot.name in given and slot.name not in numbers:
                numbers[slot.name] = self.worked_out(given[slot.name], slot, numbers)
        return numbers

    def plugin(self, node: Node, name: str, probability: float) -> RandomEffect:
        """Read a plugin and the distributions of its parameters, proved against its own bounds."""
        pairs = node.mapping("a plugin", ["name", "parameters"])
        if "name" not in pairs:
            raise node.error("'name', as in your allow-list")
        try:
            plugin, facts = offered(str(pairs["name"].value))
        except WetdryError as error:
            raise RecipeError(f"{pairs['name'].where}: {node.path}: {error}") from None
        slots, below = parameter_slots(facts), pairs.get("parameters")
        given = below.mapping("the plugin's parameters", list(slots)) if below else {}
        numbers = self.numbers(node, given, {key: slots[key] for key in given})
        where = f"{node.where}: {node.path}"
        drawn = tuple(numbers.items())
        return RandomPlugin(name, probability, Plugin, drawn, where, plugin=plugin)

    def worked_out(self, node: Node, slot: Slot, numbers: dict[str, Distribution]) -> Distribution:
        """Read a number that may refer to those of its effect that are drawn before it."""
        reaches = {name: number.reach() for name, number in numbers.items()}
        own = {name: reach for name, reach in reaches.items() if reach is not None}
        read = replace(self, known={**self.known, **own}).number(node, slot)
        twice = (
            set(self.known) & set(own) & (read.names() if isinstance(read, Expression) else set())
        )
        if twice:
            wanted = "names that stand for one thing"
            raise node.error(wanted, repr(min(twice)), "rename the linked draw of that name")
        return read

    def number(self, node: Node, slot: Slot) -> Distribution:
        """Read the distribution of one number."""
        if slot.kind == "number" and slot.name.endswith("_hz"):
            return self.frequency(node, slot)
        return parse_distribution(node, slot, self.folder, self.known)

    def frequency(self, node: Node, slot: Slot) -> Distribution:
        """Read a distribution of frequencies, all of them below half the sample rate."""
        half = self.sample_rate / 2
        for leaf in _leaves(node):
            if isinstance(leaf.value, int | float) and leaf.value >= half:
                wanted = f"a frequency below half the sample rate ({half:g} Hz)"
                raise leaf.error(wanted, cure="lower it or raise sample_rate")
        below = replace(slot, high=min(slot.high, half * (1 - 1e-9)))
        return parse_distribution(node, below, self.folder, self.known)


def _name(kind: str, number: int, pairs: dict[str, Node]) -> str:
    """Return the name of a step: its own, or its kind and which of that kind it is."""
    if "name" in pairs:
        return str(pairs["name"].value)
    return kind if number == 1 else f"{kind}#{number}"


def _probability(pairs: dict[str, Node]) -> float:
    """Read how often a step is there."""
    if "probability" not in pairs:
        return 1.0
    probability = pairs["probability"].number()
    if not 0 <= probability <= 1:
        raise pairs["probability"].error("a number from 0 to 1")
    return probability


def _key(kind: str, node: Node) -> str:
    """Read whom the detector of an effect hears."""
    if kind in COMBINATORS or not issubclass(Effect.kinds.get(kind, Dynamics), Dynamics):
        raise node.error("'key' beside an effect that is one gain, such as a compressor", "'key'")
    if node.value not in STEM_CLASSES and not re.fullmatch(r"bus\..+", str(node.value)):
        raise node.error(f"a class ({', '.join(STEM_CLASSES)}) or bus.NAME")
    return str(node.value)


def _leaves(node: Node) -> list[Node]:
    """Return the plain values below a node."""
    if isinstance(node.value, dict):
        children = (child for key, child in node.value.items() if key != "weights")
        return [leaf for child in children for leaf in _leaves(child)]
    if isinstance(node.value, list):
        return [leaf for child in node.value for leaf in _leaves(child)]
    return [node]
