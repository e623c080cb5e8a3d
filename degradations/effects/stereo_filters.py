"""The stereo image, changed over time or over frequency."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.delay_networks import delayed
from ..dsp.sections import run_sections
from ..effect import Effect, Label

__all__ = ["Haas", "MonoMaker"]


class Haas(Effect, kind="haas"):
    """One side comes late: wide, and drawn to the other side; hollow when summed to mono.

    Below 1 ms the image moves, from there to 30 ms it stays at the earlier side (the
    precedence effect), above an echo is heard. A single channel stays as it was.

    Parameters
    ----------
    delay_ms : float
        From 0.1 to 50 ms, to the nearest sample.
    late_side : {"left", "right"}

    Notes
    -----
    H. Haas, "Über den Einfluss eines Einfachechos auf die Hörsamkeit von Sprache",
    Acustica 1, 1951.
    """

    label: ClassVar[Label] = "stereo"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True

    delay_ms: Annotated[float, Field(ge=0.1, le=50)]
    late_side: Literal["left", "right"] = "right"

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Delay one side."""
        late = delayed(audio, round(self.delay_ms / 1000 * sample_rate))
        if audio.shape[0] == 1:
            return audio.copy()
        return np.stack([late[0], audio[1]] if self.late_side == "left" else [audio[0], late[1]])

    def tail_s(self) -> float:
        """Return the delay."""
        return self.delay_ms / 1000


class MonoMaker(Effect, kind="mono_maker"):
    """The lows stand in the middle, as on vinyl; the image above stays where it was.

    The side (L - R) / 2 goes through a Butterworth high-pass of second order forwards and
    backwards: no phase shift, -6 dB at ``cutoff_hz``, 24 dB per octave below. The mid stays,
    so the sum to mono is untouched; what leaves the side is the complementary low-pass, so
    nothing above sags. Nothing on mono audio.

    Parameters
    ----------
    cutoff_hz : float
        From 20 to 1000 Hz.
    """

    label: ClassVar[Label] = "stereo"

    cutoff_hz: Annotated[float, Field(ge=20, le=1000)]

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Filter the side."""
        if audio.shape[0] == 1:
            return audio.copy()
        mid, side = (audio[0] + audio[1]) / 2, (audio[:1] - audio[1:]) * np.float32(0.5)
        high = _zero_phase_high_pass(side, self.cutoff_hz, sample_rate)[0]
        return np.stack([mid + high, mid - high])


def _zero_phase_high_pass(audio: Audio, cutoff_hz: float, sample_rate: int) -> Audio:
    """Filter forwards and backwards; silence before and after, until the filter has rung out."""
    from scipy.signal import butter

    sections = butter(2, cutoff_hz, "highpass", fs=sample_rate, output="sos")
    ringing = int(3 * sample_rate / cutoff_hz)  # by 115 dB
    forwards = run_sections(sections, np.pad(audio, ((0, 0), (0, ringing))))
    return run_sections(sections, forwards[:, ::-1])[:, ::-1][:, : audio.shape[1]]
