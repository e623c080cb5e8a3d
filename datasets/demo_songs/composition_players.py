"""How musicians play bars: strums, arpeggios, block chords, bass lines, tunes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .composition import Bar, Note
from .composition_harmony import near, voice_lead

__all__ = ["arpeggio", "bass", "chords", "hits", "strum", "tune"]

_STRENGTH = {"X": 1.0, "x": 0.8, "o": 0.6, ".": 0.35}
_LATE_S = 0.004
"""Deviation of a good player's timing."""


@dataclass(frozen=True)
class Hit:
    """One step of a rhythm that sounds."""

    start_s: float
    gap_s: float
    velocity: float
    mark: str
    step: int


def hits(bar: Bar, rhythm: str, rng: np.random.Generator) -> list[Hit]:
    """Read one bar of a rhythm, with swing and a human hand.

    Parameters
    ----------
    bar : Bar
    rhythm : str
        Steps that divide the bar evenly; ``X x o .`` from loud to soft, ``-`` none, any
        other mark at medium strength for the player to read; ``|`` between bars that
        take turns. The song's last bar has its first step alone.
    rng : numpy.random.Generator
    """
    turns = rhythm.split("|")
    steps = turns[bar.number % len(turns)]
    if bar.last:
        steps = next((s for s in steps if s != "-"), "x") + "-" * (len(steps) - 1)
    places = [n for n, mark in enumerate(steps) if mark != "-"]
    found = []
    for place, after in pairwise([*places, len(steps)]):
        step_s = bar.length_s / len(steps)
        late = bar.swing * step_s * (place % 2) + _LATE_S * rng.standard_normal()
        strength = _STRENGTH.get(steps[place], 0.7) * bar.energy
        velocity = float(np.clip(strength * (1 + 0.08 * rng.standard_normal()), 0.08, 1.0))
        start_s = max(bar.start_s + place * step_s + late, 0.0)
        found.append(Hit(start_s, (after - place) * step_s, velocity, steps[place], place))
    return found


def _voicings(bars: Sequence[Bar], low: int, voices: int) -> Iterator[tuple[Bar, tuple[int, ...]]]:
    """Go through the bars with voicings that lead into each other."""
    before = None
    for bar in bars:
        before = voice_lead(bar.chord, before, low, voices)
        yield bar, before


def chords(
    bars: Sequence[Bar],
    rhythm: str,
    rng: np.random.Generator,
    *,
    low: int = 55,
    voices: int = 4,
    hold: float = 0.95,
    word: str = "",
    left_hand: bool = False,
) -> list[Note]:
    """Play block chords, each held for a share ``hold`` of the time to the next.

    With ``left_hand`` the root sounds two octaves below on the bar's first hit.
    """
    notes = []
    for bar, voicing in _voicings(bars, low, voices):
        struck = hits(bar, rhythm, rng)
        for hit in struck:
            for pitch in voicing:
                start = max(hit.start_s + 0.003 * rng.standard_normal(), 0.0)
                speed = hit.velocity * rng.uniform(0.85, 1.0)
                notes.append(Note(start, hit.gap_s * hold, pitch, speed, word))
        if left_hand and struck:
            deep = near(bar.chord.root, low - 17)
            for pitch in (deep, deep + 12):
                notes.append(Note(struck[0].start_s, bar.length_s, pitch, struck[0].velocity))
    return notes


def strum(
    bars: Sequence[Bar],
    rhythm: str,
    rng: np.random.Generator,
    *,
    low: int = 50,
    hold: float = 1.05,
) -> list[Note]:
    """Strum a guitar: down on even steps, up on odd ones; ``m`` is a muted stroke."""
    notes = []
    for bar, upper in _voicings(bars, low, 4):
        root = near(bar.chord.root, low - 6)
        strings = (root if root < upper[0] else root - 12, *upper)
        for hit in hits(bar, rhythm, rng):
            down = hit.step % 2 == 0
            order = strings if down else strings[:1:-1]
            across_s = rng.uniform(0.006, 0.013)
            for n, pitch in enumerate(order):
                speed = hit.velocity * (1.0 if down else 0.8) * rng.uniform(0.8, 1.0)
                start_s = hit.start_s + n * across_s
                word = "mute" if hit.mark == "m" else ""
                notes.append(Note(start_s, hit.gap_s * hold, pitch, speed, word))
    return notes


def arpeggio(
    bars: Sequence[Bar],
    rhythm: str,
    rng: np.random.Generator,
    *,
    low: int = 50,
    hold: float = 1.8,
) -> list[Note]:
    """Break chords: the digits 0 to 7 count the chord's tones from the lowest."""
    notes = []
    for bar, voicing in _voicings(bars, low, 4):
        tones = (*voicing, *(pitch + 12 for pitch in voicing))
        for hit in hits(bar, rhythm, rng):
            if bar.last:
                ringing = enumerate(voicing)
                notes += [
                    Note(hit.start_s + 0.03 * n, hit.gap_s, pitch, hit.velocity)
                    for n, pitch in ringing
                ]
            else:
                pitch = tones[int(hit.mark)]
                notes.append(Note(hit.start_s, hit.gap_s * hold, pitch, hit.velocity))
    return notes


def bass(
    bars: Sequence[Bar],
    rhythm: str,
    rng: np.random.Generator,
    *,
    low: int = 33,
    hold: float = 0.9,
) -> list[Note]:
    """Play a bass line: Root, Third, Fifth, Octave, Approach to the next root, ``g`` ghost."""
    notes = []
    for bar in bars:
        root = near(bar.chord.root, low + 3)
        coming = near(bar.coming.root, low + 3)
        above = {"T": bar.chord.intervals[1], "F": 7, "O": 12, "A": coming - root}
        for hit in hits(bar, rhythm, rng):
            pitch = root + above.get(hit.mark, 0)
            if hit.mark == "A":
                pitch += int(rng.choice([-1, 1, 2]))
            length_s = hit.gap_s * (0.3 if hit.mark == "g" else hold)
            velocity = hit.velocity * (0.5 if hit.mark == "g" else 1.2)
            notes.append(Note(hit.start_s, length_s, pitch, min(velocity, 1.0)))
    return notes


def tune(
    bars: Sequence[Bar],
    rhythm: str,
    rng: np.random.Generator,
    *,
    centre: int = 69,
    words: str = "",
    hold: float = 0.93,
) -> list[Note]:
    """Play or sing a tune: one contour, taken up in every phrase and bent to the harmony.

    ``X`` in the rhythm falls on a tone of the chord, other marks on the scale.
    """
    turns = max(rhythm.count("|") + 1, 1)
    contour = np.clip(rng.choice([-2, -1, -1, 1, 1, 2, 3], 64).cumsum() % 9 - 4, -4, 5)
    syllables = words.split() or [""]
    notes: list[Note] = []
    pitch = float(centre)
    for bar in bars:
        place = 16 * (bar.number % turns)
        for hit in hits(bar, rhythm, rng):
            aim = centre + 1.6 * contour[place % 64] + 2.5 * (bar.energy - 0.8)
            aim += float(rng.choice([0, 0, 0, 2, -2]))
            strong = hit.mark == "X" or bar.last
            classes = bar.chord.classes if strong else bar.scale
            tones = [near(c, 0.65 * aim + 0.35 * pitch) for c in classes]
            pitch = float(min(tones, key=lambda tone: abs(tone - aim)))
            word = syllables[len(notes) % len(syllables)]
            notes.append(Note(hit.start_s, hit.gap_s * hold, pitch, hit.velocity, word))
            place += 1
    return notes
