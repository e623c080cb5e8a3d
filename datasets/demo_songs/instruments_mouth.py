"""The mouth of a sung voice: formants that move from syllable to syllable, and consonants."""

from collections.abc import Callable, Sequence

import numpy as np

from .composition import Note
from .instruments_synthesis import (
    SAMPLE_RATE,
    Signal,
    bandpass,
    curve,
    filtered,
    highpass,
    lay,
    moving_filter,
)

__all__ = ["HISS", "consonants", "through_mouth"]

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

HISS = {
    "s": (4500.0, 11000.0, 0.11, 0.5),
    "t": (3000.0, 9000.0, 0.035, 0.7),
    "k": (1500.0, 4500.0, 0.04, 0.6),
    "d": (2000.0, 6000.0, 0.02, 0.4),
    "h": (900.0, 4000.0, 0.09, 0.25),
}
"""Noise of consonants: band in Hz, length in s, level."""


def through_mouth(throat: Signal, notes: Sequence[Note], size: float) -> Signal:
    """Shape a throat's sound with the mouth as it moves from syllable to syllable.

    Parameters
    ----------
    throat : array, shape (samples,)
    notes : sequence of Note
        Their words are the syllables: "la", "no", "see".
    size : float
        Factor on every formant's frequency: 1 for a woman, about 0.85 for a man.
    """
    gains = _formants(notes, size)
    return filtered(moving_filter(throat, gains), lambda hz: highpass(hz, 90.0, 2))


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
        total = np.tile(0.035 / (1 + (hz / 7000) ** 2), (len(at), 1))
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


def consonants(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Hiss the consonants before their vowels, and breathe in where there is time."""
    sounds = []
    ready_s = 0.0
    for note in notes:
        rest_s = note.start_s - ready_s
        if note.word[:1] in HISS:
            low, high, length_s, level = HISS[note.word[0]]
            noise = _puff(length_s, low, high, rng)
            sounds.append((note.start_s - 0.8 * length_s, 0.55 * level * note.velocity * noise))
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
