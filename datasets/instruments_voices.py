"""Voices: a glottis that sings syllables through moving formants, alone and in a choir."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .composition import Note
from .instruments_synthesis import (
    SAMPLE_RATE,
    Signal,
    bandpass,
    curve,
    filtered,
    frequency,
    highpass,
    lay,
    moving_filter,
    oscillate,
    wander,
)

__all__ = ["choir", "lead_vocal", "lead_vocal_low"]

_WOMAN = {
    "a": ((850, 1200, 2850, 3800, 4900), (0, -5, -22, -26, -40)),
    "e": ((430, 2050, 2850, 3700, 4900), (0, -14, -17, -27, -42)),
    "i": ((330, 2300, 3000, 3900, 4900), (0, -14, -20, -26, -42)),
    "o": ((480, 830, 2800, 3700, 4900), (0, -8, -24, -26, -44)),
    "u": ((360, 720, 2700, 3700, 4900), (0, -14, -32, -36, -50)),
    "m": ((270, 1100, 2200, 3300, 4900), (-6, -28, -34, -42, -55)),
    "l": ((350, 1250, 2700, 3500, 4900), (-4, -20, -28, -36, -50)),
}
"""Formants in Hz and levels in dB; after the table of singers in the Csound manual (appendix)."""

_WIDTHS_HZ = np.array([75.0, 95.0, 130.0, 160.0, 220.0])

_LETTERS = {"y": "i", "w": "u", "n": "m", "r": "l"}
"""Consonants that are sung like something else, only shorter."""

_HISS = {
    "s": (4500.0, 11000.0, 0.11, 0.5),
    "t": (3000.0, 9000.0, 0.035, 0.7),
    "k": (1500.0, 4500.0, 0.04, 0.6),
    "d": (2000.0, 6000.0, 0.02, 0.4),
    "h": (900.0, 4000.0, 0.09, 0.25),
}
"""Noise of consonants: band in Hz, length in s, level."""


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
    return _consonants(notes, frames, rng) + _sing(notes, frames, singer, rng)


def lead_vocal_low(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Sing a tune with a man's voice."""
    singer = Singer(0.84, 0.06, rng.uniform(15, 28), rng.uniform(5.0, 5.7), scoop=1.6)
    return _consonants(notes, frames, rng) + _sing(notes, frames, singer, rng)


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
    return np.stack([_mouth(side, notes, size) for side, size in zip(throats, sizes, strict=True)])


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
    return _mouth(throat, notes, who.size)


def _throat(notes: Sequence[Note], frames: int, who: Singer, rng: np.random.Generator) -> Signal:
    """Make the pulses of the glottis."""
    loudness = _loudness(notes, frames) * (1 + 0.07 * wander(frames, 9.0, rng))
    return loudness * oscillate(frequency(_pitch(notes, frames, who, rng)), _glottis, 0.0)


def _air(notes: Sequence[Note], frames: int, level: float, rng: np.random.Generator) -> Signal:
    """Let air through the glottis while it sings."""
    air = filtered(rng.standard_normal(frames), lambda hz: highpass(hz, 2500.0))
    return level * air * _loudness(notes, frames)


def _glottis(number: Signal) -> Signal:
    """Harmonics of the pulses, lips included: about -4 dB an octave."""
    return number**-0.68


def _mouth(throat: Signal, notes: Sequence[Note], size: float) -> Signal:
    """Shape a throat's sound with the mouth as it moves from syllable to syllable."""
    gains = _formants(notes, size)
    return filtered(moving_filter(throat, gains), lambda hz: highpass(hz, 90.0, 2))


def _loudness(notes: Sequence[Note], frames: int) -> Signal:
    """Swell into each syllable; close the mouth before a hard consonant."""
    shape = np.zeros(frames)
    for note, after in zip(notes, [*notes[1:], None], strict=True):
        closing = after is not None and after.word[:1] in _HISS
        end = max(note.length_s - 0.05 * closing, 0.08)
        count = round((end + 0.1) * SAMPLE_RATE)
        swell = curve(
            count, (0.0, 0.0), (0.05, 0.8), (0.3 * end + 0.06, 1.0), (end + 0.061, 0.7),
            (end + 0.099, 0.0),
        )  # fmt: skip
        here = shape[round(note.start_s * SAMPLE_RATE) :][:count]
        np.maximum(here, note.velocity * swell[: len(here)], out=here)
    total = np.cumsum(np.pad(shape, (221, 220)))  # 10 ms mean: corners would click
    return (total[441:] - total[:-441]) / 441 if frames > 1 else shape


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
    return np.interp(np.arange(frames) / 64, np.arange(slow), steady + vibrato + unrest)


def _mouth(throat: Signal, notes: Sequence[Note], size: float) -> Signal:
    """Shape a throat's sound with the mouth as it moves from syllable to syllable."""
    gains = _formants(notes, size)
    return filtered(moving_filter(throat, gains), lambda hz: highpass(hz, 90.0, 2))


def _loudness(notes: Sequence[Note], frames: int) -> Signal:
    """Swell into each syllable; close the mouth before a hard consonant."""
    shape = np.zeros(frames)
    for note, after in zip(notes, [*notes[1:], None], strict=True):
        closing = after is not None and after.word[:1] in _HISS
        end = max(note.length_s - 0.05 * closing, 0.08)
        count = round((end + 0.1) * SAMPLE_RATE)
        swell = curve(
            count, (0.0, 0.0), (0.05, 0.8), (0.3 * end + 0.06, 1.0), (end + 0.061, 0.7),
            (end + 0.099, 0.0),
        )  # fmt: skip
        here = shape[round(note.start_s * SAMPLE_RATE) :][:count]
        np.maximum(here, note.velocity * swell[: len(here)], out=here)
    total = np.cumsum(np.pad(shape, (221, 220)))  # 10 ms mean: corners would click
    return (total[441:] - total[:-441]) / 441 if frames > 1 else shape


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
    seconds = np.arange(frames) / SAMPLE_RATE
    steady = np.interp(seconds, np.array(times)[order], np.array(pitches)[order])
    width = np.interp(seconds, np.array(times)[order], np.array(depth)[order])
    turns = np.cumsum(who.vibrato_hz * (1 + 0.06 * wander(frames, 1.5, rng))) / SAMPLE_RATE
    vibrato = who.vibrato_cents / 100 * width * np.sin(2 * np.pi * turns)
    return steady + vibrato + 0.08 * wander(frames, 4.0, rng) + 0.03 * wander(frames, 50.0, rng)


def _formants(notes: Sequence[Note], size: float) -> Callable[[Signal, Signal], Signal]:
    """Return the gains of the mouth over times in s and frequencies in Hz."""
    times, shapes = [-1.0], [_shape(notes[0].word or "a")[-1]]
    for note in notes:
        onset, vowel = _shape(note.word or "a")
        times += [note.start_s - 0.02, note.start_s + 0.03, note.start_s + 0.075]
        shapes += [onset, onset, vowel]
        times.append(max(note.start_s + note.length_s - 0.04, times[-1] + 0.01))
        shapes.append(vowel)
    order = np.argsort(times, kind="stable")
    knots, table = np.array(times)[order], np.array(shapes)[order]

    def gains(at: Signal, hz: Signal) -> Signal:
        total = np.tile(0.02 / (1 + (hz / 7000) ** 2), (len(at), 1))
        for n, width_hz in enumerate(_WIDTHS_HZ):
            centre = np.interp(at[:, 0], knots, table[:, 0, n])[:, None] * size
            level = np.interp(at[:, 0], knots, table[:, 1, n])[:, None]
            total += 10 ** (level / 20) / (1 + ((hz - centre) / width_hz) ** 2)
        return total

    return gains


def _shape(word: str) -> tuple[Signal, Signal]:
    """Return the formants of a syllable's beginning and of its vowel."""
    letters = [_LETTERS.get(letter, letter) for letter in word]
    voiced = [letter for letter in letters if letter in _WOMAN]
    return np.array(_WOMAN[voiced[0]], float), np.array(_WOMAN[voiced[-1]], float)


def _consonants(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Hiss the consonants before their vowels, and breathe in where there is time."""
    sounds = []
    ready_s = 0.0
    for note in notes:
        rest_s = note.start_s - ready_s
        if note.word[:1] in _HISS:
            low, high, length_s, level = _HISS[note.word[0]]
            noise = _puff(length_s, low, high, rng)
            sounds.append((note.start_s - 0.8 * length_s, 0.3 * level * note.velocity * noise))
        if rest_s > 0.45:
            length_s = min(rest_s - 0.15, 0.4)
            sounds.append((note.start_s - length_s - 0.12, 0.02 * _puff(length_s, 900, 5500, rng)))
        ready_s = note.start_s + note.length_s
    return lay(frames, sounds)


def _puff(length_s: float, low_hz: float, high_hz: float, rng: np.random.Generator) -> Signal:
    """Blow a band of noise, swelling and dying."""
    count = round(length_s * SAMPLE_RATE)
    noise = filtered(rng.standard_normal(count), lambda hz: bandpass(hz, low_hz, high_hz))
    return noise * curve(count, (0.0, 0.0), (0.4 * length_s, 1.0), (length_s, 0.0))
