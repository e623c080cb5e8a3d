"""Keys: what the side-chains of a session hear."""

from collections.abc import Collection, Sequence

import numpy as np

from ..audio import STEM_CLASSES, Audio
from ..degradations import Chain, Keyed
from ..degradations.effect import did_you_mean, find_effect
from ..degradations.language.yaml_tree import Node
from .sessions import Session

__all__ = ["check_keys", "key_sounds", "parted"]


def parted(session: Session, chain: Chain) -> tuple[Chain, Chain]:
    """Return what a chain does in a session, and what is left out: its key has no track."""
    there = {track.stem_class for track in session.tracks}
    deaf = [
        isinstance(effect, Keyed) and not there & _classes(session, effect.key) for effect in chain
    ]
    heard = [place for place, is_deaf in enumerate(deaf) if not is_deaf]
    kept = frozenset(new for new, old in enumerate(heard) if old in chain.kept)
    return (
        Chain(tuple(chain.effects[place] for place in heard), kept),
        Chain(tuple(e for e, is_deaf in zip(chain, deaf, strict=True) if is_deaf)),
    )


def key_sounds(session: Session, entering: Sequence[Audio]) -> dict[str, Audio]:
    """Return the sound of every key that a session's chains name and its tracks have.

    Parameters
    ----------
    session : Session
    entering : sequence of float32 arrays, shape (channels, samples)
        What enters the chain of each track: thresholds mean the same for a key as for a track.

    Returns
    -------
    dict of str to float32 array, shape (1, samples)
        The sum of the key's tracks, mixed down to one channel.
    """
    sounds: dict[str, Audio] = {}
    for key in sorted(_named(session)):
        classes = _classes(session, key)
        mono = [
            audio.mean(axis=0, keepdims=True)
            for track, audio in zip(session.tracks, entering, strict=True)
            if track.stem_class in classes
        ]
        if mono:
            sounds[key] = np.sum(mono, axis=0, dtype=np.float32)
    return sounds


def _classes(session: Session, key: str) -> set[str]:
    """Return the classes that a key stands for."""
    name = key.removeprefix("bus.")
    if name == key:
        return {key}
    return {stem_class for bus in session.buses if bus.name == name for stem_class in bus.of}


def _named(session: Session) -> set[str]:
    """Return the keys that the chains of a session name."""
    chains = [chain for track in session.tracks for chain in track.chains]
    chains += [*(bus.chain for bus in session.buses), *(send.chain for send in session.sends)]
    chains += [session.master, session.medium]
    return {effect.key for chain in chains for effect in chain if isinstance(effect, Keyed)}


def check_keys(root: Node, buses: Collection[str]) -> None:
    """Refuse a recipe with a side-chain whose key is no class and no bus that it has.

    Raises
    ------
    RecipeError
    """
    if isinstance(root.value, list):
        for child in root.value:
            check_keys(child, buses)
    if not isinstance(root.value, dict):
        return
    node = root.value.get("key")
    if node is not None and any(map(find_effect, root.value)):
        known = [*STEM_CLASSES, *(f"bus.{name}" for name in buses)]
        if node.value not in known:
            raise node.error(
                "a class or a bus of this recipe", cure=did_you_mean(str(node.value), known)
            )
    for child in root.value.values():
        check_keys(child, buses)
