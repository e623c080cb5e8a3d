"""Expressions: a number worked out from others that are drawn, and conditions on them.

A text that begins with ``=`` stands where a number does::

    linked: {heaviness: [0, 1], genre: {choice: [rock, jazz]}}
    ...
    - compressor: {threshold_db: "= -10 - 20 * heaviness", ratio: [2, 4],
                   makeup_db: "= -threshold_db * (1 - 1 / ratio) / 2"}
      when: genre == rock and heaviness > 0.2

It may hold numbers, words, names, ``+ - * / **``, ``min``, ``max``, ``abs``, comparisons,
``in (a, b)``, ``and``, ``or``, ``not`` and ``a if condition else b``. It is worked out twice by
the same walk: once at load, over the reaches of all names, which proves that whatever is drawn
stays within the slot's bounds; and at each draw, over the drawn values. Nothing is evaluated
by Python itself.
"""

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import floor
from typing import Any

from ...errors import RecipeError
from .expression_trees import CALLS, drawn_value, tree_reach, words_of
from .random_values import NOTHING, Distribution, Names, Uniform01
from .reaches import TRUTH, Options, Range, Reach, Unfit
from .slots import Slot
from .yaml_tree import Node

__all__ = ["Expression", "is_expression", "parse_condition", "parse_expression"]

LONGEST = 300
"""Characters of an expression; a longer one is a program."""
LARGEST = 100
"""Nodes of its tree."""


@dataclass(frozen=True)
class Expression(Distribution):
    """A value that is worked out from others, which have been drawn before it.

    Parameters
    ----------
    text : str
        As it is written, without the ``=``.
    tree : ast.expr
    where : str
        File, line and path, for messages.
    reached : Reach
        All that it can come to.
    integer : bool
        Whether it is rounded to the nearest integer.
    """

    text: str
    tree: ast.expr = field(repr=False, compare=False)
    where: str
    reached: Reach
    integer: bool = False

    def draw(self, random: Uniform01, names: Names = NOTHING) -> Any:
        """Work it out; no random number is used."""
        try:
            value = drawn_value(self.tree, names)
        except KeyError as error:
            raise RecipeError(
                f"{self.where}: {self.text!r}: wanted a value for {error}, found none"
            ) from None
        except ArithmeticError as error:  # a power may miss its proved range by a last bit
            raise RecipeError(f"{self.where}: {self.text!r}: {error}") from None
        if isinstance(self.reached, Range):
            value = min(max(value, self.reached.low), self.reached.high)
        return _rounded(value) if self.integer else value

    def reach(self) -> Reach:
        """Return all that it can come to."""
        return self.reached

    def names(self) -> set[str]:
        """Return the names that it refers to."""
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)} - set(CALLS)


def is_expression(node: Node) -> bool:
    """Tell whether a text that begins with ``=`` stands here."""
    return isinstance(node.value, str) and node.value.lstrip().startswith("=")


def parse_expression(node: Node, slot: Slot, known: Mapping[str, Reach]) -> Expression:
    """Read an expression, and prove that whatever it comes to fits its slot.

    Parameters
    ----------
    node : Node
        A text that begins with ``=``.
    slot : Slot
    known : mapping of str to Reach
        The names that it may refer to, and all that these can be.

    Raises
    ------
    RecipeError
        If it holds something else, or reaches outside the slot's bounds.
    """
    found = _read(node, node.value.lstrip()[1:], known)
    if not _fits(found.reached, slot):
        raise node.error(slot.bounds(), f"{found.reached} ({found.text})")
    if slot.kind == "integer" and isinstance(found.reached, Range):
        whole = Range(_rounded(found.reached.low), _rounded(found.reached.high))
        return replace(found, reached=whole, integer=True)
    return found


def parse_condition(node: Node, known: Mapping[str, Reach]) -> Expression:
    """Read a condition such as ``stem_class == Vocals and heaviness > 0.5``."""
    if not isinstance(node.value, str):
        raise node.error("a condition such as heaviness > 0.5")
    found = _read(node, node.value.strip().removeprefix("="), known)
    if found.reached != TRUTH:
        raise node.error("a condition such as heaviness > 0.5", f"{found.reached} ({found.text})")
    return found


def _rounded(value: float) -> int:
    """Return the nearest integer; halves go up."""
    return floor(value + 0.5)


def _fits(reach: Reach, slot: Slot) -> bool:
    """Tell whether everything in reach is allowed in a slot."""
    match slot.kind:
        case "number" | "integer":
            return isinstance(reach, Range) and slot.low <= reach.low and reach.high <= slot.high
        case "flag":
            return reach == TRUTH
        case "word":
            return isinstance(reach, Options) and reach.values <= set(slot.words)
        case "file":
            return isinstance(reach, Options) and not any(isinstance(v, str) for v in reach.values)
        case _:
            return False


def _read(node: Node, text: str, known: Mapping[str, Reach]) -> Expression:
    """Read the text of an expression and find its reach."""
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise node.error(f"at most {LONGEST} characters", str(len(text)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise node.error("an expression such as '= -10 - 20 * heaviness'") from None
    nodes = sum(1 for _ in ast.walk(tree))
    if nodes > LARGEST:
        raise node.error(f"an expression of at most {LARGEST} parts", str(nodes))
    tree = _Quoted(set(words_of(known)) - {*known, *CALLS}).visit(tree)
    try:
        reached = tree_reach(tree, known)
    except Unfit as unfit:
        raise node.error(unfit.wanted, f"{unfit.found} (in {text!r})", unfit.cure) from None
    return Expression(text, tree, f"{node.where}: {node.path}", reached)


class _Quoted(ast.NodeTransformer):
    """Puts quotation marks around bare words: ``genre == rock`` is ``genre == 'rock'``."""

    def __init__(self, words: set[str]) -> None:
        self.words = words

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Turn a name that is the word of some other name into that word."""
        return ast.Constant(node.id) if node.id in self.words else node
