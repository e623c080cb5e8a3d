"""Ensembles in recipes: microphones that catch their neighbours, and takes that are doubled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..audio import STEM_CLASSES
from ..degradations.language.distributions import Constant, Distribution, parse_distribution
from ..degradations.language.random_values import Uniform
from ..degradations.language.slots import Slot
from ..degradations.language.yaml_tree import Node
from ..seeds import Place
from .sends import read_classes
from .sessions import Bleed, Track

__all__ = ["BLEED_SLOTS", "DOUBLE_SLOTS", "BleedRecipe", "DoublesRecipe", "read_bleed"]
__all__ += ["read_doubles"]

_PROBABILITY = Slot("probability", "number", 0, 1)
BLEED_SLOTS = {
    "probability": _PROBABILITY,
    "level_db": Slot("level_db", "number", -80, 0),
    "delay_ms": Slot("delay_ms", "number", 0, 50),
    "cutoff_hz": Slot("cutoff_hz", "number", 200, 20_000),
}
DOUBLE_SLOTS = {
    "probability": _PROBABILITY,
    "delay_ms": Slot("delay_ms", "number", 0, 100),
    "detune_cents": Slot("detune_cents", "number", -20, 20),
}


@dataclass(frozen=True)
class BleedRecipe:
    """What microphones catch of the other tracks of the same song.

    Parameters
    ----------
    probability : float
        How often one track bleeds into another.
    level_db : Distribution
        Loudness against the track that it enters.
    delay_ms : Distribution
        2.9 ms a metre.
    cutoff_hz : Distribution
        What comes from aside and around corners is dull.
    sample_rate : int
        In Hz.
    """

    probability: float
    level_db: Distribution
    delay_ms: Distribution
    cutoff_hz: Distribution
    sample_rate: int

    def draw(
        self, track: Track, others: Sequence[Track], severity: float, seed: int, *address: str | int
    ) -> tuple[Bleed, ...]:
        """Draw what enters one track, less often with less severity."""
        bleeds = []
        for other in others:
            own = Place(seed, *address, "bleed", track.file, other.file)
            if other.song != track.song or other.file == track.file:
                continue
            if own.number("probability") < self.probability * severity:
                delay_ms = self.delay_ms.draw(own.uniform("delay_ms"))
                bleeds.append(
                    Bleed(
                        file=other.file,
                        level_db=self.level_db.draw(own.uniform("level_db")),
                        delay_samples=round(delay_ms / 1000 * self.sample_rate),
                        cutoff_hz=self.cutoff_hz.draw(own.uniform("cutoff_hz")),
                    )
                )
        return tuple(bleeds)


@dataclass(frozen=True)
class DoublesRecipe:
    """Second takes: the same stem again, a little late and out of tune.

    Everything else about a double (level, place, chain) is drawn anew. Its dry target is
    part of its class's.

    Parameters
    ----------
    probability : float
        How often a stem is doubled.
    of : tuple of str
        Whose stems are.
    delay_ms : Distribution
    detune_cents : Distribution
        By playing faster or slower, around the middle of the excerpt: 6 cents drift by 17 ms
        until the end of 10 s.
    sample_rate : int
        In Hz.
    """

    probability: float
    of: tuple[str, ...]
    delay_ms: Distribution
    detune_cents: Distribution
    sample_rate: int

    def draw(self, stem_class: str, file: str, seed: int, *address: str | int) -> dict[str, float]:
        """Draw what tells a double from the take; empty if there is none."""
        own = Place(seed, *address, "doubles", stem_class, file)
        if stem_class not in self.of:
            return {}
        if own.number("probability") >= self.probability:
            return {}
        delay_ms = self.delay_ms.draw(own.uniform("delay_ms"))
        return {
            "delay_samples": max(1, round(delay_ms / 1000 * self.sample_rate)),
            "detune_cents": self.detune_cents.draw(own.uniform("detune_cents")),
        }


def read_bleed(pairs: Mapping[str, Node], folder: Path, sample_rate: int) -> BleedRecipe | None:
    """Read the bleed of a recipe."""
    if "bleed" not in pairs:
        return None
    node = pairs["bleed"]
    given = node.mapping("bleed", list(BLEED_SLOTS))
    if "level_db" not in given:
        raise node.error("bleed with 'level_db'")
    highest = min(20_000.0, sample_rate / 2 * (1 - 1e-9))
    slots = BLEED_SLOTS | {"cutoff_hz": Slot("cutoff_hz", "number", 200, highest)}
    numbers = {
        name: parse_distribution(below, slots[name], folder) for name, below in given.items()
    }
    return BleedRecipe(
        probability=_probability(numbers, given),
        level_db=numbers["level_db"],
        delay_ms=numbers.get("delay_ms", Uniform(1, 15)),
        cutoff_hz=numbers.get("cutoff_hz", Uniform(min(2000.0, highest), min(8000.0, highest))),
        sample_rate=sample_rate,
    )


def read_doubles(pairs: Mapping[str, Node], folder: Path, sample_rate: int) -> DoublesRecipe | None:
    """Read the doubles of a recipe."""
    if "doubles" not in pairs:
        return None
    given = pairs["doubles"].mapping("doubles", [*DOUBLE_SLOTS, "of"])
    numbers = {
        name: parse_distribution(below, DOUBLE_SLOTS[name], folder)
        for name, below in given.items()
        if name != "of"
    }
    return DoublesRecipe(
        probability=_probability(numbers, given),
        of=read_classes(given["of"]) if "of" in given else STEM_CLASSES,
        delay_ms=numbers.get("delay_ms", Uniform(8, 30)),
        detune_cents=numbers.get("detune_cents", Uniform(-6, 6)),
        sample_rate=sample_rate,
    )


def _probability(numbers: Mapping[str, Distribution], given: Mapping[str, Node]) -> float:
    """Return a probability; it is not drawn."""
    probability = numbers.get("probability", Constant(1.0))
    if not isinstance(probability, Constant):
        raise given["probability"].error(_PROBABILITY.bounds(), cure="this one is not drawn")
    return float(probability.value)
