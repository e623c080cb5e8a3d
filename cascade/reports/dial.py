"""Section of a run's report: the dial's trade-off, as curves and as numbers."""

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ...datasets.reports.axes import Scale, bottom_axis, left_axis, shown, svg
from ...datasets.reports.page import Markup, Section, sentence, table, tag

if TYPE_CHECKING:
    import pandas

__all__ = ["dial_section", "way"]

WIDTH, HEIGHT = 420, 280
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 26, 40

Stop = tuple[float, float, float]
"""Where a position of the dial stands on a chart, and the position."""


def dial_section(
    scores: "pandas.DataFrame | None", distances: "pandas.DataFrame | None"
) -> Section:
    """Return what the positions between the stages score, if some were."""
    from ..judging.trade_off import EXACT, trade_off

    found = None if scores is None or scores.empty else trade_off(scores, distances)
    if found is None or found.empty:
        said = "No dial: 'wetdry evaluate RUN --dial 0.25 --dial 0.5' scores what lies between."
        return Section("The dial", "", (sentence(said),))
    rows = found.to_dict("records")
    names = list(map(str, found))
    totals = [name for name in names if name.startswith("frechet_") and name.endswith("_total")]
    charts = [
        Markup(chart)
        for metric in EXACT
        if metric in found
        for across in totals or ["dial"]
        if (chart := _chart(rows, across, metric))
    ]
    note = (
        "A blend of both stages: 0 is stage one, plausible; 1 is the cascade, faithful. Means of "
        "the classes: up is more exact, left lies nearer to the cloud of the dry stems."
    )
    if not totals:
        note = "A blend of both stages: 0 is stage one, 1 is the cascade. Means of the classes."
    pictures = tag("div", *charts, class_="charts")
    return Section("The dial", note, (tag("div", pictures, _numbers(found), class_="card"),))


def _chart(rows: Sequence[dict[Any, Any]], across: str, up: str) -> str:
    """Return one curve; nothing where fewer than two positions have both numbers."""
    stops = [(float(row[across]), float(row[up]), float(row["dial"])) for row in rows]
    stops = [stop for stop in stops if all(map(math.isfinite, stop))]
    return way(stops, _words(across), _words(up)) if len(stops) > 1 else ""


def _words(column: str) -> str:
    """Return what a column holds.

    >>> _words("frechet_musicnn_total"), _words("si_sdr_db"), _words("dial")
    ('Frechet distance, musicnn', 'SI-SDR, dB', 'dial')
    """
    known = {"mmsnr_db": "Multi-Mel-SNR, dB", "si_sdr_db": "SI-SDR, dB"}
    if column.startswith("frechet_"):
        return f"Frechet distance, {column.removeprefix('frechet_').removesuffix('_total')}"
    return known.get(column, column)


def way(stops: Sequence[Stop], across: str, up: str) -> str:
    """Return the way of the dial over a plane of two scores, each stop with its position.

    Parameters
    ----------
    stops : sequence of (float, float, float)
        Across, up and the dial's position there, in order; two or more, all finite.
    across, up : str
        What the axes show, with unit.
    """
    x = _scale([stop[0] for stop in stops], LEFT, WIDTH - RIGHT)
    y = _scale([stop[1] for stop in stops], HEIGHT - BOTTOM, TOP)
    axes = left_axis(y, LEFT, up, ticks=5, grid=WIDTH - RIGHT - LEFT)
    axes += bottom_axis(x, y.start, across, ticks=6)
    line = "L".join(f"{x(a):g} {y(v):g}" for a, v, _ in stops)
    marks = "".join(_mark(x(a), y(v), a, v, dial) for a, v, dial in stops)
    labels = "".join(
        f'<text x="{x(a):g}" y="{y(v) - 8:g}" class="mid ink">{dial:g}</text>'
        for a, v, dial in stops
    )
    style = "stroke:var(--cascade);--k:var(--cascade)"
    body = f'{axes}<g class="curve" style="{style}"><path class="line" d="M{line}"/>{marks}</g>'
    return svg(WIDTH, HEIGHT, body + labels, f"{up} against {across}, by the dial")


def _scale(values: Sequence[float], start: float, end: float) -> Scale:
    """Return a scale with some room at both ends."""
    low, high = min(values), max(values)
    room = max(0.1 * (high - low), 1e-3 * abs(high), 1e-9)
    return Scale(low - room, high + room, start, end)


def _mark(left: float, top: float, across: float, up: float, dial: float) -> str:
    """Return one stop, with its numbers when pointed at."""
    words = escape(f"dial at {dial:g}: {up:.2f} at {across:.3g}")
    return f'<circle cx="{left:g}" cy="{top:g}" r="3.5"><title>{words}</title></circle>'


def _numbers(found: "pandas.DataFrame") -> Markup:
    """Return the table of all positions."""
    names = [n for n in map(str, found) if not n.endswith(("_low", "_high"))]
    names = [n for n in names if n not in ("dial", "system")]
    heads = [
        _words(n) if n.endswith(("_db", "_total")) else n.removeprefix("frechet_").replace("_", " ")
        for n in names
    ]
    rows = [
        [f"{row['dial']:g}", *(tag("td", shown(float(row[n]), 4)) for n in names)]
        for row in found.to_dict("records")
    ]
    return table(["dial", *heads], rows, "numbers")
