"""What every synthesised instrument is made of: modes, oscillators, envelopes and filters."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "SAMPLE_RATE",
    "Response",
    "Signal",
    "bandpass",
    "curve",
    "filtered",
    "frequency",
    "highpass",
    "lay",
    "lowpass",
    "moving_filter",
    "oscillate",
    "peak",
    "released",
    "ring",
    "wander",
]

Signal: TypeAlias = NDArray[np.float64]
"""Samples, shape (samples,), or (2, samples) from a stereo instrument."""

Response: TypeAlias = NDArray[Any]
"""Complex gains over frequency; real ones where the phase is left alone."""

SAMPLE_RATE = 44_100
"""The rate of every demo song, in Hz."""

TOP_HZ = 17_500.0
"""No partial is put above this frequency, so that nothing folds back."""


def frequency(pitch: ArrayLike) -> Signal:
    """Return the frequency in Hz of a MIDI pitch (69 is A4, 440 Hz).

    >>> float(frequency(57))
    220.0
    """
    return np.asarray(440.0 * np.exp2((np.asarray(pitch, np.float64) - 69.0) / 12.0))


def curve(frames: int, *points: tuple[float, float]) -> Signal:
    """Draw straight lines through ``points``, each (seconds, value)."""
    times, values = zip(*points, strict=True)
    return np.asarray(np.interp(np.arange(frames) / SAMPLE_RATE, times, values))


def wander(frames: int, rate_hz: float, rng: np.random.Generator) -> Signal:
    """Drift without aim at about ``rate_hz``: smooth noise with a deviation near 1."""
    knots = max(int(frames / SAMPLE_RATE * rate_hz) + 3, 4)
    places = np.arange(frames) * ((knots - 2) / max(frames, 1))
    return np.asarray(np.interp(places, np.arange(knots), rng.standard_normal(knots)))


def lay(frames: int, sounds: Iterable[tuple[float, Signal]]) -> Signal:
    """Lay sounds, each with its start in seconds, on one track; what sticks out is cut."""
    track = np.zeros(frames)
    for start_s, sound in sounds:
        at = round(start_s * SAMPLE_RATE)
        skip = max(-at, 0)
        piece = sound[skip : max(frames - at, skip)]
        track[at + skip : at + skip + len(piece)] += piece
    return track


def ring(frequencies_hz: Signal, decays_s: Signal, amplitudes: NDArray[Any], frames: int) -> Signal:
    """Let modes ring: a sum of exponentially decaying sines.

    A mode's n-th sample is the real part of ``a z**n``; with ``n = row * width + column``
    the power splits in two, and the whole sum becomes one small matrix product.

    Parameters
    ----------
    frequencies_hz, decays_s : arrays, shape (modes,)
        Decays are times to -60 dB; modes above 17.5 kHz are left out.
    amplitudes : complex array, shape (modes,)
        Magnitude and phase; ``-1j`` starts as a rising sine.
    frames : int
    """
    heard = (frequencies_hz < TOP_HZ) & (frequencies_hz > 0)
    rate = (-6.9078 / decays_s + 2j * np.pi * frequencies_hz)[heard] / SAMPLE_RATE
    width = max(int(np.sqrt(frames)), 1)
    rows = -(-frames // width)
    fine = np.exp(np.outer(rate, np.arange(width)))
    coarse = amplitudes[heard][:, None] * np.exp(np.outer(rate, np.arange(rows) * width))
    total = coarse.real.T @ fine.real - coarse.imag.T @ fine.imag
    return np.asarray(total.ravel()[:frames])


def oscillate(frequency_hz: Signal, spectrum: Callable[[Signal], Signal], phase: float) -> Signal:
    """Run a band-limited oscillator along a gliding frequency.

    Tables with fewer and fewer harmonics are read, one for each third of an octave.

    Parameters
    ----------
    frequency_hz : array, shape (samples,)
    spectrum : callable
        From harmonic numbers 1, 2, ... to their amplitudes.
    phase : float
        Where in the period it starts, in [0, 1).
    """
    cycles = phase + np.cumsum(frequency_hz) / SAMPLE_RATE
    places = (cycles - np.floor(cycles)) * 4096
    whole = places.astype(np.int64)
    part = places - whole
    lowest, highest = np.ceil(3 * np.log2([frequency_hz.min(), frequency_hz.max()])).astype(int)
    if highest - lowest <= 1:  # one note with its vibrato: one table does
        return _read(_table(spectrum, highest), whole, part)
    levels = np.ceil(np.log2(frequency_hz) * 3).astype(np.int64)
    out = np.empty(len(frequency_hz))
    for level in range(lowest, highest + 1):
        here = np.flatnonzero(levels == level)
        out[here] = _read(_table(spectrum, level), whole[here], part[here])
    return out


def _read(table: Signal, whole: NDArray[np.int64], part: Signal) -> Signal:
    """Read a table between its points."""
    return np.asarray(table[whole] + part * np.diff(table)[whole])


def _table(spectrum: Callable[[Signal], Signal], level: int) -> Signal:
    """Build one period for up to ``level`` thirds of an octave above 1 Hz, and close it."""
    most = TOP_HZ / 2.0 ** (level / 3)
    number = np.arange(1, int(np.clip(most, 1, 600)) + 1, dtype=np.float64)
    bins = np.zeros(2049, np.complex128)
    bins[1 : len(number) + 1] = -1j * spectrum(number)
    wave = np.fft.irfft(bins) * 2048
    return np.append(wave, wave[0])


def lowpass(hz: Signal, cutoff_hz: float, order: int = 1) -> Response:
    """Return the response of ``order`` equal one-pole low-passes, analogue, causal."""
    return np.asarray(1 / (1 + 1j * hz / cutoff_hz) ** order)


def highpass(hz: Signal, cutoff_hz: float, order: int = 1) -> Response:
    """Return the response of ``order`` equal one-pole high-passes, analogue, causal."""
    return np.asarray((1j * hz / cutoff_hz / (1 + 1j * hz / cutoff_hz)) ** order)


def bandpass(hz: Signal, low_hz: float, high_hz: float, order: int = 2) -> Response:
    """Return the response of a high-pass at ``low_hz`` and a low-pass at ``high_hz``."""
    return highpass(hz, low_hz, order) * lowpass(hz, high_hz, order)


def peak(hz: Signal, centre_hz: float, gain_db: float, q: float) -> Response:
    """Return the response of an analogue bell: a resonance of a body or a room of air."""
    root = 10 ** (gain_db / 40)
    s = 1j * hz / centre_hz
    return np.asarray((s * s + s * root / q + 1) / (s * s + s / (root * q) + 1))


def filtered(sound: Signal, response: Callable[[Signal], Response]) -> Signal:
    """Filter a whole sound with a response evaluated at the frequencies of its transform."""
    wanted = len(sound) + min(8192, max(len(sound), 1024))  # a tail fades before it wraps
    step = 1 << max(wanted.bit_length() - 4, 0)
    size = -(-wanted // step) * step
    hz = np.linspace(0.0, SAMPLE_RATE / 2, size // 2 + 1)
    return np.fft.irfft(np.fft.rfft(sound, size) * response(hz), size)[: len(sound)]


def moving_filter(
    sound: Signal, gains: Callable[[Signal, Signal], Signal], size: int = 2048
) -> Signal:
    """Filter with gains that change in time, frame by frame (Hann in and out, 75 % overlap).

    Parameters
    ----------
    sound : array, shape (samples,)
    gains : callable
        From times in s, shape (frames, 1), and frequencies in Hz, shape (1, bins), to
        factors, shape (frames, bins).
    size : int
        Samples a frame: a longer one resolves narrower resonances.
    """
    hop = size // 4
    count = -(-len(sound) // hop) + 3
    padded = np.zeros(count * hop + size)
    padded[size - hop : size - hop + len(sound)] = sound
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count] * window
    times = ((np.arange(count) * hop - size / 2 + hop) / SAMPLE_RATE)[:, None]
    hz = np.linspace(0.0, SAMPLE_RATE / 2, size // 2 + 1)[None, :]
    bent = np.fft.irfft(np.fft.rfft(frames) * gains(times, hz), size) * (window / 2)
    out = np.zeros_like(padded)
    for lap in range(4):  # every fourth frame ends where the next begins
        blocks = bent[lap::4]
        out[lap * hop : lap * hop + blocks.size] += blocks.ravel()
    return out[size - hop : size - hop + len(sound)]


def released(sound: Signal, length_s: float, release_s: float) -> Signal:
    """Damp a ringing sound from ``length_s`` on; ``release_s`` takes it down by 60 dB."""
    after = np.maximum(np.arange(len(sound)) / SAMPLE_RATE - length_s, 0.0)
    edge = np.minimum(1.0, np.arange(len(sound))[::-1] / 220)  # the cut itself never clicks
    return sound * np.exp(after * (-6.9078 / release_s)) * edge
