"""Bowed strings, brass and woodwind: tones whose colour follows their strength."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .composition import Note
from .instruments_synthesis import (
    SAMPLE_RATE,
    Response,
    Signal,
    bandpass,
    curve,
    filtered,
    frequency,
    highpass,
    lay,
    moving_filter,
    oscillate,
    peak,
    wander,
)

__all__ = ["ORCHESTRA", "SustainedTone"]


@dataclass(frozen=True)
class SustainedTone:
    """An instrument that is bowed or blown.

    Parameters
    ----------
    players : int
        Who play the same note, each with a pitch, an onset and a vibrato of their own.
    attack_s, release_s : float
    slope : float
        Harmonics fall as ``n ** -slope`` before the filter; odd ones alone if ``hollow``.
    dark_hz, octaves : float
        The filter's edge at rest, and how far full strength opens it.
    noise : float
        Bow or breath, in the band ``noise_hz``.
    vibrato_cents, vibrato_hz : float
    bend : float
        Semitones from below at which a note starts and which it loses in the attack.
    body : tuple of (centre_hz, gain_db, q)
    """

    players: int
    attack_s: float
    release_s: float
    slope: float
    dark_hz: float
    octaves: float
    noise: float
    noise_hz: tuple[float, float]
    vibrato_cents: float
    vibrato_hz: float = 5.6
    bend: float = 0.0
    hollow: bool = False
    body: tuple[tuple[float, float, float], ...] = ()

    def __call__(self, notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
        """Play notes on one track of ``frames`` samples."""
        sounds, forces = [], []
        for note in notes:
            for _ in range(self.players):
                start = max(note.start_s + 0.012 * (self.players > 1) * rng.standard_normal(), 0.0)
                tone, force = self._note(note, rng)
                sounds.append((start, tone))
            forces.append((note.start_s, force))
        force = np.zeros(frames)
        for start, shape in forces:
            here = force[round(start * SAMPLE_RATE) :][: len(shape)]
            np.maximum(here, shape[: len(here)], out=here)
        bow = filtered(rng.standard_normal(frames), lambda hz: bandpass(hz, *self.noise_hz))
        bright = self._brighten(lay(frames, sounds) + self.noise * force * bow, force)
        return filtered(bright, self._resonance)

    def _note(self, note: Note, rng: np.random.Generator) -> tuple[Signal, Signal]:
        """Return one player's tone and its force over time."""
        count = round((note.length_s + self.release_s) * SAMPLE_RATE)
        seconds = np.arange(count) / SAMPLE_RATE
        force = self._force(note, count) * (1 + 0.05 * wander(count, 6.0, rng))
        rate_hz = self.vibrato_hz * rng.uniform(0.9, 1.1)
        late = np.clip((seconds - 0.12) / 0.4, 0.0, 1.0)
        turns = 2 * np.pi * (rate_hz * seconds + rng.random())
        pitch = note.pitch + self.vibrato_cents / 100 * late * np.sin(turns)
        pitch += 0.05 * (self.players > 1) * rng.standard_normal() + 0.02 * wander(count, 5.0, rng)
        pitch -= self.bend * np.exp(-seconds / (0.4 * self.attack_s))
        tone = oscillate(frequency(pitch), self._spectrum, rng.random())
        tone *= 1 + 0.08 * late * np.sin(turns - 0.8)
        return force * tone, force

    def _spectrum(self, number: Signal) -> Signal:
        """Harmonics of the source."""
        even = 0.12 if self.hollow else 1.0
        return np.asarray(number**-self.slope * np.where(number % 2 == 0, even, 1.0))

    def _force(self, note: Note, frames: int) -> Signal:
        """Swell, hold, let go."""
        attack_s = min(self.attack_s * (1.3 - 0.5 * note.velocity), 0.6 * note.length_s)
        end = max(note.length_s, attack_s + 0.01)
        shape = curve(
            frames, (0.0, 0.0), (0.5 * attack_s, 0.62), (attack_s, 0.93),
            ((attack_s + end) / 2, 1.0), (end, 0.85), (end + 0.35 * self.release_s, 0.25),
            (end + 0.97 * self.release_s, 0.0),
        )  # fmt: skip
        return note.velocity * shape

    def _brighten(self, sound: Signal, force: Signal) -> Signal:
        """Open the filter with the force."""

        def gains(times: Signal, hz: Signal) -> Signal:
            at = np.clip((times * SAMPLE_RATE).astype(int), 0, len(force) - 1)
            edge_hz = self.dark_hz * 2.0 ** (self.octaves * force[at])
            return np.asarray(1 / (1 + (hz / edge_hz) ** 2))

        return moving_filter(sound, gains, 1024)

    def _resonance(self, hz: Signal) -> Response:
        """Colour of the body or the bell."""
        response = highpass(hz, 60.0, 2)
        for centre_hz, gain_db, q in self.body:
            response = response * peak(hz, centre_hz, gain_db, q)
        return response


_VIOLIN = ((280.0, 5.0, 4.0), (470.0, 5.0, 4.0), (1000.0, 3.0, 2.0), (2600.0, 6.0, 1.2))

ORCHESTRA = {
    "string_section": SustainedTone(
        3, 0.16, 0.3, 1.0, 900.0, 1.4, 0.05, (700.0, 5000.0), 18.0, body=_VIOLIN
    ),
    "violin": SustainedTone(
        1, 0.08, 0.18, 1.0, 1500.0, 1.4, 0.05, (1000.0, 7000.0), 28.0, bend=0.15, body=_VIOLIN
    ),
    "brass_section": SustainedTone(
        3, 0.05, 0.1, 0.6, 450.0, 2.2, 0.02, (300.0, 3000.0), 8.0, bend=0.4,
        body=((1300.0, 5.0, 1.0), (2400.0, 3.0, 1.0)),
    ),
    "trumpet": SustainedTone(
        1, 0.04, 0.08, 0.5, 700.0, 1.9, 0.02, (500.0, 4000.0), 14.0, bend=0.3,
        body=((1200.0, 5.0, 1.0), (2300.0, 3.0, 1.2)),
    ),
    "flute": SustainedTone(
        1, 0.06, 0.1, 1.4, 1200.0, 1.3, 0.12, (900.0, 6000.0), 16.0, vibrato_hz=5.0,
    ),
    "clarinet": SustainedTone(
        1, 0.05, 0.1, 0.9, 900.0, 1.4, 0.02, (900.0, 4000.0), 3.0, hollow=True,
    ),
}  # fmt: skip
"""Instruments that differ in their numbers alone."""
