"""Charts of a dataset's report, as inline SVG: histograms, counts, ridges, and who plays where.

Colours are CSS variables, so that light and dark pages and paper each have their own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from .axes import Scale, bottom_axis, left_axis, shown, svg
from .fits import Curve

__all__ = ["counts", "histogram", "ridges", "roll"]

WIDTH, HEIGHT = 240, 156
LEFT, RIGHT, TOP, BOTTOM = 32, 8, 24, 36

Values = NDArray[np.float64]


def histogram(
    values: Sequence[float],
    label: str,
    counted: str,
    *,
    log: bool = False,
    colour: str = "var(--wet)",
    asked: Curve | None = None,
) -> str:
    """Return how often which values came.

    Parameters
    ----------
    values : sequence of float
        Finite, at least one.
    label : str
        What the values are, with unit.
    counted : str
        What is counted: the other axis.
    log : bool
        Whether the values' axis is logarithmic.
    colour : str
        As CSS has it.
    asked : Curve, optional
        What they were to be like: a line through what each bin was to hold.
    """
    data = np.asarray(values, np.float64)
    if asked:
        log, ends = asked.log, np.array([asked.low, asked.high])
    log = log and bool(data.min() > 0)
    edges = _edges(np.concatenate([data, ends]) if asked else data, log, asked is None)
    numbers = np.histogram(data, edges)[0]
    wanted = len(data) * np.diff([asked.cumulative(float(v)) for v in edges]) if asked else None
    tallest = int(max(numbers.max(), 0 if wanted is None else np.ceil(wanted.max())))
    x = Scale(edges[0], edges[-1], LEFT, WIDTH - RIGHT, log)
    y = Scale(0, _top(tallest), HEIGHT - BOTTOM, TOP)
    bars = "".join(
        _bar(x(low), x(high), y(n), y.start, f"{n} between {shown(low)} and {shown(high)}")
        for low, high, n in zip(edges[:-1], edges[1:], numbers, strict=True)
        if n
    )
    median = x(float(np.median(data)))
    mark = f'<path class="median" d="M{median:g} {y.start:g}V{TOP - 4:g}"/>'
    note = f"median {shown(float(np.median(data)))}"
    text = f'<text x="{WIDTH - RIGHT}" y="12" class="end">{note}</text>'
    axes = left_axis(y, LEFT, counted, ticks=3, grid=WIDTH - RIGHT - LEFT, whole=True)
    axes += bottom_axis(x, y.start, label, ticks=4)
    line = "" if wanted is None else _stairs([x(v) for v in edges], [y(n) for n in wanted])
    body = f'{axes}<g style="fill:{colour}">{bars}</g>{line}{mark}{text}'
    return svg(WIDTH, HEIGHT, body, f"Histogram of {label}: {len(data)} values, {note}")


def _stairs(borders: list[float], tops: list[float]) -> str:
    """Return what was asked for: a line that is level in each bin."""
    steps = "".join(f"V{top:.4g}H{end:.5g}" for top, end in zip(tops, borders[1:], strict=True))
    return f'<path class="asked" d="M{borders[0]:g} {tops[0]:.4g}{steps}"/>'


def _edges(data: Values, log: bool, whole: bool) -> Values:
    """Return the borders of the bins; whole numbers that are few have a bin each."""
    low, high = float(data.min()), float(data.max())
    if whole and bool((data == np.rint(data)).all()) and high - low <= 24 and not log:
        return np.arange(low - 0.5, high + 1.0)
    bins = int(np.clip(round(1.3 * len(data) ** 0.5), 6, 26))
    if high - low <= 1e-9 * max(abs(high), 1e-3):
        room = max(abs(high), 1e-3) * 0.1
        low, high = low - room, high + room
    return np.geomspace(low, high, bins + 1) if log else np.linspace(low, high, bins + 1)


def _top(largest: int) -> float:
    """Return where the axis of counts ends: at a whole number above the bars."""
    return float(max(largest * 1.05, 1.0)) if largest > 3 else largest + 0.2


def _bar(left: float, right: float, top: float, bottom: float, title: str) -> str:
    """Return an upright bar that says its number when pointed at."""
    gap = 0.5 if right - left > 3 else 0.0
    return (
        f'<rect x="{left + gap:.4g}" y="{top:.4g}" width="{right - left - 2 * gap:.4g}" '
        f'height="{bottom - top:.4g}" rx="1"><title>{escape(title)}</title></rect>'
    )


def counts(
    found: Mapping[str, int],
    counted: str,
    colours: Mapping[str, str] | None = None,
    asked: Mapping[str, float] | None = None,
) -> str:
    """Return a lying bar for each name, with its number.

    Parameters
    ----------
    found : mapping of str to int
        At least one; drawn in this order.
    counted : str
        What the numbers count.
    colours : mapping of str to str
        CSS colours by name.
    asked : mapping of str to float
        How many there were to be; a mark across the bar.
    """
    left = min(132.0, 14 + 6.6 * max(map(len, found)))
    row, width = 21, WIDTH
    asked = asked or {}
    x = Scale(0, max(*found.values(), *asked.values(), 1), left, width - 34)
    parts = []
    for place, (name, number) in enumerate(found.items()):
        y, colour = place * row + 4, (colours or {}).get(name, "var(--wet)")
        short = name if len(name) <= 19 else f"…{name[-18:]}"
        parts.append(
            f'<text x="{left - 8:g}" y="{y + 12}" class="end ink">{escape(short)}</text>'
            f'<rect x="{left:g}" y="{y}" width="{max(x(number) - left, 0.5):.4g}" height="16" '
            f'rx="2" style="fill:{colour}"><title>{escape(name)}: {number}</title></rect>'
            f'<text x="{max(x(number), x(asked.get(name, 0))) + 6:g}" y="{y + 12}">{number}</text>'
        )
        if name in asked:
            parts.append(f'<path class="asked" d="M{x(asked[name]):g} {y - 1}v18"/>')
    height = len(found) * row + 26
    caption = f'<text x="{left:g}" y="{height - 8}" class="name">{escape(counted)}</text>'
    return svg(width, height, "".join(parts) + caption, counted)


def ridges(groups: Mapping[str, Sequence[float]], label: str, colours: Mapping[str, str]) -> str:
    """Return one smooth hill a group over a common axis, with its median and its number.

    Parameters
    ----------
    groups : mapping of str to sequence of float
        Finite values; groups without any are left out.
    label : str
        What the values are, with unit.
    colours : mapping of str to str
        CSS colours by group.
    """
    full = {name: np.asarray(v, np.float64) for name, v in groups.items() if len(v)}
    everything = np.concatenate(list(full.values()))
    room = max(float(np.ptp(everything)) * 0.12, 1.0)
    width, left, row = 720, 110, 40
    height = row * len(full) + 64
    x = Scale(float(everything.min()) - room, float(everything.max()) + room, left, width - 60)
    parts = [bottom_axis(x, height - 38, label, ticks=8, grid=height - 50)]
    for place, (name, values) in enumerate(full.items()):
        base = 40 + row * (place + 0.5)
        parts.append(_ridge(name, values, x, base, colours.get(name, "var(--wet)")))
        parts.append(f'<text x="{width - 52}" y="{base:g}">n = {len(values)}</text>')
    return svg(width, height, "".join(parts), f"{label} by group")


def _ridge(name: str, values: Values, x: Scale, base: float, colour: str) -> str:
    """Return one hill: a sum of Gaussians as wide as Silverman's rule says."""
    grid = np.linspace(x.low, x.high, 110)
    spread = max(float(values.std()), (x.high - x.low) / 60)
    width = max(1.06 * spread * len(values) ** -0.2, (x.high - x.low) / 90)
    hill = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2).sum(axis=1)
    tops = base - 36 * hill / hill.max()
    path = "L".join(f"{x(v):.4g} {top:.4g}" for v, top in zip(grid, tops, strict=True))
    median = float(np.median(values))
    return (
        f'<path d="M{path}L{x.end:g} {base:g}L{x.start:g} {base:g}Z" class="hill" '
        f'style="fill:{colour};stroke:{colour}"/><path class="median" '
        f'd="M{x(median):g} {base:g}v-12"/>'
        f'<text x="{x.start - 10:g}" y="{base:g}" class="end ink">{escape(name)}'
        f"<title>{escape(name)}: median {shown(median)}</title></text>"
    )


def roll(
    present: Sequence[Sequence[str]], groups: Sequence[str], colours: Mapping[str, str]
) -> str:
    """Return a column for each sample, marked in the row of every group that plays in it.

    Parameters
    ----------
    present : sequence of sequences of str
        The groups of each sample.
    groups : sequence of str
        Rows, top to bottom.
    colours : mapping of str to str
        CSS colours by group.
    """
    width, left, row = 1040, 110, 20
    step = min((width - left - 60) / max(len(present), 1), 38.0)
    cell = step * 0.86 if step > 3 else step
    totals = Counter(name for names in present for name in names)
    parts = []
    for place, name in enumerate(groups):
        y = 4 + place * row
        cells = "".join(
            f"M{left + n * step:.5g} {y}h{cell:.3g}v16h{-cell:.3g}z"
            for n, names in enumerate(present)
            if name in names
        )
        parts.append(
            f'<text x="{left - 10}" y="{y + 12}" class="end ink">{escape(name)}</text>'
            f'<path d="{cells}" style="fill:{colours.get(name, "var(--wet)")}"/>'
            f'<text x="{left + len(present) * step + 8:.5g}" y="{y + 12}">{totals[name]}</text>'
        )
    height = len(groups) * row + 28
    note = f"samples 1 to {len(present)}, left to right; at the right, in how many a class plays"
    parts.append(f'<text x="{left}" y="{height - 6}" class="name">{note}</text>')
    return svg(width, height, "".join(parts), note)
