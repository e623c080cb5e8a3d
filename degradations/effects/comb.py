"""The comb filter."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..effect import Effect, Label, Undoable

__all__ = ["Comb"]

_Gain = Annotated[float, Field(ge=-0.95, le=0.95)]

HALF_TAPS = 8
"""Of the interpolator between samples, on either side."""


class Comb(Effect, kind="comb"):
    """A ladder of notches or of resonances: hollow, tubular, metallic.

    H(z) = (1 + f z^-d) / (1 - b z^-d) with f = ``feedforward``, b = ``feedback`` and d =
    ``delay_ms`` in samples, fractions of samples included: teeth at multiples of
    1 / ``delay_ms``, where the gain is (1 + f) / (1 - b), and notches midway, where it is
    (1 - f) / (1 + b). A negative gain moves its teeth midway. The microphone beside a table
    is f alone; a resonator is b alone; f = -b is an all-pass. A dry share would only be
    another f. Loud teeth are loud: up to 32 dB.

    Parameters
    ----------
    delay_ms : float
        From 0.5 (teeth every 2000 Hz) to 50 ms (every 20 Hz).
    feedforward, feedback : float
        From -0.95 to 0.95; 0 is off.

    Notes
    -----
    U. Zoelzer (ed.), "DAFX: digital audio effects", 2nd ed., 2011, ch. 2 (universal comb
    filter). Between samples a Kaiser-windowed sinc of 16 taps interpolates: up to 0.75 of
    Nyquist it errs by 0.02 dB and by 0.001 rad of phase, and at 0.9 by up to 3 dB.
    """

    label: ClassVar[Label] = "filter"
    undoable: ClassVar[Undoable] = "exactly"
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"feedforward": 0.0, "feedback": 0.0}

    delay_ms: Annotated[float, Field(ge=0.5, le=50)]
    feedforward: _Gain = 0.7
    feedback: _Gain = 0.0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Filter."""
        from ..dsp.filter_recursions import combed

        nearest, taps = _interpolator(self.delay_ms / 1000 * sample_rate)
        out: NDArray[np.float32] = combed(audio, taps, nearest, self.feedforward, self.feedback)
        return out

    def tail_s(self) -> float:
        """Return the delay, and the time in which the feedback falls by 60 dB."""
        rounds = -3 / np.log10(abs(self.feedback)) if self.feedback else 0.0
        return float(self.delay_ms / 1000 * (1 + rounds))

    def inverse(self) -> "Comb":
        """Return the comb whose teeth fill these notches."""
        return Comb(delay_ms=self.delay_ms, feedforward=-self.feedback, feedback=-self.feedforward)


def _interpolator(delay: float) -> tuple[int, NDArray[np.float64]]:
    """Return the delay of the first tap, and taps that delay by ``delay`` samples in all."""
    half = min(HALF_TAPS, int(delay))
    distance = np.arange(2 * half) - (half - 1) - delay % 1
    window = np.i0(6.0 * np.sqrt(np.maximum(1 - (distance / half) ** 2, 0)))
    taps = np.sinc(distance) * window
    return int(delay) - half + 1, taps / taps.sum()
