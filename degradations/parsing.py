"""From YAML to random chains, with errors that say where, wanted, found and the cure."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from ..audio import STEM_CLASSES
from .distributions import Distribution, UniformInteger, parse_distribution
from .dynamics import Dynamics
from .effect import Effect, did_you_mean
from .slots import Slot, slots_of
from .steps import OneOf, RandomChain, RandomEffect, Repeat, Shuffle, Step
from .yaml_tree import Node

__all__ = ["parse_chain"]

COMBINATORS = ("one_of", "shuffle", "repeat")
OPTIONS = ("probability", "name", "times", "key")
SEED = UniformInteger(0, 2**32 - 1)
"""What a ``seed`` is drawn from where the recipe does not fix it."""


def parse_chain(node: Node, folder: Path, sample_rate: int) -> RandomChain:
    """Read a list of steps, and prove that whatever it can draw is valid.

    Parameters
    ----------
    node : Node
        A list; ``none`` or an empty list is the chain that does nothing.
    folder : Path
        Where relative file names begin.
    sample_rate : int
        In Hz; frequencies must lie below half of it.

    Raises
    ------
    RecipeError
        With file, line, path, what was wanted, what was found and how to cure it.
    """
    if node.value in (None, "none"):
        return RandomChain()
    reader = _ChainReader(folder, sample_rate)
    return reader.chain(node)


class _ChainReader:
    """Reads steps; holds what all of them need."""

    def __init__(self, folder: Path, sample_rate: int) -> None:
        self.folder = folder
        self.sample_rate = sample_rate

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
        kinds = [key for key in pairs if key not in OPTIONS]
        if len(kinds) != 1:
            raise node.error("one effect or combinator in a step", cure="one '- ' for each step")
        kind = kinds[0]
        counts[kind] += 1
        number = counts[kind]
        name = kind if number == 1 else f"{kind}#{number}"
        if "name" in pairs:
            name = str(pairs["name"].value)
        probability = 1.0
        if "probability" in pairs:
            probability = pairs["probability"].number()
            if not 0 <= probability <= 1:
                raise pairs["probability"].error("a number from 0 to 1")
        if "times" in pairs and kind != "repeat":
            raise pairs["times"].error("'times' beside 'repeat' alone", "'times'")
        if "key" in pairs:
            key = _key(kind, pairs["key"])
            return replace(self.effect(kind, pairs[kind], name, probability), key=key)
        return self.body(kind, pairs, name, probability)

    def body(self, kind: str, pairs: dict[str, Node], name: str, probability: float) -> Step:
        """Read what a step does."""
        node = pairs[kind]
        if kind == "one_of":
            options = tuple(self.option(option) for option in node.items("a list of options"))
            if not options:
                raise node.error("at least one option")
            return OneOf(name, probability, options)
        if kind == "shuffle":
            return Shuffle(name, probability, self.chain(node))
        if kind == "repeat":
            if "times" not in pairs:
                raise node.error("'times' beside 'repeat'", "none", "such as times: [1, 5]")
            slot = Slot("times", "integer", 0, 32)
            times = parse_distribution(pairs["times"], slot, self.folder)
            return Repeat(name, probability, self.chain(node), times)
        return self.effect(kind, node, name, probability)

    def option(self, node: Node) -> RandomChain:
        """Read one option of ``one_of``: a step, a list of steps, or none."""
        if node.value in (None, "none"):
            return RandomChain()
        if isinstance(node.value, list):
            return self.chain(node)
        return RandomChain((self.step(node, Counter()),))

    def effect(self, kind: str, node: Node, name: str, probability: float) -> RandomEffect:
        """Read an effect and the distributions of its numbers."""
        if kind not in Effect.kinds:
            known = [*Effect.kinds, *COMBINATORS]
            raise node.error("an effect or combinator", repr(kind), did_you_mean(kind, known))
        slots = slots_of(Effect.kinds[kind])
        given = {} if node.value is None else node.mapping(f"{kind}'s numbers", list(slots))
        numbers = {}
        for slot in slots.values():
            if slot.name in given:
                numbers[slot.name] = self.number(given[slot.name], slot)
            elif slot.name == "seed":
                numbers["seed"] = SEED
            elif slot.required:
                raise node.error(f"{slot.name}, {slot.bounds()}", "none")
        where = f"{node.where}: {node.path}"
        return RandomEffect(name, probability, Effect.kinds[kind], tuple(numbers.items()), where)

    def number(self, node: Node, slot: Slot) -> Distribution:
        """Read the distribution of one number."""
        if slot.kind == "number" and slot.name.endswith("_hz"):
            return self.frequency(node, slot)
        return parse_distribution(node, slot, self.folder)

    def frequency(self, node: Node, slot: Slot) -> Distribution:
        """Read a distribution of frequencies, all of them below half the sample rate."""
        half = self.sample_rate / 2
        for leaf in _leaves(node):
            if isinstance(leaf.value, int | float) and leaf.value >= half:
                wanted = f"a frequency below half the sample rate ({half:g} Hz)"
                raise leaf.error(wanted, cure="lower it or raise sample_rate")
        below = replace(slot, high=min(slot.high, half * (1 - 1e-9)))
        return parse_distribution(node, below, self.folder)


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
        return [leaf for child in node.value.values() for leaf in _leaves(child)]
    if isinstance(node.value, list):
        return [leaf for child in node.value for leaf in _leaves(child)]
    return [node]
