"""Distortion by odd curves: peaks are bent, and all but clipped ones can be bent back.

All leave quiet sound at its level and act on what is loud, so they depend on the level
that comes in; a gain before and after makes any other behaviour. A tone gets odd harmonics
only; lopsided waves leave some direct current (36 to 76 dB below the RMS, on real stems).

The loudest alias of a full-scale tone of 5 kHz (9 kHz), at 48 kHz, 24 dB into the curve and
with the default oversampling: saturation 44 dB (32 dB) below the tone, cubic 64 dB (51 dB),
diode 66 dB (44 dB), hard clip 50 dB (46 dB); 17 dB (14 dB) without oversampling. The filters
around the curve take what lies above 0.91 times Nyquist. Antiderivative anti-aliasing was
measured against twice the rate: for smooth curves it gains as much, costs more (logarithms
in double precision) and takes treble.

``inverse`` bends back. On drums, voices and basses whose peaks stay below -drive_db dBFS it
restores 54 to 91 dB of signal-to-error ratio where the distorted sound has 20 to 40 dB; on
peaks 6 dB above, 24 dB or more.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ..dsp.oversampling import oversampled
from ..effect import Effect, Label
from .curves import Oversampling, Samples, UndoableCurve

__all__ = ["Cubic", "Diode", "HardClip", "Saturation"]

_Table: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]


class Saturation(UndoableCurve, kind="saturation"):
    """Peaks are rounded and odd harmonics appear, from tape warmth to fuzz.

    y = tanh(g x) / g with g = 10 ** (drive_db / 20): what is far below -drive_db dBFS keeps
    its level, and nothing gets louder than -drive_db dBFS. (A plain tanh(g x) is this
    followed by a gain of ``drive_db``.)

    Parameters
    ----------
    drive_db : float
        From 0 (the loudest peaks only) to 48 dB (a square wave).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.
    """

    neutral: ClassVar[Mapping[str, float]] = {"drive_db": 0.0}

    oversampling: Oversampling = 4

    def bend(self, x: Samples) -> Samples:
        """Return tanh(x)."""
        return np.tanh(x)

    def unbend(self, y: Samples) -> Samples:
        """Return artanh(y), short of infinity."""
        return np.arctanh(np.clip(y, -1 + 2.0**-24, 1 - 2.0**-24))


class Cubic(UndoableCurve, kind="cubic"):
    """Peaks are rounded with as little as a curve can add: a third harmonic, until it clips.

    y = f(g x) / g with g = 10 ** (drive_db / 20), f(u) = u - 4/27 u ** 3 up to |u| = 3/2 and
    +-1 from there on. Up to 3.5 dB above -drive_db dBFS a tone of amplitude u gets a third
    harmonic of amplitude u ** 3 / 27 and no other; nothing gets louder than -drive_db dBFS.

    Parameters
    ----------
    drive_db : float
        From 0 (the loudest peaks only) to 48 dB (a square wave).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.
    """

    neutral: ClassVar[Mapping[str, float]] = {"drive_db": 0.0}

    def bend(self, x: Samples) -> Samples:
        """Return the polynomial, flat where it would turn back."""
        clipped = np.clip(x, -1.5, 1.5)
        return clipped * (1 - clipped * clipped * np.float32(4 / 27))

    def unbend(self, y: Samples) -> Samples:
        """Return 3 sin(arcsin(y) / 3), as f(3 sin a) = sin 3a."""
        return 3 * np.sin(np.arcsin(y) / 3)


THERMAL = 0.0453 / 0.6
"""Emission coefficient times thermal voltage of a 1N4148, over its forward voltage."""

LEAK = 2 * 2.52e-9 * 2200 / 0.6
"""Twice the saturation current through 2.2 kOhm, over the forward voltage."""

PLACES_PER_NEPER = 4096


class Diode(UndoableCurve, kind="diode"):
    """Peaks run into a soft wall that gives way a little: an overdrive pedal.

    Two silicon diodes across the signal, head to tail, behind a resistor of 2.2 kOhm:
    v + R 2 I sinh(v / nV) = u, with I = 2.52 nA, nV = 45.3 mV, u = g x and y = v / g, and
    0.6 V standing for 1. Beyond the knee the level grows by the logarithm, 0.5 dB for 6 dB
    at u = 10, so that no ceiling is ever reached.

    Parameters
    ----------
    drive_db : float
        From 0 (the loudest peaks only) to 48 dB (all but a square wave).
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts.

    Notes
    -----
    D. Yeh, J. Abel, J. Smith, "Simplified, physically-informed models of distortion and
    overdrive guitar effects pedals", DAFx 2007; here without the capacitor.
    """

    neutral: ClassVar[Mapping[str, float]] = {"drive_db": 0.0}

    def bend(self, x: Samples) -> Samples:
        """Return v(u) from a table, even in log(1 + u): off by less than 1e-6."""
        place = np.log1p(np.abs(x)) * np.float32(PLACES_PER_NEPER)
        whole = place.astype(np.int32)
        voltages, steps = _diode_table()
        return np.copysign(voltages[whole] + (place - whole) * steps[whole], x)

    def unbend(self, y: Samples) -> Samples:
        """Return u(v)."""
        return _diode_source(y)


@cache
def _diode_table() -> _Table:
    """Return v at each place and the steps between, up to 66 dB above the knee."""
    places = np.arange(int(np.log1p(2000.0) * PLACES_PER_NEPER) + 2)
    fine = np.linspace(0.0, THERMAL * np.arcsinh(2100 / LEAK), 2**18)
    wanted = np.expm1(places / PLACES_PER_NEPER)
    voltages = np.interp(wanted, _diode_source(fine), fine)
    return voltages[:-1].astype(np.float32), np.diff(voltages).astype(np.float32)


def _diode_source(v: Samples) -> Samples:
    """Return the u that leaves v across the diodes; its slope at 0 is 1."""
    return np.asarray((v + LEAK * np.sinh(v / THERMAL)) / (1 + LEAK / THERMAL))


class HardClip(Effect, kind="hard_clip"):
    """Peaks are cut off flat, as by an overloaded input: harsh, many harmonics.

    y = min(max(x, -c), c) with c = 10 ** (ceiling_db / 20). Without harmonics above Nyquist
    a flat top must ripple: unless ``oversampling`` is 1, a tone passes the ceiling by up to
    2 dB, and noise by 5 dB.

    Parameters
    ----------
    ceiling_db : float
        From -48 to 0 dBFS.
    oversampling : {1, 2, 4, 8}
        Times the sample rate at which the curve acts; 1 aliases like a cheap converter.
    """

    label: ClassVar[Label] = "distortion"
    neutral: ClassVar[Mapping[str, float]] = {"ceiling_db": 0.0}

    ceiling_db: Annotated[float, Field(ge=-48, le=0)]
    oversampling: Oversampling = 8

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Cut."""
        ceiling = np.float32(amplitude(self.ceiling_db))
        return oversampled(
            lambda x: np.clip(x, -ceiling, ceiling), audio, self.oversampling, sample_rate
        )
