"""Charts of a training run, as inline SVG: learning curves, and bars with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from ..datasets.report_axes import Scale, bottom_axis, left_axis, shown, svg

__all__ = ["Bar", "bars", "curve"]

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
    words = f"{name}: {bar.mean:.2f}, 95 % from {bar.low:.2f} to {bar.high:.2f}, n = {bar.count}"
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
