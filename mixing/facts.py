"""Facts of steps: what each drawn effect is, what it did, and whether it can be undone."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audio import Audio, amplitude
from ..degradations import Chain, Effect, Keyed, LoudnessLimiter
from ..degradations.stages import Stage, Watch
from ..degradations.undoing import labels_of, oracle_of, undoable_as_drawn
from .audibility import Spectra, band_change_db, distance, loudness_change_lu
from .meter import Meter

__all__ = ["Facts", "StepFacts", "decay_s"]

DIGITS = 4
"""As many decimals as are kept: the last bits of a sum mean nothing."""

BLOCK_S = 0.002
"""What the gain of dynamics is measured over."""

SOUNDING = amplitude(-80.0) ** 2
ACTIVE_DB = 0.5

LONGEST_DECAY_S = 4.0


@dataclass(frozen=True)
class StepFacts:
    """What is known of one step; None where it has no meaning.

    Parameters
    ----------
    labels : list of str
        What it does to the sound, in the words of a studio.
    undoable : {"exactly", "approximately", "not"}
        What the inverse of the effect can do with the numbers that were drawn.
    oracle : {"inverse", "gain_curve", "none"}
        What gives back the sound before; see :mod:`wetdry.degradations.undoing`.
    loudness_change_lu : float or None
    stft_distance, spectral_convergence, log_spectral_distance_db : float or None
        How audible it was, once its loudness is made good; see :mod:`.audibility`.
    band_change_db : list of (float or None)
        Energy after over energy before, in the bands of ``BAND_EDGES_HZ``.
    clipped_share : float or None
        Of an effect with a ceiling: how many of the samples that it was given reach it.
    gain_reduction_mean_db, gain_reduction_max_db, gain_reduction_active_share : float or None
        Of dynamics, in blocks of 2 ms that sound; active is what exceeds 0.5 dB.
    decay_s : float or None
        Of a space: the time in which its reverberation falls by 60 dB.
    """

    labels: list[str]
    undoable: str
    oracle: str
    loudness_change_lu: float | None = None
    stft_distance: float | None = None
    spectral_convergence: float | None = None
    log_spectral_distance_db: float | None = None
    band_change_db: list[float | None] | None = None
    clipped_share: float | None = None
    gain_reduction_mean_db: float | None = None
    gain_reduction_max_db: float | None = None
    gain_reduction_active_share: float | None = None
    decay_s: float | None = None

    def row(self) -> dict[str, Any]:
        """Return them as a manifest stores them."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def _rounded(value: Any) -> Any:
    """Return numbers with few decimals, and None for those that are none."""
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if not isinstance(value, float):
        return value
    return round(value, DIGITS) + 0.0 if math.isfinite(value) else None


class Facts:
    """Takes the facts of every step of a session while it is rendered.

    An :class:`.observing.Observer`; everything is measured in the excerpt.

    Attributes
    ----------
    steps : dict of str to list of StepFacts
        By place; a step that was left out, because nothing played its key, is left out here.
    """

    def __init__(self) -> None:
        self.steps: dict[str, list[StepFacts]] = {}

    def start(self, meter: Meter) -> None:
        """Begin a session."""
        self.steps = {}
        self.meter = meter
        self._last: tuple[Audio, Spectra] | None = None

    def at(self, place: str) -> Watch:
        """Return who watches a place; see :class:`.observing.Observer`."""
        steps = self.steps[place] = []

        def watch(stage: Stage) -> None:
            steps.append(self._taken(stage))

        return watch

    def _taken(self, stage: Stage) -> StepFacts:
        """Measure one step."""
        effect = stage.effect
        before, after = self._spectra(stage.before), self._spectra(stage.after)
        apart = distance(before, after)
        labels = labels_of(effect)
        return StepFacts(
            labels=list(labels),
            undoable=undoable_as_drawn(effect),
            oracle=oracle_of(effect),
            loudness_change_lu=loudness_change_lu(before, after),
            stft_distance=apart.stft_distance,
            spectral_convergence=apart.spectral_convergence,
            log_spectral_distance_db=apart.log_spectral_distance_db,
            band_change_db=band_change_db(before, after),
            clipped_share=_clipped_share(effect, self.meter.excerpt(stage.before)),
            decay_s=decay_s(effect, self.meter.sample_rate) if "space" in labels else None,
            **self._gain_reduction(stage),
        )

    def _spectra(self, audio: Audio) -> Spectra:
        """Return the spectra of a sound in the excerpt; of the last one they are known."""
        if self._last is None or self._last[0] is not audio:
            excerpt, lufs = self.meter.excerpt(audio), self.meter.quick_lufs(audio)
            self._last = audio, Spectra(excerpt, self.meter.sample_rate, lufs)
        return self._last[1]

    def _gain_reduction(self, stage: Stage) -> dict[str, float]:
        """Return mean, largest value and active share of what dynamics took away."""
        effect = stage.effect.effect if isinstance(stage.effect, Keyed) else stage.effect
        if effect.label != "dynamics":
            return {}
        block = round(BLOCK_S * self.meter.sample_rate)
        before, after = (
            _block_powers(self.meter.excerpt(audio), block) for audio in (stage.before, stage.after)
        )
        sounding = before > SOUNDING
        if not sounding.any():
            return {}
        gains_db = 10 * np.log10(np.maximum(after[sounding] / before[sounding], 1e-12))
        reduction = _resting_db(effect, gains_db) - gains_db
        return {
            "gain_reduction_mean_db": float(reduction.mean()),
            "gain_reduction_max_db": float(reduction.max()),
            "gain_reduction_active_share": float((np.abs(reduction) >= ACTIVE_DB).mean()),
        }


def _block_powers(audio: Audio, block: int) -> NDArray[np.float64]:
    """Return the mean square of each whole block, over all channels."""
    whole = audio.shape[1] // block * block
    if not whole:
        return np.zeros(0)
    blocks = audio[:, :whole].reshape(audio.shape[0], -1, block)
    return np.asarray(np.einsum("cnk,cnk->n", blocks, blocks), np.float64) / audio[:, :block].size


def _resting_db(effect: Effect, gains_db: NDArray[np.float64]) -> float:
    """Return the gain that dynamics give where they do not act: make-up, or a found drive."""
    if isinstance(effect, LoudnessLimiter):
        return float(gains_db.max())
    return float(getattr(effect, "makeup_db", 0.0))


def _clipped_share(effect: Effect, before: Audio) -> float | None:
    """Return which share of the samples reaches an effect's ceiling, if it has one."""
    if isinstance(effect, LoudnessLimiter) or not before.size:
        return None  # it drives the sound there by a gain of its own
    for name in ("ceiling_db", "ceiling_dbtp"):
        if hasattr(effect, name):
            ceiling = np.float32(amplitude(getattr(effect, name)))
            return float(np.count_nonzero(np.abs(before) >= ceiling) / before.size)
    return None


def decay_s(effect: Effect, sample_rate: int) -> float:
    """Return the time in which the reverberation of an effect falls by 60 dB.

    As the effect declares it, from its numbers; where it does not, from its response to an
    impulse, by backward integration (M. Schroeder, 1965), up to 4 s.
    """
    declared = effect.tail_s()
    if declared > 0:
        return declared
    impulse = np.zeros((1, round(LONGEST_DECAY_S * sample_rate)), np.float32)
    impulse[0, 0] = 1.0
    power = np.square(Chain((effect,))(impulse, sample_rate), dtype=np.float64).sum(axis=0)
    left = power[::-1].cumsum()[::-1]
    return float(np.count_nonzero(left > left[0] * 1e-6) / sample_rate)
