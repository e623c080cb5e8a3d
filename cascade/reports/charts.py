"""Charts of a run, as inline SVG: learning curves, bars and trends with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from ...datasets.reports.axes import Scale, bottom_axis, left_axis, shown, svg

__all__ = ["Bar", "Trend", "bars", "curve", "trends"]

WIDTH, HEIGHT = 240, 156
LEFT, RIGHT, TOP, BOTTOM = 42, 10, 26, 36

MOST_POINTS = 400
"""Points of a curve: more than pixels are of no use."""


def curve(steps: Sequence[float], values: Sequence[float], name: str, colour: str) -> str:
    """Return a loss over the steps: as it was logged, pale, and smoothed.

    Parameters
    ----------
    steps, values : sequence of float
        Equally many, at least one; values finite.
    name : str
        What the values are.
    colour : str
        As CSS has it.
    """
    at, raw = np.asarray(steps, np.float64), np.asarray(values, np.float64)
    smooth = _smoothed(raw)
    low, high = np.percentile(raw, [0.5, 99.5]) if len(raw) > 50 else (raw.min(), raw.max())
    room = max(0.06 * (high - low), 1e-3 * abs(high), 1e-9)
    x = Scale(min(0.0, float(at[0])), max(float(at[-1]), 1.0), LEFT, WIDTH - RIGHT)
    y = Scale(float(low - room), float(high + room), HEIGHT - BOTTOM, TOP)
    axes = left_axis(y, LEFT, name, ticks=4, grid=WIDTH - RIGHT - LEFT)
    axes += bottom_axis(x, y.start, "step", ticks=4)
    lines = f'<path class="raw" d="{_path(x, y, at, raw)}"/>'
    lines += f'<path class="line" d="{_path(x, y, at, smooth)}"/>'
    lines += f'<circle cx="{x(float(at[-1])):g}" cy="{y(float(smooth[-1])):g}" r="3"/>'
    last = f'<text x="{WIDTH - RIGHT}" y="16" class="end ink">{shown(float(smooth[-1]))}</text>'
    style = f"stroke:{colour};--k:{colour}"
    body = f'{axes}<g class="curve" style="{style}">{lines}</g>{last}'
    return svg(WIDTH, HEIGHT, body, f"{name} over {len(raw)} logged steps")


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a running mean over about a twelfth of the curve, shorter at its ends."""
    reach = len(values) // 24
    sums = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(values))
    half = np.minimum(reach, np.minimum(place, place[::-1]))
    return np.asarray((sums[place + half + 1] - sums[place - half]) / (2 * half + 1))


def _path(x: Scale, y: Scale, at: NDArray[np.float64], values: NDArray[np.float64]) -> str:
    """Return a line, held inside the chart."""
    kept = np.unique(np.linspace(0, len(at) - 1, min(len(at), MOST_POINTS)).astype(int))
    inside = np.clip(values[kept], y.low, y.high)
    points = zip(at[kept], inside, strict=True)
    return "M" + "L".join(f"{x(float(a)):.5g} {y(float(v)):.4g}" for a, v in points)


@dataclass(frozen=True)
class Bar:
    """A mean with its interval.

    Parameters
    ----------
    mean, low, high : float
        NaN where there is none.
    count : int
        Of scores behind it.
    """

    mean: float
    low: float
    high: float
    count: int


def bars(groups: Mapping[str, Mapping[str, Bar]], label: str, colours: Mapping[str, str]) -> str:
    """Return bars side by side for each group, with whiskers.

    Parameters
    ----------
    groups : mapping of str to mapping of str to Bar
        By class and system.
    label : str
        What is shown, with unit.
    colours : mapping of str to str
        CSS colours by system.
    """
    everything = [bar for group in groups.values() for bar in group.values()]
    known = [v for b in everything for v in (b.mean, b.low, b.high, 0.0) if np.isfinite(v)]
    width, height, left = 1040, 280, 46
    room = 0.06 * max(max(known) - min(known), 1.0)
    y = Scale(min(known) - room * (min(known) < 0), max(known) + room, height - 40, 30)
    step = (width - left - 10) / len(groups)
    parts = [left_axis(y, left, label, ticks=6, grid=width - left - 10)]
    parts.append(f'<path class="axis" d="M{left} {y(0):g}H{width - 10}"/>')
    for place, (name, group) in enumerate(groups.items()):
        start, wide = left + (place + 0.12) * step, 0.76 * step / len(group)
        for n, (system, bar) in enumerate(group.items()):
            colour = colours.get(system, "var(--wet)")
            parts.append(_bar(bar, start + n * wide, wide, y, f"{name}, {system}", colour))
        middle = left + (place + 0.5) * step
        parts.append(
            f'<text x="{middle:g}" y="{height - 16}" class="mid ink">{escape(name)}</text>'
        )
    return svg(width, height, "".join(parts), label)


def _bar(bar: Bar, left: float, wide: float, y: Scale, name: str, colour: str) -> str:
    """Return one bar from zero, its whisker, and its numbers when pointed at."""
    if not np.isfinite(bar.mean):
        return ""
    top, bottom = sorted((y(bar.mean), y(0)))
    around = f", 95 % from {bar.low:.2f} to {bar.high:.2f}" if np.isfinite(bar.low) else ""
    words = f"{name}: {bar.mean:.2f}{around}, n = {bar.count}"
    middle = left + wide / 2
    whisker = ""
    if np.isfinite(bar.low) and np.isfinite(bar.high):
        ends = f"M{middle:.5g} {y(bar.low):g}V{y(bar.high):g}"
        caps = "".join(f"M{middle - 3:.5g} {y(v):g}h6" for v in (bar.low, bar.high))
        whisker = f'<path class="whisker" d="{ends}{caps}"/>'
    return (
        f'<g><title>{escape(words)}</title><rect x="{left + 1:.5g}" y="{top:g}" rx="1.5" '
        f'width="{wide - 2:.4g}" height="{max(bottom - top, 0.8):.4g}" style="fill:{colour}"/>'
        f"{whisker}</g>"
    )


@dataclass(frozen=True)
class Trend:
    """How a system's score goes with an amount.

    Parameters
    ----------
    name, colour : str
    points : tuple of (float, float)
        Amount and score of single stems.
    means : tuple of (float, float, float, float)
        Amount, mean, and the bounds of its interval (NaN where there is none).
    """

    name: str
    colour: str
    points: tuple[tuple[float, float], ...]
    means: tuple[tuple[float, float, float, float], ...]


def trends(lines: Sequence[Trend], across: str, up: str) -> str:
    """Return means against an amount as lines with whiskers, and single stems as pale points.

    Parameters
    ----------
    lines : sequence of Trend
    across, up : str
        What the axes show, with unit.
    """
    width, height, left = 760, 320, 46
    means = [mean for line in lines for mean in line.means if np.isfinite(mean[:2]).all()]
    points = [point for line in lines for point in line.points]
    amounts = [m[0] for m in means] + [p[0] for p in points]
    heights = [v for m in means for v in m[1:] if np.isfinite(v)] + [p[1] for p in points]
    most, low, high = max([*amounts, 1e-3]), min(heights, default=0.0), max(heights, default=1.0)
    room = max(0.05 * (high - low), 0.05)
    x = Scale(0.0, most * 1.03, left, width - 12)
    y = Scale(low - room, high + room, height - 44, 26)
    parts = [left_axis(y, left, up, ticks=6, grid=width - left - 12)]
    parts.append(bottom_axis(x, y.start, across, ticks=8))
    parts += [_trend(line, x, y) for line in lines]
    return svg(width, height, "".join(parts), f"{up} against {across}")


def _trend(line: Trend, x: Scale, y: Scale) -> str:
    """Return one line, its whiskers and its points."""
    known = sorted(mean for mean in line.means if np.isfinite(mean[:2]).all())
    dots = "".join(
        f'<circle cx="{x(a):g}" cy="{y(v):g}" r="2" opacity=".35"/>' for a, v in line.points
    )
    marks = "".join(
        f'<circle cx="{x(a):g}" cy="{y(m):g}" r="3.5"><title>'
        f"{escape(f'{line.name}: {m:.2f} at {a:.2g}')}</title></circle>"
        for a, m, _, _ in known
    )
    whiskers = "".join(
        f'<path class="whisker" d="M{x(a):g} {y(lo):g}V{y(hi):g}"/>'
        for a, _, lo, hi in known
        if np.isfinite([lo, hi]).all()
    )
    way = "L".join(f"{x(a):g} {y(m):g}" for a, m, _, _ in known)
    path = f'<path class="line" d="M{way}"/>' if known else ""
    style = f"stroke:{line.colour};--k:{line.colour}"
    return f'<g class="curve" style="{style}">{dots}{path}{marks}</g>{whiskers}'
