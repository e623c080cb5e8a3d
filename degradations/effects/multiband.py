"""The multiband compressor."""

from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..dsp.sections import run_sections
from ..effect import Effect, Label
from .compressor import Compressor

__all__ = ["MultibandCompressor"]

_Threshold: TypeAlias = Annotated[float, Field(ge=-60, le=0)]
_Ratio: TypeAlias = Annotated[float, Field(ge=1, le=30)]
_Makeup: TypeAlias = Annotated[float, Field(ge=0, le=24)]


class MultibandCompressor(Effect, kind="multiband_compressor"):
    """Lows, mids and highs are each kept in check: a boomy bass pulls nothing down with it.

    Linkwitz-Riley crossovers of 4th order make three bands, each with a :class:`Compressor` of
    its own. The bands sum to the sound through two all-passes: the response is flat to
    0.001 dB where nothing is compressed, but the lows are late (by 0.45 / low_crossover_hz
    seconds and less above it), as in hardware.

    Parameters
    ----------
    thresholds_db : 3 floats
        Of lows, mids and highs, from -60 to 0 dBFS.
    ratios : 3 floats
        From 1 (nothing) to 30.
    makeups_db : 3 floats
        Gain of each band afterwards, from 0 to 24 dB.
    low_crossover_hz, high_crossover_hz : float
        Between lows and mids, from 40 to 800 Hz; between mids and highs, from 1000 to 12000 Hz.
        Both neighbours stand at -6 dB there.
    attack_ms, release_ms, knee_db : float
        As in :class:`Compressor`, for all bands.

    Notes
    -----
    S. Linkwitz, "Active crossover networks for noncoincident drivers", J. Audio Eng. Soc.
    24(1), 1976; the lows pass the second crossover's all-pass, after J. D'Appolito (1984).
    """

    label: ClassVar[Label] = "dynamics"
    moves_time: ClassVar[bool] = True

    thresholds_db: tuple[_Threshold, _Threshold, _Threshold] = (-24.0, -24.0, -24.0)
    ratios: tuple[_Ratio, _Ratio, _Ratio] = (3.0, 3.0, 3.0)
    makeups_db: tuple[_Makeup, _Makeup, _Makeup] = (0.0, 0.0, 0.0)
    low_crossover_hz: Annotated[float, Field(ge=40, le=800)] = 200.0
    high_crossover_hz: Annotated[float, Field(ge=1000, le=12_000)] = 3000.0
    attack_ms: Annotated[float, Field(ge=0.1, le=200)] = 10.0
    release_ms: Annotated[float, Field(ge=5, le=2000)] = 100.0
    knee_db: Annotated[float, Field(ge=0, le=24)] = 6.0

    def compressors(self) -> tuple[Compressor, Compressor, Compressor]:
        """Return what each band goes through, lows first."""
        low, mid, high = (
            Compressor(
                threshold_db=threshold_db,
                ratio=ratio,
                makeup_db=makeup_db,
                attack_ms=self.attack_ms,
                release_ms=self.release_ms,
                knee_db=self.knee_db,
            )
            for threshold_db, ratio, makeup_db in zip(
                self.thresholds_db, self.ratios, self.makeups_db, strict=True
            )
        )
        return low, mid, high

    def bands(self, audio: Audio, sample_rate: int) -> tuple[Audio, Audio, Audio]:
        """Return lows, mids and highs, each of the shape of ``audio``."""
        lows, rest = _split(audio, self.low_crossover_hz, sample_rate)
        mids, highs = _split(rest, self.high_crossover_hz, sample_rate)
        return run_sections(_all_pass(self.high_crossover_hz, sample_rate), lows), mids, highs

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Split, compress, sum."""
        out = np.zeros_like(audio)
        for compressor, band in zip(
            self.compressors(), self.bands(audio, sample_rate), strict=True
        ):
            out += compressor.apply(band, sample_rate)
        return out


def _split(audio: Audio, crossover_hz: float, sample_rate: int) -> tuple[Audio, Audio]:
    """Return what lies below and above; both sum to ``audio`` through an all-pass.

    The high-pass is the all-pass less the low-pass, an identity of Linkwitz and Riley's filter.
    """
    low_pass = np.repeat(_low_pass(crossover_hz, sample_rate), 2, axis=0)
    below = run_sections(low_pass, audio)
    return below, run_sections(_all_pass(crossover_hz, sample_rate), audio) - below


def _low_pass(corner_hz: float, sample_rate: int) -> NDArray[np.float64]:
    """Return the cookbook's low-pass, Butterworth, shape (1, 6)."""
    w = 2 * np.pi * corner_hz / sample_rate
    alpha, cos = np.sin(w) / np.sqrt(2), np.cos(w)
    row = [(1 - cos) / 2, 1 - cos, (1 - cos) / 2, 1 + alpha, -2 * cos, 1 - alpha]
    return np.asarray(np.array([row]) / row[3])


def _all_pass(corner_hz: float, sample_rate: int) -> NDArray[np.float64]:
    """Return the sum of the crossover's two halves: the same poles, mirrored by zeros."""
    section = _low_pass(corner_hz, sample_rate)
    section[:, :3] = section[:, :2:-1]
    return section
