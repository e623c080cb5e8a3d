"""The console equalizer of the mastering room: the same curve without the phase."""

from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ..effect import Undoable
from .bands import ConsoleBands

__all__ = ["LinearPhaseEqualizer"]

NEGLIGIBLE = 1e-6
"""The kernel ends where the slowest pole or zero has decayed to this."""

LONGEST_SAMPLES = 2**20
"""Of a kernel: 12 s to either side at 44.1 kHz, enough for q 8 and 18 dB at 20 Hz."""


class LinearPhaseEqualizer(ConsoleBands, kind="linear_phase_equalizer"):
    """The timbre is shaped with no change of phase: attacks keep their form, and are announced.

    The gains in dB, at every frequency, are those of :class:`ParametricEqualizer`; the phase
    is zero. The kernel is symmetric: what the recursive filter rings after a sound, this one
    rings half before and half after it. Before a click, 12 dB of q 4 at 100 Hz ring 49 dB
    below it for 20 ms (nine tenths of that energy), 6 dB of q 1 at 1 kHz 26 dB below it for
    0.5 ms.

    Its autocorrelation has its top at no lag, so that it keeps time whatever its gains.
    :meth:`inverse` restores ten seconds of noise after 6 dB here and there to 60 dB: the
    error is what rang past either end and was cut off. 0.5 s away from them it is 120 dB.

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
    Frequency sampling: J. O. Smith, "Spectral audio signal processing", ch. "FIR digital
    filter design". The grid is so fine that what wraps around in time is below -120 dB.
    """

    undoable: ClassVar[Undoable] = "approximately"
    moves_time: ClassVar[bool] = False

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Convolve with a kernel whose centre is the present."""
        from scipy.signal import oaconvolve

        kernel = _kernel(self, sample_rate)
        start = kernel.size // 2
        out = oaconvolve(audio, kernel[np.newaxis], axes=1)[:, start : start + audio.shape[1]]
        return np.asarray(out, np.float32)


@lru_cache(maxsize=8)  # a song's channels and blocks ask for the same one
def _kernel(bands: ConsoleBands, sample_rate: int) -> NDArray[np.float64]:
    """Return the even impulse response whose spectrum is the magnitude of the sections."""
    sections = bands.sections(sample_rate)
    slowest = max(np.abs(np.roots(part)).max() for row in sections for part in (row[:3], row[3:]))
    reach = int(np.ceil(np.log(NEGLIGIBLE) / np.log(slowest)))
    size = min(2 ** (2 * reach).bit_length(), LONGEST_SAMPLES)
    spectra = np.fft.rfft(sections.reshape(-1, 2, 3), size)
    magnitude = np.abs(spectra[:, 0] / spectra[:, 1]).prod(axis=0)
    return np.asarray(np.roll(np.fft.irfft(magnitude, size), size // 2))
