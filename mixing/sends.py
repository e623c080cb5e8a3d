"""Sends in recipes: shared reverbs and delays whose chains and levels are still to be drawn."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..audio import STEM_CLASSES
from ..degradations import RandomChain
from ..degradations.distributions import Distribution, parse_distribution
from ..degradations.parsing import parse_chain
from ..degradations.slots import Slot
from ..degradations.yaml_tree import Node
from ..seeds import stream
from .sessions import Send, SendLevel, Track

__all__ = ["SEND_SLOTS", "SendRecipe", "draw_levels", "draw_sends", "read_classes", "read_sends"]

SEND_SLOTS = {
    "level_db": Slot("level_db", "number", -60, 12),
    "pre_fader": Slot("pre_fader", "flag", required=False),
}


@dataclass(frozen=True)
class SendRecipe:
    """A send whose chain is still to be drawn, and the level of each track that goes there.

    Parameters
    ----------
    name : str
    level_db : Distribution
        Drawn for every track.
    chain : RandomChain
        All wet (``reverb`` with ``dry: 0``, ``convolution`` with ``mix: 1``): the direct sound
        is in the mix already, and a second copy of it would only be louder.
    of : tuple of str
        The classes whose tracks go there.
    pre_fader : bool
    """

    name: str
    level_db: Distribution
    chain: RandomChain
    of: tuple[str, ...]
    pre_fader: bool


def read_sends(pairs: Mapping[str, Node], folder: Path, sample_rate: int) -> tuple[SendRecipe, ...]:
    """Read the sends of a recipe."""
    if "sends" not in pairs:
        return ()
    sends = []
    for name, node in pairs["sends"].mapping("sends").items():
        if not re.fullmatch("[a-z0-9_]+", name):
            raise node.error("a name of a-z, 0-9 and _", repr(name))
        given = node.mapping("a send", [*SEND_SLOTS, "chain", "of"])
        if not {"level_db", "chain"} <= set(given):
            raise node.error("a send with 'level_db' and 'chain'")
        level_db = parse_distribution(given["level_db"], SEND_SLOTS["level_db"], folder)
        chain = parse_chain(given["chain"], folder, sample_rate)
        of = read_classes(given["of"]) if "of" in given else STEM_CLASSES
        pre_fader = given["pre_fader"].value if "pre_fader" in given else False
        if not isinstance(pre_fader, bool):
            raise given["pre_fader"].error("true or false")
        sends.append(SendRecipe(name, level_db, chain, of, pre_fader))
    return tuple(sends)


def read_classes(node: Node) -> tuple[str, ...]:
    """Read a list of classes."""
    slot = Slot("of", "word", words=STEM_CLASSES)
    for item in node.items("a list of classes"):
        if item.value not in STEM_CLASSES:
            raise item.error(slot.bounds())
    return tuple(item.value for item in node.items("a list of classes"))


def draw_levels(
    sends: Sequence[SendRecipe], stem_class: str, seed: int, *address: str | int
) -> tuple[SendLevel, ...]:
    """Draw how much of a track goes where."""
    return tuple(
        SendLevel(
            send=send.name,
            level_db=send.level_db.draw(stream(seed, *address, "sends", send.name).random),
        )
        for send in sends
        if stem_class in send.of
    )


def draw_sends(
    sends: Sequence[SendRecipe], tracks: Sequence[Track], seed: int, *address: str | int
) -> tuple[Send, ...]:
    """Draw the chains of the sends that something goes to."""
    used = {level.send for track in tracks for level in track.sends}
    return tuple(
        Send(
            name=send.name,
            chain=send.chain.draw(seed, *address, "sends", send.name),
            pre_fader=send.pre_fader,
        )
        for send in sends
        if send.name in used
    )
