"""Matching in recipes: which sessions of several songs fit together, and how far stems move."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..degradations.language.distributions import Constant, parse_distribution
from ..degradations.language.slots import Slot
from ..degradations.language.yaml_tree import Node

__all__ = ["MATCH_SLOTS", "MatchRecipe", "read_match"]

MATCH_SLOTS = {
    "share": Slot("share", "number", 0, 1),
    "tempo_within": Slot("tempo_within", "number", 0, 0.5),
    "transpose_within_semitones": Slot("transpose_within_semitones", "number", 0, 6),
    "confidence": Slot("confidence", "number", 0, 1),
}


@dataclass(frozen=True)
class MatchRecipe:
    """Which sessions of several songs fit together, and how far stems are moved for it.

    Parameters
    ----------
    share : float
        Of the sessions of several songs.
    tempo_within : float or None
        By which share of its tempo a stem may be slowed down or sped up; None leaves tempo
        out of it.
    transpose_within_semitones : float or None
        By how much it may be transposed; None leaves keys out of it.
    confidence : float
        What the scan must have, of tempo and key, to be believed.
    """

    share: float
    tempo_within: float | None
    transpose_within_semitones: float | None
    confidence: float


def read_match(pairs: Mapping[str, Node], folder: Path, coherent: float) -> MatchRecipe | None:
    """Read what makes stems of several songs fit together, from under ``songs``."""
    if "match" not in pairs:
        return None
    node = pairs["match"]
    given = node.mapping("match", list(MATCH_SLOTS))
    numbers: dict[str, float] = {}
    for name, below in given.items():
        distribution = parse_distribution(below, MATCH_SLOTS[name], folder)
        if not isinstance(distribution, Constant):
            raise below.error(MATCH_SLOTS[name].bounds(), cure="this one is not drawn")
        numbers[name] = float(distribution.value)
    if not numbers.keys() & {"tempo_within", "transpose_within_semitones"}:
        raise node.error("match with 'tempo_within', 'transpose_within_semitones' or both")
    if coherent >= 1:
        cure = "set 'songs.coherent' below 1"
        raise node.error("sessions of several songs to match", "'coherent: 1'", cure)
    return MatchRecipe(
        share=numbers.get("share", 1.0),
        tempo_within=numbers.get("tempo_within"),
        transpose_within_semitones=numbers.get("transpose_within_semitones"),
        confidence=numbers.get("confidence", 0.3),
    )
