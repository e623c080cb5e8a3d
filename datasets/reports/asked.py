"""Section of a report: what was drawn beside what the recipe asks for, with tests."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...degradations.language.combinators import OneOf
from ...degradations.language.expressions import Expression
from ...degradations.language.random_values import Constant, Distribution, Each, File
from ...degradations.language.steps import RandomEffect
from ...errors import ShardError, WetdryError
from ...manifests.store_paths import Place
from ...mixing.recipes import Recipe
from ..folder import locate
from ..inputs import recipe_of
from .axes import axis_label, shown
from .charts import counts, histogram
from .draws import Draws, StepDraws, gather_draws
from .fits import Fit, curve_of, fit_number, fit_options, fit_share, interval, masses_of
from .page import Markup, Section, sentence, tag

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["asked_section"]

TITLE = "Asked for and drawn"
FALSE_ALARM = 0.01
"""Probability that a flawless dataset is said to differ anywhere."""

MOST_BARS = 16


@dataclass(frozen=True)
class _Judged:
    """The tests of one step: of how often it is there, of its options, of its numbers."""

    step: StepDraws
    share: Fit | None
    options: Fit | None
    numbers: dict[str, Fit]

    def chances(self) -> list[float]:
        """Return the outcomes of all its tests."""
        fits = [self.share, self.options, *self.numbers.values()]
        return [fit.chance for fit in fits if fit is not None and fit.chance is not None]


def asked_section(dataset: Place, manifest: "DataFrame", record: dict[str, Any]) -> Section:
    """Return every distribution of the recipe with what was drawn from it.

    Parameters
    ----------
    dataset : Path or StorePath
    manifest : DataFrame
    record : dict
        What ``dataset.json`` holds.
    """
    try:
        draws = gather_draws(_recipe(dataset, record), manifest)
    except WetdryError as error:
        return Section(TITLE, "", (sentence(f"The recipe cannot be drawn again here: {error}"),))
    judged = [_judge(step) for step in draws.steps.values()]
    tests = sum(len(each.chances()) for each in judged)
    limit = FALSE_ALARM / max(tests, 1)
    places: dict[str, list[_Judged]] = {}
    for each in judged:
        places.setdefault(each.step.path[0], []).append(each)
    unfit = sum(chance < limit for each in judged for chance in each.chances())
    body = [_place(place, found, draws, limit) for place, found in places.items()]
    return Section(TITLE, _note(draws, len(manifest), tests, unfit), tuple(body))


def _recipe(dataset: Place, record: dict[str, Any]) -> Recipe:
    """Read the recipe that a dataset was made with, from what it says of itself."""
    try:
        folder = locate(dataset, None, None)[1]
    except ShardError:
        folder = Path()  # presets, and recipes that name no file, need no folder
    return recipe_of(record, dataset, folder)


def _judge(step: StepDraws) -> _Judged:
    """Test all that one step drew."""
    share = fit_share(step.there, step.asked) if step.step else None
    options = None
    if isinstance(step.step, OneOf) and step.options:
        options = fit_options(step.options, step.step.weights, len(step.step.options))
    numbers = {
        name: fit_number(number.asked, number.values)
        for name, number in step.numbers.items()
        if name != "seed"
    }
    return _Judged(step, share, options, numbers)


def _note(draws: Draws, samples: int, tests: int, unfit: int) -> str:
    """Say how it was found out, and what came of it."""
    chains = draws.chains.total()
    many = f"{draws.samples} of {samples}" if draws.samples < samples else f"all {samples}"
    others = (
        f" {draws.others} others were edited, or drawn otherwise, and do not count here."
        * bool(draws.others)
    )
    outcome = f"{unfit} differ" if unfit else "none differs"
    return (
        f"The recipe was drawn again for {many} samples: {chains} chains came out as they stand in "
        f"the manifest.{others} Of {tests} tests {outcome} (p below {FALSE_ALARM:g} divided by "
        f"their number, so that a flawless dataset fails in {100 * FALSE_ALARM:g} % of all cases). "
        "The line is what was asked for; KS is the Kolmogorov–Smirnov distance; a number is as it "
        "was drawn, before severity scales it. "
        "Chains that were refused are not in it: with many refusals draws must differ."
    )


def _place(place: str, found: list[_Judged], draws: Draws, limit: float) -> Markup:
    """Return what was drawn at one place: a class, a bus, master, medium."""
    unfit = sum(chance < limit for each in found for chance in each.chances())
    tests = sum(len(each.chances()) for each in found)
    steps = sum(each.step.step is not None for each in found)
    chains = f"{draws.chains[place]} chains, " if draws.chains[place] else ""
    number = f"{steps} steps, " if steps else ""
    mark = tag("b", f"{unfit} differ", class_="bad") if unfit else tag("b", "fits", class_="good")
    words = f" {chains}{number}{tests} tests: "
    name = "all classes" if place == "all" else place
    summary = tag("summary", tag("span", name, class_="ink"), words, mark if tests else "")
    cards = [_card(each, limit) for each in found]
    grid = tag("div", *cards, class_="effects")
    return tag("details", summary, grid, class_="place", open=bool(unfit), data_place=place)


def _card(judged: _Judged, limit: float) -> Markup:
    """Return one step."""
    step = judged.step
    numbers = {name: n for name, n in step.numbers.items() if name in judged.numbers}
    fixed = {n: v.asked.value for n, v in numbers.items() if isinstance(v.asked, Constant)}
    drawn = [name for name in numbers if name not in fixed]
    charts = [_number(name, numbers[name].asked, numbers[name].values, judged.numbers[name], limit)
              for name in drawn]  # fmt: skip
    if judged.options:
        charts.insert(0, _options(step, judged.options, limit))
    kind = step.step.effect.kind if isinstance(step.step, RandomEffect) else ""
    name = " / ".join(step.path[1:]).replace("_", " ")
    chip = (
        tag("span", kind.replace("_", " "), class_="chip")
        if kind.replace("_", " ") not in ("", name)
        else ""
    )
    always = "; ".join(f"{axis_label(n)}: {_plain(v)}" for n, v in fixed.items())
    rest = tag("p", f"Always: {always}.", class_="note") if always else Markup()
    head = tag("h3", name, " " if chip else "", chip)
    grid = tag("div", *charts, class_="charts") if charts else Markup()
    wide = f"--n:{min(max(len(charts), 1), 4)}"
    return tag("div", head, _share(judged, limit), grid, rest, class_="card", style=wide,
               data_step=" / ".join(step.path))  # fmt: skip


def _share(judged: _Judged, limit: float) -> Markup:
    """Say how often a step was there, beside how often it was to be."""
    step = judged.step
    if step.step is None:
        return tag("p", "of every track" if step.path[0] != "mix" else "of every sample")
    trials = len(step.asked)
    if not trials:
        return tag("p", "Never asked for in these chains: its condition or its option never came.")
    low, high = interval(step.there, trials)
    wanted = 100 * sum(step.asked) / trials
    when = f" where {step.step.when.text}" if isinstance(step.step.when, Expression) else ""
    words = (
        f"{step.there} of {trials}{when}: {100 * step.there / trials:.0f} % "
        f"({100 * low:.0f} to {100 * high:.0f} %), asked for {wanted:.0f} %"
    )
    return tag("p", words, *_chance(judged.share, limit))


def _chance(fit: Fit | None, limit: float) -> tuple[str, ...]:
    """Return the outcome of a test."""
    if fit is None or fit.chance is None:
        return ()
    text = f"p = {fit.chance:.2g}" if fit.chance >= 1e-4 else "p < 0.0001"
    return (", ", tag("b", text, class_="bad" if fit.chance < limit else "good"))


def _options(step: StepDraws, fit: Fit, limit: float) -> Markup:
    """Return how often each option of a ``one_of`` was taken."""
    assert isinstance(step.step, OneOf)
    weights = step.step.weights or (1.0,) * len(step.step.options)
    names = [
        f"{n}: {'+'.join(s.name for s in chain.steps) or 'none'}"
        for n, chain in enumerate(step.step.options, 1)
    ]
    found = {name: step.options[n] for n, name in enumerate(names)}
    total = step.options.total()
    asked = {n: total * w / sum(weights) for n, w in zip(names, weights, strict=True)}
    return _framed(counts(found, "draws, by option", asked=asked), fit, limit)


def _number(name: str, asked: Distribution, values: list[Any], fit: Fit, limit: float) -> Markup:
    """Return the distribution of one number."""
    if isinstance(asked, Each):
        return _number(name, asked.of, [item for value in values for item in value], fit, limit)
    if not values:
        return tag("figure", tag("figcaption", f"{axis_label(name)}: never drawn"))
    if isinstance(asked, Expression):
        fit = Fit(f"= {asked.text}: drawn, no closed form")
    curve, masses = curve_of(asked), masses_of(asked)
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if curve or (numeric and (masses is None or len(masses) > MOST_BARS)):
        chart = histogram(values, axis_label(name), "draws", asked=curve)
    else:
        chart = _bars(name, values, masses or {})
    return _framed(chart, fit, limit)


def _bars(name: str, values: list[Any], masses: dict[Any, float]) -> str:
    """Return how often each of a few values came; of many, those that came most often."""
    found = Counter(values)
    known = list(masses) if len(masses) <= MOST_BARS else []
    order = known or [value for value, _ in found.most_common(MOST_BARS)]
    asked = {_plain(v): len(values) * masses[v] for v in order if v in masses}
    label = f"draws, by {axis_label(name)}"
    return counts({_plain(v): found[v] for v in order}, label, asked=asked)


def _framed(chart: str, fit: Fit, limit: float) -> Markup:
    """Return a chart with the outcome of its test."""
    return tag("figure", Markup(chart), tag("figcaption", fit.measure, *_chance(fit, limit)))


def _plain(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, File):
        return value.path
    return shown(value) if isinstance(value, float) else json.dumps(value).strip('"')
