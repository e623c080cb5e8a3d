"""Sends in recipes: shared reverbs and delays whose chains and levels are still to be drawn."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..audio import STEM_CLASSES
from ..degradations import RandomChain, Scope
from ..degradations.language.distributions import Distribution, parse_distribution
from ..degradations.language.reaches import Reach
from ..degradations.language.slots import Slot
from ..degradations.language.yaml_tree import Node
from ..seeds import Place
from .sessions import Send, SendLevel, Track

__all__ = ["SEND_SLOTS", "SendRecipe", "draw_levels", "draw_sends", "read_classes", "read_sends"]

INAUDIBLE_DB = -60.0
"""Where the level of a send begins as severity rises from 0."""

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


def read_sends(
    pairs: Mapping[str, Node],
    folder: Path,
    read_chain: Callable[[Node], RandomChain],
    known: Mapping[str, Reach],
) -> tuple[SendRecipe, ...]:
    """Read the sends of a recipe.

    Parameters
    ----------
    pairs : mapping of str to Node
        The recipe.
    folder : Path
        Where the files begin that it names.
    read_chain : callable
        Reads the chain of a send.
    known : mapping of str to Reach
        What expressions may refer to.
    """
    if "sends" not in pairs:
        return ()
    sends = []
    for name, node in pairs["sends"].mapping("sends").items():
        if not re.fullmatch("[a-z0-9_]+", name):
            raise node.error("a name of a-z, 0-9 and _", repr(name))
        given = node.mapping("a send", [*SEND_SLOTS, "chain", "of"])
        if not {"level_db", "chain"} <= set(given):
            raise node.error("a send with 'level_db' and 'chain'")
        level_db = parse_distribution(given["level_db"], SEND_SLOTS["level_db"], folder, known)
        chain = read_chain(given["chain"])
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
    sends: Sequence[SendRecipe], stem_class: str, scope: Scope, seed: int, *address: str | int
) -> tuple[SendLevel, ...]:
    """Draw how much of a track goes where: less with less severity, and nothing with none."""
    levels = []
    for send in sends:
        if stem_class in send.of and scope.severity > 0:
            random = Place(seed, *address, "sends").uniform(send.name)
            drawn = send.level_db.draw(random, scope.names)
            levels.append(SendLevel(send=send.name, level_db=scope.scaled(drawn, INAUDIBLE_DB)))
    return tuple(levels)


def draw_sends(
    sends: Sequence[SendRecipe],
    tracks: Sequence[Track],
    scope: Scope,
    seed: int,
    *address: str | int,
) -> tuple[Send, ...]:
    """Draw the chains of the sends that something goes to."""
    used = {level.send for track in tracks for level in track.sends}
    return tuple(
        Send(
            name=send.name,
            chain=send.chain.draw(seed, *address, "sends", send.name, scope=scope.full()),
            pre_fader=send.pre_fader,
        )
        for send in sends
        if send.name in used
    )
