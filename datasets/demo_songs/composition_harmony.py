"""Harmony for the demo songs: scales, chords by Roman numeral, voice leading."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import product

__all__ = ["SCALES", "Chord", "near", "parse_chord", "voice_lead"]

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Semitones above the tonic."""

_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_ADDED = {
    "": (),
    "6": (9,),
    "7": (10,),
    "maj7": (11,),
    "9": (10, 14),
    "maj9": (11, 14),
    "add9": (14,),
    "sus": (),
}


@dataclass(frozen=True)
class Chord:
    """A chord as pitch classes.

    Parameters
    ----------
    root : int
        Pitch class, 0 (C) to 11.
    intervals : tuple of int
        Semitones above the root, the root's own 0 first.
    """

    root: int
    intervals: tuple[int, ...]

    @cached_property
    def classes(self) -> tuple[int, ...]:
        """Pitch classes of its tones, the root first."""
        return tuple((self.root + step) % 12 for step in self.intervals)


def parse_chord(numeral: str, tonic: int) -> Chord:
    """Read a Roman numeral: upper case is major, lower case minor, degrees of the major scale.

    >>> parse_chord("vi7", 0).classes
    (9, 0, 4, 7)
    >>> parse_chord("bVII", 2).classes
    (0, 4, 7)
    """
    match = re.fullmatch(r"(b?)([ivIV]+)(.*)", numeral)
    if match is None:
        raise ValueError(f"{numeral!r} is no Roman numeral")
    flat, degree, added = match.groups()
    third = 5 if added == "sus" else 4 if degree.isupper() else 3
    root = (tonic + _DEGREES[degree.lower()] - len(flat)) % 12
    return Chord(root, (0, third, 7, *_ADDED[added]))


def near(pitch_class: int, pitch: float) -> int:
    """Return the pitch of a class that lies nearest to ``pitch``.

    >>> near(0, 67)
    72
    """
    return int(pitch_class + 12 * round((pitch - pitch_class) / 12 + 1e-6))


def voice_lead(
    chord: Chord, before: tuple[int, ...] | None, low: int, voices: int
) -> tuple[int, ...]:
    """Set a chord for several voices so that they move as little as they can.

    Parameters
    ----------
    chord : Chord
    before : tuple of int or None
        The voicing to come from, lowest first.
    low : int
        MIDI pitch about which the lowest voice lies.
    voices : int

    Returns
    -------
    tuple of int
        Rising MIDI pitches; with more voices than tones, tones are doubled above.
    """
    spread = range(low - 5, low + 7)
    best: tuple[float, tuple[int, ...]] | None = None
    for bottom, skip in product((p for p in spread if p % 12 in chord.classes), (1, 2)):
        voicing = _stack(chord, bottom, voices, skip)
        target = before or tuple(low + 5 * n for n in range(voices))
        cost: float = sum(abs(a - b) for a, b in zip(voicing, target, strict=True))
        cost += 2.5 * (len(set(chord.classes)) - len({p % 12 for p in voicing}))
        if best is None or cost < best[0]:
            best = (cost, voicing)
    assert best is not None  # any window of twelve semitones holds a chord's tone
    return best[1]


def _stack(chord: Chord, bottom: int, voices: int, skip: int) -> tuple[int, ...]:
    """Build upwards from ``bottom`` through the chord's tones; ``skip`` 2 opens the first gap."""
    tones = [p for p in range(bottom, bottom + 60) if p % 12 in chord.classes]
    return (tones[0], *tones[skip : skip + voices - 1])
