"""The equalizer of a mixing console: two shelves and three bells."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from .biquads import Biquads, bell, normalised, shelf

__all__ = ["ConsoleBands", "ParametricEqualizer"]

_GainDb = Annotated[float, Field(ge=-18, le=18)]
_CentreHz = Annotated[float, Field(ge=20, le=20_000)]
_Q = Annotated[float, Field(ge=0.3, le=8)]

SHELF_Q = np.sqrt(0.5)
"""As steep as a shelf can be without an overshoot."""


class ConsoleBands(Biquads):
    """The five bands of a channel strip; see :class:`ParametricEqualizer` for the numbers."""

    neutral: ClassVar[Mapping[str, float]] = {
        "low_shelf_gain_db": 0.0,
        "low_gain_db": 0.0,
        "middle_gain_db": 0.0,
        "high_gain_db": 0.0,
        "high_shelf_gain_db": 0.0,
    }

    low_shelf_cutoff_hz: Annotated[float, Field(ge=20, le=1000)] = 100.0
    low_shelf_gain_db: _GainDb = 0.0
    low_centre_hz: _CentreHz = 250.0
    low_gain_db: _GainDb = 0.0
    low_q: _Q = 1.0
    middle_centre_hz: _CentreHz = 1000.0
    middle_gain_db: _GainDb = 0.0
    middle_q: _Q = 1.0
    high_centre_hz: _CentreHz = 4000.0
    high_gain_db: _GainDb = 0.0
    high_q: _Q = 1.0
    high_shelf_cutoff_hz: Annotated[float, Field(ge=1000, le=20_000)] = 7500.0
    high_shelf_gain_db: _GainDb = 0.0

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (5, 6)."""
        low, high = self.low_shelf_cutoff_hz, self.high_shelf_cutoff_hz
        bells = (
            (self.low_centre_hz, self.low_gain_db, self.low_q),
            (self.middle_centre_hz, self.middle_gain_db, self.middle_q),
            (self.high_centre_hz, self.high_gain_db, self.high_q),
        )
        return normalised(
            [
                shelf(low, self.low_shelf_gain_db, SHELF_Q, sample_rate, -1),
                *(bell(*numbers, sample_rate) for numbers in bells),
                shelf(high, self.high_shelf_gain_db, SHELF_Q, sample_rate, 1),
            ]
        )

    def inverse(self) -> Self:
        """Return the same with the opposite gains."""
        gains = [name for name in type(self).model_fields if name.endswith("_db")]
        return self.model_copy(update={name: -getattr(self, name) for name in gains})


class ParametricEqualizer(ConsoleBands, kind="parametric_equalizer"):
    """The timbre is shaped as on a console: body, mud, presence and air.

    A low shelf, three bells and a high shelf, one after the other. Each band has its gain
    exactly at its centre (a shelf at its far end, and half of it at its cutoff); what bands
    that overlap do there adds up in dB. A band of 0 dB does nothing.

    Parameters
    ----------
    low_shelf_cutoff_hz, high_shelf_cutoff_hz : float
        From 20 to 1000 Hz, and from 1000 to 20000 Hz.
    low_centre_hz, middle_centre_hz, high_centre_hz : float
        Of the bells, from 20 to 20000 Hz, in any order.
    low_shelf_gain_db, low_gain_db, middle_gain_db, high_gain_db, high_shelf_gain_db : float
        From -18 to 18 dB.
    low_q, middle_q, high_q : float
        Centre over width of the bells, from 0.3 to 8.

    Notes
    -----
    For more bells, or for one alone, chain :class:`Bell`. Coefficients: :mod:`.biquads`.
    """
