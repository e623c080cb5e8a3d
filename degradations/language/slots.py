"""Slots: which numbers an effect has, with their bounds, read off its declaration."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from ..effect import Effect

__all__ = ["Slot", "slots_of"]


@dataclass(frozen=True)
class Slot:
    """A place for a value.

    Parameters
    ----------
    name : str
    kind : {"number", "integer", "flag", "word", "file", "list"}
    low, high : float
        Bounds of a number, of an integer or of each item of a list; both included.
    words : tuple of str or number
        What a ``word`` can be.
    count : int
        How many items a ``list`` has.
    required : bool
    """

    name: str
    kind: Literal["number", "integer", "flag", "word", "file", "list"] = "number"
    low: float = float("-inf")
    high: float = float("inf")
    words: tuple[str | float, ...] = ()
    count: int = 0
    required: bool = True

    def bounds(self) -> str:
        """Return the bounds as a text, such as ``a number from -60 to 0``."""
        if self.kind == "word":
            return "one of " + ", ".join(map(str, self.words))
        if self.kind in ("flag", "file"):
            return {"flag": "true or false", "file": "a file"}[self.kind]
        noun = "an integer" if self.kind == "integer" else "a number"
        noun = f"{self.count} numbers" if self.kind == "list" else noun
        digits = ".0f" if self.kind == "integer" else "g"
        return f"{noun} from {self.low:{digits}} to {self.high:{digits}}"


@cache
def slots_of(effect: type[Effect]) -> dict[str, Slot]:
    """Return the slots of an effect class, by name; a plugin's are known to the plugin alone."""
    if effect.foreign:
        return {}
    fields = effect.model_fields
    slots = {}
    for name, field in fields.items():
        if not name.endswith("_sha256"):  # filled in with the file that it belongs to
            is_file = f"{name}_sha256" in fields
            slots[name] = _slot(name, field, is_file)
    return slots


def _slot(name: str, field: Any, is_file: bool) -> Slot:
    """Read one slot off a pydantic field."""
    annotation, required = field.annotation, field.is_required()
    low, high = _ends(field.metadata)
    if is_file:
        return Slot(name, "file", required=required)
    if get_origin(annotation) is Literal:
        return Slot(name, "word", words=get_args(annotation), required=required)
    if annotation is bool:
        return Slot(name, "flag", required=required)
    if get_origin(annotation) is tuple:
        items = get_args(annotation)
        low, high = _ends(getattr(items[0], "__metadata__", ()))
        lengths = [m.min_length for m in field.metadata if hasattr(m, "min_length")]
        count = lengths[0] if lengths else len(items)
        return Slot(name, "list", low, high, count=count, required=required)
    return Slot(name, "integer" if annotation is int else "number", low, high, required=required)


def _ends(metadata: Any) -> tuple[float, float]:
    """Return the bounds that annotations such as ``Field(ge=0, le=1)`` carry."""
    low, high = float("-inf"), float("inf")
    for item in metadata:
        for mark in (item, *getattr(item, "metadata", ())):
            low = max(low, _first(mark, "ge", "gt", low))
            high = min(high, _first(mark, "le", "lt", high))
    return low, high


def _first(mark: Any, closed: str, open_: str, otherwise: float) -> float:
    """Return the bound that ``mark`` carries, if any."""
    for name in (closed, open_):
        value = getattr(mark, name, None)
        if value is not None:
            return float(value)
    return otherwise
