"""Provenance: whose code the effects of a dataset are, where they are not wetdry's own."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ..degradations import Effect
from ..degradations.effect import find_effect
from ..degradations.language.steps import RandomEffect
from ..degradations.own_effects import Origin, origin_of
from ..errors import ShardError
from ..manifests.store_paths import Place
from ..mixing.recipes import Recipe

__all__ = ["check_origins", "origins"]


def origins(recipe: Recipe) -> dict[str, Origin]:
    """Return where the effects of a recipe come from that are not the house's, by kind.

    Raises
    ------
    UsageError
        If one comes from nowhere that it could be found again.
    """
    found = {effect.kind: origin_of(effect) for effect in _effects(recipe)}
    return {kind: origin for kind, origin in sorted(found.items()) if origin is not None}


def _effects(part: Any) -> Iterator[type[Effect]]:
    """Go through the effects that a part of a recipe can draw."""
    if isinstance(part, RandomEffect):
        yield part.effect
    elif isinstance(part, tuple):
        for below in part:
            yield from _effects(below)
    elif isinstance(part, Mapping):
        yield from _effects(tuple(part.values()))
    elif is_dataclass(part):
        yield from _effects(tuple(getattr(part, field.name) for field in fields(part)))


def check_origins(record: Mapping[str, Any], dataset: Place, *, same: bool = True) -> None:
    """Refuse to go on without the effects of a dataset, or with others of the same names.

    What a dataset names is never imported because it is named: whoever renders it again
    gives the file, or installs the package.

    Parameters
    ----------
    record : mapping
        What the dataset says of itself.
    dataset : Path or StorePath
    same : bool
        Whether they must be of the same file or package; else their names suffice, to read of
        them but not to render.

    Raises
    ------
    ShardError
        With what was wanted, what was found, and how to give it.
    """
    for kind, wanted in record.get("effects", {}).items():
        effect = find_effect(kind)
        origin = origin_of(effect) if effect else None
        found = origin.record() if origin else {}
        if {**found, "file": ""} == {**wanted, "file": ""} or (effect and not same):
            continue  # a file may have another name now
        package = "package" in wanted
        cure = "install that" if package else f"give that {wanted['file']} with --effects"
        house = "wetdry's own" if effect else "no such effect"
        raise ShardError(
            f"{dataset}: wanted effect {kind!r} of {_told(wanted)}, "
            f"found {_told(found) if found else house}; {cure}"
        )


def _told(origin: Mapping[str, str]) -> str:
    """Return a file with its digest, or a package with its version."""
    if "package" in origin:
        return f"{origin['package']} {origin['version']}"
    return f"{origin['file']} (sha256 {origin['sha256'][:16]})"
