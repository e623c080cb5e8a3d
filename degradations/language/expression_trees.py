"""The trees of expressions, worked out by one walk: over drawn values, or over all that can be.

Both go the same way from the leaves to the root, so that what is proved is what is drawn.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Generic, Protocol, TypeVar

from ..effect import did_you_mean
from .random_values import Names
from .reaches import (
    ARITHMETIC,
    TRUTH,
    Options,
    Range,
    Reach,
    Truth,
    Unfit,
    combined,
    joined,
)

__all__ = ["CALLS", "drawn_value", "tree_reach", "words_of"]

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: operator.eq,
    ast.NotIn: operator.ne,
}
CALLS: dict[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs}

T = TypeVar("T")
R = TypeVar("R", bound=Reach)


def drawn_value(tree: ast.expr, names: Names) -> Any:
    """Return what a tree comes to when its names have these values."""
    return _Walk(_Values(names))(tree)


def tree_reach(tree: ast.expr, known: Mapping[str, Reach]) -> Reach:
    """Return all that a tree can come to when its names can be these.

    Raises
    ------
    Unfit
        If it holds what expressions may not, or cannot be worked out for some values.
    """
    return _Walk(_Reaches(known))(tree)


class _Arithmetic(Protocol[T]):
    """What the walk over a tree asks of those who work it out."""

    def value(self, value: float | str) -> T: ...
    def name(self, name: str) -> T: ...
    def binary(self, sign: str, left: T, right: T) -> T: ...
    def call(self, name: str, numbers: list[T]) -> T: ...
    def compare(self, kind: type[ast.cmpop], left: T, right: T) -> T: ...
    def either(self, parts: list[T], all_of: bool) -> T: ...
    def inverted(self, truth: T) -> T: ...
    def chosen(self, truth: T, left: T, right: T) -> T: ...


class _Walk(Generic[T]):
    """Works out a tree from its leaves to its root."""

    def __init__(self, arithmetic: _Arithmetic[T]) -> None:
        self.arithmetic = arithmetic

    def __call__(self, tree: ast.expr) -> T:
        """Work out one node."""
        does = self.arithmetic
        match tree:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() | str() as value):
                return does.value(_plain(value))
            case ast.Name(id=name):
                return does.name(name)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return does.inverted(self(operand))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                factor = -1.0 if isinstance(sign, ast.USub) else 1.0
                return does.binary("*", does.value(factor), self(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in SIGNS:
                return does.binary(SIGNS[type(op)], self(left), self(right))
            case ast.BoolOp(op=op, values=values):
                return does.either([self(v) for v in values], isinstance(op, ast.And))
            case ast.Compare(left=left, ops=ops, comparators=rights):
                lefts = [left, *rights]
                pairs = zip(ops, lefts, rights, strict=False)
                return does.either([self.comparison(*pair) for pair in pairs], True)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return does.chosen(self(test), self(body), self(orelse))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in CALLS:
                return does.call(name, [self(argument) for argument in args])
        wanted = "numbers, names, + - * / **, min, max, abs, comparisons, and, or, not, if else"
        raise Unfit(wanted, repr(ast.unparse(tree)))

    def comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> T:
        """Work out one comparison; ``in (a, b)`` is ``== a or == b``."""
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
                raise Unfit("a list such as (Drums, Bass) after 'in'", repr(ast.unparse(right)))
            parts = [self.comparison_of(op, left, item) for item in right.elts]
            return self.arithmetic.either(parts, isinstance(op, ast.NotIn))
        return self.comparison_of(op, left, right)

    def comparison_of(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> T:
        """Compare two values."""
        if type(op) not in COMPARISONS:
            raise Unfit("one of < <= > >= == != in", "'is'")
        return self.arithmetic.compare(type(op), self(left), self(right))


class _Values:
    """Works out what is drawn."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def value(self, value: float | str) -> Any:
        return value

    def name(self, name: str) -> Any:
        return self.names[name]

    def binary(self, sign: str, left: Any, right: Any) -> Any:
        return ARITHMETIC[sign](left, right)

    def call(self, name: str, numbers: list[Any]) -> Any:
        return CALLS[name](*numbers)

    def compare(self, kind: type[ast.cmpop], left: Any, right: Any) -> bool:
        return COMPARISONS[kind](left, right)

    def either(self, parts: list[Any], all_of: bool) -> bool:
        return all(parts) if all_of else any(parts)

    def inverted(self, truth: Any) -> bool:
        return not truth

    def chosen(self, truth: Any, left: Any, right: Any) -> Any:
        return left if truth else right


class _Reaches:
    """Works out what can be drawn at all."""

    def __init__(self, known: Mapping[str, Reach]) -> None:
        self.known = known

    def value(self, value: float | str) -> Reach:
        if isinstance(value, str):
            return Options(frozenset([value]))
        if not isfinite(value):
            raise Unfit("numbers that stay finite", str(value))
        return Range(value, value)

    def name(self, name: str) -> Reach:
        if name not in self.known:
            hint = did_you_mean(name, [*self.known, *words_of(self.known)])
            raise Unfit("a name that is known here", repr(name), hint)
        return self.known[name]

    def binary(self, sign: str, left: Reach, right: Reach) -> Reach:
        wanted = f"numbers beside {sign!r}"
        return combined(sign, _is(left, Range, wanted), _is(right, Range, wanted))

    def call(self, name: str, numbers: list[Reach]) -> Reach:
        ranges = [_is(number, Range, f"numbers in {name}()") for number in numbers]
        if (len(ranges) < 2 and name != "abs") or (name == "abs" and len(ranges) != 1):
            wanted = "one number in abs()" if name == "abs" else f"two numbers or more in {name}()"
            raise Unfit(wanted, str(len(ranges)))
        lows, highs = [r.low for r in ranges], [r.high for r in ranges]
        if name == "abs":
            ends = sorted((abs(lows[0]), abs(highs[0])))
            return Range(0.0 if lows[0] <= 0 <= highs[0] else ends[0], ends[1])
        return Range(CALLS[name](lows), CALLS[name](highs))

    def compare(self, kind: type[ast.cmpop], left: Reach, right: Reach) -> Reach:
        if isinstance(left, Range) and isinstance(right, Range):
            return TRUTH
        if not (isinstance(left, Options) and isinstance(right, Options)):
            raise Unfit("two numbers or two words to compare", f"{left}, and {right}")
        if kind in (ast.Lt, ast.LtE, ast.Gt, ast.GtE):
            raise Unfit("== or != between words", f"{left}, and {right}")
        if not left.values & right.values:
            one, other = sorted((left, right), key=lambda options: len(options.values))
            hint = did_you_mean(str(one), [str(value) for value in other.values])
            raise Unfit(f"one of {other}", str(one), hint)
        return TRUTH

    def either(self, parts: list[Reach], all_of: bool) -> Reach:
        for part in parts:
            _is(part, Truth, "conditions beside 'and' and 'or'")
        return TRUTH

    def inverted(self, truth: Reach) -> Reach:
        return _is(truth, Truth, "a condition after 'not'")

    def chosen(self, truth: Reach, left: Reach, right: Reach) -> Reach:
        _is(truth, Truth, "a condition after 'if'")
        found = joined([left, right])
        if found is None:
            raise Unfit("two numbers or two words around 'if'", f"{left}, and {right}")
        return found


def words_of(known: Mapping[str, Reach]) -> list[str]:
    """Return all words that some name can be."""
    options = [reach for reach in known.values() if isinstance(reach, Options)]
    return [word for reach in options for word in reach.values if isinstance(word, str)]


def _plain(value: float | str) -> float | str:
    """Return a number as a float; an integer of hundreds of digits is none."""
    try:
        return value if isinstance(value, str) else float(value)
    except OverflowError:
        return float("inf")


def _is(reach: Reach, kind: type[R], wanted: str) -> R:
    """Return the reach if it is of the wanted kind."""
    if not isinstance(reach, kind):
        raise Unfit(wanted, str(reach))
    return reach
