"""A guitar amplifier with its loudspeaker."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude, resample
from ..dsp.sections import run_sections
from ..effect import Effect, Label
from .curves import coupled
from .filters import Bell
from .waveshapers import biased_tanh

__all__ = ["Amplifier", "tone_stack"]

_Share = Annotated[float, Field(ge=0, le=1)]

FINENESS = 8
BIAS = 0.3


class Amplifier(Effect, kind="amplifier"):
    """An electric guitar's sound, from warm to roaring; on other stems, dirt in the middle.

    A high-pass at 100 Hz (order 1), two tube stages in opposite phase, each with half of the
    drive and a curve as of the effect ``tube`` with bias 0.3, coupled at 5 Hz; the tone stack
    of a '59 Fender Bassman; a cabinet. Quiet pink noise from 80 Hz to 8 kHz keeps its level,
    whatever the knobs; what is louder is rounded, as with ``tube``. The 83 microseconds by
    which the loudspeaker is late are compensated.

    Parameters
    ----------
    drive_db : float
        From 0 (clean) to 60 dB.
    bass, middle, treble : float
        Knobs of the tone stack, from 0 to 1; even at 0.5 it scoops the middle.
    cabinet : {"none", "open_back", "closed_back"}
        Both are a 12-inch loudspeaker: a low-pass at 5 kHz (Butterworth, order 4) and +4 dB at
        2.5 kHz. Closed, it ends at 80 Hz with 12 dB per octave after a resonance of 4 dB at
        110 Hz; open, at 120 Hz with 18 dB per octave, as its rear cancels the lows. ``none``
        is a line output; follow it by a ``convolution`` to use a measured cabinet.

    Notes
    -----
    The loudest alias of a full-scale tone of 5 kHz (9 kHz), at 48 kHz, 24 dB of drive and no
    cabinet: 71 dB (48 dB) below the tone.

    D. Yeh, J. Smith, "Discretization of the '59 Fender Bassman tone stack", DAFx 2006. The
    cabinets are typical curves, not a product.
    """

    label: ClassVar[Label] = "distortion"
    moves_time: ClassVar[bool] = True

    drive_db: Annotated[float, Field(ge=0, le=60)]
    bass: _Share = 0.5
    middle: _Share = 0.5
    treble: _Share = 0.5
    cabinet: Literal["none", "open_back", "closed_back"] = "closed_back"

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Amplify."""
        before, after = self._filters(sample_rate)
        gain = _gain_of_pink_noise(np.concatenate([before, after]), sample_rate)
        drive, fine_hz = np.float32(amplitude(self.drive_db / 2)), sample_rate * FINENESS
        fine = resample(run_sections(before, audio), sample_rate, fine_hz)
        first = coupled(biased_tanh(fine * drive, BIAS), fine_hz)
        second = biased_tanh(first * drive, -BIAS) / np.float32(drive * drive * gain)
        out = coupled(resample(second, fine_hz, sample_rate), sample_rate)
        return run_sections(after, out)

    def latency_samples(self, sample_rate: int) -> int:
        """Return the delay of the loudspeaker's low-pass, 2.61 / (2 pi 5000 Hz)."""
        return 0 if self.cabinet == "none" else round(2.6131 / (2 * np.pi * 5000) * sample_rate)

    def _filters(self, sample_rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sections before and behind the tubes."""
        from scipy.signal import butter

        before = butter(1, 100, "highpass", fs=sample_rate, output="sos")
        stack = tone_stack(self.bass, self.middle, self.treble, sample_rate)
        return before, np.concatenate([stack, _cabinet(self.cabinet, sample_rate)])


def tone_stack(bass: float, middle: float, treble: float, sample_rate: int) -> NDArray[np.float64]:
    """Return the sections of a Bassman's tone stack, by the bilinear transform.

    Parameters
    ----------
    bass, middle, treble : float
        Positions of the potentiometers, from 0 to 1.
    sample_rate : int
        In Hz.

    Returns
    -------
    float64 array, shape (2, 6)
    """
    from scipy.signal import bilinear, tf2sos

    return np.asarray(tf2sos(*bilinear(*_tone_circuit(bass, middle, treble), fs=sample_rate)))


def _tone_circuit(low: float, mid: float, top: float) -> tuple[list[float], list[float]]:
    """Return numerator and denominator in s, named as in the paper (l, m, t)."""
    c1, c2, c3 = 250e-12, 20e-9, 20e-9
    r1, r2, r3, r4 = 250e3, 1e6, 25e3, 56e3
    c12, c13, c23, c123 = c1 * c2, c1 * c3, c2 * c3, c1 * c2 * c3
    b1 = top * c1 * r1 + mid * c3 * r3 + low * (c1 + c2) * r2 + (c1 + c2) * r3
    b2 = (
        top * (c12 + c13) * r1 * r4
        - mid * mid * (c13 + c23) * r3 * r3
        + mid * (c13 * r1 * r3 + (c13 + c23) * r3 * r3)
        + low * (c12 * r1 * r2 + (c12 + c13) * r2 * r4)
        + low * mid * (c13 + c23) * r2 * r3
        + (c12 * r1 * r3 + (c12 + c13) * r3 * r4)
    )
    b3 = c123 * (
        low * mid * (r1 + r4) * r2 * r3
        + (mid - mid * mid) * (r1 + r4) * r3 * r3
        + top * (1 - mid) * r1 * r3 * r4
        + top * low * r1 * r2 * r4
    )
    a1 = c1 * (r1 + r3) + c2 * (r3 + r4) + c3 * r4 + mid * c3 * r3 + low * (c1 + c2) * r2
    a2 = (
        mid * (c13 * r1 * r3 - c23 * r3 * r4 + (c13 + c23) * r3 * r3)
        + low * mid * (c13 + c23) * r2 * r3
        - mid * mid * (c13 + c23) * r3 * r3
        + low * (c12 * (r4 + r1) + (c13 + c23) * r4) * r2
        + (c12 + c13) * r1 * r4
        + c12 * (r4 + r1) * r3
        + (c13 + c23) * r3 * r4
    )
    a3 = c123 * (
        low * mid * (r1 + r4) * r2 * r3
        + (mid - mid * mid) * (r1 + r4) * r3 * r3
        - mid * r1 * r3 * r4
        + low * r1 * r2 * r4
        + r1 * r3 * r4
    )
    return [b3, b2, b1, 0.0], [a3, a2, a1, 1.0]


def _cabinet(name: str, sample_rate: int) -> NDArray[np.float64]:
    """Return the sections of a loudspeaker in its box."""
    from scipy.signal import butter

    if name == "none":
        return np.empty((0, 6))
    order, corner_hz = (2, 80) if name == "closed_back" else (3, 120)
    sections = [
        butter(order, corner_hz, "highpass", fs=sample_rate, output="sos"),
        butter(4, 5000, "lowpass", fs=sample_rate, output="sos"),
        Bell(centre_hz=2500, gain_db=4, q=1).sections(sample_rate),
    ]
    if name == "closed_back":
        sections.append(Bell(centre_hz=110, gain_db=4, q=1.5).sections(sample_rate))
    return np.concatenate(sections)


def _gain_of_pink_noise(sections: NDArray[np.float64], sample_rate: int) -> float:
    """Return the RMS gain for noise of equal power in each octave from 80 Hz to 8 kHz."""
    from scipy.signal import sosfreqz

    hz = np.geomspace(80, min(8000, sample_rate * 0.45), 512)
    response = sosfreqz(sections, hz, fs=sample_rate)[1]
    return float(np.sqrt(np.mean(np.abs(response) ** 2)))
