"""The measuring bench: excerpts of released mixes and samples of recipes, measured by workers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ...audio import amplitude
from ...errors import CatalogError, WetdryError
from ...mixing.drawing import Drawer
from ...mixing.mix_features import class_balances, mix_features
from ...mixing.recipes import Recipe
from ...mixing.sessions import Session
from ...mixing.songs import songs_of
from ..render import render
from ..workers import run_jobs
from .moment_matching import ENOUGH, Values
from .released import Files, Passage, fault, measure_passage, passages

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Bench", "Made", "values"]

JOB_S = 180.0
"""Longest time that one excerpt may take before its worker is taken for hung."""

Progress = Callable[[int, int], None]
Halves: TypeAlias = tuple[list[dict[str, float]], list[dict[str, float]]]


@dataclass(frozen=True)
class Made:
    """What was measured of one excerpt, or of one sample of a recipe.

    Parameters
    ----------
    features : dict of str to float
        Of the mix, and the balance of its classes.
    levels : tuple of (str, float)
        Class of each track and the loudness that it was brought to, in LUFS.
    mix_loudness_lufs : float or None
        Loudness of the mix before its master chain, as drawn.
    output_gain_db : float
        What it is turned down by in a dataset, so that its stems fit below full scale.
    """

    features: dict[str, float]
    levels: tuple[tuple[str, float], ...] = ()
    mix_loudness_lufs: float | None = None
    output_gain_db: float = 0.0


@dataclass(frozen=True)
class _Render:
    """One session to be rendered and measured."""

    session: str
    stems: Path
    assets: Path


Job: TypeAlias = Passage | _Render


@dataclass
class Bench:
    """Measures released mixes and recipes, and tells how far it is.

    Parameters
    ----------
    stems : Path
    catalog : DataFrame
        Of the stems.
    samples, seed, workers : int
    progress : callable or None
    total : int
        Samples that there will be to measure; excerpts are added.
    set_aside : list of dict
        ``what``, ``reason``, ``cure``.
    """

    stems: Path
    catalog: "DataFrame"
    samples: int
    seed: int
    workers: int
    progress: Progress | None
    total: int
    set_aside: list[dict[str, str]] = field(default_factory=list)
    done: int = 0

    def released(
        self, sources: Sequence[tuple[Path, Mapping[str, Files]]], recipe: Recipe
    ) -> list[Halves]:
        """Measure excerpts, as long as the recipe's samples.

        Parameters
        ----------
        sources : sequence of (Path, mapping of str to Files)
            Folders, and the mixes or songs in them by name.
        recipe : Recipe

        Returns
        -------
        list of pairs of lists
            For each source what was measured of the half that is fitted to, and of the one
            that is held out.
        """
        chosen: list[list[Passage]] = []
        for folder, items in sources:
            own, refused = passages(
                folder, items, count=self.samples, seconds=recipe.seconds,
                sample_rate=recipe.sample_rate, seed=self.seed,
            )  # fmt: skip
            chosen.append(own)
            self.set_aside += refused
        jobs = [passage for own in chosen for passage in own]
        self.total += len(jobs)
        results = iter(self._all(jobs))
        measured: list[Halves] = [([], []) for _ in chosen]
        for halves, own in zip(measured, chosen, strict=True):
            for passage, result in zip(own, results, strict=False):
                if isinstance(result, WetdryError):
                    self.set_aside.append(fault(passage.name, str(result), passage.folder))
                else:
                    halves[passage.half].append(result.features)
        return measured

    def made(self, *parts: tuple[Recipe, str]) -> list[list[Made]]:
        """Draw, render and measure samples of recipes; another part has other draws.

        Raises
        ------
        CatalogError
            If more than half of those of a recipe cannot be rendered.
        """
        songs = list(songs_of(self.catalog).values())
        jobs: list[Job] = []
        for recipe, part in parts:
            drawer = Drawer(recipe, songs)
            sessions = (drawer.draw(self.seed, part, index) for index in range(self.samples))
            jobs += [_Render(s.json_row(), self.stems, recipe.folder) for s in sessions]
        results = self._all(jobs)
        groups = [results[i : i + self.samples] for i in range(0, len(results), self.samples)]
        return [
            self._good(recipe, part, group)
            for (recipe, part), group in zip(parts, groups, strict=True)
        ]

    def _good(self, recipe: Recipe, part: str, results: list[Made | WetdryError]) -> list[Made]:
        """Return what could be rendered, and set the rest aside."""
        failed = [
            fault(f"{part} {index}", str(result), self.stems)
            for index, result in enumerate(results)
            if isinstance(result, WetdryError)
        ]
        self.set_aside += failed
        good = [result for result in results if isinstance(result, Made)]
        if len(good) < max(ENOUGH, len(results) / 2):
            raise CatalogError(
                f"{recipe.name}: wanted {len(results)} samples to measure, found {len(good)}; "
                f"the first that failed: {failed[0]['reason']}"
            )
        return good

    def _all(self, jobs: Sequence[Job]) -> list[Made | WetdryError]:
        """Do jobs and return the results in the order of the jobs."""
        places = {id(job): place for place, job in enumerate(jobs)}
        results: dict[int, Made | WetdryError] = {}
        for job, result in _results(jobs, self.workers):
            results[places[id(job)]] = result
            self.done += 1
            if self.progress:
                self.progress(self.done, self.total)
        return [results[place] for place in range(len(jobs))]


def values(measured: Iterable[dict[str, float]]) -> Values:
    """Gather by feature what was measured of many."""
    lists: dict[str, list[float]] = {}
    for features in measured:
        for name, value in features.items():
            lists.setdefault(name, []).append(value)
    return {name: np.array(found) for name, found in lists.items()}


def _results(jobs: Sequence[Job], workers: int) -> Iterable[tuple[Job, Made | WetdryError]]:
    """Do jobs, here or in workers."""
    if workers > 1:
        yield from run_jobs(_measured, jobs, workers=workers, timeout_s=JOB_S)
        return
    for job in jobs:
        try:
            result: Made | WetdryError = _measured(job)
        except WetdryError as error:
            result = error
        yield job, result


def _measured(job: Job) -> Made:
    """Measure an excerpt, or render a session and measure that.

    The gain that makes room for dry stems, which no limiter has held, is no part of a release.
    """
    if isinstance(job, Passage):
        return Made(measure_passage(job))
    session = Session.from_row(job.session)
    mix = render(session, job.stems, job.assets)
    balances = class_balances(mix.wet, session.sample_rate)
    released = mix.mixture * np.float32(amplitude(-mix.output_gain_db))
    features = mix_features(released, session.sample_rate)
    features |= {f"{name}_over_mix_db": db for name, db in balances.items()}
    pairs = zip(session.tracks, mix.measures, strict=True)
    levels = ((track.stem_class, m.dry_lufs - track.gain_db) for track, m in pairs)
    heard = tuple(level for level in levels if np.isfinite(level[1]))
    return Made(features, heard, session.mix_loudness_lufs, mix.output_gain_db)
