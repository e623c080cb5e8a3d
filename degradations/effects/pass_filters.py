"""Filters that cut: low-pass, high-pass, band-pass, band-stop, of five classic families.

A steep recursive filter delays each frequency by another amount, and a low-pass at 200 Hz
is late as a whole. The rule here: for a low-pass and a band-pass the median group delay of
what passes, weighted by its power under pink noise and rounded to a sample, counts as
latency and is compensated. Measured on music, up to six samples are left for a low-pass from
1 to 10 kHz; a steep band-pass can keep two thirds of its delay. The delay of a high-pass or
band-stop vanishes towards the highs, so that attacks stay where they are. What is left over
is the filter's sound, and is why these four are marked ``moves_time``.
"""

from abc import abstractmethod
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ...errors import AudioError
from ..dsp.sections import run_sections
from ..effect import Effect, Label

__all__ = ["BandPass", "BandStop", "HighPass", "LowPass"]

Family: TypeAlias = Literal["butterworth", "chebyshev1", "chebyshev2", "elliptic", "bessel"]
_Edges: TypeAlias = tuple[float, ...]
_Design: TypeAlias = tuple[NDArray[np.float64], int]


class _PassFilter(Effect):
    """What the four have in common; see :class:`LowPass` for the numbers."""

    label: ClassVar[Label] = "filter"
    moves_time: ClassVar[bool] = True
    shape: ClassVar[str]  # as scipy names it

    family: Family = "butterworth"
    order: Literal[2, 4, 6, 8] = 4
    ripple_db: Annotated[float, Field(ge=0.1, le=3)] = 1.0
    attenuation_db: Annotated[float, Field(ge=20, le=80)] = 40.0

    @abstractmethod
    def edges_hz(self) -> _Edges:
        """Return the one or two edges."""

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Filter."""
        return run_sections(self._design(sample_rate)[0], audio)

    def latency_samples(self, sample_rate: int) -> int:
        """Return the median group delay of what passes; none if the highs pass."""
        return self._design(sample_rate)[1] if self.shape in ("lowpass", "bandpass") else 0

    def _design(self, sample_rate: int) -> _Design:
        """Return the sections and their median delay."""
        options = self.family, self.order, self.ripple_db, self.attenuation_db
        return _design(self.shape, self.edges_hz(), sample_rate, *options)

    def _check_below_nyquist(self, sample_rate: int) -> None:
        """Refuse a filter whose upper edge the sample rate cannot hold."""
        if self.edges_hz()[-1] * 2 >= sample_rate:
            raise AudioError(
                f"{self.kind}: its edge at {self.edges_hz()[-1]:g} Hz is not below half the "
                f"sample rate ({sample_rate / 2:g} Hz); lower it or resample first"
            )


class _OneEdge(_PassFilter):
    """A filter with one edge."""

    cutoff_hz: Annotated[float, Field(ge=20, le=20_000)]

    def edges_hz(self) -> _Edges:
        """Return the cutoff."""
        return (self.cutoff_hz,)


class _TwoEdges(_PassFilter):
    """A filter with two edges, whose geometric mean is the centre."""

    centre_hz: Annotated[float, Field(ge=40, le=8000)]
    q: Annotated[float, Field(ge=0.5, le=8)] = 1.0

    def edges_hz(self) -> _Edges:
        """Return ``centre * (sqrt(1 + 1/4q^2) -+ 1/2q)``."""
        half = 1 / (2 * self.q)
        root = np.sqrt(1 + half * half)
        return float(self.centre_hz * (root - half)), float(self.centre_hz * (root + half))


class LowPass(_OneEdge, kind="low_pass"):
    """The highs are gone; the sound is dull, and at low cutoffs distant.

    Parameters
    ----------
    cutoff_hz : float
        From 20 to 20000 Hz. The edge is at -3 dB (butterworth, bessel), at the end of the
        ripple (chebyshev1, elliptic) or where the full attenuation begins (chebyshev2).
    family : {"butterworth", "chebyshev1", "chebyshev2", "elliptic", "bessel"}
    order : {2, 4, 6, 8}
        6 dB per octave and order, for the families without an attenuation.
    ripple_db : float
        Of the pass band, from 0.1 to 3 dB; chebyshev1 and elliptic only.
    attenuation_db : float
        Of the stop band, from 20 to 80 dB; chebyshev2 and elliptic only.
    """

    shape: ClassVar[str] = "lowpass"


class HighPass(_OneEdge, kind="high_pass"):
    """The lows are gone; the sound is thin.

    Parameters
    ----------
    cutoff_hz, family, order, ripple_db, attenuation_db
        As in :class:`LowPass`.
    """

    shape: ClassVar[str] = "highpass"


class BandPass(_TwoEdges, kind="band_pass"):
    """Only a band is left, as through a telephone.

    Parameters
    ----------
    centre_hz : float
        From 40 to 8000 Hz.
    q : float
        Centre over distance of the edges, from 0.5 (the edges at 0.41 and 2.41 times the
        centre) to 8.
    family, order, ripple_db, attenuation_db
        As in :class:`LowPass`; the order is that of either edge.
    """

    shape: ClassVar[str] = "bandpass"


class BandStop(_TwoEdges, kind="band_stop"):
    """A band is missing; the sound is hollow.

    Parameters
    ----------
    centre_hz, q, family, order, ripple_db, attenuation_db
        As in :class:`BandPass`.
    """

    shape: ClassVar[str] = "bandstop"


@lru_cache(maxsize=64)  # latency and filter are asked for one after the other
def _design(
    shape: Any,
    edges_hz: _Edges,
    sample_rate: int,
    family: Family,
    order: int,
    ripple_db: float,
    attenuation_db: float,
) -> _Design:
    """Return second-order sections and the delay of what they let pass, in samples."""
    from scipy import signal

    edges = edges_hz if len(edges_hz) > 1 else edges_hz[0]
    limits: dict[str, Any] = {"rp": ripple_db, "rs": attenuation_db, "ftype": _FTYPES[family]}
    roots: tuple[Any, Any, Any] = signal.iirfilter(
        order, edges, btype=shape, output="zpk", fs=sample_rate, **limits
    )
    zeros, poles, gain = roots
    sections = signal.zpk2sos(zeros, poles, gain)
    return sections, round(_median_delay(zeros, poles, sections, sample_rate))


_FTYPES = {
    "butterworth": "butter",
    "chebyshev1": "cheby1",
    "chebyshev2": "cheby2",
    "elliptic": "ellip",
    "bessel": "bessel_mag",  # -3 dB at the cutoff
}


def _median_delay(
    zeros: NDArray[Any], poles: NDArray[Any], sections: NDArray[np.float64], sample_rate: int
) -> float:
    """Return the group delay, weighted by the power that passes, evenly over octaves."""
    from scipy import signal

    hz = np.geomspace(20, sample_rate * 0.499, 1024)
    power = np.abs(signal.sosfreqz(sections, hz, fs=sample_rate)[1]) ** 2
    back = np.exp(-2j * np.pi * hz / sample_rate)[:, np.newaxis]
    delay = _delays(poles * back) - _delays(zeros * back)
    order = np.argsort(delay)
    passed = np.cumsum(power[order])
    return float(delay[order][np.searchsorted(passed, passed[-1] / 2)])


def _delays(turned: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum over roots of Re(r / (1 - r)), the delay that poles add.

    On the unit circle, where filters have their zeros, it is -1/2 everywhere but at the root.
    """
    inside = np.abs(np.abs(turned) - 1) > 1e-9
    safe = np.where(inside, turned, 0)
    return np.asarray(np.where(inside, (safe / (1 - safe)).real, -0.5).sum(axis=1))
