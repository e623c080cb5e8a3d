"""Sections of a comparison: how far the distributions of two datasets are apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...manifests.rows import effect_numbers
from ...manifests.tables import records
from .axes import axis_label, shown
from .charts import counts, histogram
from .effects import chain_effects, is_choice
from .fits import Curve
from .page import Markup, Section, sentence, tag
from .tables import Column, long_table

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["effects_section", "numbers_section"]

MEASURED = {
    "mixture_lufs": "loudness of the mixture, LUFS",
    "mixture_true_peak_dbtp": "true peak of the mixture, dBTP",
    "severity": "severity",
    "lag_samples": "lag of the mixture, samples",
    "sum_error_db": "sum error, dB",
}
OF_TRACKS = {
    "dry_lufs": "loudness of a dry track, LUFS",
    "chain_gain_db": "loudness change by a chain, dB",
    "active_share": "share of active seconds of a track",
    "redraws": "redraws of a track",
}
MOST_CHARTS = 12
MOST_BARS = 10
LEAST_DRAWS = 2
"""A distance between fewer values than that says nothing."""


Values = NDArray[np.float64]


@dataclass(frozen=True)
class _Pair:
    """The same number of both datasets."""

    name: str
    one: list[Any]
    other: list[Any]
    distance: float
    chance: float


def numbers_section(manifest: "DataFrame", theirs: "DataFrame") -> Section:
    """Return the distributions of both, those first that least likely are one."""
    one, other = _numbers(manifest), _numbers(theirs)
    pairs = [_pair(name, one[name], other[name]) for name in one if name in other]
    pairs = [pair for pair in pairs if min(len(pair.one), len(pair.other)) >= LEAST_DRAWS]
    pairs.sort(key=lambda pair: (pair.chance, -pair.distance, pair.name))
    only = [sum(name not in there for name in here) for here, there in ((one, other), (other, one))]
    note = (
        f"{len(pairs)} numbers that both have, {only[0]} are in the first alone, {only[1]} in the "
        "other. Distance: the largest difference of the cumulatives (Kolmogorov–Smirnov), of "
        "words half the sum of the differences of their shares. p: how often one and the same "
        "distribution gives more, about; the smallest come first. Bars: the first; line: the "
        "other, scaled to as many."
    )
    charts = [_chart(pair) for pair in pairs[:MOST_CHARTS] if pair.distance > 0]
    columns = [
        Column("number", [pair.name for pair in pairs]),
        Column("values, bars", [len(pair.one) for pair in pairs], 0),
        Column("values, line", [len(pair.other) for pair in pairs], 0),
        Column("middle, bars", [_middle(pair.one) for pair in pairs]),
        Column("middle, line", [_middle(pair.other) for pair in pairs]),
        Column("distance", [pair.distance for pair in pairs], 3),
        Column("p", [pair.chance for pair in pairs], 4),
    ]
    shown_first = (
        tag("div", tag("div", *charts, class_="charts"), class_="card")
        if charts
        else sentence("All distributions that both have are the same.")
    )
    whole = tag("div", long_table("numbers", columns), class_="card") if pairs else Markup()
    return Section("Numbers", note, (shown_first, whole))


def _numbers(manifest: "DataFrame") -> dict[str, list[Any]]:
    """Return all values of each number: measured ones, then those that were drawn."""
    found = {words: _finite(manifest[name]) for name, words in MEASURED.items()}
    rows = records(manifest[["tracks", "classes"]])
    found["tracks of a sample"] = [len(row["tracks"]) for row in rows]
    tracks = [track for row in rows for track in row["tracks"]]
    for name, words in OF_TRACKS.items():
        found[words] = _finite(track.get(name) for track in tracks)
    drawn = effect_numbers(manifest)
    drawn = drawn[(drawn["number"] != "seed") & ~drawn["number"].str.endswith("_sha256")]
    for key, values in drawn.groupby(["place", "effect", "number"])["value"]:
        place, effect, number = map(str, key)
        name = f"{place}: {effect.replace('_', ' ')}: {axis_label(number)}"
        found[name] = values.tolist()
    return found


def _finite(values: Any) -> list[float]:
    """Return the numbers among values."""
    numbers = np.array([np.nan if v is None else v for v in values], np.float64)
    return [float(v) for v in numbers[np.isfinite(numbers)]]


def _is_numeric(values: Sequence[Any]) -> bool:
    """Tell whether there are only numbers."""
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _pair(name: str, one: list[Any], other: list[Any]) -> _Pair:
    """Return how far a number of both is apart."""
    from scipy import stats

    if not one or not other:
        return _Pair(name, one, other, 0.0, 1.0)
    if _is_numeric(one) and _is_numeric(other):
        distance = _farthest(np.sort(one), np.sort(other))
        root = np.sqrt(len(one) * len(other) / (len(one) + len(other)))
        return _Pair(name, one, other, distance, float(stats.kstwobign.sf(root * distance)))
    mine, theirs = Counter(map(str, one)), Counter(map(str, other))
    words = sorted({*mine, *theirs})
    table = np.array([[mine[w] for w in words], [theirs[w] for w in words]], np.float64)
    shares = table / table.sum(axis=1, keepdims=True)
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    chance = float(stats.chi2_contingency(table).pvalue) if len(words) > 1 else 1.0
    return _Pair(name, [str(v) for v in one], [str(v) for v in other], distance, chance)


def _farthest(one: Values, other: Values) -> float:
    """Return the largest difference of the cumulatives of values in ascending order."""
    places = np.concatenate([one, other])
    shares = [np.searchsorted(v, places, "right") / len(v) for v in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def _middle(values: Sequence[Any]) -> str:
    """Return the median of numbers, the commonest of words."""
    if not values:
        return "–"
    if _is_numeric(values):
        return shown(float(np.median(values)))
    return str(Counter(values).most_common(1)[0][0])


def _chart(pair: _Pair) -> Markup:
    """Return both distributions in one chart."""
    chance = f"p = {pair.chance:.2g}" if pair.chance >= 1e-4 else "p < 0.0001"
    words = f"distance {pair.distance:.2f}, {chance}"
    scale = len(pair.one) / len(pair.other)
    everything = [*pair.one, *pair.other]
    common = Counter(everything).most_common(MOST_BARS + 1)
    if not _is_numeric(everything) or (len(common) <= MOST_BARS and is_choice(everything)):
        order = sorted((value for value, _ in common[:MOST_BARS]), key=_order)
        mine, theirs = Counter(pair.one), Counter(pair.other)
        chart = counts(
            {_text(v): mine[v] for v in order}, "values",
            asked={_text(v): theirs[v] * scale for v in order},
        )  # fmt: skip
    else:
        chart = histogram(pair.one, "", "values", asked=_curve(pair.other))
    return tag("figure", tag("h4", pair.name), Markup(chart), tag("figcaption", words))


def _order(value: Any) -> tuple[bool, Any]:
    """Return what numbers, and words, are put in order by."""
    return (isinstance(value, str), value)


def _text(value: Any) -> str:
    """Return a value as text."""
    return shown(value) if isinstance(value, float) else str(value)


def _curve(values: Sequence[float]) -> Curve:
    """Return the cumulative of values: the share of them below a number."""
    found = np.sort(np.asarray(values, np.float64))
    last = found[-1]

    def below(value: float) -> float:
        less = found <= value if value >= last else found < value  # the last bin is closed
        return float(less.mean())

    log = bool(found[0] > 0 and last / found[0] >= 10)
    return Curve(below, float(found[0]), float(last), log)


def effects_section(manifest: "DataFrame", theirs: "DataFrame") -> Section:
    """Return in what share of the chains each effect stands, in both."""
    one, other = _shares(manifest), _shares(theirs)
    keys = sorted({*one, *other}, key=lambda k: -abs(one.get(k, 0.0) - other.get(k, 0.0)))
    columns = [
        Column("effect", [kind.replace("_", " ") for _, kind in keys]),
        Column("place", [place for place, _ in keys]),
        Column("bars, %", [100 * one.get(key, 0.0) for key in keys], 1),
        Column("line, %", [100 * other.get(key, 0.0) for key in keys], 1),
        Column("difference, %", [100 * (other.get(k, 0.0) - one.get(k, 0.0)) for k in keys], 1),
    ]
    note = "In what share of the chains of a place an effect stands at least once."
    if not keys:
        return Section("Effects", "", (sentence("Neither has any effect."),))
    return Section("Effects", note, (tag("div", long_table("effects", columns), class_="card"),))


def _shares(manifest: "DataFrame") -> dict[tuple[str, str], float]:
    """Return the share of the chains of each place that an effect stands in."""
    totals: Counter[str] = Counter()
    used: Counter[tuple[str, str]] = Counter()
    for chain in chain_effects(manifest):
        totals[chain.place] += 1
        used.update((chain.place, kind) for kind in {name for name, _ in chain.effects})
    return {(place, kind): number / totals[place] for (place, kind), number in used.items()}
