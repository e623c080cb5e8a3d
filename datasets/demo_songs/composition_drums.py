"""How drummers play bars: grooves, fills where a section ends, a crash where one begins."""

from collections.abc import Sequence

import numpy as np

from .composition import Bar, Note
from .composition_players import hits

__all__ = ["drums"]

_LATE_S = 0.004
"""Deviation of a good drummer's timing."""


def drums(
    bars: Sequence[Bar], rhythm: str, rng: np.random.Generator, *, fill: str = ""
) -> list[Note]:
    """Play a groove, written "kick X---x--- ; snare ----X---"; sections end with a fill.

    ``fill`` names the drums that are rolled over, the highest first; after it, a crash.
    """
    groove = [line.split() for line in rhythm.split(";")]
    rolled = fill.split()
    notes = []
    for n, bar in enumerate(bars):
        filling = bool(rolled) and bar.section_end and not bar.last
        start_of_fill_s = bar.start_s + bar.length_s * (0.74 if filling else 1.0)
        for name, steps in groove:
            for hit in hits(bar, steps, rng):
                if hit.start_s < start_of_fill_s:
                    notes.append(Note(hit.start_s, hit.gap_s, 60.0, hit.velocity, name))
        if filling:
            notes += _fill(bar, rolled, rng)
        if rolled and (bar.last or (n > 0 and bars[n - 1].section_end)):
            notes.append(Note(bar.start_s + 0.001, bar.length_s, 60.0, 0.9 * bar.energy, "crash"))
    return notes


def _fill(bar: Bar, rolled: Sequence[str], rng: np.random.Generator) -> list[Note]:
    """Roll over the drums in the bar's last quarter, getting louder."""
    step_s = bar.length_s / 16
    return [
        Note(
            bar.start_s + step_s * (12 + n) + _LATE_S * rng.standard_normal(),
            step_s,
            60.0,
            bar.energy * (0.6 + 0.1 * n),
            rolled[n * len(rolled) // 4],
        )
        for n in range(4)
    ]
