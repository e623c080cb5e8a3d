"""Sections of a report of scores: by what was done to the stems, and who is better for certain."""

import math
from typing import TYPE_CHECKING, Any

from ...datasets.reports.page import Markup, Section, details, sentence, table, tag
from ..judging.cases import ORACLES, SYSTEMS
from ..judging.clusters import MEAN
from ..judging.summary import grouped_summary, in_order, paired_differences
from .charts import Trend, trends
from .sections import (
    METRIC_NAMES,
    colours_of,
    legend,
    score_cell,
    system_name,
    titled,
)

if TYPE_CHECKING:
    import pandas

__all__ = ["groups_section", "tests_section"]

FIRST = ("mmsnr_db", "si_sdr_db", "sdr_db", "zimtohrli", "mrstft", "loudness_error_lu")
"""What is shown by group: the first of these that there is."""

TITLES = {"medium": "By medium", "label": "By label"}
AMOUNTS = {
    "severity": "severity of the recipe",
    "stft_distance": "STFT distance of the stem's own steps",
}
BY_LUCK = 0.05


def groups_section(scores: "pandas.DataFrame | None") -> Section:
    """Return tables by medium and label, and the score against how much was done."""
    title = "What was done"
    if scores is None or not set(scores) & {"labels", "medium"}:
        said = "No groups: the scores do not say what was done; judge on a dataset or MSRBench."
        return Section(title, "", (sentence(said),))
    metric = next((name for name in FIRST if name in scores), None)
    found = grouped_summary(scores)
    if metric is None or found.empty:
        return Section(title, "", (sentence("All stems are of one group."),))
    found = found[(found["metric"] == metric) & (found["stem_class"] == MEAN)]
    cards = [
        tag("div", tag("h3", f"{words}: {titled(metric)}"), _group_table(own), class_="card")
        for by, words in TITLES.items()
        if len(own := found[found["by"] == by])
    ]
    cards += [
        _amount_card(scores, found[found["by"] == by], by, metric)
        for by in AMOUNTS
        if (found["by"] == by).any()
    ]
    note = (
        "Means over the classes. A stem with several labels counts in each of them; mix: of master "
        "or medium. Groups hold different songs and stems, so that a row differs by these, too."
    )
    return Section(title, note, tuple(cards))


def _group_table(own: "pandas.DataFrame") -> Markup:
    """Return groups by systems: there are more groups than systems."""
    systems = in_order(own["system"], SYSTEMS)
    rising = own["metric"].iloc[0].endswith("_db")
    rows = []
    for group, part in own.groupby("group", sort=False):
        lines = part.set_index("system")
        honest = [lines["mean"][s] for s in systems if s in lines.index and s not in ORACLES]
        best = max(honest, default=math.nan) if rising else min(honest, default=math.nan)
        cells = [
            score_cell(_row(lines, s), best) if s in lines.index else tag("td", "–")
            for s in systems
        ]
        rows.append([str(group), *cells, str(lines["count"].max())])
    return table(["", *map(system_name, systems), "stems"], rows, "numbers scores")


def _row(lines: "pandas.DataFrame", name: str) -> "pandas.Series[Any]":
    """Return one line by its name."""
    return lines.loc[[name]].iloc[0]


def _amount_card(
    scores: "pandas.DataFrame", own: "pandas.DataFrame", by: str, metric: str
) -> Markup:
    """Return the score of each system against how much was done."""
    heard = scores[scores["skipped"].isna() & scores[metric].notna()]
    systems = [name for name in in_order(heard["system"], SYSTEMS) if name != "silence"]
    colours = colours_of(systems)
    drawn = [name for name in systems if name not in ORACLES][-1:]  # points of one system
    lines = []
    for system in systems:
        part = heard[heard["system"] == system]
        groups = own[own["system"] == system]
        middles = [_middle(part[by], group) for group in groups["group"]]
        points = zip(part[by], part[metric], strict=True) if system in drawn else ()
        lines.append(
            Trend(
                system_name(system), colours[system], tuple(points),
                tuple(zip(middles, groups["mean"], groups["low"], groups["high"], strict=True)),
            )
        )  # fmt: skip
    picture = Markup(trends(lines, AMOUNTS[by], METRIC_NAMES[metric]))
    words = "Lines: means of the classes in each range. Points: stems of the last system."
    return tag(
        "div", tag("h3", f"Score against {AMOUNTS[by]}"), tag("p", *legend(colours), words),
        tag("div", picture, class_="scroll"), class_="card",
    )  # fmt: skip


def _middle(amounts: "pandas.Series[float]", group: str) -> float:
    """Return the mean amount of the stems in a range."""
    words = group.split()
    low, high = (float(words[-1]), math.inf) if len(words) == 2 else map(float, words[::2])
    inside = amounts[(amounts >= low) & (amounts <= high)]
    return float(inside.mean())


def tests_section(scores: "pandas.DataFrame | None") -> Section:
    """Return by how much the last system is above each other one, class by class."""
    title = "Paired tests"
    if scores is None or scores["system"].nunique() < 2:
        return Section(title, "", (sentence("Nothing to compare: fewer than two systems."),))
    system = [s for s in in_order(scores["system"], SYSTEMS) if s not in ORACLES][-1]
    found = paired_differences(scores, system)
    cards = [
        details(titled(str(metric)), _test_table(own), open_=place == 0)
        for place, (metric, own) in enumerate(found.groupby("metric", sort=False))
    ]
    note = (
        f"{system_name(system).capitalize()} minus each other system on the same stems. Small: "
        "95 % interval, and the p-value of a sign-flip test that turns all clips of a song "
        "together, adjusted for the number of classes (Holm). Bold: below 0.05. With n songs no "
        "p-value is below 2/2ⁿ."
    )
    return Section(title, note, (tag("div", *cards, class_="card"),))


def _test_table(own: "pandas.DataFrame") -> Markup:
    """Return the other systems by classes."""
    classes = list(dict.fromkeys(own["stem_class"]))
    rows = []
    for against, part in own.groupby("against", sort=False):
        lines = part.set_index("stem_class")
        rows.append([system_name(str(against)), *(_test(_row(lines, name)) for name in classes)])
    return table(["", *classes], rows, "numbers scores")


def _test(line: "pandas.Series[Any]") -> Markup:
    """Return one difference, marked when it is more than luck."""
    certain = math.isfinite(line["p_holm"]) and line["p_holm"] < BY_LUCK
    cell = score_cell(line, line["mean"] if certain else math.nan)
    chance = f"p = {line['p_holm']:.2g}" if math.isfinite(line["p_holm"]) else ""
    return Markup(str(cell).replace("</td>", f"<small>{chance}</small></td>"))
