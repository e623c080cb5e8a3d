"""Axes of the report's charts: scales, round ticks, numbers and units as a reader wants them."""

import math
from dataclasses import dataclass
from html import escape

__all__ = ["Scale", "axis_label", "bottom_axis", "duration", "left_axis", "shown", "svg"]

UNITS = {
    "db": "dB",
    "dbfs": "dBFS",
    "dbtp": "dBTP",
    "lufs": "LUFS",
    "hz": "Hz",
    "ms": "ms",
    "s": "s",
    "m": "m",
    "samples": "samples",
    "cents": "cents",
    "kbps": "kbit/s",
}
"""What the suffixes of names stand for."""


@dataclass(frozen=True)
class Scale:
    """A straight or logarithmic way from numbers to places on a chart.

    Parameters
    ----------
    low, high : float
        The numbers at both ends; ``low < high``.
    start, end : float
        Their places, in pixels.
    log : bool
        Whether equal ratios take equal room; both ends are above 0 then.

    Examples
    --------
    >>> Scale(0, 10, 100, 200)(5)
    150.0
    >>> Scale(0, 100, 0, 1).ticks(5)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a number."""
        low, high = (math.log(v) if self.log else v for v in (self.low, self.high))
        share = ((math.log(value) if self.log else value) - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self, count: int) -> list[float]:
        """Return about ``count`` round numbers between the ends."""
        found = self._log_ticks(count) if self.log else self._round_ticks(count)
        return found if len(found) > 1 else Scale(self.low, self.high, 0, 1)._round_ticks(count)

    def _round_ticks(self, count: int) -> list[float]:
        """Return multiples of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / max(count, 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(n * step, 12) + 0.0 for n in range(first, last + 1)]

    def _log_ticks(self, count: int) -> list[float]:
        """Return powers of ten, with 2 and 5 between them where there is room."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for factors in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
            found = [f * 10.0**d for d in decades for f in factors]
            found = [v for v in found if self.low * 0.999 <= v <= self.high * 1.001]
            if len(found) <= count:
                break
        return found


def shown(value: float, digits: int = 3) -> str:
    """Return a number in few characters, with a true minus and ``k`` for thousands.

    >>> shown(-12.5), shown(12000.0), shown(0.25)
    ('−12.5', '12k', '0.25')
    """
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1e6:
        return f"{value:.{digits}g}".replace("-", "−").replace("e+0", "e")
    if abs(value) >= 10_000:
        return shown(value / 1000, digits) + "k"
    text = f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"
    return (text if float(text) else "0").replace("-", "−")


def duration(seconds: float) -> tuple[str, str]:
    """Return a length of time as a number and its unit: minutes, or hours from two on.

    >>> duration(200.0), duration(9000.0)
    (('3.3', 'minutes'), ('2.5', 'hours'))
    """
    size, unit = (3600.0, "hours") if seconds >= 7200 else (60.0, "minutes")
    return f"{seconds / size:.1f}".removesuffix(".0"), unit


def axis_label(name: str) -> str:
    """Return a name with its suffix written as a unit.

    >>> axis_label("attack_ms"), axis_label("ratio")
    ('attack, ms', 'ratio')
    """
    stem, _, suffix = name.rpartition("_")
    if stem and suffix in UNITS:
        return f"{stem.replace('_', ' ')}, {UNITS[suffix]}"
    return name.replace("_", " ")


def svg(width: float, height: float, body: str, title: str) -> str:
    """Return a drawing that grows and shrinks with its place on the page."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" style="--w:{width:g}px" role="img">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def bottom_axis(scale: Scale, y: float, label: str, *, ticks: int = 5, grid: float = 0) -> str:
    """Return an axis below a chart: line, ticks with numbers, and what they count.

    Parameters
    ----------
    scale : Scale
    y : float
        Where the line runs, in pixels.
    label : str
        With unit.
    ticks : int
        About how many.
    grid : float
        How far up the grid reaches, in pixels.
    """
    parts = [f'<path class="axis" d="M{scale.start:g} {y:g}H{scale.end:g}"/>']
    for value in scale.ticks(ticks):
        x = scale(value)
        reach = f"M{x:g} {y:g}v{-grid:g}" if grid else f"M{x:g} {y:g}v4"
        parts.append(f'<path class="{"grid" if grid else "axis"}" d="{reach}"/>')
        parts.append(f'<text x="{x:g}" y="{y + 15:g}" class="mid">{shown(value)}</text>')
    middle = (scale.start + scale.end) / 2
    parts.append(f'<text x="{middle:g}" y="{y + 30:g}" class="mid name">{escape(label)}</text>')
    return "".join(parts)


def left_axis(
    scale: Scale, x: float, label: str, *, ticks: int = 4, grid: float = 0, whole: bool = False
) -> str:
    """Return an axis beside a chart, with a grid that reaches ``grid`` pixels to the right.

    ``whole`` leaves out the ticks between whole numbers, for axes that count.
    """
    parts = []
    for value in scale.ticks(ticks):
        if whole and value != int(value):
            continue
        y = scale(value)
        parts.append(f'<path class="grid" d="M{x:g} {y:g}h{grid:g}"/>')
        parts.append(f'<text x="{x - 6:g}" y="{y + 3.5:g}" class="end">{shown(value)}</text>')
    parts.append(f'<text x="2" y="{scale.end - 10:g}" class="name">{escape(label)}</text>')
    return "".join(parts)
