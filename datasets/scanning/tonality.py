"""The key of a song and how it is tuned, from the pitches of its stems."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .listening import PITCH_BINS

__all__ = ["Tonality", "find_tonality", "pitch_strength"]

Floats = NDArray[np.float64]

UNPITCHED = ("Drums", "Percussions")
LEAST_STRENGTH = 0.1
PROFILES = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
"""How often the twelve pitch classes above the tonic sound: J. Albrecht, D. Shanahan, "The use of
large corpora to train a new type of key-finding algorithm", Music Perception 31(1), 2013."""


@dataclass(frozen=True)
class Tonality:
    """What a song is in.

    Parameters
    ----------
    tonic : int
        Pitch class, 0 (C) to 11; -1 where no pitch is heard.
    mode : {"major", "minor", ""}
    confidence : float
        From 0 to 1: correlation of the pitch classes with the key's profile.
    tuning_cents : float
        By how much the song lies above A = 440 Hz, from -50 to 50.
    """

    tonic: int = -1
    mode: str = ""
    confidence: float = 0.0
    tuning_cents: float = 0.0


def pitch_strength(pitches: Floats) -> float:
    """Return how far the pitches of a stem keep to the semitones of one tuning, from 0 to 1.

    Drum kits and speech stay below 0.1, slapped bass and clavinets reach 0.15, most other
    instruments 0.3 to 1.
    """
    return round(float(abs(_mean_turn(pitches))), 3) if pitches.any() else 0.0


def _mean_turn(pitches: Floats) -> complex:
    """Return the mean of places between semitones, as turns of a circle."""
    turns = np.exp(2j * np.pi * 12 * np.arange(PITCH_BINS) / PITCH_BINS)
    return complex((pitches * turns).sum() / pitches.sum())


def find_tonality(stems: Sequence[tuple[str, Floats]]) -> Tonality:
    """Find the key of a song.

    Parameters
    ----------
    stems : sequence of (class, pitches)
        Of shape (PITCH_BINS,) each; see `Listener`. Drums, percussion and what has no pitch are
        passed over, and every other stem counts the same: loudness says nothing of the key.
    """
    heard = [(p, pitch_strength(p)) for name, p in stems if name not in UNPITCHED]
    pitched = [p / p.sum() for p, strength in heard if strength >= LEAST_STRENGTH]
    if not pitched:
        return Tonality()
    pitches = np.sum(pitched, axis=0)
    off = float(np.angle(_mean_turn(pitches)) / (2 * np.pi))  # of a semitone
    places = np.rint(np.arange(PITCH_BINS) * 12 / PITCH_BINS - off).astype(int) % 12
    classes = np.bincount(places, pitches, 12)
    fits = {
        (tonic, mode): float(np.corrcoef(np.roll(profile, tonic), classes)[0, 1])
        for mode, profile in PROFILES.items()
        for tonic in range(12)
    }
    (tonic, mode), fit = max(fits.items(), key=lambda pair: pair[1])
    return Tonality(tonic, mode, round(max(fit, 0.0), 3), round(100 * off, 1))
