"""Taps: the points of a session that are written beside mixture and dry targets."""

import re
from collections.abc import Iterable, Mapping

from ..audio import STEM_CLASSES, Audio
from ..degradations.language.yaml_tree import Node
from .mixdown import Mix
from .sessions import TAP, Session

__all__ = ["POINTS", "read_taps", "tapped"]

POINTS = ("wet", "premaster", "master", "wet_master")


def read_taps(
    pairs: Mapping[str, Node], buses: Iterable[str], sends: Iterable[str]
) -> tuple[str, ...]:
    """Read the taps of a recipe; a bus or a send is named as ``bus.NAME`` or ``send.NAME``."""
    if "taps" not in pairs:
        return ("wet",)
    known = [*POINTS, *(f"bus.{name}" for name in buses), *(f"send.{name}" for name in sends)]
    nodes = pairs["taps"].items(f"a list of {', '.join(known)}")
    for node in nodes:
        if node.value not in known:
            raise node.error("one of " + ", ".join(known))
        if not re.fullmatch(TAP, node.value):
            raise node.error("a bus whose name is made of a-z, 0-9 and _", cure="rename the bus")
    return tuple(node.value for node in nodes)


def tapped(session: Session, mix: Mix) -> dict[str, Audio | None]:
    """Return what the taps of a session write, by name.

    Returns
    -------
    dict of str to float32 array, shape (2, samples), or None
        ``vocals.wet`` and the like for taps of stems, ``bus.rhythm``, ``master``. None stands
        for silence: a class, bus or send that the session does not have.
    """
    audios: dict[str, Audio | None] = {}
    for tap in session.taps:
        point, _, name = tap.partition(".")
        if point in ("wet", "wet_master"):
            stems = mix.wet if point == "wet" else mix.wet_master
            audios |= {f"{one.lower()}.{point}": stems.get(one) for one in STEM_CLASSES}
        elif point in ("bus", "send"):
            audios[tap] = (mix.buses if point == "bus" else mix.sends).get(name)
        else:
            audios[tap] = mix.premaster if point == "premaster" else mix.master
    return audios
