"""Synthesizers: detuned saws, moving filters, envelopes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .composition import Note
from .instruments_synthesis import (
    SAMPLE_RATE,
    Signal,
    curve,
    filtered,
    frequency,
    highpass,
    lay,
    moving_filter,
    oscillate,
    wander,
)

__all__ = ["SYNTHS", "Synthesizer", "saw", "square"]


def saw(number: Signal) -> Signal:
    """Return a sawtooth's harmonics."""
    return 0.6 / number


def square(number: Signal) -> Signal:
    """Return a square wave's harmonics."""
    return np.asarray(0.8 * (number % 2) / number)


def _round(number: Signal) -> Signal:
    """Return the harmonics of a softened triangle."""
    return np.asarray((number % 2) / number**2.2 + 0.15 * (number == 2))


_WAVES = {"saw": saw, "square": square, "round": _round}


@dataclass(frozen=True)
class Synthesizer:
    """A subtractive synthesizer.

    Parameters
    ----------
    wave : str
        "saw", "square" or "round".
    detune_cents : tuple of float
        One oscillator for each; two or more are spread over both channels if ``wide``.
    attack_s, decay_s, sustain, release_s : float
        Envelope of loudness; ``sustain`` in [0, 1].
    cutoff_hz, sweep_octaves, sweep_s : float
        The filter opens by so many octaves on each note and closes with this time constant.
    slope : int
        Poles of the filter.
    drift_octaves : float
        How far the filter wanders slowly.
    sub : float
        Level of a sine an octave below.
    glide_s, vibrato_cents : float
    wide : bool
    """

    wave: str
    detune_cents: tuple[float, ...]
    attack_s: float
    decay_s: float
    sustain: float
    release_s: float
    cutoff_hz: float
    sweep_octaves: float = 1.0
    sweep_s: float = 0.2
    slope: int = 3
    drift_octaves: float = 0.0
    sub: float = 0.0
    glide_s: float = 0.0
    vibrato_cents: float = 0.0
    wide: bool = False

    def __call__(self, notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
        """Play notes; shape (samples,), or (2, samples) if wide."""
        pitches = [note.pitch for note in notes]
        sounds = [
            (note.start_s, self._note(note, before, rng))
            for note, before in zip(notes, [*pitches[:1], *pitches], strict=False)
        ]
        drift = self.drift_octaves * wander(frames, 0.3, rng)
        opening = self._opening(notes, frames)
        sides = range(2 if self.wide else 1)
        tracks = [lay(frames, [(start, sound[side]) for start, sound in sounds]) for side in sides]
        heard = [self._through_filter(track, opening + drift) for track in tracks]
        return np.stack(heard) if self.wide else heard[0]

    def _note(self, note: Note, before: float, rng: np.random.Generator) -> Signal:
        """Run the oscillators of one note; shape (sides, samples)."""
        count = round((note.length_s + self.release_s) * SAMPLE_RATE)
        seconds = np.arange(count) / SAMPLE_RATE
        bend = np.zeros(count)
        if self.glide_s:
            bend += (before - note.pitch) * np.exp(-seconds / self.glide_s)
        if self.vibrato_cents:
            late = np.clip((seconds - 0.2) / 0.4, 0, 1)
            bend += self.vibrato_cents / 100 * late * np.sin(2 * np.pi * 5.4 * seconds)
        sides = np.zeros((2 if self.wide else 1, count))
        for n, cents in enumerate(self.detune_cents):
            hz = frequency(note.pitch + bend + cents / 100)
            tone = oscillate(hz, _WAVES[self.wave], rng.random())
            pan = 0.5 + 0.4 * (-1) ** n * (n > 0)
            sides += tone * (np.array([[pan], [1 - pan]]) if self.wide else 1.0)
        if self.sub:
            sides += self.sub * np.sin(2 * np.pi * np.cumsum(frequency(note.pitch + bend - 12))
                                       / SAMPLE_RATE)  # fmt: skip
        return np.asarray(sides * self._envelope(note, count) * note.velocity)

    def _envelope(self, note: Note, frames: int) -> Signal:
        """Rise, fall to the sustained level, and die away after the key is let go."""
        seconds = np.arange(frames) / SAMPLE_RATE
        rise = np.minimum(seconds / self.attack_s, 1.0)
        fall = np.exp(-np.maximum(seconds - self.attack_s, 0) / self.decay_s)
        gone = np.clip(1 - (seconds - note.length_s) / self.release_s, 0, 1) ** 2
        return np.asarray(rise * (self.sustain + (1 - self.sustain) * fall) * gone)

    def _opening(self, notes: Sequence[Note], frames: int) -> Signal:
        """Octaves by which the filter stands open, over the song."""
        track = np.zeros(frames)
        count = round((self.attack_s + 4 * self.sweep_s) * SAMPLE_RATE)
        pulse = curve(count, (0.0, 0.0), (self.attack_s, 1.0), (1e3, 1.0))
        fall = np.maximum(np.arange(count) / SAMPLE_RATE - self.attack_s, 0) / self.sweep_s
        pulse = pulse * np.exp(-fall)
        for note in notes:
            here = track[round(note.start_s * SAMPLE_RATE) :][:count]
            np.maximum(here, note.velocity * pulse[: len(here)], out=here)
        return self.sweep_octaves * track

    def _through_filter(self, sound: Signal, octaves: Signal) -> Signal:
        """Apply the low-pass, with a little resonance at its edge."""

        def gains(times: Signal, hz: Signal) -> Signal:
            at = np.clip((times * SAMPLE_RATE).astype(int), 0, len(octaves) - 1)
            ratio = hz / (self.cutoff_hz * 2.0 ** octaves[at])
            low = (1 + ratio**2) ** (-self.slope / 2)
            return np.asarray(low * (1 + 1.2 / (1 + ((ratio - 1) / 0.2) ** 2)))

        return filtered(moving_filter(sound, gains), lambda hz: highpass(hz, 28.0, 2))


SYNTHS = {
    "synth_pad": Synthesizer(
        "saw", (0.0, -9.0, 8.0, -4.0, 13.0), 0.9, 1.0, 0.85, 1.4, 750.0,
        sweep_octaves=1.2, sweep_s=1.5, drift_octaves=0.5, slope=2, wide=True,
    ),
    "synth_lead": Synthesizer(
        "square", (0.0, 6.0), 0.008, 0.3, 0.7, 0.08, 1600.0,
        sweep_octaves=1.5, sweep_s=0.3, glide_s=0.03, vibrato_cents=22.0,
    ),
    "synth_pluck": Synthesizer(
        "saw", (0.0, 7.0, -7.0), 0.003, 0.22, 0.0, 0.5, 750.0,
        sweep_octaves=3.0, sweep_s=0.09, wide=True,
    ),
    "synth_stab": Synthesizer(
        "saw", (0.0, -12.0, 11.0, 5.0), 0.004, 0.25, 0.3, 0.12, 900.0,
        sweep_octaves=2.4, sweep_s=0.14, drift_octaves=0.4, slope=2, wide=True,
    ),
    "synth_brass": Synthesizer(
        "saw", (0.0, -6.0, 7.0), 0.05, 0.5, 0.75, 0.18, 800.0,
        sweep_octaves=2.2, sweep_s=0.6, slope=2,
    ),
    "synth_bass": Synthesizer(
        "saw", (0.0, 5.0), 0.004, 0.25, 0.45, 0.05, 200.0,
        sweep_octaves=2.6, sweep_s=0.08, sub=0.4, slope=3,
    ),
}  # fmt: skip
"""Patches."""

SYNTHS["sub_bass"] = replace(
    SYNTHS["synth_bass"], wave="round", detune_cents=(0.0,), attack_s=0.04, sustain=0.9,
    release_s=0.08, cutoff_hz=300.0, sweep_octaves=0.6, sub=0.0, glide_s=0.04,
)  # fmt: skip
