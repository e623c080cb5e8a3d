"""Undoing: what an effect is called, whether it can be undone, and the oracle that does it.

There are two oracles. ``inverse``: the effect has an inverse, which follows from its numbers.
``gain_curve``: the effect multiplied the sound by a curve that was never zero, and who knows
what its detector heard divides by it; :class:`Stage` knows. Dynamics are so undone to rounding
though their numbers alone undo nothing.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from ..audio import Audio, amplitude
from ..errors import AudioError
from .dynamics import Dynamics
from .effect import Effect, Label, Undoable
from .effects.mid_side import MidSide
from .effects.parallel import Parallel
from .side_chains import Keyed
from .stages import Stage

__all__ = ["LABELS", "Oracle", "labels_of", "oracle_of", "undoable_as_drawn", "undone"]

LABELS: tuple[Label, ...] = get_args(Label)
"""All labels, in the order of every multi-hot list."""

Oracle = Literal["inverse", "gain_curve", "none"]


def labels_of(effect: Effect) -> tuple[Label, ...]:
    """Return an effect's label and those of the effects inside of it, in their fixed order.

    >>> from wetdry.degradations import Chain, Compressor
    >>> labels_of(Parallel(branches=(Chain(), Chain((Compressor(threshold_db=-30, ratio=8),)))))
    ('level', 'dynamics')
    """
    found = {effect.label}
    chains = effect.branches if isinstance(effect, Parallel) else ()
    if isinstance(effect, MidSide):
        chains = (effect.mid, effect.side)
    found |= {name for chain in chains for one in chain for name in labels_of(one)}
    return tuple(name for name in LABELS if name in found)


def undoable_as_drawn(effect: Effect) -> Undoable:
    """Return what the inverse can do with these numbers: a width of 0 cannot be undone."""
    return "not" if effect.inverse() is None else effect.undoable


def oracle_of(effect: Effect) -> Oracle:
    """Return what gives back the input of an effect."""
    if effect.inverse() is not None:
        return "inverse"
    own = effect.effect if isinstance(effect, Keyed) else effect
    return "gain_curve" if isinstance(own, Dynamics) and own.is_gain() else "none"


def undone(stages: Sequence[Stage], audio: Audio, sample_rate: int) -> Audio:
    """Undo the stages of a chain, last to first.

    Parameters
    ----------
    stages : sequence of Stage
    audio : float32 array, shape (channels, samples)
        What left the last of them, from the same first sample on: filters are undone from
        rest, and gain curves have their place in time.
    sample_rate : int
        In Hz.

    Returns
    -------
    float32 array, shape (channels, samples)
        What entered the first of them, as nearly as their oracles tell.

    Raises
    ------
    AudioError
        If a stage has no oracle.
    """
    for stage in reversed(stages):
        audio = _undone(stage, audio, sample_rate)
        if stage.widened:
            audio = audio.mean(axis=0, keepdims=True) * np.float32(amplitude(3.0103))
    return audio


def _undone(stage: Stage, audio: Audio, sample_rate: int) -> Audio:
    """Undo one stage."""
    effect = stage.effect
    inverse = effect.inverse()
    if inverse is not None:
        return inverse(audio, sample_rate)
    own = effect.effect if isinstance(effect, Keyed) else effect
    if not isinstance(own, Dynamics) or not own.is_gain():
        raise AudioError(f"{effect}: wanted an effect that can be undone, found one that cannot")
    return audio / own.gains(own.gain_curve_db(stage.heard, sample_rate))
