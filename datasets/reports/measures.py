"""Sections of a report on what was measured: who plays, how loud, how exact."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ...audio import STEM_CLASSES
from ...degradations.effect import find_effect
from .axes import duration
from .charts import histogram, ridges, roll
from .page import Markup, Section, sentence, table, tag
from .tables import Column, long_table

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["CLASS_COLOURS", "exactness_section", "loudness_section", "songs_section"]

CLASS_COLOURS = {name: f"var(--{name.lower()})" for name in STEM_CLASSES}

MOST_CHIPS = 40
"""Names of songs in a row; a longer list is a table."""

FARTHEST_SAMPLES = 8.0
"""Lags beyond are drawn at the ends of their chart; the table beside it has the largest."""

LONGEST_ROLL = 400
"""Columns that can still be told apart."""

EXACT_DB = -120.0
"""A sum that is off by less than this differs by rounding alone."""


def _tracks(manifest: "DataFrame") -> list[dict[str, Any]]:
    """Return the tracks of all samples."""
    return [track for tracks in manifest["tracks"] for track in tracks]


def _finite(values: Any) -> list[float]:
    """Return the numbers among values."""
    found = np.asarray(list(values), np.float64)
    return [float(v) for v in found[np.isfinite(found)]]


def songs_section(manifest: "DataFrame", splits: dict[str, list[str]]) -> Section:
    """Return songs and samples of each split, and the classes of each sample."""
    rows = []
    for split, songs in splits.items():
        own = manifest[manifest["split"] == split]
        one = f"{100 * float(own['coherent'].mean()):.0f} %" if len(own) else "–"
        chips = [tag("span", song, class_="chip") for song in sorted(songs)[:MOST_CHIPS]]
        rest = f"and {len(songs) - MOST_CHIPS} more, below" if len(songs) > MOST_CHIPS else ""
        names = tag("td", *chips, rest)
        rows.append(
            [
                split,
                str(len(own)),
                " ".join(duration(float(own["seconds"].sum()))),
                one,
                str(len(songs)),
                names,
            ]
        )
    head = ["split", "samples", "length", "from one song", "songs", "whose"]
    first = manifest.head(LONGEST_ROLL)
    picture = roll([list(c) for c in first["classes"]], STEM_CLASSES, CLASS_COLOURS)
    title = "Who plays where" if len(first) == len(manifest) else f"The first {len(first)} samples"
    note = "Every song belongs to one split: what a model is judged on, it never heard in training."
    many = any(len(songs) > MOST_CHIPS for songs in splits.values())
    whole = [tag("div", _song_table(manifest, splits), class_="card")] if many else []
    return Section(
        "Songs and classes",
        note,
        (
            tag("div", table(head, rows, "songs"), class_="card"),
            *whole,
            tag("div", tag("h3", title), tag("p", _tracks_in_words(manifest)),
                tag("div", Markup(picture), class_="scroll"), class_="card"),
        ),
    )  # fmt: skip


def _song_table(manifest: "DataFrame", splits: dict[str, list[str]]) -> Markup:
    """Return one row a song: its split, and how often it is heard."""
    heard = Counter(song for songs in manifest["songs"] for song in songs)
    pairs = [(song, split) for split, songs in splits.items() for song in sorted(songs)]
    return long_table(
        "songs",
        [
            Column("song", [song for song, _ in pairs]),
            Column("split", [split for _, split in pairs]),
            Column("samples", [heard[song] for song, _ in pairs], 0),
        ],
    )


def _tracks_in_words(manifest: "DataFrame") -> str:
    """Say how many tracks there are."""
    numbers = [len(tracks) for tracks in manifest["tracks"]]
    return f"{sum(numbers)} tracks, from {min(numbers)} to {max(numbers)} in a sample."


def loudness_section(manifest: "DataFrame") -> Section:
    """Return the loudness of mixtures and of the dry targets, and the peaks."""
    lufs, peaks = _finite(manifest["mixture_lufs"]), _finite(manifest["mixture_true_peak_dbtp"])
    gains = _finite(manifest["output_gain_db"])
    charts = [
        _maybe(lufs, "loudness of the mixture, LUFS", "samples"),
        _maybe(peaks, "true peak of the mixture, dBTP", "samples", "var(--dry)"),
    ]
    turned = sum(gain < -0.005 for gain in gains)
    if turned:
        charts.append(_maybe(gains, "output gain, dB", "samples", "var(--mixture)"))
    groups: dict[str, list[float]] = {name: [] for name in STEM_CLASSES}
    for track in _tracks(manifest):
        groups.setdefault(track["stem_class"], []).append(track["dry_lufs"])
    hills = {name: found for name, v in groups.items() if (found := _finite(v))}
    label = "loudness of a dry track in the mix, LUFS"
    picture = Markup(ridges(hills, label, CLASS_COLOURS)) if hills else sentence("All is silent.")
    note = (
        "Loudness after ITU-R BS.1770, true peaks after its annex 2. "
        f"{turned} of {len(manifest)} samples were turned down to fit below full scale."
    )
    return Section(
        "Loudness",
        note,
        (
            tag("div", tag("div", *charts, class_="charts"), class_="card"),
            tag("div", tag("h3", "Balance of the classes"),
                tag("p", "Before master; dashed: the median of a class."),
                tag("div", picture, class_="scroll"), class_="card"),
        ),
    )  # fmt: skip


def _maybe(values: list[float], label: str, counted: str, colour: str = "var(--wet)") -> Markup:
    """Return a histogram, or say that there is nothing to count."""
    if not values:
        return sentence(f"No {label.partition(',')[0]}: all is silent.")
    return Markup(histogram(values, label, counted, colour=colour))


def exactness_section(manifest: "DataFrame") -> Section:
    """Return lags of wet against dry, what chains did to the loudness, and how true sums are."""
    tracks = _tracks(manifest)
    processed = [track for track in tracks if len(track["effects"])]
    keeps = [t for t in processed if not _moves_time(t)]
    moves = [t for t in processed if _moves_time(t)]
    lags = [
        ("tracks whose effects keep time", _finite(t["lag_samples"] for t in keeps)),
        ("tracks with filters, rooms and the like", _finite(t["lag_samples"] for t in moves)),
        ("mixtures, after master and medium", _finite(manifest["lag_samples"])),
    ]
    rows = [[words, *_lag_cells(values)] for words, values in lags if values]
    head = ["residual lag", "number", "median, samples", "95 % within, samples", "largest, samples"]
    changes = _finite(track["chain_gain_db"] for track in processed)
    sums = _finite(manifest["sum_error_db"])
    charts = [_lag_chart(words, values) for words, values in lags if values]
    if changes:
        charts.append(_maybe(changes, "loudness change by a chain, dB", "tracks"))
    inexact = [value for value in sums if value > EXACT_DB]
    if inexact:
        charts.append(_maybe(inexact, "sum error, dB", "samples", "var(--dry)"))
    parts = [tag("div", table(head, rows, "numbers"), class_="card")]
    if charts:
        parts.append(tag("div", tag("div", *charts, class_="charts"), class_="card"))
    return Section("Exactness", _sums(len(sums), len(inexact)), tuple(parts))


def _lag_chart(words: str, values: list[float]) -> Markup:
    """Return the residual lags of some tracks or mixtures."""
    far = sum(abs(value) > FARTHEST_SAMPLES for value in values)
    near = np.clip(values, -FARTHEST_SAMPLES, FARTHEST_SAMPLES).round(2).tolist()
    chart = Markup(histogram(near, "residual lag, samples", "number", colour="var(--mixture)"))
    more = f"; {far} beyond {FARTHEST_SAMPLES:g} are drawn at the ends" if far else ""
    return tag("figure", chart, tag("figcaption", f"{words}{more}"))


def _moves_time(track: dict[str, Any]) -> bool:
    """Tell whether an effect of a track spreads its energy over time."""
    known = (find_effect(effect["effect"]) for effect in track["effects"])
    return any(kind is None or kind.moves_time for kind in known)


def _lag_cells(values: list[float]) -> list[str]:
    """Return number, median, 95th percentile and largest of lags."""
    sizes = np.abs(values)
    found = (float(np.median(values)), float(np.percentile(sizes, 95)), float(sizes.max()))
    return [str(len(values)), *(f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
                                for value in found)]  # fmt: skip


def _sums(number: int, inexact: int) -> str:
    """Say how true the sums are, and what the other measures are."""
    exact = f"In {number - inexact} of {number} samples the wet stems sum to the mix before master"
    rest = " exactly; in the others a bus processed them together." if inexact else " exactly."
    lag = "Residual lag: by how much wet is late against dry, by cross-correlation."
    change = "What a chain does to the loudness is undone afterwards: sound changes, balance stays."
    return f"{exact}{rest} {lag} {change}"
