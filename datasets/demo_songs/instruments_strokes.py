"""What drums are made of: bursts of noise, falling tones, skins, plates; and their striking."""

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
    ring,
)

__all__ = ["Stroke", "join", "metal", "noise", "skin", "strike_all", "sweep", "times_of"]

Stroke = Callable[[np.random.Generator], Signal]
"""Makes one stroke of a drum, each a little different."""


def times_of(length_s: float) -> Signal:
    """Return the times of so many seconds of samples."""
    return np.arange(round(length_s * SAMPLE_RATE)) / SAMPLE_RATE


def noise(
    length_s: float, decay_s: float, low_hz: float, high_hz: float, rng: np.random.Generator
) -> Signal:
    """Burst of a band of noise; ``decay_s`` to -60 dB."""
    seconds = times_of(length_s)
    burst = rng.standard_normal(len(seconds)) * np.exp(seconds * (-6.9078 / decay_s))
    burst *= np.minimum(seconds / 0.0005, 1.0) * np.minimum(1.0, (length_s - seconds) / 0.01)
    return filtered(burst, lambda hz: bandpass(hz, low_hz, high_hz))


def sweep(length_s: float, from_hz: float, to_hz: float, fall_s: float, decay_s: float) -> Signal:
    """Sine that falls in pitch: a skin that is stretched by the blow."""
    seconds = times_of(length_s)
    hz = to_hz + (from_hz - to_hz) * np.exp(-seconds / fall_s)
    tone = np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE)
    edges = np.minimum(seconds / 0.001, 1.0) * np.minimum(1.0, (length_s - seconds) / 0.02)
    return np.asarray(tone * np.exp(seconds * (-6.9078 / decay_s)) * edges)


def skin(length_s: float, base_hz: float, decay_s: float, rng: np.random.Generator) -> Signal:
    """Modes of a round membrane above the sweep's fundamental."""
    ratios = np.array([1.59, 2.14, 2.30, 2.65, 2.92, 3.16, 3.50]) * rng.uniform(0.99, 1.01, 7)
    strength = -1j * rng.uniform(0.4, 1.0, 7) * np.array([0.5, 0.3, 0.3, 0.2, 0.2, 0.15, 0.1])
    count = len(times_of(length_s))
    decays = decay_s * ratios**-0.8
    return ring(base_hz * ratios, decays, strength, count) * curve(count, (0, 0), (0.001, 1))


def metal(
    length_s: float, low_hz: float, decay_s: float, modes: int, rng: np.random.Generator
) -> Signal:
    """Crowd of inharmonic modes of a plate, the high ones shorter."""
    hz = low_hz * (16000 / low_hz) ** np.sort(rng.random(modes))
    decays = decay_s * (low_hz / hz) ** 0.35 * rng.uniform(0.5, 1.3, modes)
    strength = np.exp(2j * np.pi * rng.random(modes)) * rng.uniform(0.2, 1.0, modes) / modes**0.5
    count = len(times_of(length_s))
    plate = ring(hz, decays, strength, count)
    return plate * curve(count, (0, 0), (0.001, 1), (length_s - 0.05, 1), (length_s, 0))


def join(*sounds: Signal) -> Signal:
    """Add sounds of different lengths."""
    return lay(max(len(sound) for sound in sounds), [(0.0, sound) for sound in sounds])


def strike_all(
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
