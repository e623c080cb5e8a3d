"""JSON schema of recipes, for editors that complete and check while one writes."""

from typing import Any

from ..audio import STEM_CLASSES
from ..degradations import Effect
from ..degradations.slots import Slot, slots_of
from .ensembles import BLEED_SLOTS, DOUBLE_SLOTS
from .recipes import ACTIVE_SLOTS, KEYS, LEVEL_SLOTS, SETTINGS, SONG_SLOTS
from .sends import SEND_SLOTS
from .sessions import TAP

__all__ = ["recipe_schema"]

CHAIN = {"$ref": "#/$defs/chain"}
CLASSES = {"type": "array", "items": {"enum": list(STEM_CLASSES)}}


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
        **{name: _constant(slot) for name, slot in SETTINGS.items()},
        "songs": _record(
            {
                "coherent": _constant(SONG_SLOTS["coherent"]),
                "absent": _constant(SONG_SLOTS["absent"]),
                "stems": _slot(SONG_SLOTS["stems"]),
                "active": active,
            }
        ),
        "target": {"enum": ["placed", "recorded"]},
        "levels": {**by_class, "additionalProperties": level},
        "stems": {**by_class, "additionalProperties": CHAIN},
        "buses": {"type": "object", "additionalProperties": bus},
        "mix_loudness_lufs": _slot(Slot("mix_loudness_lufs", "number", -60, 0)),
        "master": CHAIN,
        "medium": CHAIN,
        "reject": _record({"destroyed_above_db": {"type": "number", "minimum": 3, "maximum": 60}}),
        "taps": {"type": "array", "items": {"type": "string", "pattern": f"^({TAP})$"}},
        "sends": {**by_name, "additionalProperties": _send()},
        "bleed": _record(_slots(BLEED_SLOTS), ["level_db"]),
        "doubles": _record({**_slots(DOUBLE_SLOTS), "of": CLASSES}),
    }
    assert set(properties) == set(KEYS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wetdry recipe",
        **_record(properties),
        "$defs": {"chain": _chain(), "step": _step()},
    }


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
    option = {"anyOf": [{"$ref": "#/$defs/step"}, CHAIN]}
    properties: dict[str, Any] = {
        "probability": {"type": "number", "minimum": 0, "maximum": 1},
        "name": {"type": "string"},
        "key": {"anyOf": [{"enum": list(STEM_CLASSES)}, {"type": "string", "pattern": "^bus[.]"}]},
        "one_of": {"type": "array", "items": option, "minItems": 1},
        "shuffle": CHAIN,
        "repeat": CHAIN,
        "times": _slot(Slot("times", "integer", 0, 32)),
    }
    kinds = ["one_of", "shuffle", "repeat", *sorted(Effect.kinds)]
    for kind in sorted(Effect.kinds):
        slots = slots_of(Effect.kinds[kind])
        numbers = {name: _slot(slot) for name, slot in slots.items()}
        required = [s.name for s in slots.values() if s.required and s.name != "seed"]
        summary = (Effect.kinds[kind].__doc__ or "").strip().splitlines()[0]
        properties[kind] = {"description": summary, **_record(numbers, required)}
    return {**_record(properties), "oneOf": [{"required": [kind]} for kind in kinds]}


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
    """Return the schema of a plain value or of a distribution."""
    value = _constant(slot)
    pair = {"type": "array", "items": value, "minItems": 2, "maxItems": 2}
    choice = _record({"choice": {"type": "array", "items": value, "minItems": 1}}, ["choice"])
    if slot.kind in ("word", "flag"):
        return {"anyOf": [value, choice]}
    if slot.kind == "file":
        return {"anyOf": [value, choice, _record({"files": {"type": "string"}}, ["files"])]}
    if slot.kind == "list":
        item = _slot(Slot(slot.name, "number", slot.low, slot.high))
        whole = {**pair, "minItems": slot.count, "maxItems": slot.count}
        return {"anyOf": [whole, _record({"each": item}, ["each"])]}
    free = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    named = [
        _record({name: shape}, [name])
        for name, shape in (("uniform", pair), ("log_uniform", pair), ("normal", free))
    ]
    return {"anyOf": [value, pair, *named, choice]}
