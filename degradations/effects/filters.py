"""Tone controls: bell, shelves and a graphic equalizer, all of them biquads.

The dB asked for are the dB had: at the centre of a bell, at the far end of a shelf (and half
of them at its corner). The filters are minimum-phase and start with the sound: up to 6 dB
leave broadband audio within one sample of where it was. More gain, or a tonal sound, shows
their phase as a lag of a few samples that differs from sound to sound; nothing is
compensated, and they are marked ``moves_time``.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...errors import AudioError
from .biquads import Biquads, bell, normalised, shelf

__all__ = ["BANDS_HZ", "Bell", "GraphicEqualizer", "HighShelf", "LowShelf"]

_GainDb = Annotated[float, Field(ge=-24, le=24)]


class Bell(Biquads, kind="bell"):
    """A band of frequencies is raised or lowered.

    Parameters
    ----------
    centre_hz : float
        From 20 to 20000 Hz; the gain there is exactly ``gain_db``.
    gain_db : float
        From -24 to 24 dB.
    q : float
        Centre over width; from 0.1 (many octaves) to 20 (a fraction of a semitone).
    """

    neutral: ClassVar[Mapping[str, float]] = {"gain_db": 0.0}

    centre_hz: Annotated[float, Field(ge=20, le=20_000)]
    gain_db: _GainDb
    q: Annotated[float, Field(ge=0.1, le=20)] = 1.0

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (1, 6)."""
        return normalised([bell(self.centre_hz, self.gain_db, self.q, sample_rate)])

    def inverse(self) -> Self:
        """Return the same with the opposite gain."""
        return self.model_copy(update={"gain_db": -self.gain_db})


class _Shelf(Biquads):
    """What both shelves are made of."""

    neutral: ClassVar[Mapping[str, float]] = {"gain_db": 0.0}

    cutoff_hz: Annotated[float, Field(ge=20, le=20_000)]
    gain_db: _GainDb
    q: Annotated[float, Field(ge=0.3, le=2)] = 0.7071

    def inverse(self) -> Self:
        """Return the same with the opposite gain."""
        return self.model_copy(update={"gain_db": -self.gain_db})


class LowShelf(_Shelf, kind="low_shelf"):
    """The lows are raised or lowered.

    Parameters
    ----------
    cutoff_hz : float
        From 20 to 20000 Hz; half of ``gain_db`` is reached there.
    gain_db : float
        From -24 to 24 dB, had in full far below the cutoff.
    q : float
        From 0.3 (gentle) to 2 (steep, with an overshoot); 0.7071 is as steep as can be without.
    """

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (1, 6)."""
        return normalised([shelf(self.cutoff_hz, self.gain_db, self.q, sample_rate, -1)])


class HighShelf(_Shelf, kind="high_shelf"):
    """The highs are raised or lowered.

    Parameters
    ----------
    cutoff_hz : float
        From 20 to 20000 Hz; half of ``gain_db`` is reached there.
    gain_db : float
        From -24 to 24 dB, had in full far above the cutoff.
    q : float
        From 0.3 (gentle) to 2 (steep, with an overshoot); 0.7071 is as steep as can be without.
    """

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (1, 6)."""
        return normalised([shelf(self.cutoff_hz, self.gain_db, self.q, sample_rate, 1)])


_LOWS_HZ = (25, 40, 63, 100, 160, 250, 400, 630)
BANDS_HZ = (*_LOWS_HZ, 1000, 1600, 2500, 4000, 6300, 10_000, 16_000, 20_000)
"""Centres of the graphic equalizer, two thirds of an octave apart (MSRKit's sixteen)."""


class GraphicEqualizer(Biquads, kind="graphic_equalizer"):
    """Sixteen sliders: the timbre is redrawn from 25 Hz to 20 kHz.

    The outer two are shelves (q 0.7), the others bells of q = centre / (upper - lower
    neighbour) * 2.5. Neighbours overlap a little, as in hardware: what is had at a centre is
    its own gain plus some of its neighbours'.

    Parameters
    ----------
    gains_db : 16 floats
        From -12 to 12 dB each, for the centres in ``BANDS_HZ``.
    """

    neutral: ClassVar[Mapping[str, float]] = {"gains_db": 0.0}

    gains_db: Annotated[
        tuple[Annotated[float, Field(ge=-12, le=12)], ...],
        Field(min_length=len(BANDS_HZ), max_length=len(BANDS_HZ)),
    ]

    def sections(self, sample_rate: int) -> NDArray[np.float64]:
        """Return the coefficients, shape (16, 6)."""
        gains = self.gains_db
        rows = [shelf(BANDS_HZ[0], gains[0], 0.7, sample_rate, -1)]
        neighbours = zip(BANDS_HZ, BANDS_HZ[1:], BANDS_HZ[2:], gains[1:], strict=False)
        for lower, centre, upper, gain_db in neighbours:
            rows.append(bell(centre, gain_db, centre / (upper - lower) * 2.5, sample_rate))
        rows.append(shelf(BANDS_HZ[-1], gains[-1], 0.7, sample_rate, 1))
        return normalised(rows)

    def inverse(self) -> Self:
        """Return the same with all sliders moved the other way."""
        return self.model_copy(update={"gains_db": tuple(-gain for gain in self.gains_db)})

    def _check_below_nyquist(self, sample_rate: int) -> None:
        """Refuse rates at which the top slider has nothing to move."""
        if BANDS_HZ[-1] * 2 >= sample_rate:
            raise AudioError(
                f"{self.kind}: its top band, {BANDS_HZ[-1]} Hz, is not below half the sample "
                f"rate ({sample_rate / 2:g} Hz); resample first"
            )
