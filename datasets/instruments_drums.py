"""Drums and percussion: skins, wires, metal, wood, seeds and hands."""

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
    lowpass,
    peak,
    ring,
)

__all__ = ["drum_kit", "drum_machine", "percussion"]

Stroke = Callable[[np.random.Generator], Signal]


def _seconds(length_s: float) -> Signal:
    """Return the times of so many seconds of samples."""
    return np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE


def _noise(
    length_s: float, decay_s: float, low_hz: float, high_hz: float, rng: np.random.Generator
) -> Signal:
    """Burst of a band of noise; ``decay_s`` to -60 dB."""
    seconds = _seconds(length_s)
    burst = rng.standard_normal(len(seconds)) * np.exp(seconds * (-6.9078 / decay_s))
    burst *= np.minimum(seconds / 0.0005, 1.0) * np.minimum(1.0, (length_s - seconds) / 0.01)
    return filtered(burst, lambda hz: bandpass(hz, low_hz, high_hz))


def _sweep(length_s: float, from_hz: float, to_hz: float, fall_s: float, decay_s: float) -> Signal:
    """Sine that falls in pitch: a skin that is stretched by the blow."""
    seconds = _seconds(length_s)
    hz = to_hz + (from_hz - to_hz) * np.exp(-seconds / fall_s)
    tone = np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE)
    edges = np.minimum(seconds / 0.001, 1.0) * np.minimum(1.0, (length_s - seconds) / 0.02)
    return np.asarray(tone * np.exp(seconds * (-6.9078 / decay_s)) * edges)


def _skin(length_s: float, base_hz: float, decay_s: float, rng: np.random.Generator) -> Signal:
    """Modes of a round membrane above the sweep's fundamental."""
    ratios = np.array([1.59, 2.14, 2.30, 2.65, 2.92, 3.16, 3.50]) * rng.uniform(0.99, 1.01, 7)
    strength = -1j * rng.uniform(0.4, 1.0, 7) * np.array([0.5, 0.3, 0.3, 0.2, 0.2, 0.15, 0.1])
    count = len(_seconds(length_s))
    decays = decay_s * ratios**-0.8
    return ring(base_hz * ratios, decays, strength, count) * curve(count, (0, 0), (0.001, 1))


def _metal(
    length_s: float, low_hz: float, decay_s: float, modes: int, rng: np.random.Generator
) -> Signal:
    """Crowd of inharmonic modes of a plate, the high ones shorter."""
    hz = low_hz * (16000 / low_hz) ** np.sort(rng.random(modes))
    decays = decay_s * (low_hz / hz) ** 0.35 * rng.uniform(0.5, 1.3, modes)
    strength = np.exp(2j * np.pi * rng.random(modes)) * rng.uniform(0.2, 1.0, modes) / modes**0.5
    count = len(_seconds(length_s))
    plate = ring(hz, decays, strength, count)
    return plate * curve(count, (0, 0), (0.001, 1), (length_s - 0.05, 1), (length_s, 0))


def _join(*sounds: Signal) -> Signal:
    """Add sounds of different lengths."""
    return lay(max(len(sound) for sound in sounds), [(0.0, sound) for sound in sounds])


def _kick(rng: np.random.Generator) -> Signal:
    click = 0.6 * _noise(0.02, 0.012, 1200, 7000, rng)
    thud = _noise(0.06, 0.05, 80, 600, rng)
    return _join(0.95 * _sweep(0.4, 190, 52, 0.022, 0.42), click, 0.25 * thud)


def _deep_kick(rng: np.random.Generator) -> Signal:
    click = 0.25 * _noise(0.01, 0.006, 2000, 9000, rng)
    return _join(0.95 * _sweep(0.5, 260, 46, 0.03, 0.6), click)


def _snare(rng: np.random.Generator) -> Signal:
    shell = 0.7 * _sweep(0.25, 260, 188, 0.012, 0.22) + 0.3 * _sweep(0.25, 380, 331, 0.01, 0.14)
    wires = _noise(0.35, 0.24, 1800, 9000, rng) + 0.4 * _noise(0.35, 0.14, 500, 5000, rng)
    return _join(0.6 * shell, 0.5 * _skin(0.25, 188, 0.2, rng), 0.8 * wires)


def _tom(base_hz: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        body = _sweep(0.7, 1.5 * base_hz, base_hz, 0.04, 0.75)
        return _join(
            body, 0.3 * _skin(0.6, base_hz, 0.4, rng), 0.12 * _noise(0.03, 0.03, 500, 5000, rng)
        )

    return strike


def _hat(decay_s: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        length_s = min(1.2 * decay_s, 1.0) + 0.06
        plates = 0.5 * _metal(length_s, 3200, 1.4 * decay_s, 60, rng)
        sizzle = 0.3 * _noise(length_s, decay_s, 6000, 14000, rng)
        tick = 0.25 * _noise(0.02, 0.012, 1200, 6000, rng)
        both = filtered(_join(plates, sizzle), lambda hz: highpass(hz, 4500.0, 2))
        return 0.85 * _join(both, tick)

    return strike


def _crash(rng: np.random.Generator) -> Signal:
    wash = _metal(2.6, 380, 3.4, 140, rng) + 0.12 * _noise(2.6, 1.6, 3500, 13000, rng)
    bloom = curve(len(wash), (0, 0.5), (0.03, 1.0), (5.0, 1.0))
    return 0.7 * filtered(wash * bloom, lambda hz: highpass(hz, 700.0))


def _clap(rng: np.random.Generator) -> Signal:
    times = np.cumsum(rng.uniform(0.007, 0.013, 3))
    hands = [(float(at), _noise(0.03, 0.02, 800, 3500, rng)) for at in (0.0, *times[:2])]
    tail = (float(times[2]), _noise(0.22, 0.18, 800, 3800, rng))
    return lay(round(0.3 * SAMPLE_RATE), [*hands, tail])


def _shaker(rng: np.random.Generator) -> Signal:
    length_s = 0.11 * rng.uniform(0.9, 1.1)
    count = len(_seconds(length_s))
    seeds = rng.standard_normal(count) * (rng.random(count) < 0.25) * 2
    shape = curve(count, (0, 0), (0.35 * length_s, 1), (0.5 * length_s, 0.5), (length_s, 0))
    return filtered(seeds * shape, lambda hz: bandpass(hz, 3800, 9000) * peak(hz, 6200, 6, 2.0))


def _tambourine(rng: np.random.Generator) -> Signal:
    starts = np.concatenate([[0.0], rng.uniform(0, 0.05, 5)])
    jingles = [(float(at), 0.4 * _metal(0.3, 4200, 0.25, 24, rng)) for at in starts]
    hand = 0.15 * _noise(0.03, 0.02, 400, 2500, rng)
    return lay(round(0.36 * SAMPLE_RATE), [*jingles, (0.0, hand)])


def _conga(base_hz: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        body = _sweep(0.4, 1.12 * base_hz, base_hz, 0.015, 0.32)
        slap = 0.5 * _noise(0.04, 0.03, 700, 5000, rng)
        return _join(0.8 * body, 0.7 * _skin(0.3, base_hz, 0.16, rng), slap)

    return strike


def _wood(*modes_hz: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        hz = np.array(modes_hz) * rng.uniform(0.995, 1.005)
        count = len(_seconds(0.15))
        tone = ring(hz, np.geomspace(0.09, 0.04, len(hz)), -1j / np.arange(1.0, len(hz) + 1), count)
        return _join(
            tone * curve(count, (0, 0), (0.0005, 1)), 0.08 * _noise(0.01, 0.008, 1500, 8000, rng)
        )

    return strike


def _triangle(rng: np.random.Generator) -> Signal:
    hz = np.array([1490.0, 3350, 4480, 5870, 7010, 8640, 10300, 12150, 13900])
    strength = np.exp(2j * np.pi * rng.random(9)) * rng.uniform(0.2, 0.6, 9)
    count = len(_seconds(1.8))
    tone = ring(hz * rng.uniform(0.998, 1.002), np.geomspace(3.0, 1.2, 9), strength, count)
    return tone * curve(count, (0, 0), (0.001, 1), (1.7, 1), (1.8, 0))


_KIT: dict[str, tuple[Stroke, float]] = {
    "kick": (_kick, 0.0),
    "snare": (_snare, 0.08),
    "hat": (_hat(0.07), -0.3),
    "open_hat": (_hat(0.6), -0.3),
    "tom_high": (_tom(150.0), -0.25),
    "tom_low": (_tom(96.0), 0.35),
    "crash": (_crash, 0.4),
    "clap": (_clap, 0.1),
}
"""Each drum with its place, -1 (left) to 1 (right), as overhead microphones hear it."""

_MACHINE = {**_KIT, "kick": (_deep_kick, 0.0), "hat": (_hat(0.045), -0.2)}

_PERCUSSION: dict[str, tuple[Stroke, float]] = {
    "shaker": (_shaker, 0.0),
    "tambourine": (_tambourine, 0.0),
    "conga_high": (_conga(330.0), 0.0),
    "conga_low": (_conga(205.0), 0.0),
    "clave": (_wood(2480.0, 5400.0), 0.0),
    "castanet": (_wood(1250.0, 2700.0, 4100.0), 0.0),
    "clap": (_clap, 0.0),
    "triangle": (_triangle, 0.0),
}


def drum_kit(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play a kit of skins and bronze; shape (2, samples)."""
    return _play(_KIT, notes, frames, rng)


def drum_machine(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play a dance kit; shape (2, samples)."""
    return _play(_MACHINE, notes, frames, rng)


def percussion(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play what is shaken and struck by hand; shape (samples,)."""
    left, right = _play(_PERCUSSION, notes, frames, rng)
    return (left + right) / 2


def _play(
    kit: dict[str, tuple[Stroke, float]],
    notes: Sequence[Note],
    frames: int,
    rng: np.random.Generator,
) -> Signal:
    """Strike; of each drum four strokes are made and softer ones are darker."""
    made = {name: [kit[name][0](rng) for _ in range(4)] for name in sorted({n.word for n in notes})}
    struck = [_softened(made[n.word][int(rng.integers(4))], n.velocity) for n in notes]
    sides = []
    for side in (-1, 1):
        gains = [n.velocity**1.4 * (1 + side * kit[n.word][1]) ** 0.5 for n in notes]
        sounds = zip(notes, gains, struck, strict=True)
        sides.append(lay(frames, [(n.start_s, gain * sound) for n, gain, sound in sounds]))
    return np.stack([filtered(side, lambda hz: highpass(hz, 24.0, 2)) for side in sides])


def _softened(stroke: Signal, velocity: float) -> Signal:
    """Take brightness from a soft stroke."""
    return filtered(stroke, lambda hz: lowpass(hz, 2500 + 22000 * velocity**1.5))
