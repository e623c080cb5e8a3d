"""What probes of conformance share: readings, the list of probes, and instruments.

The instruments know nothing of the effects: tones, clicks and constants go in, and what comes
out is measured by Fourier sums, squares and crossings.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetdry.audio import Audio

RATE = 48_000
Signal = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Reading:
    """One number that was asked for, and what was had.

    Parameters
    ----------
    number : str
        Its name, and where or with what it was measured.
    unit : str
    asked, had : float
    allowed : float
        The largest error that the docstring or the tests of the effect let pass.
    at_most : bool
        Whether ``asked`` is a ceiling, below which there is no error.
    """

    number: str
    unit: str
    asked: float
    had: float
    allowed: float
    at_most: bool = False

    @property
    def error(self) -> float:
        """What was had less what was asked for; of a ceiling, what passes it."""
        error = float(self.had - self.asked)
        return max(error, 0.0) if self.at_most else error

    @property
    def share(self) -> float:
        """The error's share of what is allowed; what is no number is too much."""
        if self.error == 0:
            return 0.0
        measurable = self.allowed and np.isfinite(self.error)
        return abs(self.error) / self.allowed if measurable else float("inf")


Readings = Iterator[Reading]
Probe = Callable[[Audio], Readings]

PROBES: dict[str, list[Probe]] = {}
"""By effect; each is handed ten seconds of music at 48 kHz in stereo, and may leave them."""

METERS: dict[str, Probe] = {}


def probe(*kinds: str) -> Callable[[Callable[..., Readings]], Callable[..., Readings]]:
    """Enter a function that yields readings; with several kinds it is handed which one."""

    def enter(function: Callable[..., Readings]) -> Callable[..., Readings]:
        for kind in kinds:
            named = (lambda _, k=kind: function(k)) if len(kinds) > 1 else lambda _: function()
            PROBES.setdefault(kind, []).append(named)
        return function

    return enter


def probe_on_music(kind: str) -> Callable[[Probe], Probe]:
    """Enter a function that wants the music."""

    def enter(function: Probe) -> Probe:
        PROBES.setdefault(kind, []).append(function)
        return function

    return enter


def db(ratio: Any) -> Any:
    """Return decibels of an amplitude; of nothing, -240."""
    return 20 * np.log10(np.maximum(np.abs(ratio), 1e-12))


def rms(audio: Signal) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def tone(
    hz: float, level: float = 0.5, seconds: float = 1, rate: int = RATE, channels: int = 1
) -> Audio:
    """Return a sine."""
    wave = level * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)
    return np.tile(wave, (channels, 1)).astype(np.float32)


def noise(seconds: float = 4, level: float = 0.1, channels: int = 2, seed: int = 0) -> Audio:
    """Return white noise, independent in each channel."""
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal((channels, int(seconds * RATE)))).astype(np.float32)


def click(
    seconds: float = 2, channels: int = 1, rate: int = RATE, level: float = 1.0, at: int = 0
) -> Audio:
    """Return one sample in silence."""
    audio = np.zeros((channels, int(seconds * rate)), np.float32)
    audio[:, at] = level
    return audio


def steps(*levels_db: float, seconds: float = 1.0, channels: int = 2) -> Audio:
    """Return constants, one after the other: their level is known at every sample."""
    levels = 10 ** (np.repeat(levels_db, int(seconds * RATE)) / 20)
    return np.tile(levels, (channels, 1)).astype(np.float32)


def gain_db(
    effect: Any, hz: Sequence[float] | float, rate: int = RATE, seconds: int = 2, level: float = 1
) -> Signal:
    """Return the gains at some frequencies, by Fourier sums over the answer to a click."""
    half = seconds * rate // 2
    answer = effect(click(seconds, 1, rate, level, half), rate)[0] / level
    n = np.arange(answer.size) - half
    turns = np.exp(-2j * np.pi * np.outer(np.atleast_1d(hz), n) / rate)
    return np.asarray(db(turns @ answer))


def spectrum_db(effect: Any, rate: int = RATE, seconds: int = 4) -> tuple[Signal, Signal]:
    """Return frequencies and gains, from the answer to a click."""
    answer = effect(click(seconds, 1, rate, 1.0, seconds * rate // 2), rate)[0]
    return np.fft.rfftfreq(answer.size, 1 / rate), db(np.fft.rfft(answer.astype(np.float64)))


def crossings_hz(effect: Any, level_db: float, rate: int = RATE) -> Signal:
    """Return where the gain crosses a level, between the bins too."""
    hz, had_db = spectrum_db(effect, rate)
    at = np.flatnonzero((had_db[:-1] - level_db) * (had_db[1:] - level_db) < 0)
    part = (level_db - had_db[at]) / (had_db[at + 1] - had_db[at])
    return np.asarray(hz[at] + part * (hz[1] - hz[0]))


def line(audio: Signal, hz: float, rate: int = RATE) -> float:
    """Return the amplitude of a partial, away from the ends."""
    middle = audio[audio.size // 4 : -(audio.size // 4)].astype(np.float64)
    window = np.kaiser(middle.size, 14)
    turn = np.exp(-2j * np.pi * hz * np.arange(middle.size) / rate)
    return float(2 * abs(np.sum(middle * window * turn)) / window.sum())


def peak_hz(audio: Signal, low: float, high: float, rate: int = RATE) -> float:
    """Return the frequency of the loudest partial of a band, by a parabola through its top."""
    size = 8 * audio.size
    lines = np.log(np.abs(np.fft.rfft(audio * np.hanning(audio.size), size)) + 1e-30)
    first, last = int(low * size / rate), int(high * size / rate)
    k = first + int(lines[first:last].argmax())
    left, top, right = lines[k - 1 : k + 2]
    return float((k + 0.5 * (left - right) / (left - 2 * top + right)) * rate / size)


def time_to_63_ms(gain: Signal, start: int, end: int, rate: int = RATE) -> float:
    """Return how long a gain in dB takes for 63 % of its way from one sample to another."""
    way = (gain[start - 1 : end] - gain[start - 1]) / (gain[end - 1] - gain[start - 1])
    after = int(np.argmax(way >= 1 - np.exp(-1)))
    part = (1 - np.exp(-1) - way[after - 1]) / (way[after] - way[after - 1])
    return float((after - 1 + part) / rate * 1000)


def cents_over_time(wet: Signal, hz: float, width_s: float = 0.001) -> Signal:
    """Return the pitch of a lone partial in cents above ``hz``, without a quarter of a second."""
    from scipy.signal import hilbert
    from scipy.signal.windows import tukey

    edge, width = RATE // 4, int(width_s * RATE)
    phase = np.unwrap(np.angle(hilbert(wet * tukey(wet.size, 2 * edge / wet.size))))[edge:-edge]
    return np.asarray(
        1200 * np.log2((phase[width:] - phase[:-width]) * RATE / (hz * width) / 2 / np.pi)
    )


def rate_of(wave: Signal, rate: int = RATE) -> float:
    """Return the rate of an oscillation, from the first to the last of its rises."""
    wave = wave - (wave.max() + wave.min()) / 2
    up = np.flatnonzero((wave[:-1] < 0) & (wave[1:] >= 0))
    gap = 0.25 * (up[-1] - up[0]) / max(len(up) - 1, 1)
    first = up[np.concatenate([[True], np.diff(up) > gap])]  # of each rise, if it trembles
    return float((len(first) - 1) / (first[-1] - first[0]) * rate)


def decay_s(response: Signal, low_hz: float, high_hz: float, floor_db: float = -35) -> float:
    """Return T60 of a band: a line through Schroeder's backward integral from -5 dB on.

    Of both channels together: one alone scatters by 8 % where the band is narrow and the decay
    is short.
    """
    from scipy.signal import butter, sosfiltfilt

    band = butter(4, [low_hz, high_hz], "bandpass", fs=RATE, output="sos")
    power = np.square(sosfiltfilt(band, response, axis=1)).sum(axis=0)
    energy = np.cumsum(power[::-1])[::-1]
    fall_db = 10 * np.log10(energy / energy[0] + 1e-30)
    times = np.arange(np.argmax(fall_db < -5), np.argmax(fall_db < floor_db))
    return float(-60 / RATE / np.polyfit(times, fall_db[times], 1)[0])
