"""Section of a report on the steps: how audible, how hard to undo, and what was refused."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...manifests.redraws import count_redraws
from ...manifests.steps import step_table
from .charts import counts, histogram
from .page import Markup, Section, table, tag

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["steps_section"]

TITLE = "Steps"

LEAST_SHOWN = 0.001
"""Distances below count as that, on an axis of ratios."""

HEAD = (
    "effect", "steps", "kept", "undone by its inverse", "by its gain curve", "distance, median",
    "5 to 95 %", "loudness, LU",
)  # fmt: skip


def steps_section(manifest: "DataFrame") -> Section | None:
    """Return how audible each kind of step was, what undoes it, and what was drawn again."""
    steps = step_table(manifest)
    parts = _redrawn(manifest)
    measured = steps.dropna(subset=["stft_distance"])
    if measured.empty:
        return Section(TITLE, "", tuple(parts)) if parts else None
    exactly, nearly = ((steps["undoable"] == word).mean() for word in ("exactly", "approximately"))
    curve = (steps["oracle"] == "gain_curve").mean()
    note = (
        f"{len(steps)} steps, {int(steps['keep'].sum())} of them kept in the target. "
        f"From their numbers {100 * exactly:.0f} % can be undone exactly, {100 * nearly:.0f} % "
        f"approximately; from their gain curve {100 * curve:.0f} %. Distance: multi-resolution "
        "STFT distance of a step's two sides, equally loud."
    )
    groups = sorted(steps.groupby("effect"), key=lambda item: -item[1]["stft_distance"].median())
    rows = [_row(str(kind).replace("_", " "), group) for kind, group in groups]
    charts = [_distances(measured["stft_distance"]), _recoverable(steps), *_severities(manifest)]
    card = tag("div", tag("div", *charts, class_="charts"), class_="card")
    return Section(
        TITLE, note, (card, tag("div", table(HEAD, rows, "numbers"), class_="card"), *parts)
    )


def _distances(values: "Series[float]") -> Markup:
    """Return how audible the steps were."""
    found = [max(float(v), LEAST_SHOWN) for v in values]
    return Markup(histogram(found, "STFT distance of a step", "steps", log=True))


def _recoverable(steps: "DataFrame") -> Markup:
    """Return what gives back the sound before the steps that are to be undone."""
    found = steps.loc[~steps["keep"].astype(bool), "oracle"].fillna("not known").value_counts()
    words = {"inverse": "inverse", "gain_curve": "gain curve", "none": "nothing"}
    order = [
        *(name for name in words if name in found),
        *(n for n in found.index if n not in words),
    ]
    told = {words.get(name, name): int(found[name]) for name in order}
    return Markup(counts(told or {"none": 0}, "steps, by what undoes them"))


def _severities(manifest: "DataFrame") -> list[Markup]:
    """Return how severe the samples are, if not all alike."""
    found = [float(v) for v in manifest["severity"].dropna()]
    if len(set(found)) < 2:
        return []
    return [Markup(histogram(found, "severity of a sample", "samples", colour="var(--dry)"))]


def _row(kind: str, group: "DataFrame") -> list[str]:
    """Return what is known of one kind of step."""
    distances = group["stft_distance"].dropna().to_numpy()
    changes = group["loudness_change_lu"].dropna().to_numpy()
    shares = [(group["oracle"] == oracle).mean() for oracle in ("inverse", "gain_curve")]
    spread = "–"
    if len(distances):
        low, high = np.percentile(distances, [5, 95])
        spread = f"{low:.3f} to {high:.3f}"
    return [
        kind,
        str(len(group)),
        str(int(group["keep"].sum())),
        *(f"{100 * share:.0f} %" if share else "·" for share in shares),
        _median(distances, 3),
        spread,
        _median(changes, 2),
    ]


def _median(values: NDArray[np.float64], decimals: int) -> str:
    """Return a median, with a true minus."""
    if not len(values):
        return "–"
    return f"{round(float(np.median(values)), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def _redrawn(manifest: "DataFrame") -> list[Markup]:
    """Say how often chains were drawn again, and why."""
    tracks = [track for tracks in manifest["tracks"] for track in tracks]
    found = count_redraws(tracks)
    if not found.reasons:
        return []
    numbers = [int(track.get("redraws") or 0) for track in tracks]
    again = {str(n): numbers.count(n) for n in sorted(set(numbers))}
    charts = (
        Markup(counts(again, "tracks, by redraws")),
        Markup(counts(dict(found.reasons), "chains refused, by reason")),
    )
    return [
        tag("div", tag("h3", "Drawn again"), tag("p", f"{found}."),
            tag("div", *charts, class_="charts"), class_="card")
    ]  # fmt: skip
