"""Sections of a report that list: every sample, and what was set aside."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from ...manifests.tables import records
from .charts import counts
from .page import Markup, Section, sentence, tag
from .tables import Column, long_table

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["samples_section", "set_aside_section"]

MOST_REASONS = 12


def samples_section(manifest: "DataFrame") -> Section:
    """Return one row a sample: to be sorted, filtered and looked up in the dataset."""
    rows = records(manifest)
    tracks = [list(row["tracks"]) for row in rows]
    steps = [sum(len(t["effects"]) for t in own) for own in tracks]
    others = [len(row["master"]) + len(row["medium"]) for row in rows]
    columns = [
        Column("key", [row["key"] for row in rows]),
        Column("songs", [", ".join(row["songs"]) for row in rows]),
        Column("classes", [", ".join(row["classes"]) for row in rows]),
        Column("tracks", [len(own) for own in tracks], 0),
        Column("steps on tracks", steps, 0),
        Column("on the mix", others, 0),
        Column("severity", [row["severity"] for row in rows], 2),
        Column("LUFS", [row["mixture_lufs"] for row in rows], 1),
        Column("peak, dBTP", [row["mixture_true_peak_dbtp"] for row in rows], 1),
        Column("lag, samples", [row["lag_samples"] for row in rows], 2),
        Column("sum error, dB", [row["sum_error_db"] for row in rows], 0),
        Column("redraws", [_redraws(own) for own in tracks], 0),
    ]
    note = (
        "Sort by a heading, filter by what stands below it: a word, > -14, <= 3 or -20..-14. "
        "'wetdry.datasets.read(DIR)[key]' opens one."
    )
    table = tag("div", long_table("samples", columns), class_="card")
    return Section("Samples", note, (table,))


def _redraws(tracks: list[dict[str, Any]]) -> int:
    """Return how many chains of a sample were refused and drawn again."""
    return sum(int(track.get("redraws") or 0) for track in tracks)


def set_aside_section(left_out: list[dict[str, str]]) -> Section:
    """Return what was left out, why, and what helps."""
    title = "Set aside"
    if not left_out:
        whole = "Nothing: every stem was good and every planned sample was rendered."
        return Section(title, "", (sentence(whole),))
    fields = ("what", "reason", "cure")
    columns = [Column(name, [str(e.get(name, "–")) for e in left_out]) for name in fields]
    note = f"{len(left_out)} stems or samples were left out; the rest went on without them."
    parts: list[Markup] = []
    reasons = Counter(columns[1].cells)
    if len(left_out) > 2 * len(reasons):
        common = dict(reasons.most_common(MOST_REASONS))
        chart = Markup(counts(common, "left out, by reason"))
        parts.append(tag("div", tag("div", chart, class_="charts"), class_="card"))
    parts.append(tag("div", long_table("left out", columns), class_="card"))
    return Section(title, note, tuple(parts))
