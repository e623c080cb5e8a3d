"""What an effect declares of itself: docstring, bounds, units, amounts; what a reader needs."""

from collections.abc import Callable
from types import EllipsisType
from typing import Any, Literal, get_args, get_origin

from ..degradations import Effect
from ..degradations.docstrings import described, heard
from ..degradations.effect import Undoable
from ..degradations.language.slots import Slot, slots_of

__all__ = ["DECLARATIONS", "DRAWABLE"]

UNITS = set("db dbfs dbtp lufs hz ms s samples cents semitones octaves kbps m degrees".split())
QUANTITIES = {
    **dict.fromkeys(("gain", "drive", "threshold", "makeup", "volume", "knee", "snr"), "db"),
    **dict.fromkeys(("level", "ceiling", "floor"), "dbfs"),
    **dict.fromkeys(("freq", "frequency", "cutoff", "centre", "center", "bandwidth", "rate"), "hz"),
    **dict.fromkeys(("attack", "release", "hold", "delay", "time", "lookahead", "predelay"), "ms"),
    **dict.fromkeys(("duration", "length", "decay"), "s"),
    **{"loudness": "lufs", "pitch": "semitones", "detune": "cents", "bitrate": "kbps"},
}
"""Words for what has a unit, and the unit that it has most often."""


def it_tells_what_is_heard(effect: type[Effect]) -> str:
    """Begin the docstring with what is heard: lists, schemas and reports show it."""
    return "" if heard(effect) else "wanted a docstring whose first line says what is heard"


def numbers_are_explained(effect: type[Effect]) -> str:
    """Explain each number under 'Parameters' of the docstring."""
    _, meanings, _ = described(effect)
    missing = [name for name in slots_of(effect) if name not in meanings]
    if not missing:
        return ""
    return f"wanted a word on {', '.join(missing)} under 'Parameters' of the docstring, found none"


def fields_can_be_drawn(effect: type[Effect]) -> str:
    """Have fields that a recipe can draw, and no others."""
    for slot in slots_of(effect).values():
        field = effect.model_fields[slot.name]
        if not _is_drawable(slot, field):
            return (
                f"{slot.name}: wanted float, int, bool, Literal words, a tuple of fixed length, or "
                f"a file (str) with a field {slot.name}_sha256, found {_type(field.annotation)}"
            )
    return ""


def _is_drawable(slot: Slot, field: Any) -> bool:
    """Tell whether a field is of a type that slots can be read from."""
    if slot.kind == "list":
        fixed = EllipsisType not in map(type, get_args(field.annotation))
        return fixed or any(hasattr(mark, "min_length") for mark in field.metadata)
    plain = field.annotation in (float, int, bool) or get_origin(field.annotation) is Literal
    return plain or slot.kind == "file"


def _type(annotation: Any) -> str:
    """Return a type as it is written."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def numbers_have_bounds(effect: type[Effect]) -> str:
    """Bound every number on both sides: a recipe is proved against that."""
    for slot in slots_of(effect).values():
        is_number = slot.kind in ("number", "integer", "list")
        if is_number and not float("-inf") < slot.low <= slot.high < float("inf"):
            return (
                f"{slot.name}: wanted bounds, such as Annotated[float, Field(ge=0, le=1)], "
                f"found {slot.low:g} to {slot.high:g}"
            )
    return ""


def units_stand_in_names(effect: type[Effect]) -> str:
    """Say the unit of a number in its name."""
    for slot in slots_of(effect).values():
        words = slot.name.split("_")
        if slot.kind in ("word", "flag", "file") or words[-1] in UNITS:
            continue
        known = [QUANTITIES[word] for word in (words[-1], words[0]) if word in QUANTITIES]
        if known:
            return f"{slot.name}: wanted its unit in the name, such as {slot.name}_{known[0]}"
    return ""


def amounts_lie_within_bounds(effect: type[Effect]) -> str:
    """Declare what can be as ``neutral`` and ``undoable``."""
    if effect.undoable not in get_args(Undoable):
        return f"undoable: wanted one of {', '.join(get_args(Undoable))}, found {effect.undoable!r}"
    slots = slots_of(effect)
    for name, value in effect.neutral.items():
        if name not in slots:
            return f"neutral: wanted one of its numbers, found {name!r}"
        if not slots[name].low <= value <= slots[name].high:
            return f"neutral: {name}: wanted {slots[name].bounds()}, found {value}"
    return ""


DRAWABLE = "has fields that can be drawn"
DECLARATIONS: dict[str, Callable[[type[Effect]], str]] = {
    "tells what is heard": it_tells_what_is_heard,
    "explains every number": numbers_are_explained,
    DRAWABLE: fields_can_be_drawn,
    "bounds every number": numbers_have_bounds,
    "names units": units_stand_in_names,
    "declares what can be": amounts_lie_within_bounds,
}
"""By name, what each says is wrong with a class, or ""."""
