"""Recipes: distributions over sessions, read from YAML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..audio import STEM_CLASSES
from ..degradations import RandomChain
from ..degradations.language.distributions import Constant, Distribution, parse_distribution
from ..degradations.language.parsing import parse_chain
from ..degradations.language.reaches import Range
from ..degradations.language.slots import Slot
from ..degradations.language.yaml_tree import Node
from .ensembles import BleedRecipe, DoublesRecipe, read_bleed, read_doubles
from .includes import Source, find_recipe, preset_names, read_recipe
from .keys import check_keys
from .linked import parse_linked, reaches, stem_reaches
from .matching import MatchRecipe, read_match
from .rejection import Rejection, read_rejection
from .sends import SendRecipe, read_classes, read_sends
from .taps import read_taps

__all__ = ["BusRecipe", "Level", "Recipe", "load_recipe", "preset_names"]

LEVEL_SLOTS = {
    "loudness_lufs": Slot("loudness_lufs", "number", -60, 0),
    "gain_db": Slot("gain_db", "number", -40, 40),
    "pan": Slot("pan", "number", -1, 1),
    "input_peak_dbfs": Slot("input_peak_dbfs", "number", -40, 0),
}
SETTINGS = {
    "sample_rate": Slot("sample_rate", "integer", 8_000, 96_000),
    "seconds": Slot("seconds", "number", 0.5, 600),
    "lead_in_s": Slot("lead_in_s", "number", 0, 10),
}
SONG_SLOTS = {
    "coherent": Slot("coherent", "number", 0, 1),
    "stems": Slot("stems", "integer", 1, 64),
    "absent": Slot("absent", "number", 0, 1),
}
ACTIVE_SLOTS = {
    "above_dbfs": Slot("above_dbfs", "number", -120, 0),
    "share": Slot("share", "number", 0, 1),
}
SEVERITY = Slot("severity", "number", 0, 1)
KEYS = (
    "about", "include", *SETTINGS, "severity", "linked", "songs", "target", "levels", "stems",
    "buses", "mix_loudness_lufs", "master", "medium", "reject", "taps", "sends", "bleed", "doubles",
)  # fmt: skip
TARGETS = ("placed", "recorded")

Level = Mapping[str, Distribution]
"""Distributions of a track's ``loudness_lufs``, ``gain_db``, ``pan``, ``input_peak_dbfs``."""


@dataclass(frozen=True)
class BusRecipe:
    """A bus whose chain is still to be drawn."""

    name: str
    of: tuple[str, ...]
    chain: RandomChain


@dataclass(frozen=True)
class Recipe:
    """A distribution over sessions; :func:`wetdry.mixing.draw` draws from it.

    Parameters
    ----------
    name, text : str
        What it is called, and the YAML it was read from.
    folder : Path
        Where the files begin that it names.
    about : str
        What it is for, in a sentence.
    sample_rate : int
        In Hz.
    seconds, lead_in_s : float
        Length of a sample, and of what is processed before it and cut off.
    coherent : float
        Share of sessions whose stems come from one place of one song.
    stem_count : Distribution
    above_dbfs, active_share : float
        A second counts as active above this RMS level; a stem is taken from where at least
        this share of its seconds is active.
    target : {"placed", "recorded"}
    levels : mapping of class to Level
    reject : Rejection
        What makes a stem's chain be drawn again.
    stems : mapping of class to RandomChain
        The chain under ``all`` comes before the class's own.
    buses : tuple of BusRecipe
    mix_loudness_lufs : Distribution or None
    master, medium : RandomChain
    taps : tuple of str
        What is written beside mixture and dry targets.
    linked : mapping of str to Distribution
        What is drawn once for a sample, for the expressions of all its steps.
    severity : Distribution
        From 0 (untouched) to 1 (as it is written).
    included : tuple of (str, str)
        File name and text of the recipes that it includes.
    sends : tuple of SendRecipe
    bleed : BleedRecipe or None
    doubles : DoublesRecipe or None
    absent : float
        How often a stem is left out of a coherent song.
    match : MatchRecipe or None
        Which sessions of several songs fit together in tempo and key.
    """

    name: str
    text: str
    folder: Path
    about: str
    sample_rate: int
    seconds: float
    lead_in_s: float
    coherent: float
    stem_count: Distribution
    above_dbfs: float
    active_share: float
    target: Literal["placed", "recorded"]
    levels: Mapping[str, Level]
    reject: Rejection
    stems: Mapping[str, RandomChain]
    buses: tuple[BusRecipe, ...]
    mix_loudness_lufs: Distribution | None
    master: RandomChain
    medium: RandomChain
    taps: tuple[str, ...]
    linked: Mapping[str, Distribution]
    severity: Distribution
    included: tuple[tuple[str, str], ...]
    sends: tuple[SendRecipe, ...] = ()
    bleed: BleedRecipe | None = None
    doubles: DoublesRecipe | None = None
    absent: float = 0.0
    match: MatchRecipe | None = None


def load_recipe(
    name: str | Path,
    *,
    sample_rate: int | None = None,
    seconds: float | None = None,
    severity: float | None = None,
) -> Recipe:
    """Read a recipe and prove that everything it can draw is valid.

    Parameters
    ----------
    name : str or Path
        A YAML file, or the name of a preset.
    sample_rate : int, optional
        In Hz, in place of the recipe's own.
    seconds, severity : float, optional
        In place of the recipe's own.

    Raises
    ------
    RecipeError
        With file, line, path, what was wanted, what was found and how to cure it.
    """
    source = find_recipe(name)
    settings = {"sample_rate": sample_rate, "seconds": seconds, "severity": severity}
    given = {key: value for key, value in settings.items() if value is not None}
    return parse_recipe(source.text, source.label, source.folder, given)


def parse_recipe(text: str, label: str, folder: Path, settings: Mapping[str, Any]) -> Recipe:
    """Read a recipe from its text; ``settings`` stand in place of its own."""
    root, included = read_recipe(Source(text, label, folder))
    pairs = root.mapping("a recipe", list(KEYS))
    reader = _RecipeReader(pairs, folder, settings)
    known = [*SONG_SLOTS, "active", "match"]
    songs = pairs["songs"].mapping("songs", known) if "songs" in pairs else {}
    buses = reader.buses()
    sends = read_sends(pairs, folder, reader.read_chain, reader.known_with_stems)
    check_keys(root, [bus.name for bus in buses])
    active = songs["active"].mapping("active", list(ACTIVE_SLOTS)) if "active" in songs else {}
    coherent = reader.constant(songs, SONG_SLOTS["coherent"], 1.0)
    return Recipe(
        name=Path(label).stem,
        text=text,
        folder=folder,
        about=" ".join(str(pairs["about"].value).split()) if "about" in pairs else "",
        sample_rate=reader.sample_rate,
        seconds=reader.setting("seconds", 10.0),
        lead_in_s=reader.setting("lead_in_s", 1.0),
        coherent=coherent,
        stem_count=reader.drawn(songs, SONG_SLOTS["stems"], Constant(64)),
        above_dbfs=reader.constant(active, ACTIVE_SLOTS["above_dbfs"], -45.0),
        active_share=reader.constant(active, ACTIVE_SLOTS["share"], 0.5),
        target=reader.word("target", TARGETS),
        levels=reader.levels(),
        reject=read_rejection(reader.pairs),
        stems=reader.stems(),
        buses=buses,
        mix_loudness_lufs=reader.mix_loudness(),
        master=reader.chain("master"),
        medium=reader.chain("medium"),
        taps=read_taps(pairs, [bus.name for bus in buses], [send.name for send in sends]),
        linked=reader.linked,
        severity=reader.drawn(reader.pairs, SEVERITY, Constant(1.0)),
        included=tuple((source.label, source.text) for source in included),
        sends=sends,
        bleed=read_bleed(pairs, folder, reader.sample_rate),
        doubles=read_doubles(pairs, folder, reader.sample_rate),
        absent=reader.constant(songs, SONG_SLOTS["absent"], 0.0),
        match=read_match(songs, folder, coherent),
    )


class _RecipeReader:
    """Reads the parts of a recipe; holds what all of them need."""

    def __init__(
        self, pairs: Mapping[str, Node], folder: Path, settings: Mapping[str, Any]
    ) -> None:
        wished = {name: Node(value, "option", name) for name, value in settings.items()}
        self.pairs = {**pairs, **wished}  # the caller's wish goes first
        self.folder = folder
        self.linked = parse_linked(pairs.get("linked"), folder)
        self.known = reaches(self.linked)
        self.known_with_stems = {**self.known, "stems": Range(1, SONG_SLOTS["stems"].high)}
        self.sample_rate = int(self.setting("sample_rate", 44_100))

    def setting(self, name: str, default: float) -> Any:
        """Return a number of the recipe as a whole."""
        return self.constant(self.pairs, SETTINGS[name], default)

    def drawn(self, pairs: Mapping[str, Node], slot: Slot, default: Distribution) -> Distribution:
        """Return the distribution of one number."""
        if slot.name not in pairs:
            return default
        return parse_distribution(pairs[slot.name], slot, self.folder, self.known)

    def constant(self, pairs: Mapping[str, Node], slot: Slot, default: float) -> float:
        """Return a number that is not drawn."""
        distribution = self.drawn(pairs, slot, Constant(default))
        if not isinstance(distribution, Constant):
            raise pairs[slot.name].error(slot.bounds(), cure="this one is not drawn")
        return distribution.value  # type: ignore[no-any-return]

    def word(self, name: str, words: Sequence[str]) -> Any:
        """Return one of several words; the first is the default."""
        slot = Slot(name, "word", words=tuple(words))
        return self.drawn(self.pairs, slot, Constant(words[0])).draw(lambda: 0.0)

    def classes(self, name: str) -> dict[str, Node]:
        """Return a mapping from class names, or ``all``, to what stands there."""
        if name not in self.pairs:
            return {}
        return self.pairs[name].mapping(name, ["all", *STEM_CLASSES])

    def levels(self) -> dict[str, Level]:
        """Read the levels; a class's own numbers go before those of ``all``."""
        read = {
            name: {
                key: parse_distribution(below, LEVEL_SLOTS[key], self.folder, self.known_with_stems)
                for key, below in node.mapping("levels", list(LEVEL_SLOTS)).items()
            }
            for name, node in self.classes("levels").items()
        }
        common = read.get("all", {})
        return {name: {**common, **read.get(name, {})} for name in STEM_CLASSES}

    def stems(self) -> dict[str, RandomChain]:
        """Read the chains of ``all`` and of each class."""
        levels = self.levels()
        recorded = self.word("target", TARGETS) == "recorded"
        not_kept = "'target: recorded' is the recording untouched" if recorded else ""
        return {
            name: parse_chain(
                node,
                self.folder,
                self.sample_rate,
                self.known_with_stems
                | stem_reaches([levels[c] for c in STEM_CLASSES if name in ("all", c)]),
                not_kept=not_kept,
            )
            for name, node in self.classes("stems").items()
        }

    def buses(self) -> tuple[BusRecipe, ...]:
        """Read the buses; a class is on one bus at most."""
        if "buses" not in self.pairs:
            return ()
        buses: list[BusRecipe] = []
        for name, node in self.pairs["buses"].mapping("buses").items():
            pairs = node.mapping("a bus", ["of", "chain"])
            if set(pairs) != {"of", "chain"}:
                raise node.error("a bus with 'of' (classes) and 'chain'")
            of = read_classes(pairs["of"])
            taken = {c for bus in buses for c in bus.of} & set(of)
            if taken:
                raise pairs["of"].error("classes that are on no other bus", ", ".join(taken))
            chain = self.read_chain(pairs["chain"])
            buses.append(BusRecipe(name, of, chain))
        return tuple(buses)

    def mix_loudness(self) -> Distribution | None:
        """Read the loudness of the mix before its master chain."""
        if "mix_loudness_lufs" not in self.pairs:
            return None
        slot = Slot("mix_loudness_lufs", "number", -60, 0)
        node = self.pairs["mix_loudness_lufs"]
        return parse_distribution(node, slot, self.folder, self.known_with_stems)

    def chain(self, name: str) -> RandomChain:
        """Read the chain that stands under ``name``, if any."""
        if name not in self.pairs:
            return RandomChain()
        return self.read_chain(self.pairs[name])

    def read_chain(self, node: Node) -> RandomChain:
        """Read a chain that several stems go through."""
        return parse_chain(node, self.folder, self.sample_rate, self.known_with_stems)
