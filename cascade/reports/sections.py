"""Sections of a run's report: how it learnt, how it scores, how far its outputs lie."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...datasets.reports.axes import shown
from ...datasets.reports.page import Markup, Section, details, sentence, table, tag
from ..judging.cases import SYSTEMS
from ..judging.clouds import ALL
from ..judging.summary import in_order, summary
from .charts import Bar, bars, curve

if TYPE_CHECKING:
    import pandas

__all__ = [
    "METRIC_NAMES",
    "colours_of",
    "frechet_section",
    "learning_section",
    "legend",
    "score_cell",
    "scores_section",
    "system_name",
    "titled",
]

METRIC_NAMES = {
    "mmsnr_db": "Multi-Mel-SNR, dB",
    "si_sdr_db": "SI-SDR, dB",
    "sdr_db": "SDR, dB",
    "mrstft": "multi-resolution STFT distance",
    "zimtohrli": "Zimtohrli distance",
    "loudness_error_lu": "loudness error, LU",
}
SHOWN_AT_ONCE = ("mmsnr_db", "si_sdr_db")
FLOORED = ("si_sdr_db",)
"""Where silence would make all others look alike."""

STAGES = {"stage_one": "var(--stage_one)", "stage_two": "var(--cascade)"}
OWN_COLOURS = ("silence", "mixture", "stage_one", "cascade")
"""Systems that have one in the style sheet; the hues of the others are spread."""


def colours_of(systems: Iterable[str]) -> dict[str, str]:
    """Return a CSS colour for each system, by its place among those that have none of their own.

    >>> colours_of(["cascade", "mine"])
    {'cascade': 'var(--cascade)', 'mine': 'hsl(265 38% 58%)'}
    """
    names = in_order(systems, SYSTEMS)
    others = [name for name in names if name not in OWN_COLOURS]
    hues = {name: f"hsl({(265 + 75 * n) % 360} 38% 58%)" for n, name in enumerate(others)}
    return {name: hues.get(name, f"var(--{name})") for name in names}


def system_name(system: str) -> str:
    """Return a system or stage as words.

    >>> system_name("stage_one")
    'stage one'
    """
    return system.replace("_", " ")


def learning_section(log: Sequence[Mapping[str, Any]]) -> Section:
    """Return a card of curves for each stage of ``log.jsonl``."""
    stages = list(dict.fromkeys(str(line.get("stage", "")) for line in log))
    cards = [_stage(name, [x for x in log if str(x.get("stage", "")) == name]) for name in stages]
    if not cards:
        said = "No learning curves: log.jsonl is absent or holds no line yet."
        return Section("Learning", "", (sentence(said),))
    note = "Pale: as logged; strong: smoothed, with its last value at the right."
    return Section("Learning", note, tuple(cards))


def _stage(name: str, lines: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the curves of one stage; what was held out comes after the loss, classes fold away."""
    names = dict.fromkeys(key for line in lines for key in line)
    known = [n for n in names if n not in ("stage", "step", "seconds")]
    known.sort(key=lambda n: (n != "loss", not n.startswith("held_out")))
    charts: list[Markup] = []
    classes: list[Markup] = []
    for number in known:
        points = [(line["step"], line[number]) for line in lines if _is_number(line.get(number))]
        if points:
            steps, values = zip(*points, strict=True)
            colour = "var(--dry)" if number.startswith("held_out") else STAGES.get(name, "")
            words = number.replace("_db", ", dB").replace("_", " ").replace("/", ", ")
            (classes if "/" in number else charts).append(
                Markup(curve(steps, values, words, colour or "var(--wet)"))
            )
    folded = [details("By class", tag("div", *classes, class_="charts"))] if classes else []
    minutes = max((float(x["seconds"]) for x in lines if _is_number(x.get("seconds"))), default=0)
    told = f"{lines[-1].get('step', '?')} steps in {shown(minutes / 60)} minutes"
    return tag("div", tag("h3", system_name(name).capitalize()), tag("p", told),
               tag("div", *charts, class_="charts"), *folded, class_="card")  # fmt: skip


def _is_number(value: Any) -> bool:
    """Tell whether a logged value can be drawn."""
    return isinstance(value, int | float) and math.isfinite(value)


def scores_section(scores: "pandas.DataFrame | None") -> Section:
    """Return tables and bars of the means by system and class."""
    if scores is None or scores.empty:
        said = "No scores: this run was not judged yet; 'wetdry evaluate' does it."
        return Section("Scores", "", (sentence(said),))
    found = summary(scores)
    there = [name for name in METRIC_NAMES if name in set(found["metric"])]
    tables = {name: _score_table(found[found["metric"] == name], name) for name in there}
    first = [_metric_card(found, name, tables[name]) for name in SHOWN_AT_ONCE if name in there]
    rest = [
        tag("div", tag("h3", titled(name)), tables[name])
        for name in there
        if name not in SHOWN_AT_ONCE
    ]
    own = scores.drop_duplicates(["key", "stem_class"])
    silent = int(own["skipped"].notna().sum())
    over = f"{scores['song'].nunique()} songs" if "song" in scores else "clips"
    note = (
        f"{own['key'].nunique()} held-out clips, {len(own) - silent} stems that sound; "
        f"{silent} silent ones have no score. Small: 95 % bootstrap interval over {over}. "
        "Bold: the best of its column."
    )
    more = tag("div", details("The other metrics", *rest), class_="card")
    return Section("Scores", note, (*first, more))


def titled(metric: str) -> str:
    """Return a metric's name and which way is up."""
    return f"{METRIC_NAMES[metric]} ({'higher' if _rises(metric) else 'lower'} is better)"


def _rises(metric: str) -> bool:
    """Tell whether more is better: ratios in dB; the others are distances."""
    return metric.endswith("_db")


def _metric_card(found: "pandas.DataFrame", metric: str, numbers: Markup) -> Markup:
    """Return one metric as bars and as numbers."""
    own = found[found["metric"] == metric]
    floor = (
        "Silence has the floor of −30 dB by definition, and no bar." if metric in FLOORED else ""
    )
    colours = colours_of(own["system"])
    groups: dict[str, dict[str, Bar]] = {}
    hidden = ["silence"] if metric in FLOORED else []
    for line in own[~own["system"].isin(hidden)].to_dict("records"):
        bar = Bar(*(line[name] for name in ("mean", "low", "high", "count")))
        groups.setdefault(line["stem_class"], {})[line["system"]] = bar
    if not any(math.isfinite(bar.mean) for group in groups.values() for bar in group.values()):
        return tag("div", tag("h3", titled(metric)), sentence("Not computed."), class_="card")
    picture = tag("div", Markup(bars(groups, METRIC_NAMES[metric], colours)), class_="scroll")
    return tag(
        "div",
        tag("h3", titled(metric)),
        tag("p", *legend(colours), floor),
        picture,
        numbers,
        class_="card",
    )


def legend(colours: Mapping[str, str]) -> list[Markup]:
    """Return what colour stands for what system."""
    return [
        tag("span", system_name(name), class_="key", style=f"--k:{colour}")
        for name, colour in colours.items()
    ]


def _score_table(own: "pandas.DataFrame", metric: str) -> Markup:
    """Return systems by classes."""
    classes = list(dict.fromkeys(own["stem_class"]))
    means = own.pivot(index="system", columns="stem_class", values="mean")
    best = means.max() if _rises(metric) else means.min()
    rows = []
    for system in dict.fromkeys(own["system"]):
        lines = own[own["system"] == system].set_index("stem_class")
        cells = [score_cell(lines.loc[name], best[name]) for name in classes]
        rows.append([system_name(system), *cells])
    return table(["", *classes], rows, "numbers scores")


def score_cell(line: "pandas.Series[Any]", best: float) -> Markup:
    """Return a mean with its interval, marked when it is the best."""
    if not math.isfinite(line["mean"]):
        return tag("td", "–", title="no stem to judge")
    low, high = _digits(line["low"], 1), _digits(line["high"], 1)
    around = f"{low} to {high}" if math.isfinite(line["low"]) else ""
    mark = "best" if line["mean"] == best else ""
    mean = tag("span", _digits(line["mean"], 2), class_=mark)
    title = f"n = {line['count']}"
    return tag("td", mean, tag("small", around), title=title)


def _digits(value: float, places: int) -> str:
    """Show a number; zero has no sign, and a minus is a minus."""
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def frechet_section(distances: "pandas.DataFrame | None") -> Section:
    """Return the Frechet distances with both of their terms and the counts."""
    if distances is None or distances.empty:
        said = "No Frechet distances: the embedding's weights were not at hand when it was judged."
        return Section("Frechet distances", "", (sentence(said),))
    note = (
        "Between clouds of embeddings, in their own squared units; lower is better. Small: mean "
        "term + covariance term. Small clouds lie too far apart: compare only rows of equal N."
    )
    cards = [
        tag("div", tag("h3", str(name)), _distances(own), class_="card")
        for name, own in distances.groupby("embedding", sort=False)
    ]
    return Section("Frechet distances", note, tuple(cards))


def _distances(distances: "pandas.DataFrame") -> Markup:
    """Return the table of one embedding."""
    if "medium" in distances:
        distances = distances[distances["medium"] == ALL]
    systems = in_order(distances["system"], SYSTEMS)
    rows = []
    for stem_class, own in distances.groupby("stem_class", sort=False):
        lines = own.set_index("system")
        counts = f"{lines['items'].max()} of {lines['clips'].max()}"
        totals = lines["mean_term"] + lines["covariance_term"]
        cells = [_distance(lines, name, float(totals.min())) for name in systems]
        rows.append([str(stem_class), *cells, counts])
    return table(["", *map(system_name, systems), "N items of clips"], rows, "numbers")


def _distance(lines: "pandas.DataFrame", system: str, best: float) -> Markup:
    """Return one distance with its two terms."""
    if system not in lines.index:
        return tag("td", "–")
    mean, covariance = (float(lines[f"{n}_term"][system]) for n in ("mean", "covariance"))
    mark = "best" if mean + covariance == best else ""
    total = tag("span", shown(mean + covariance, 4), class_=mark)
    return tag("td", total, tag("small", f"{shown(mean)} + {shown(covariance)}"))
