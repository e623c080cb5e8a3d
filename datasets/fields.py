"""Fields: what a reader is asked for, and the members of a sample that answer it."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeAlias

from ..audio import STEM_CLASSES, decode
from ..errors import ShardError
from .tars import Places, opened, read_named

__all__ = ["Place", "load", "outputs_members", "read_places", "wanted_members"]

STEM_FIELDS = {
    point: {name: f"{name.lower()}.{point}.flac" for name in STEM_CLASSES}
    for point in ("dry", "wet", "wet_master")
}
"""Fields of one file a class."""

NO_TAPS = {"mixture.flac", *(m for members in STEM_FIELDS.values() for m in members.values())}

Place: TypeAlias = "str | dict[str, str]"
"""A member, or members by class or tap."""

STEM_FIELDS = {
    point: {name: f"{name.lower()}.{point}.flac" for name in STEM_CLASSES}
    for point in ("dry", "wet", "wet_master")
}
"""Fields of one file a class."""

NO_TAPS = {"mixture.flac", *(m for members in STEM_FIELDS.values() for m in members.values())}

Place: TypeAlias = "str | dict[str, str]"
"""A member, or members by class or tap."""

STEM_FIELDS = {
    point: {name: f"{name.lower()}.{point}.flac" for name in STEM_CLASSES}
    for point in ("dry", "wet", "wet_master")
}
"""Fields of one file a class."""

NO_TAPS = {"mixture.flac", *(m for members in STEM_FIELDS.values() for m in members.values())}

Place: TypeAlias = "str | dict[str, str]"
"""A member, or members by class or tap."""

STEM_FIELDS = {
    point: {name: f"{name.lower()}.{point}.flac" for name in STEM_CLASSES}
    for point in ("dry", "wet", "wet_master")
}
"""Fields of one file a class."""

NO_TAPS = {"mixture.flac", *(m for members in STEM_FIELDS.values() for m in members.values())}

Place: TypeAlias = "str | dict[str, str]"
"""A member, or members by class or tap."""


def wanted_members(field: str, members: Collection[str], where: str) -> Place:
    """Return the members that a field stands for.

    Parameters
    ----------
    field : str
        "mixture"; "dry", "wet" or "wet_master" of all classes; "taps", all that is left;
        "row", or the name of one member without its suffix, such as "vocals.dry", "premaster"
        or "bus.rhythm".
    members : collection of str
        The sample's members, by extension.
    where : str
        Begins the message of an error.

    Raises
    ------
    ShardError
        If one is not there.

    Examples
    --------
    >>> wanted_members("taps", ["mixture.flac", "bus.rhythm.flac", "bass.dry.flac"], "")
    {'bus.rhythm': 'bus.rhythm.flac'}
    """
    if field == "row":
        place: Place = "json"
    elif field in STEM_FIELDS:
        place = STEM_FIELDS[field]
    elif field == "taps":
        others = (m for m in sorted(members) if m.endswith(".flac") and m not in NO_TAPS)
        place = {member.removesuffix(".flac"): member for member in others}
    else:
        place = f"{field}.flac"
    for member in [place] if isinstance(place, str) else place.values():
        if member not in members:
            there = ", ".join(sorted(members)[:40])
            raise ShardError(f"{where} has no {member}: a torn shard, or it holds {there} only")
    return place


def outputs_members(members: Collection[str]) -> dict[str, str]:
    """Return the members of one model's outputs, by class."""
    names = {name.lower(): name for name in STEM_CLASSES}
    return {names.get(m.partition(".")[0], m.partition(".")[0]): m for m in sorted(members)}


def read_places(text: str, where: str) -> Places:
    """Read where a sample's members stand, as a manifest says it.

    Raises
    ------
    ShardError
        If it says something else.
    """
    try:
        places = json.loads(text)
        if all(
            type(number) is int for offset, size in places.values() for number in (offset, size)
        ):
            return dict(places)
    except (ValueError, TypeError, AttributeError):
        pass
    raise ShardError(f"{where}: wanted offset and size of each member, found {text[:60]!r}")


def load(
    path: Path, key: str, place: Place, places: Places, start: int, frames: int, rate: int
) -> Any:
    """Read and decode a field of one sample.

    Parameters
    ----------
    path : Path
        The tar.
    key : str
    place : str or dict
        The member or members.
    places : dict
        Where they stand in the tar.
    start, frames : int
        The excerpt.
    rate : int
        In Hz; what the manifest says.

    Raises
    ------
    ShardError, AudioError
        If the shard does not hold what the manifest says, or is torn.
    """

    def content(member: str) -> Any:
        data = read_named(file, f"{key}.{member}", *places[member], path)
        where = f"{path}: {key}.{member}"
        if member == "json":
            return _row(data, where)
        audio, found = decode(data, where, start, frames)
        if found != rate:
            raise ShardError(f"{where}: wanted {rate} Hz as the manifest says, found {found} Hz")
        return audio

    with opened(path) as file:
        if isinstance(place, str):
            return content(place)
        return {name: content(member) for name, member in place.items()}


def _row(data: bytes, where: str) -> dict[str, Any]:
    """Read a sample's row."""
    try:
        return dict(json.loads(data))
    except (ValueError, TypeError) as error:
        raise ShardError(f"{where}: not a row of a manifest ({error})") from None
