"""Draws of a dataset, each beside the part of the recipe that asked for it.

Every draw has an address, so the recipe is drawn again at all of them and watched: which steps
were there, which number came from which distribution. What comes out must be the chain that the
manifest holds; where it is not (a plan that was edited), that chain is counted and left out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from ...degradations import Chain, RandomChain, Scope
from ...degradations.language.random_values import NOTHING, Distribution, Names, Uniform01
from ...degradations.language.reaches import Reach
from ...degradations.language.steps import Step
from ...mixing.excerpts import Address
from ...mixing.linked import draw_linked, linked_row, stem_names
from ...mixing.recipes import Recipe
from ...mixing.sessions import Session, Track
from ...seeds import Place

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Draws", "NumberDraws", "StepDraws", "gather_draws"]

MOST_SAMPLES = 2000
"""Samples that are drawn again: evenly spread over the manifest, some 10 ms each."""

Path = tuple[str, ...]
"""Place and names of steps: ``("Vocals", "presence")``."""


@dataclass
class NumberDraws:
    """One number of a recipe: its distribution and what was drawn from it."""

    asked: Distribution
    values: list[Any] = field(default_factory=list)


@dataclass
class StepDraws:
    """One step of a recipe, or the levels of a place.

    Parameters
    ----------
    path : tuple of str
        Place, then the names of the steps on the way to this one.
    step : Step or None
        None of levels, which are always there.
    asked : list of float
        With which probability it was to be there, each time; its condition held.
    there : int
        How often it was.
    numbers : dict of str to NumberDraws
    options : Counter of int
        How often which option of a ``one_of`` was taken.
    """

    path: Path
    step: Step | None = None
    asked: list[float] = field(default_factory=list)
    there: int = 0
    numbers: dict[str, NumberDraws] = field(default_factory=dict)
    options: Counter[int] = field(default_factory=Counter)


@dataclass
class Draws:
    """All draws of a dataset.

    Parameters
    ----------
    steps : dict of path to StepDraws
        In the order of the recipe.
    chains : Counter of str
        By place, how many chains are as the recipe draws them.
    others : int
        Chains that are not.
    samples : int
        How many samples were looked at.
    """

    steps: dict[Path, StepDraws] = field(default_factory=dict)
    chains: Counter[str] = field(default_factory=Counter)
    others: int = 0
    samples: int = 0


@dataclass(frozen=True)
class _Log:
    """What the chain that is being drawn made of its steps: kept only if it is the one stored."""

    draws: Draws
    trials: list[tuple[Path, float]] = field(default_factory=list)
    there: list[Path] = field(default_factory=list)
    values: list[tuple[Path, str, Any]] = field(default_factory=list)
    options: list[tuple[Path, int]] = field(default_factory=list)

    def close(self, keep: bool) -> None:
        """Add what was seen to the draws, or forget it."""
        if keep:
            steps = self.draws.steps
            for path, asked in self.trials:
                steps[path].asked.append(asked)
            for path in self.there:
                steps[path].there += 1
            for path, name, value in self.values:
                steps[path].numbers[name].values.append(value)
            for path, which in self.options:
                steps[path].options[which] += 1
        for seen in (self.trials, self.there, self.values, self.options):
            seen.clear()


@dataclass(frozen=True)
class _Number(Distribution):
    """A number that is watched."""

    of: Distribution
    path: Path
    name: str
    log: _Log

    def draw(self, random: Uniform01, names: Names = NOTHING) -> Any:
        value = self.of.draw(random, names)
        self.log.values.append((self.path, self.name, value))
        return value

    def reach(self) -> Reach | None:
        return self.of.reach()


@dataclass(frozen=True)
class _Option(RandomChain):
    """An option of a ``one_of`` that is watched."""

    path: Path = ()
    number: int = 0
    log: _Log | None = None

    def drawn(self, place: Place, scope: Scope) -> Chain:
        assert self.log is not None
        self.log.options.append((self.path, self.number))
        return super().drawn(place, scope)


@dataclass(frozen=True)
class _Watched(Step):
    """A step that is watched."""

    of: Step
    path: Path
    log: _Log

    def drawn(self, place: Place, scope: Scope) -> Chain:
        if self.when is None or self.when.draw(lambda: 0.0, scope.names):
            severity = scope.full().severity if self.keep else scope.severity
            self.log.trials.append((self.path, self.probability * self.presence(severity)))
        return super().drawn(place, scope)

    def presence(self, severity: float) -> float:
        return self.of.presence(severity)

    def effects(self, place: Place, scope: Scope) -> Chain:
        self.log.there.append(self.path)
        return self.of.effects(place, scope)


def _watched(chain: RandomChain, path: Path, log: _Log) -> RandomChain:
    """Return a chain that draws the same and tells the log."""
    steps = []
    for step in chain.steps:
        below = (*path, step.name)
        log.draws.steps[below] = StepDraws(below, step)
        inside = {f.name: getattr(step, f.name) for f in fields(step) if f.name != "when"}
        inside = {name: _inside(value, name, below, log) for name, value in inside.items()}
        same = replace(step, **inside)
        steps.append(
            _Watched(step.name, step.probability, same, below, log, when=step.when, keep=step.keep)
        )
    return RandomChain(tuple(steps))


def _inside(value: Any, name: str, path: Path, log: _Log) -> Any:
    """Return a field of a step with the numbers and chains in it watched."""
    if isinstance(value, Distribution):
        log.draws.steps[path].numbers[name] = NumberDraws(value)
        return _Number(value, path, name, log)
    if isinstance(value, RandomChain):
        return _watched(value, path, log)
    if not isinstance(value, tuple):
        return value
    if value and all(isinstance(item, RandomChain) for item in value):  # of a one_of
        return tuple(
            _Option(_watched(item, (*path, f"option {n}"), log).steps, path, n - 1, log)
            for n, item in enumerate(value, 1)
        )
    if value and all(isinstance(item, tuple) for item in value):  # named: numbers, options
        return tuple(
            (key, _inside(item, key, path if isinstance(item, Distribution) else (*path, key), log))
            for key, item in value
        )
    return value


class _Watcher:
    """Draws the chains of sessions again."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.draws = recipe, Draws()
        self.log = _Log(self.draws)
        self.stems = {part: self._watch(chain, part) for part, chain in recipe.stems.items()}
        self.buses = {bus.name: self._watch(bus.chain, f"bus {bus.name}") for bus in recipe.buses}
        self.sends = {
            send.name: self._watch(send.chain, f"send {send.name}") for send in recipe.sends
        }
        self.master = self._watch(recipe.master, "master")
        self.medium = self._watch(recipe.medium, "medium")

    def _watch(self, chain: RandomChain, place: str) -> RandomChain:
        return _watched(chain, (place,), self.log)

    def session(self, row: Mapping[str, Any]) -> None:
        """Look at one sample."""
        recipe, session, seed = self.recipe, Session.from_row(row["session"]), int(row["seed"])
        address: Address = (str(row["split"]), int(row["index"]))
        linked = draw_linked(recipe.linked, seed, *address)
        takes = sum(not track.delay_samples for track in session.tracks)  # the others are doubles
        scope = Scope({**linked, "stems": takes}, session.severity)
        for track, measured in zip(session.tracks, row["tracks"], strict=True):
            home = (*address, "doubles") if track.delay_samples else address
            self._track(track, int(measured.get("redraws") or 0), seed, home, scope)
        for bus in session.buses:
            self._one(f"bus {bus.name}", self.buses.get(bus.name), bus.chain, seed,
                      (*address, "buses", bus.name), scope)  # fmt: skip
        for send in session.sends:
            self._one(f"send {send.name}", self.sends.get(send.name), send.chain, seed,
                      (*address, "sends", send.name), scope.full())  # fmt: skip
        self._one("master", self.master, session.master, seed, (*address, "master"), scope)
        self._one("medium", self.medium, session.medium, seed, (*address, "medium"), scope)
        self._levels(session, linked_row(linked) == dict(session.linked))
        self.draws.samples += 1

    def _track(self, track: Track, which: int, seed: int, home: Address, scope: Scope) -> None:
        """Draw the chain that stayed, its common part and that of its class."""
        levels = {name: getattr(track, name) for name in self.recipe.levels[track.stem_class]}
        own = scope.knowing(stem_names(track.stem_class, levels))
        address = (*home, "tracks", track.stem_class, track.file, which)
        parts = [part for part in ("all", track.stem_class) if part in self.stems]
        drawn = Chain.joined(
            self.stems[part].draw(seed, *address, part, scope=own) for part in parts
        )
        self._close(drawn, track.chains[min(which, len(track.chains) - 1)], track.stem_class)

    def _one(
        self, place: str, chain: RandomChain | None, stored: Chain,
        seed: int, address: Address, scope: Scope,
    ) -> None:  # fmt: skip
        """Draw a chain that several tracks go through."""
        drawn = chain.draw(seed, *address, scope=scope) if chain else None
        self._close(drawn, stored, place)

    def _close(self, drawn: Chain | None, stored: Chain, place: str) -> None:
        same = drawn == stored
        self.log.close(same)
        self.draws.chains[place] += same
        self.draws.others += not same

    def _levels(self, session: Session, linked: bool) -> None:
        """Note the numbers that are no effect's."""
        recipe = self.recipe
        sends = {send.name: send.level_db for send in recipe.sends}
        for track in session.tracks:
            for name, asked in recipe.levels[track.stem_class].items():
                self._level(track.stem_class, name, asked, getattr(track, name))
            for level in track.sends if session.severity == 1 else ():  # else it is scaled
                self._level(f"send {level.send}", "level_db", sends[level.send], level.level_db)
        if recipe.mix_loudness_lufs:
            asked = recipe.mix_loudness_lufs
            self._level("mix", "mix_loudness_lufs", asked, session.mix_loudness_lufs)
        self._level("mix", "severity", recipe.severity, session.severity)
        for name, asked in recipe.linked.items() if linked else ():
            self._level("mix", name, asked, session.linked[name])

    def _level(self, place: str, name: str, asked: Distribution, value: Any) -> None:
        step = self.draws.steps.setdefault((place, "levels"), StepDraws((place, "levels")))
        step.numbers.setdefault(name, NumberDraws(asked)).values.append(value)


def gather_draws(recipe: Recipe, manifest: "DataFrame") -> Draws:
    """Draw a dataset's chains again and return what came from which part of the recipe.

    Parameters
    ----------
    recipe : Recipe
        The one that it was made with.
    manifest : DataFrame

    Returns
    -------
    Draws
        Of at most :data:`MOST_SAMPLES` samples; of each track, of the chain that stayed.
    """
    watcher = _Watcher(recipe)
    apart = -(-len(manifest) // MOST_SAMPLES)
    columns = ["session", "seed", "split", "index", "tracks"]
    for row in manifest[columns].iloc[::apart].to_dict("records"):
        watcher.session({str(name): cell for name, cell in row.items()})
    return watcher.draws
