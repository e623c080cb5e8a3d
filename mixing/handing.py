"""Handing down: what a chain does to a sum, done to the parts of the sum."""

from collections.abc import Mapping

import numpy as np

from ..audio import Audio, amplitude, decibels
from ..degradations import Chain, Dynamics, Effect
from ..degradations.stages import Watch

__all__ = ["handed_down", "rest_db"]

HANDED_BELOW_DB = -40.0
"""An effect is handed to the parts if they then miss the processed sum by less than this."""


def handed_down(
    chain: Chain,
    total: Audio,
    parts: Mapping[str, Audio],
    sample_rate: int,
    keys: Mapping[str, Audio],
    watch: Watch | None = None,
) -> tuple[Audio, dict[str, Audio]]:
    """Process a sum, and hand what happened to it to its parts.

    Dynamics act on every part by the gain curve of the sum, as engineers who deliver stems
    of a master do. Filters, reverbs and all else that treats a sum as it treats its parts
    acts on each part; whether it does is measured. Of any other effect (distortion, a codec)
    the parts get the one gain that leaves the least rest, its linear part after Bussgang; the
    rest, new harmonics and noise, belongs to no part, and they miss the sum by
    :func:`rest_db`. A lone part is the sum, and follows it through everything.

    Parameters
    ----------
    chain : Chain
    total : float32 array, shape (2, samples)
        What the chain processes.
    parts : mapping of str to float32 array, shape (2, samples)
        They sum to ``total``.
    sample_rate : int
        In Hz.
    keys : mapping of str to float32 array, shape (1, samples)
        What side-chains hear.
    watch : callable, optional
        Called with the stages of the sum.

    Returns
    -------
    total : float32 array, shape (2, samples)
        As the chain makes it, to the bit.
    parts : dict of str to float32 array, shape (2, samples)

    Notes
    -----
    J. Bussgang, "Crosscorrelation functions of amplitude-distorted Gaussian signals", MIT
    Research Laboratory of Electronics, Technical Report 216, 1952.
    """
    held = dict(parts)
    for effect in chain:
        before, total = total, Chain((effect,))(total, sample_rate, keys, watch)
        made = _made(effect, before, total, held, sample_rate, keys)
        if not rest_db(total, made) > max(HANDED_BELOW_DB, rest_db(before, held) + 3.0):
            held = made
        else:
            gain = _linear_gain(before, total)
            held = {name: part * gain for name, part in held.items()}
    return total, held


def _made(
    effect: Effect,
    before: Audio,
    after: Audio,
    parts: Mapping[str, Audio],
    sample_rate: int,
    keys: Mapping[str, Audio],
) -> dict[str, Audio]:
    """Return what an effect makes of each part."""
    if len(parts) == 1:
        return dict.fromkeys(parts, after)
    if isinstance(effect, Dynamics):
        return {name: effect.keyed(part, before, sample_rate) for name, part in parts.items()}
    single = Chain((effect,))
    return {name: single(part, sample_rate, keys) for name, part in parts.items()}


def _linear_gain(before: Audio, after: Audio) -> np.float32:
    """Return the gain of ``before`` that comes nearest to ``after``."""
    power = float(np.square(before, dtype=np.float64).sum())
    shared = float(np.multiply(before, after, dtype=np.float64).sum())
    return np.float32(shared / power if power > 0 else 1.0)


def rest_db(whole: Audio, parts: Mapping[str, Audio]) -> float:
    """Return the level of a whole minus its parts, against the whole; at least -160 dB.

    If the whole is silent: NaN if the parts sum to silence, else infinite.
    """
    rest = whole - np.sum(list(parts.values()), axis=0)
    power = float(np.square(whole, dtype=np.float64).sum())
    if power == 0:
        return float("inf" if rest.any() else "nan")
    ratio = float(np.square(rest, dtype=np.float64).sum()) / power
    return max(decibels(ratio**0.5), decibels(amplitude(-160.0)))
