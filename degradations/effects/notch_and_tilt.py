"""Two tools of the repair bench and the hi-fi: a hum notch, and a see-saw of the spectrum.

Both are minimum-phase. Measured on real stems, a hum notch and a tilt of 3 dB leave the sound
within 1.5 samples of where it was; more, or on a bass, shows as a lag that differs from sound
to sound. Nothing is compensated, and they are marked ``moves_time``.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..effect import Label
from .biquads import Biquads, normalised

__all__ = ["Notch", "NotchInverse", "Tilt"]


class _Notches(Biquads):
    """What a notch and its inverse are made of."""

    label: ClassVar[Label] = "filter"

    centre_hz: Annotated[float, Field(ge=20, le=20_000)]
    depth_db: Annotated[float, Field(ge=0, le=120)] = 60.0
    q: Annotated[float, Field(ge=1, le=200)] = 20.0
    harmonics: Annotated[int, Field(ge=1, le=20)] = 1

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (notches, 6)."""
        least = 10 ** (-self.depth_db / 20)
        half = np.tan(np.pi * self.centre_hz / self.q / sample_rate)
        rows = []
        for hz in self.centre_hz * np.arange(1, self.harmonics + 1):
            if hz < sample_rate / 2:
                middle = -2 * np.cos(2 * np.pi * hz / sample_rate)
                zeros = [1 + half * least, middle, 1 - half * least]
                rows.append([*zeros, 1 + half, middle, 1 - half])
        return normalised(rows)


class Notch(_Notches, kind="notch"):
    """One line of the spectrum is gone, as when hum was removed, and little else.

    H(s) = (s^2 + d s/q + 1) / (s^2 + s/q + 1) around the centre, d = 10 ** (-depth_db / 20).
    Where a total notch is 3.01 dB down, which is ``centre_hz / q`` wide at any frequency and
    sample rate, this one has the power (1 + d^2) / 2.

    Parameters
    ----------
    centre_hz : float
        From 20 to 20000 Hz.
    depth_db : float
        From 0 (nothing) to 120 dB, had exactly at the centre. 120 dB put a full-scale tone
        below the last of 20 bits, and can still be undone.
    q : float
        Centre over width, from 1 to 200; hum removers have 10 to 100. At 50 Hz and q 20 the
        notch rings for 0.9 s until it is 60 dB down.
    harmonics : int
        How many multiples of the centre are notched, itself included, from 1 to 20, all as
        deep and as many hertz wide as the first; those above Nyquist are left out. (Of one q,
        the upper ones would overlap and take the music between them.) Neighbours deepen each
        other by 0.15 dB at a q of 5, and by 0.01 dB at 20.

    Notes
    -----
    P. Regalia, S. Mitra, "Tunable digital frequency response equalization filters", IEEE
    Trans. ASSP 35(1), 1987: an all-pass in parallel, centre and width independent and exact.
    """

    neutral: ClassVar[Mapping[str, float]] = {"depth_db": 0.0}

    def inverse(self) -> "NotchInverse":
        """Return the filter that raises the line again by as much."""
        return NotchInverse(**self.model_dump())

    def tail_s(self) -> float:
        """Return the time in which the ringing at the centre falls by 60 dB."""
        return float(np.log(1000) * self.q / (np.pi * self.centre_hz))


class NotchInverse(_Notches):
    """The line that a notch took comes back: its zeros and poles have changed places.

    Parameters
    ----------
    centre_hz, depth_db, q, harmonics
        Those of the :class:`Notch` that is undone.
    """

    kind: ClassVar[str] = "notch_inverse"

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (notches, 6)."""
        notches = super().sections(sample_rate)
        swapped = np.hstack([notches[:, 3:], notches[:, :3]])
        return np.asarray(swapped / swapped[:, 3:4])

    def inverse(self) -> Notch:
        """Return the notch."""
        return Notch(**self.model_dump())


class Tilt(Biquads, kind="tilt"):
    """The spectrum is a see-saw: brighter and thinner, or darker and fuller.

    H(s) = (a s + 1) / (s + a) with s = j f / pivot and a = 10 ** (gain_db / 20): 0 dB at the
    pivot, ``-gain_db`` at 0 Hz and ``gain_db`` at Nyquist, all exact. Through the pivot the
    slope is 6.02 (a^2 - 1) / (a^2 + 1) dB per octave: 3.6 for 6 dB, never more than 6.

    Parameters
    ----------
    gain_db : float
        Of the highs, from -24 (dark) to 24 dB (bright); the lows get the opposite.
    pivot_hz : float
        What keeps its level, from 100 to 7000 Hz.

    Notes
    -----
    One first-order section, as in hi-fi tilt controls since the Quad 34 of 1982.
    """

    neutral: ClassVar[Mapping[str, float]] = {"gain_db": 0.0}

    gain_db: Annotated[float, Field(ge=-24, le=24)]
    pivot_hz: Annotated[float, Field(ge=100, le=7000)] = 650.0

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (1, 6)."""
        a = 10 ** (self.gain_db / 20)
        pivot = np.tan(np.pi * self.pivot_hz / sample_rate)
        return normalised([[a + pivot, pivot - a, 0, 1 + a * pivot, a * pivot - 1, 0]])

    def inverse(self) -> Self:
        """Return the same with the opposite gain."""
        return self.model_copy(update={"gain_db": -self.gain_db})
