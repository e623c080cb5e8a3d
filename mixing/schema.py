"""JSON schema of recipes, for editors that complete and check while one writes."""

from typing import Any

from ..audio import STEM_CLASSES
from ..degradations import Effect
from ..degradations.docstrings import heard
from ..degradations.language.distributions import NUMERIC
from ..degradations.language.parsing import COMBINATORS, COUNT, MIX, MOST_BRANCHES, TIMES
from ..degradations.language.slots import Slot, slots_of
from ..degradations.own_effects import find_installed
from ..degradations.plugins.allowed import NAME
from .ensembles import BLEED_SLOTS, DOUBLE_SLOTS
from .linked import LINKED_BOUND
from .matching import MATCH_SLOTS
from .recipes import ACTIVE_SLOTS, KEYS, LEVEL_SLOTS, SETTINGS, SEVERITY, SONG_SLOTS, TARGETS
from .rejection import REJECT_SLOTS
from .sends import SEND_SLOTS
from .sessions import TAP

__all__ = ["recipe_schema"]

CHAIN = {"$ref": "#/$defs/chain"}
CLASSES = {"type": "array", "items": {"enum": list(STEM_CLASSES)}}
EXPRESSION = {"type": "string", "pattern": "^\\s*="}
WEIGHTS = {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 1}


def recipe_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a recipe, with every effect and its bounds.

    Examples
    --------
    >>> "compressor" in recipe_schema()["$defs"]["step"]["properties"]
    True
    """
    by_class = {"propertyNames": {"enum": ["all", *STEM_CLASSES]}, "type": "object"}
    by_name = {"propertyNames": {"pattern": "^[a-z0-9_]+$"}, "type": "object"}
    level = _record(_slots(LEVEL_SLOTS))
    bus = _record({"of": CLASSES, "chain": CHAIN}, ["of", "chain"])
    active = _record({name: _constant(slot) for name, slot in ACTIVE_SLOTS.items()})
    properties = {
        "about": {"type": "string"},
        "include": {"type": "string"},
        **{name: _constant(slot) for name, slot in SETTINGS.items()},
        "severity": _slot(SEVERITY),
        "linked": {"type": "object", "additionalProperties": _linked()},
        "songs": _record(
            {
                "coherent": _constant(SONG_SLOTS["coherent"]),
                "absent": _constant(SONG_SLOTS["absent"]),
                "stems": _slot(SONG_SLOTS["stems"]),
                "active": active,
                "match": _match(),
            }
        ),
        "target": {"enum": list(TARGETS)},
        "levels": {**by_class, "additionalProperties": level},
        "stems": {**by_class, "additionalProperties": CHAIN},
        "buses": {"type": "object", "additionalProperties": bus},
        "mix_loudness_lufs": _slot(Slot("mix_loudness_lufs", "number", -60, 0)),
        "master": CHAIN,
        "medium": CHAIN,
        "reject": _record({name: _constant(slot) for name, slot in REJECT_SLOTS.items()}),
        "taps": {"type": "array", "items": {"type": "string", "pattern": f"^({TAP})$"}},
        "sends": {**by_name, "additionalProperties": _send()},
        "bleed": _record(_slots(BLEED_SLOTS), ["level_db"]),
        "doubles": _record({**_slots(DOUBLE_SLOTS), "of": CLASSES}),
    }
    assert set(properties) == set(KEYS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wetdry recipe",
        **_record({name: _or_removed(below) for name, below in properties.items()}),
        "$defs": {"chain": _chain(), "step": _step()},
    }


def _or_removed(below: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a part that ``~`` takes out of an included recipe."""
    return {"anyOf": [below, {"type": "null"}]}


def _record(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """Return the schema of a mapping with known keys."""
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": required or [],
    }


def _slots(slots: dict[str, Slot]) -> dict[str, Any]:
    """Return the schemas of values by name; probabilities are not drawn."""
    return {n: (_constant if n == "probability" else _slot)(slot) for n, slot in slots.items()}


def _match() -> dict[str, Any]:
    """Return the schema of what makes stems of several songs fit together."""
    limits = [{"required": [name]} for name in ("tempo_within", "transpose_within_semitones")]
    constants = {name: _constant(slot) for name, slot in MATCH_SLOTS.items()}
    return {**_record(constants), "anyOf": limits}


def _send() -> dict[str, Any]:
    """Return the schema of a send."""
    level, fader = SEND_SLOTS["level_db"], SEND_SLOTS["pre_fader"]
    parts = {"level_db": _slot(level), "pre_fader": _constant(fader), "chain": CHAIN, "of": CLASSES}
    return _record(parts, ["level_db", "chain"])


def _chain() -> dict[str, Any]:
    """Return the schema of a list of steps, or of none."""
    return {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/step"}}, {"const": "none"}]}


def _step() -> dict[str, Any]:
    """Return the schema of an effect or combinator with its options."""
    find_installed()
    option = {"anyOf": [{"$ref": "#/$defs/step"}, CHAIN]}
    properties: dict[str, Any] = {
        "probability": {"type": "number", "minimum": 0, "maximum": 1},
        "name": {"type": "string"},
        "key": {"anyOf": [{"enum": list(STEM_CLASSES)}, {"type": "string", "pattern": "^bus[.]"}]},
        "one_of": {"type": "array", "items": option, "minItems": 1},
        "shuffle": CHAIN,
        "repeat": CHAIN,
        "some_of": {"type": "array", "items": option, "minItems": 1},
        "parallel": {"type": "array", "items": option, "minItems": 1, "maxItems": MOST_BRANCHES},
        "mid_side": _record({"mid": option, "side": option}),
        "weights": WEIGHTS,
        **{slot.name: _slot(slot) for slot in (TIMES, COUNT, MIX)},
        "when": {"type": "string"},
        "keep": {"type": "boolean"},
    }
    effects = sorted(set(Effect.kinds) - set(COMBINATORS))
    kinds = [*COMBINATORS, *effects]
    for kind in effects:
        slots = slots_of(Effect.kinds[kind])
        numbers = {name: _slot(slot) for name, slot in slots.items()}
        required = [s.name for s in slots.values() if s.required and s.name != "seed"]
        properties[kind] = {"description": heard(Effect.kinds[kind]), **_record(numbers, required)}
    properties["plugin"] |= _plugin()
    beside = {key: [kind] for kind, keys in COMBINATORS.items() for key in keys}
    return {
        **_record(properties),
        "oneOf": [{"required": [kind]} for kind in kinds],
        "dependentRequired": {**beside, "some_of": ["count"], "repeat": ["times"]},
    }


def _plugin() -> dict[str, Any]:
    """Return the schema of a plugin: what its parameters can be, it alone knows."""
    parameters = {"type": "object", "additionalProperties": _linked()}
    return _record(
        {"name": {"type": "string", "pattern": NAME}, "parameters": parameters}, ["name"]
    )


def _constant(slot: Slot) -> dict[str, Any]:
    """Return the schema of one plain value."""
    if slot.kind == "word":
        return {"enum": list(slot.words)}
    if slot.kind in ("flag", "file"):
        return {"type": {"flag": "boolean", "file": "string"}[slot.kind]}
    ends = {"minimum": slot.low, "maximum": slot.high}
    bounds = {key: value for key, value in ends.items() if abs(value) < float("inf")}
    return {"type": "integer" if slot.kind == "integer" else "number", **bounds}


def _slot(slot: Slot) -> dict[str, Any]:
    """Return the schema of a plain value, of a distribution or of an expression."""
    value = _constant(slot)
    choice = _record(
        {"choice": {"type": "array", "items": value, "minItems": 1}, "weights": WEIGHTS}, ["choice"]
    )
    if slot.kind in ("word", "flag"):
        return {"anyOf": [value, choice, EXPRESSION]}
    if slot.kind == "file":
        files = _record({"files": {"type": "string"}}, ["files"])
        return {"anyOf": [value, choice, files]}  # an expression is a text, as a file is
    if slot.kind == "list":
        item = _slot(Slot(slot.name, "number", slot.low, slot.high))
        whole = _list(value, slot.count)
        return {"anyOf": [whole, _record({"each": item}, ["each"])]}
    named = [_record({name: _numbers(name, value)}, [name]) for name in NUMERIC]
    return {"anyOf": [value, _list(value, 2), *named, choice, EXPRESSION]}


def _numbers(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the numbers that a distribution is given by."""
    if name in ("normal", "truncated_normal"):  # mean and deviation have bounds of their own
        return _list({"type": "number"}, len(NUMERIC[name]))
    return _list(value, len(NUMERIC[name]))


def _linked() -> dict[str, Any]:
    """Return the schema of a linked draw: numbers, words, true or false, or files."""
    number = _slot(Slot("linked", "number", -LINKED_BOUND, LINKED_BOUND))["anyOf"]
    words = {"type": "array", "items": {"type": ["string", "boolean"]}, "minItems": 1}
    choice = _record({"choice": words, "weights": WEIGHTS}, ["choice"])
    files = _record({"files": {"type": "string"}}, ["files"])
    return {"anyOf": [*number, {"type": ["string", "boolean"]}, choice, files]}


def _list(item: dict[str, Any], count: int) -> dict[str, Any]:
    """Return the schema of a list of so many items."""
    return {"type": "array", "items": item, "minItems": count, "maxItems": count}
