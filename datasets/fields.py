"""Fields: what a reader is asked for, and the members of a sample that answer it."""

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

from ..audio import PREVIEWS, STEM_CLASSES, decode
from ..errors import ShardError
from ..manifests.store_paths import Place
from .positions import opened, prefetch
from .shards import KEY, WHOLE
from .tar_headers import BLOCK
from .tars import Places, read_named

__all__ = [
    "PREVIEW",
    "PlacesByTar",
    "Said",
    "Wanted",
    "by_field",
    "field_of",
    "load",
    "outputs_members",
    "places_text",
    "read_places",
    "spans",
    "tar_with",
    "wanted_members",
]

Wanted: TypeAlias = str | dict[str, str]
"""A member, or members by class or tap."""

PlacesByTar: TypeAlias = dict[str, Places]
"""Where the members of a sample stand, by the field of their tar: ``WHOLE`` of the only one."""


class Said(NamedTuple):
    """What the manifest says of all audio of a sample."""

    sample_rate: int
    frames: int


STEM_FIELDS = {
    point: {name: f"{name.lower()}.{point}" for name in STEM_CLASSES}
    for point in ("dry", "wet", "wet_master")
}
"""Fields of one file a class."""

PREVIEW = tuple(f".preview.{kind}" for kind in PREVIEWS)
NO_TAPS = {"mixture", *(m for members in STEM_FIELDS.values() for m in members.values())}


def wanted_members(field: str, members: Collection[str], where: str) -> Wanted:
    """Return the members that a field stands for.

    Parameters
    ----------
    field : str
        "mixture"; "dry", "wet" or "wet_master" of all classes; "taps", all that is left;
        "preview", as a file; "row", or the name of one member without its suffix, such as
        "vocals.dry", "premaster" or "bus.rhythm".
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
    suffix = ".wav" if "mixture.wav" in members else ".flac"
    if field == "row":
        wanted: Wanted = "json"
    elif field in STEM_FIELDS:
        wanted = {name: f"{member}{suffix}" for name, member in STEM_FIELDS[field].items()}
    elif field == "taps":
        names = (m.removesuffix(suffix) for m in sorted(members) if m.endswith(suffix))
        wanted = {name: f"{name}{suffix}" for name in names if name not in NO_TAPS}
    elif field == "preview":
        wanted = next((m for m in members if m.endswith(PREVIEW)), "mixture.preview")
    else:
        wanted = f"{field}{suffix}"
    for member in [wanted] if isinstance(wanted, str) else wanted.values():
        if member not in members:
            there = ", ".join(sorted(members)[:40])
            raise ShardError(f"{where} has no {member}: a torn shard, or it holds {there} only")
    return wanted


def field_of(member: str) -> str:
    """Return the field that a member belongs to.

    Examples
    --------
    >>> [field_of(member) for member in ("json", "bass.dry.flac", "bus.rhythm.wav")]
    ['row', 'dry', 'taps']
    """
    if member == "json":
        return "row"
    if member.endswith(PREVIEW):
        return "preview"
    name = member.rpartition(".")[0]
    stems = (field for field, members in STEM_FIELDS.items() if name in members.values())
    return name if name == "mixture" else next(stems, "taps")


def by_field(members: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Return the members of a sample by field."""
    found: dict[str, dict[str, bytes]] = {}
    for member, data in members.items():
        found.setdefault(field_of(member), {})[member] = data
    return found


def outputs_members(members: Collection[str]) -> dict[str, str]:
    """Return the members of one model's outputs, by class."""
    return {n: m for n in STEM_CLASSES for m in members if m.startswith(f"{n.lower()}.")}


def places_text(places: PlacesByTar) -> str:
    """Return where a sample's members stand, as a manifest says it."""
    return json.dumps(places.get(WHOLE, places))


def read_places(text: str, where: str) -> PlacesByTar:
    """Read where a sample's members stand, as a manifest says it.

    Raises
    ------
    ShardError
        If it says something else.
    """
    found: PlacesByTar = {}
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        said = json.loads(text)
        tars = said if all(isinstance(own, dict) for own in said.values()) else {WHOLE: said}
        found = {tar: {m: (start, size) for m, (start, size) in tars[tar].items()} for tar in tars}
    numbers = [number for own in found.values() for place in own.values() for number in place]
    odd = any(type(number) is not int for number in numbers)
    if not numbers or odd or not all(tar == WHOLE or KEY.fullmatch(tar) for tar in found):
        raise ShardError(f"{where}: wanted offset and size of each member, found {text[:60]!r}")
    return found


def tar_with(wanted: Wanted, places: PlacesByTar, where: str) -> str:
    """Return the field of the tar that holds the members of a field, all of them.

    Raises
    ------
    ShardError
        If none does.
    """
    members = [wanted] if isinstance(wanted, str) else list(wanted.values())
    for tar, own in places.items():
        if all(member in own for member in members):
            return tar
    raise ShardError(
        f"{where}: wanted {', '.join(members[:3])} in one tar, found them in several; "
        "generate the manifest again"
    )


def load(
    path: Place, key: str, wanted: Wanted, places: Places, part: tuple[int, int | None], said: Said
) -> Any:
    """Read and decode a field of one sample.

    Parameters
    ----------
    path : Path or StorePath
        The tar.
    key : str
    wanted : str or dict
        The member or members.
    places : dict
        Where they stand in the tar.
    part : tuple
        Start and number of frames; None for all from there on.
    said : Said

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
        if member.endswith(PREVIEW):
            return data
        audio, rate = decode(data, where, *part, total=said.frames)
        if rate != said.sample_rate:
            raise ShardError(f"{where}: wanted {said.sample_rate} Hz, found {rate} Hz")
        return audio

    with opened(path) as file:
        prefetch(file, spans(places, [wanted] if isinstance(wanted, str) else wanted.values()))
        if isinstance(wanted, str):
            return content(wanted)
        return {name: content(member) for name, member in wanted.items()}


def spans(places: Places, members: Iterable[str]) -> list[tuple[int, int]]:
    """Return offset and size of members with their headers."""
    found = (places[member] for member in members)
    return [(offset - BLOCK, size + BLOCK) for offset, size in found]


def _row(data: bytes, where: str) -> dict[str, Any]:
    """Read a sample's row."""
    try:
        return dict(json.loads(data))
    except (ValueError, TypeError) as error:
        raise ShardError(f"{where}: not a row of a manifest ({error})") from None
