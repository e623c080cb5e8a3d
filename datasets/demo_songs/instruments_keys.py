"""Keys and bells without strings: electric piano, organ, celesta."""

from collections.abc import Sequence

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
    lowpass,
    peak,
    released,
    ring,
)

__all__ = ["celesta", "electric_piano", "organ"]


def electric_piano(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play struck tines before magnetic pickups: round when soft, barking when hit."""
    dry = lay(frames, [(note.start_s, _tine(note, rng)) for note in notes])
    return filtered(dry, lambda hz: highpass(hz, 30.0, 2) * lowpass(hz, 5000.0, 2))


def _tine(note: Note, rng: np.random.Generator) -> Signal:
    """Swing one tine; the pickup's uneven field adds the even harmonics."""
    count = round(min(note.length_s + 0.4, 6.0) * SAMPLE_RATE)
    base = float(frequency(note.pitch + 0.015 * rng.standard_normal()))
    decay_s = 9.0 * (130 / base) ** 0.5
    swing = ring(
        np.array([base, base * 1.0007]),
        np.array([decay_s, 0.6 * decay_s]),
        np.array([-0.7j, -0.3j]),
        count,
    )
    reach = 0.35 + 0.75 * note.velocity
    square = swing * swing
    bent = swing * (1 + 0.35 * reach**2 * square) + reach * square * (0.8 - 0.25 * square)
    bell = ring(
        base * np.array([6.27, 11.5]),
        np.array([0.7, 0.25]),
        note.velocity**2 * np.array([-0.16j, -0.07j]),
        count,
    )
    thud = ring(np.array([140.0, 310.0]), np.array([0.08, 0.05]), np.array([-0.1j, -0.08j]), count)
    sound = (bent + bell + note.velocity * thud) * curve(count, (0.0, 0.0), (0.002, 1.0))
    return released(note.velocity**1.2 * sound, note.length_s, 0.2)


_DRAWBARS = np.array([0.5, 1.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0])
"""Pitches of the drawbars as multiples of the key's."""


def organ(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play a tone-wheel organ: drawbars, key click, the second drawbar's percussion."""
    levels = np.array([0.7, 0.55, 0.9, 0.6, 0.4, 0.4, 0.15, 0.25]) * rng.uniform(0.8, 1.2, 8)
    wheels = rng.uniform(0, 2 * np.pi, 128)  # a wheel turns on: its phase is the song's
    dry = lay(frames, [(note.start_s, _key(note, levels, wheels, rng)) for note in notes])
    turning = 1 + 0.08 * np.sin(2 * np.pi * 6.3 * np.arange(frames) / SAMPLE_RATE)
    return filtered(
        dry * turning,
        lambda hz: highpass(hz, 60.0) * lowpass(hz, 5500.0, 2) * peak(hz, 1800.0, 4.0, 1.0),
    )


def _key(note: Note, levels: Signal, wheels: Signal, rng: np.random.Generator) -> Signal:
    """Hold one key down."""
    count = round((note.length_s + 0.05) * SAMPLE_RATE)
    hz = float(frequency(note.pitch)) * _DRAWBARS
    phases = wheels[np.round(note.pitch + 12 * np.log2(_DRAWBARS)).astype(int) % 128]
    steady = ring(hz, np.full(8, 1e4), levels * np.exp(1j * phases), count)
    ping = ring(hz[3:4], np.array([0.6]), np.array([-0.7j]), count)
    click_frames = min(count, 900)
    click = rng.standard_normal(click_frames) * np.exp(-np.arange(click_frames) / 120.0)
    click = filtered(click, lambda f: bandpass(f, 800.0, 4000.0))
    edges = curve(
        count, (0.0, 0.0), (0.004, 1.0), (note.length_s, 1.0), (note.length_s + 0.03, 0.0)
    )
    return (steady + ping) * edges + np.pad(0.12 * click, (0, count - click_frames))


def celesta(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play steel bars over wooden boxes, struck with felt."""
    dry = lay(frames, [(note.start_s, _bar(note, rng)) for note in notes])
    return filtered(dry, lambda hz: highpass(hz, 60.0, 2))


def _bar(note: Note, rng: np.random.Generator) -> Signal:
    """Strike one bar: a free bar's modes are far from harmonic."""
    count = round(min(note.length_s + 0.5, 4.0) * SAMPLE_RATE)
    base = float(frequency(note.pitch))
    ratios = np.array([1.0, 1.001, 2.756, 5.404, 8.933])
    strength = np.array([0.7, 0.3, 0.22, 0.12, 0.05]) * note.velocity ** np.array(
        [0, 0, 0.7, 1.2, 1.6]
    )
    decays = np.array([2.6, 2.0, 0.8, 0.3, 0.12]) * (520 / base) ** 0.5
    sound = ring(base * ratios, decays, -1j * strength, count)
    tap = ring(np.array([380.0, 900.0]), np.array([0.05, 0.03]), np.full(2, -0.1j), count)
    soft = curve(count, (0.0, 0.0), (0.001, 1.0))
    return note.velocity * released((sound + tap) * soft, note.length_s, 0.5)
