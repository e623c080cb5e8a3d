"""Plucked and struck strings: guitars, basses, clavinet, piano, pizzicato."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    lowpass,
    peak,
    released,
    ring,
)

__all__ = ["STRINGS", "PluckedString", "amplified_guitar", "piano"]


@dataclass(frozen=True)
class PluckedString:
    """A string that is pulled aside at a point and let go, and the body it hangs on.

    Parameters
    ----------
    pluck : float
        Where, as a share of the string's length: partials with a node there are missing.
    bright_hz : float
        Above this the plectrum or finger is too blunt at full velocity.
    decay_s : float
        Time to -60 dB of the fundamental of a string at 110 Hz.
    loss : float
        How much faster partials die for every kHz.
    pickup : float
        Where the pickup stands, a share of the length; 0 for none (an acoustic body).
    stiffness : float
        Inharmonicity B in ``n f0 sqrt(1 + B n^2)``.
    noise : float
        Level of the plectrum's, finger's or fret's own noise.
    release_s : float
        Time to -60 dB once damped.
    body : tuple of (centre_hz, gain_db, q)
    """

    pluck: float
    bright_hz: float
    decay_s: float
    loss: float
    pickup: float = 0.0
    stiffness: float = 4e-5
    noise: float = 0.05
    release_s: float = 0.12
    body: tuple[tuple[float, float, float], ...] = ()

    def __call__(self, notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
        """Play notes on one track of ``frames`` samples."""
        dry = lay(frames, [(note.start_s, self._note(note, rng)) for note in notes])
        return filtered(dry, self._resonance)

    def _resonance(self, hz: Signal) -> Response:
        """Colour of the body or of the pickup's coil."""
        response = highpass(hz, 24.0, 2)
        for centre_hz, gain_db, q in self.body:
            response = response * peak(hz, centre_hz, gain_db, q)
        return response

    def _note(self, note: Note, rng: np.random.Generator) -> Signal:
        """Sum the modes of one note; two polarisations beat and decay at two speeds."""
        muted = note.word == "mute"
        seconds = min(note.length_s + 1.5 * self.release_s, 5.0)
        base = float(frequency(note.pitch + 0.02 * rng.standard_normal()))
        number = np.arange(1.0, min(14000 / base, 90) + 1)
        hz = number * base * np.sqrt(1 + self.stiffness * number**2)
        blunt_hz = self.bright_hz * (0.3 + 0.7 * note.velocity) * (0.5 if muted else 1.0)
        pluck = self.pluck * rng.uniform(0.85, 1.15)
        strength = np.sin(np.pi * number * pluck) / number / (1 + (hz / blunt_hz) ** 2)
        if self.pickup:
            strength = strength * np.sin(np.pi * number * self.pickup) * 1.6
        decay_s = (0.09 if muted else self.decay_s) * (110 / base) ** 0.5
        decays = decay_s / (1 + self.loss * hz / 1000)
        sound = _two_planes(hz, decays, strength, round(seconds * SAMPLE_RATE), rng)
        sound = sound + self._touch(note, len(sound), rng)
        return released(note.velocity**1.3 * sound, note.length_s, self.release_s)

    def _touch(self, note: Note, frames: int, rng: np.random.Generator) -> Signal:
        """Noise of the touch itself: a few milliseconds."""
        count = min(frames, 2200)
        burst = rng.standard_normal(count) * np.exp(-np.arange(count) / 180.0)
        burst = filtered(burst, lambda hz: bandpass(hz, 300.0, self.bright_hz))
        return np.pad(self.noise * note.velocity * burst, (0, frames - count))


def _two_planes(
    hz: Signal, decays: Signal, strength: Signal, frames: int, rng: np.random.Generator
) -> Signal:
    """Let a string swing up and down, and, weaker and for longer, from side to side."""
    turn = -1j * np.exp(0.15j * rng.standard_normal(len(hz)))
    both_hz = np.concatenate([hz, hz * (1 + 4e-4 * rng.uniform(0.5, 1.5))])
    both = np.concatenate([0.75 * strength * turn, 0.3 * strength * turn])
    return ring(both_hz, np.concatenate([decays, 1.8 * decays]), both, frames)


_GUITAR_BODY = ((105.0, 7.0, 4.0), (205.0, 6.0, 4.0), (400.0, 3.0, 3.0), (2600.0, 4.0, 1.0))
_VIOLIN_BODY = ((280.0, 8.0, 5.0), (460.0, 6.0, 5.0), (900.0, 3.0, 3.0), (2500.0, 5.0, 1.2))
_COIL = ((3200.0, 5.0, 1.6),)

_STEEL = PluckedString(0.13, 4500.0, 5.0, 0.9, noise=0.06, body=_GUITAR_BODY)
_ELECTRIC = PluckedString(0.12, 3800.0, 7.0, 0.8, pickup=0.21, noise=0.02, body=_COIL)
_BASS = PluckedString(0.22, 900.0, 6.0, 1.8, pickup=0.28, noise=0.02, release_s=0.15)

STRINGS = {
    "acoustic_guitar": _STEEL,
    "nylon_guitar": replace(_STEEL, pluck=0.24, bright_hz=1700.0, decay_s=3.2, loss=1.5),
    "electric_guitar": _ELECTRIC,
    "finger_bass": _BASS,
    "picked_bass": replace(_BASS, pluck=0.12, bright_hz=1700.0, loss=1.0, noise=0.05),
    "slap_bass": replace(
        _BASS, pluck=0.08, bright_hz=3800.0, loss=0.7, noise=0.25, body=((2500.0, 6.0, 1.0),)
    ),
    "upright_bass": PluckedString(
        0.3, 800.0, 2.2, 3.0, noise=0.12, body=((60.0, 3.0, 2.0), (110.0, 6.0, 3.0))
    ),
    "clavinet": PluckedString(
        0.07, 5000.0, 2.5, 0.8, pickup=0.16, noise=0.12, release_s=0.06, body=_COIL
    ),
    "pizzicato": PluckedString(0.3, 2200.0, 0.7, 1.6, noise=0.1, release_s=0.25, body=_VIOLIN_BODY),
}
"""Instruments that differ in their numbers alone."""


def amplified_guitar(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play an electric guitar through a valve amplifier and its loudspeaker."""
    dry = _ELECTRIC(notes, frames, rng)
    tight = filtered(dry, lambda hz: highpass(hz, 220.0) * peak(hz, 1500.0, 9.0, 0.6))
    driven = _valves(tight * (4.0 / max(float(np.abs(tight).max()), 1e-9)))
    return filtered(driven, _cabinet)


def _cabinet(hz: Signal) -> Response:
    """Twelve inches of paper: a bump below, presence, nothing above 5 kHz."""
    edges = highpass(hz, 75.0, 2) * lowpass(hz, 9000.0) / (1 + (hz / 4600.0) ** 8) ** 0.5
    return np.asarray(edges * peak(hz, 110.0, 5.0, 1.2) * peak(hz, 2700.0, 9.0, 0.9))


def _valves(sound: Signal, times: int = 4) -> Signal:
    """Bend the wave, unevenly, at four times the rate, so that overtones do not fold back."""
    size = 1 << (len(sound) + 4096).bit_length()
    spectrum = np.fft.rfft(sound, size)
    fast = np.fft.irfft(np.pad(spectrum, (0, (times - 1) * size // 2)), times * size) * times
    bent = np.tanh(fast + 0.25) - np.tanh(0.25)
    return np.fft.irfft(np.fft.rfft(bent)[: size // 2 + 1] / times, size)[: len(sound)]


def piano(notes: Sequence[Note], frames: int, rng: np.random.Generator) -> Signal:
    """Play a grand piano: three stiff strings a note, a felt hammer, a soundboard's knock."""
    dry = lay(frames, [(note.start_s, _piano_note(note, rng)) for note in notes])
    return filtered(dry, _soundboard)


def _soundboard(hz: Signal) -> Response:
    """Colour of the board."""
    return np.asarray(
        highpass(hz, 30.0, 2) * peak(hz, 180.0, 3.0, 1.0) * peak(hz, 1200.0, -2.0, 1.0)
        * peak(hz, 3000.0, 3.0, 0.8)
    )  # fmt: skip


def _piano_note(note: Note, rng: np.random.Generator) -> Signal:
    """Strike one key."""
    seconds = min(note.length_s + 0.35, 6.0)
    base = float(frequency(note.pitch))
    number = np.arange(1.0, min(12000 / base, 60) + 1)
    stiffness = 10 ** (-4.1 + 0.028 * (note.pitch - 48))
    hz = number * base * np.sqrt(1 + stiffness * number**2)
    felt_hz = (350 + 2600 * note.velocity**1.5) * (base / 262) ** 0.35
    strength = np.sin(np.pi * number / 8.2) / number**0.4 / (1 + (hz / felt_hz) ** 2)
    decays = 11.0 * (130 / base) ** 0.6 / (1 + 0.8 * hz / 1000)
    cents = np.array([-0.7, 0.0, 0.8])[:, None] * rng.uniform(0.5, 1.2)
    all_hz = (hz * 2 ** (cents / 1200)).ravel()
    speeds = (decays * np.array([0.35, 0.7, 1.2])[:, None]).ravel()
    turn = np.exp(1j * rng.uniform(-0.4, 0.4, 3))[:, None] * np.array([0.5, 0.3, 0.2])[:, None]
    count = round(seconds * SAMPLE_RATE)
    sound = ring(all_hz, speeds, (-1j * strength * turn).ravel(), count)
    sound = sound * curve(count, (0.0, 0.0), (0.0015, 1.0)) + _hammer(note, count, rng)
    return released(note.velocity**1.4 * sound, note.length_s, 0.25)


def _hammer(note: Note, frames: int, rng: np.random.Generator) -> Signal:
    """Knock of the hammer and the key bed: damped modes of wood, and felt."""
    wood_hz = np.array([95.0, 170.0, 260.0, 410.0, 640.0]) * rng.uniform(0.97, 1.03, 5)
    knock = ring(wood_hz, np.full(5, 0.09), -0.05j * np.ones(5), frames)
    count = min(frames, 1600)
    felt = rng.standard_normal(count) * np.exp(-np.arange(count) / 150.0)
    felt = filtered(felt, lambda hz: bandpass(hz, 400.0, 1200 + 3500 * note.velocity))
    return note.velocity * (knock + np.pad(0.08 * felt, (0, frames - count)))
