"""Where the processor time of making samples goes, function by function.

Native is what runs in pedalboard, scipy, numba's loops, soxr, libsndfile and pocketfft, and numpy's
operations on whole signals inside of effects and meters: the time inside of the functions below,
each counted once however they nest. The few Python lines in them count with them. The rest is
everything else: sums and placing of stems, digests, tar, JSON, sessions, disk.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from wetdry import audio
from wetdry.degradations import Effect

sampling = import_module("wetdry.datasets.samples")
facts = import_module("wetdry.mixing.facts")
metering = import_module("wetdry.mixing.meter")
tracks = import_module("wetdry.mixing.tracks")

CODECS = {"mp3", "mp3_vbr", "opus", "vorbis", "aac", "gsm", "neural_codec"}
PLACES = [
    (audio, "read_padded", "decode"),
    (audio, "resample", "decode"),
    (sampling, "encode_pcm", "encode"),
    (sampling, "quantise", "encode"),
    (sampling, "integrated_lufs", "measures"),
    (sampling, "true_peak_dbtp", "measures"),
    (sampling, "lag_samples", "measures"),
    (metering, "integrated_lufs", "measures"),
    (tracks, "lag_samples", "measures"),
    (facts.Facts, "_taken", "facts of steps"),
]


class Shares:
    """Processor time of this thread by name; what nests is taken from what it stands in."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.total = 0.0
        self._open: list[str] = []
        self._since = 0.0

    @property
    def native(self) -> float:
        """The share of the native functions."""
        return sum(self.spent.values()) / self.total

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that its time counts under ``name``."""

        def wrapper(*values: Any, **named: Any) -> Any:
            self._charge()
            self._open.append(name)
            try:
                return function(*values, **named)
            finally:
                self._charge()
                self._open.pop()

        return wrapper

    def _charge(self) -> None:
        """Charge the time since the last change to whoever it belongs to."""
        now = time.thread_time()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now


@contextmanager
def measured(shares: Shares) -> Iterator[None]:
    """Put timers on what is native while the block runs, and time all of it."""
    call = Effect.__call__

    def effect_call(self: Effect, samples: audio.Audio, sample_rate: int) -> audio.Audio:
        name = f"codec {self.kind}" if self.kind in CODECS else f"effect {self.kind}"
        return shares.timed(name, call)(self, samples, sample_rate)

    before = [(place, name, getattr(place, name)) for place, name, _ in PLACES]
    for place, name, label in PLACES:
        setattr(place, name, shares.timed(label, getattr(place, name)))
    Effect.__call__ = effect_call  # type: ignore[method-assign]
    start = time.thread_time()
    try:
        yield
    finally:
        shares.total += time.thread_time() - start
        Effect.__call__ = call  # type: ignore[method-assign]
        for place, name, function in before:
            setattr(place, name, function)
