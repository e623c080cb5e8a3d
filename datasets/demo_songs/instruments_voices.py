"""Voices: a glottis that sings syllables through moving formants, alone and in a choir."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .composition import Note
from .instruments_mouth import HISS, consonants, through_mouth
from .instruments_synthesis import (
    SAMPLE_RATE,
    Signal,
    curve,
    filtered,
    frequency,
    highpass,
    oscillate,
    wander,
)

__all__ = ["choir", "lead_vocal", "lead_vocal_low"]


@dataclass(frozen=True)
class Singer:
    """One throat.

    Parameters
    ----------
    size : float
        Factor on the formants: 1 for a woman, 0.85 for a man.
    breath : float
        Level of the air that leaks through the glottis.
    vibrato_cents, vibrato_hz : float
    scoop : float
        Semitones from below at which a phrase begins.
    """

    size: float
    breath: float
    vibrato_cents: float
    vibrato_hz: float
    scoop: float = 1.0


def lead_vocal(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Sing a tune with a woman's voice, breaths and consonants included."""
    singer = Singer(1.0, 0.07, rng.uniform(25, 38), rng.uniform(5.2, 5.9))
    return consonants(notes, frames, rng) + _sing(notes, frames, singer, rng)


def lead_vocal_low(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Sing a tune with a man's voice."""
    singer = Singer(0.84, 0.06, rng.uniform(15, 28), rng.uniform(5.0, 5.7), scoop=1.6)
    return consonants(notes, frames, rng) + _sing(notes, frames, singer, rng)


def choir(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Sing chords, two throats to a line; shape (2, samples)."""
    lines = _lines(notes)
    throats = np.zeros((2, frames))
    for n, line in enumerate([line for line in lines for _ in range(2)]):
        singer = Singer(1.0, 0.1, rng.uniform(15, 35), rng.uniform(4.8, 6.0), 0.5)
        apart = [_late(note, 0.025 * rng.standard_normal()) for note in line]
        pan = 0.5 + 0.35 * np.cos(np.pi * (n + 0.5) / len(lines))
        throats += np.array([[pan], [1 - pan]]) * _throat(apart, frames, singer, rng)
    throats += _air(notes, frames, 0.2, rng)
    sizes = (0.92, 0.99)  # every side has its own mouths: that is what makes it wide
    return np.stack(
        [through_mouth(side, notes, size) for side, size in zip(throats, sizes, strict=True)]
    )


def _late(note: Note, by_s: float) -> Note:
    """Shift a note in time."""
    return Note(max(note.start_s + by_s, 0.0), note.length_s, note.pitch, note.velocity, note.word)


def _lines(notes: Sequence[Note]) -> list[list[Note]]:
    """Deal the notes of chords out to voices: each takes the n-th from below."""
    lines: list[list[Note]] = []
    for note in sorted(notes, key=lambda note: (note.start_s, note.pitch)):
        free = [v for v in lines if v[-1].start_s + 0.1 < note.start_s]
        if free:
            min(free, key=lambda v: abs(v[-1].pitch - note.pitch)).append(note)
        else:
            lines.append([note])
    return lines


def _sing(notes: Sequence[Note], frames: int, who: Singer, rng: np.random.Generator) -> Signal:
    """Sing one line."""
    throat = _throat(notes, frames, who, rng) + _air(notes, frames, who.breath, rng)
    return _evened(through_mouth(throat, notes, who.size))


def _evened(sound: Signal) -> Signal:
    """Halve, in dB, the steps in level between vowels: a singer listens to herself."""
    total = np.cumsum(np.pad(sound**2, (6001, 6000)))
    level = np.sqrt((total[12001:] - total[:-12001]) / 12001)
    return np.asarray(sound * (level / level.max() + 0.03) ** -0.5)


def _throat(notes: Sequence[Note], frames: int, who: Singer, rng: np.random.Generator) -> Signal:
    """Make the pulses of the glottis."""
    loudness = _loudness(notes, frames) * (1 + 0.07 * wander(frames, 9.0, rng))
    return loudness * oscillate(frequency(_pitch(notes, frames, who, rng)), _glottis, 0.0)


def _air(notes: Sequence[Note], frames: int, level: float, rng: np.random.Generator) -> Signal:
    """Let air through the glottis while it sings."""
    air = filtered(rng.standard_normal(frames), lambda hz: highpass(hz, 2500.0))
    return level * air * _loudness(notes, frames)


def _glottis(number: Signal) -> Signal:
    """Harmonics of the pulses, lips included: 3 dB an octave."""
    return number**-0.5


def _loudness(notes: Sequence[Note], frames: int) -> Signal:
    """Swell into each syllable; close the mouth before a hard consonant."""
    shape = np.zeros(frames)
    for note, after in zip(notes, [*notes[1:], None], strict=True):
        closing = after is not None and after.word[:1] in HISS
        end = max(note.length_s - 0.05 * closing, 0.08)
        count = round((end + 0.1) * SAMPLE_RATE)
        swell = curve(
            count, (0.0, 0.0), (0.05, 0.8), (0.3 * end + 0.06, 1.0), (end + 0.061, 0.7),
            (end + 0.099, 0.0),
        )  # fmt: skip
        here = shape[round(note.start_s * SAMPLE_RATE) :][:count]
        np.maximum(here, note.velocity * swell[: len(here)], out=here)
    total = np.cumsum(np.pad(shape, (221, 220)))  # 10 ms mean: corners would click
    return (total[441:] - total[:-441]) / 441


def _pitch(notes: Sequence[Note], frames: int, who: Singer, rng: np.random.Generator) -> Signal:
    """Glide from note to note, with vibrato that comes late and a voice that is never still."""
    times, pitches, depth = [0.0], [notes[0].pitch - who.scoop], [0.0]
    for before, note in zip([None, *notes[:-1]], notes, strict=True):
        fresh = before is None or note.start_s - before.start_s - before.length_s > 0.15
        start = note.start_s + 0.001
        come_from = note.pitch - who.scoop if fresh or before is None else before.pitch
        times += [start - 0.03, start + rng.uniform(0.04, 0.09), start + 0.95 * note.length_s]
        pitches += [come_from, note.pitch, note.pitch]
        depth += [0.0, 0.05, 1.0 if note.length_s > 0.5 else 0.15]
    order = np.argsort(times, kind="stable")
    slow = frames // 64 + 2  # a throat moves slowly: every 64th sample is enough
    seconds = np.arange(slow) * 64 / SAMPLE_RATE
    steady = np.interp(seconds, np.array(times)[order], np.array(pitches)[order])
    width = np.interp(seconds, np.array(times)[order], np.array(depth)[order])
    rate_hz = who.vibrato_hz * (1 + 0.06 * wander(slow, 64 * 1.5, rng))
    vibrato = (
        who.vibrato_cents / 100 * width * np.sin(2 * np.pi * np.cumsum(rate_hz) * 64 / SAMPLE_RATE)
    )
    unrest = 0.08 * wander(slow, 64 * 4.0, rng) + 0.03 * wander(slow, 64 * 50.0, rng)
    pitch = steady + vibrato + unrest
    return np.asarray(np.interp(np.arange(frames) / 64, np.arange(slow), pitch))
