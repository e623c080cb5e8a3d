"""Trials of an effect: any of its values, drawn or at their bounds, and sounds to try them on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import Audio, encode_pcm, quantise
from ..degradations import Effect
from ..degradations.language.slots import Slot, slots_of
from ..seeds import stream

__all__ = [
    "SOUNDS",
    "TINY",
    "Sound",
    "Values",
    "built",
    "drawn",
    "edges",
    "file_for_slots",
    "fitting_rates",
    "neutral_values",
    "sound",
    "typical_values",
]

Values = Mapping[str, Any]
RATES = (44_100, 48_000, 16_000, 96_000)
UNBOUNDED = 1e3
"""How far numbers are drawn that declare no bound."""
DRAWN_DIGITS = 4
"""As many as are shown: a reproduction can be typed in as it is printed."""


def typical_values(effect: type[Effect], file: Path) -> dict[str, Any]:
    """Return the middle of every number that has no default; the others keep theirs."""
    slots = slots_of(effect).values()
    return {slot.name: _at(slot, lambda: 0.5, file) for slot in slots if slot.required}


def neutral_values(effect: type[Effect], file: Path) -> dict[str, Any]:
    """Return typical values with all amounts where they do nothing."""
    values, slots = typical_values(effect, file), slots_of(effect)
    for name, value in effect.neutral.items():
        values[name] = (value,) * slots[name].count if slots[name].kind == "list" else value
    return values


def edges(effect: type[Effect], file: Path) -> Iterator[dict[str, Any]]:
    """Go through every bound of every number, alone and all together."""
    typical, slots = typical_values(effect, file), slots_of(effect)
    for slot in slots.values():
        for value in _ends(slot):
            yield typical | {slot.name: value}
    for place in (0, -1):
        yield typical | {s.name: _ends(s)[place] for s in slots.values() if _ends(s)}


def drawn(effect: type[Effect], number: int, file: Path) -> dict[str, Any]:
    """Draw every number within its bounds; every fourth stands at one of them."""
    values = {}
    for slot in slots_of(effect).values():
        rng = stream(number, "trials", effect.kind, slot.name)
        ends = _ends(slot)
        at_end = bool(ends) and rng.random() < 0.25
        end = ends[int(rng.integers(len(ends)))] if at_end else None
        values[slot.name] = end if at_end else _at(slot, rng.random, file)
    return values


def built(effect: type[Effect], values: Values) -> Effect:
    """Build an effect from JSON's kind of values."""
    return effect(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _at(slot: Slot, share: Callable[[], float], file: Path) -> Any:
    """Return the value that lies at a share of the way from the lower bound to the upper."""
    if slot.kind == "file":
        return str(file)
    if slot.kind in ("word", "flag"):
        words = slot.words or (False, True)
        return words[int(share() * len(words))]
    low, high = _reach(slot)
    if slot.kind == "integer":
        return int(low + share() * (high - low))
    if slot.kind == "list":  # off the middle, where gains do nothing
        shares = [(share() + 0.125) % 1 for _ in range(slot.count)]
        return tuple(_rounded(low + x * (high - low), low, high) for x in shares)
    return _rounded(low + share() * (high - low), low, high)


def _reach(slot: Slot) -> tuple[float, float]:
    """Return the bounds of a number, or where to stop if it has none."""
    low = slot.low if np.isfinite(slot.low) else -UNBOUNDED
    return low, slot.high if np.isfinite(slot.high) else max(UNBOUNDED, low)


def _rounded(value: float, low: float, high: float) -> float:
    """Return a number that is what it is shown as."""
    return min(max(float(f"{value:.{DRAWN_DIGITS}g}"), low), high)


def _ends(slot: Slot) -> tuple[Any, ...]:
    """Return the values at which something ends: bounds, words, true and false."""
    if slot.kind == "file":
        return ()
    if slot.kind in ("word", "flag"):
        return slot.words or (False, True)
    low, high = _reach(slot)
    if slot.kind == "list":
        mixed = tuple((low, high)[i % 2] for i in range(slot.count))
        return ((low,) * slot.count, mixed, (high,) * slot.count)
    return (int(low), int(high)) if slot.kind == "integer" else (low, high)


def fitting_rates(effect: Effect) -> list[int]:
    """Return the sample rates that hold all frequencies of an effect."""
    frequencies = [
        getattr(effect, slot.name)
        for slot in slots_of(type(effect)).values()
        if slot.name.endswith("_hz") and slot.kind in ("number", "integer")
    ]
    return [rate for rate in RATES if 2 * max(frequencies, default=0) < rate]


@dataclass(frozen=True)
class Sound:
    """A small sound.

    Parameters
    ----------
    what : {"silence", "a click", "full scale", "noise from -2 to 2"}
    channels, samples : int
    """

    what: str
    channels: int
    samples: int

    def audio(self) -> Audio:
        """Return the samples."""
        shape = (self.channels, self.samples)
        if self.what == "noise from -2 to 2":
            return stream(0, "trials", *shape).uniform(-2, 2, shape).astype(np.float32)
        audio = np.full(shape, self.what == "full scale", np.float32)
        audio[:, :1] = self.what != "silence"
        return audio

    def __str__(self) -> str:
        """Tell it in words."""
        samples = "1 sample" if self.samples == 1 else f"{self.samples} samples"
        return f"{samples} of {self.what}, {('mono', 'stereo')[self.channels - 1]}"


TINY = (
    Sound("silence", 1, 0),
    *(
        Sound(what, channels, samples)
        for samples in (1, 2, 3, 300)
        for channels in (1, 2)
        for what in ("silence", "a click", "full scale", "noise from -2 to 2")
    ),
)
"""The smallest first."""


def file_for_slots(folder: Path) -> Path:
    """Write a sound for effects that name a file: a click that dies away in noise."""
    noise = stream(0, "trials", "file").standard_normal((2, 2000)) * 0.1
    taps = np.asarray(noise * np.exp(-np.arange(2000) / 300), np.float32)
    taps[:, 40] = 0.9
    path = folder / "sound.wav"
    path.write_bytes(encode_pcm(quantise(taps, 24), 32_000, "WAV"))
    return path


def _noise(*address: str, samples: int = 24_000) -> Audio:
    """Return stereo noise at -20 dBFS."""
    noise = stream(0, "trials", *address).standard_normal((2, samples))
    return np.asarray(noise * 0.1, np.float32)


def _left(sample_rate: int) -> Audio:
    """Return noise on the left alone."""
    noise = _noise("left", samples=9600)
    noise[1] = 0
    return noise


def _quiet(sample_rate: int) -> Audio:
    """Return noise at -30 dBFS with nothing near half the sample rate, opposite on the right."""
    noise = stream(0, "trials", "quiet").standard_normal(48_000)
    smooth = np.convolve(noise, np.hanning(9) / 4, "same")
    return np.asarray(0.03 * np.stack([smooth, -smooth]), np.float32)


def _music(sample_rate: int) -> Audio:
    """Return two seconds of plucked strings and drums: harmonics and hits that die away."""
    rng, seconds = stream(0, "trials", "music"), 2
    t = np.arange(seconds * sample_rate) / sample_rate
    out = np.zeros((2, t.size))
    for beat in np.arange(0.1, seconds - 0.3, 0.25):
        since = np.clip(t - beat, 0, None)
        decay = np.exp(-since * 12) * (t >= beat)
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        tone = sum(np.sin(2 * np.pi * root * k * since + k) / k for k in range(1, 20))
        drum = rng.standard_normal(t.size) * np.exp(-since * 60)
        pan = rng.uniform(0.2, 0.8)
        out += np.array([[pan], [1 - pan]]) * decay * (tone + drum)
    return np.asarray(0.5 * out / np.abs(out).max(), np.float32)


SOUNDS: Mapping[str, Callable[[int], Audio]] = {
    "silence": lambda _: np.zeros((2, 4000), np.float32),
    "noise": lambda _: _noise("whole"),
    "noise on the left": _left,
    "quiet noise": _quiet,
    "music": _music,
}


@cache
def sound(name: str, sample_rate: int) -> Audio:
    """Return one of :data:`SOUNDS`."""
    audio = SOUNDS[name](sample_rate)
    audio.setflags(write=False)
    return audio
