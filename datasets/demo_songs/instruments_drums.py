"""Drums and percussion: skins, wires, metal, wood, seeds and hands."""

from collections.abc import Sequence

import numpy as np

from .composition import Note
from .instruments_strokes import Stroke, join, metal, noise, skin, strike_all, sweep, times_of
from .instruments_synthesis import (
    SAMPLE_RATE,
    Signal,
    bandpass,
    curve,
    filtered,
    highpass,
    lay,
    peak,
    ring,
)

__all__ = ["drum_kit", "drum_machine", "percussion"]


def _kick(rng: np.random.Generator) -> Signal:
    click = 0.6 * noise(0.02, 0.012, 1200, 7000, rng)
    thud = noise(0.06, 0.05, 80, 600, rng)
    return join(0.95 * sweep(0.4, 190, 52, 0.022, 0.42), click, 0.25 * thud)


def _deep_kick(rng: np.random.Generator) -> Signal:
    click = 0.25 * noise(0.01, 0.006, 2000, 9000, rng)
    return join(0.95 * sweep(0.5, 260, 46, 0.03, 0.6), click)


def _snare(rng: np.random.Generator) -> Signal:
    shell = 0.7 * sweep(0.25, 260, 188, 0.012, 0.22) + 0.3 * sweep(0.25, 380, 331, 0.01, 0.14)
    wires = noise(0.35, 0.24, 1800, 9000, rng) + 0.4 * noise(0.35, 0.14, 500, 5000, rng)
    return join(0.6 * shell, 0.5 * skin(0.25, 188, 0.2, rng), 0.8 * wires)


def _tom(base_hz: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        body = sweep(0.7, 1.5 * base_hz, base_hz, 0.04, 0.75)
        return join(
            body, 0.3 * skin(0.6, base_hz, 0.4, rng), 0.12 * noise(0.03, 0.03, 500, 5000, rng)
        )

    return strike


def _hat(decay_s: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        length_s = min(1.2 * decay_s, 1.0) + 0.06
        plates = 0.5 * metal(length_s, 3200, 1.4 * decay_s, 60, rng)
        sizzle = 0.3 * noise(length_s, decay_s, 6000, 12000, rng)
        tick = 0.25 * noise(0.02, 0.012, 1200, 6000, rng)
        both = filtered(join(plates, sizzle), lambda hz: highpass(hz, 4500.0, 2))
        return 0.85 * join(both, tick)

    return strike


def _crash(rng: np.random.Generator) -> Signal:
    wash = metal(2.6, 380, 3.4, 140, rng) + 0.12 * noise(2.6, 1.6, 3500, 13000, rng)
    bloom = curve(len(wash), (0, 0.5), (0.03, 1.0), (5.0, 1.0))
    return 0.7 * filtered(wash * bloom, lambda hz: highpass(hz, 700.0))


def _clap(rng: np.random.Generator) -> Signal:
    times = np.cumsum(rng.uniform(0.007, 0.013, 3))
    hands = [(float(at), noise(0.03, 0.02, 800, 3500, rng)) for at in (0.0, *times[:2])]
    tail = (float(times[2]), noise(0.22, 0.18, 800, 3800, rng))
    return lay(round(0.3 * SAMPLE_RATE), [*hands, tail])


def _shaker(rng: np.random.Generator) -> Signal:
    length_s = 0.11 * rng.uniform(0.9, 1.1)
    count = len(times_of(length_s))
    seeds = rng.standard_normal(count) * (rng.random(count) < 0.25) * 2
    shape = curve(count, (0, 0), (0.35 * length_s, 1), (0.5 * length_s, 0.5), (length_s, 0))
    return filtered(seeds * shape, lambda hz: bandpass(hz, 3800, 8000, 3) * peak(hz, 6200, 6, 2.0))


def _tambourine(rng: np.random.Generator) -> Signal:
    starts = np.concatenate([[0.0], rng.uniform(0, 0.05, 5)])
    jingles = [(float(at), 0.4 * metal(0.3, 4200, 0.25, 24, rng)) for at in starts]
    hand = 0.15 * noise(0.03, 0.02, 400, 2500, rng)
    return lay(round(0.36 * SAMPLE_RATE), [*jingles, (0.0, hand)])


def _conga(base_hz: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        body = sweep(0.4, 1.12 * base_hz, base_hz, 0.015, 0.32)
        slap = 0.5 * noise(0.04, 0.03, 700, 5000, rng)
        return join(0.8 * body, 0.7 * skin(0.3, base_hz, 0.16, rng), slap)

    return strike


def _wood(*modes_hz: float) -> Stroke:
    def strike(rng: np.random.Generator) -> Signal:
        hz = np.array(modes_hz) * rng.uniform(0.995, 1.005)
        count = len(times_of(0.15))
        tone = ring(hz, np.geomspace(0.09, 0.04, len(hz)), -1j / np.arange(1.0, len(hz) + 1), count)
        return join(
            tone * curve(count, (0, 0), (0.0005, 1)), 0.08 * noise(0.01, 0.008, 1500, 8000, rng)
        )

    return strike


def _triangle(rng: np.random.Generator) -> Signal:
    hz = np.array([1490.0, 3350, 4480, 5870, 7010, 8640, 10300, 12150, 13900])
    strength = np.exp(2j * np.pi * rng.random(9)) * rng.uniform(0.2, 0.6, 9)
    count = len(times_of(1.8))
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
    return strike_all(_KIT, notes, frames, rng)


def drum_machine(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play a dance kit; shape (2, samples)."""
    return strike_all(_MACHINE, notes, frames, rng)


def percussion(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play what is shaken and struck by hand; shape (samples,)."""
    left, right = strike_all(_PERCUSSION, notes, frames, rng)
    return np.asarray((left + right) / 2)
