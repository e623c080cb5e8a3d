"""The pulse about one place of a song: a line through its beats."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Pulse", "pulse_about"]

ASIDE_S = 2.0
FEWEST_BEATS = 8
UNSTEADY_S = 0.015
"""Where beats lie further off the line than this, RMS, no single speed brings them in time."""


@dataclass(frozen=True)
class Pulse:
    """Beats that are evenly apart.

    Parameters
    ----------
    beat_s : float
        Where one of them lies, from the beginning of the file.
    period_s : float
        From each to the next.
    """

    beat_s: float
    period_s: float

    def nearest(self, second: float) -> float:
        """Return the beat nearest to a place.

        >>> Pulse(beat_s=0.25, period_s=0.5).nearest(10.1)
        10.25
        """
        return self.beat_s + round((second - self.beat_s) / self.period_s) * self.period_s


def pulse_about(beats_s: Sequence[float], start_s: float, end_s: float) -> Pulse | None:
    """Return the pulse of an excerpt; None if its beats are too few or too uneven.

    Parameters
    ----------
    beats_s : sequence of float
        Of the whole song, rising.
    start_s, end_s : float
        Two seconds to either side count too, and as far as it needs for eight beats.
    """
    beats = np.asarray(beats_s)
    first = int(np.searchsorted(beats, start_s - ASIDE_S))
    last = int(np.searchsorted(beats, end_s + ASIDE_S))
    missing = max(0, FEWEST_BEATS - (last - first))
    first = max(0, min(first - missing // 2, len(beats) - FEWEST_BEATS))
    near = beats[first : max(last, first + FEWEST_BEATS)]
    if len(near) < FEWEST_BEATS:
        return None
    numbers = np.arange(len(near)) - (len(near) - 1) / 2
    period = float((numbers * near).sum() / (numbers**2).sum())
    off = near - near.mean() - numbers * period
    if float(np.sqrt(np.square(off).mean())) > UNSTEADY_S:
        return None
    return Pulse(float(near.mean() + (numbers[0] % 1) * period), period)
