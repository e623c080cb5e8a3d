"""Laws that a plugin should keep, tried on one that is here: what wetdry cannot promise for it."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from ...audio import Audio, decibels
from .allowed import allowed_plugin
from .plugin import Plugin, offered
from .process import PluginProcess

__all__ = ["Verdict", "try_plugin"]

SECONDS = 4


@dataclass(frozen=True)
class Verdict:
    """Whether a law is kept.

    Parameters
    ----------
    law : str
    kept : bool
    found : str
        What was measured.
    """

    law: str
    kept: bool
    found: str


def try_plugin(name: str, sample_rate: int = 48_000) -> Iterator[Verdict]:
    """Run the laws on a plugin at its defaults.

    Parameters
    ----------
    name : str
        In the allow-list.
    sample_rate : int
        In Hz.

    Raises
    ------
    UsageError, AssetError, AudioError
        If it may not run, is not there, crashes or hangs.
    """
    plugin, _ = offered(name)
    loud = _bursts(sample_rate)
    once = plugin(loud, sample_rate)
    yield _same("the same sound twice", once, plugin(loud, sample_rate))
    plugin(np.negative(loud[:, ::-1]), sample_rate)
    yield _same("the same after another sound", once, plugin(loud, sample_rate))
    with closing(PluginProcess(allowed_plugin(name))) as fresh:
        yield _same("the same in a fresh process", once, fresh.process(loud, sample_rate, {}))
        yield _in_time(plugin, fresh, sample_rate)
    hush = decibels(float(np.abs(plugin(np.zeros_like(loud), sample_rate)).max()))
    yield Verdict("silence stays silent", hush < -120, f"peak {hush:.0f} dBFS")
    start = time.perf_counter()
    plugin(loud, sample_rate)
    speed = SECONDS / (time.perf_counter() - start)
    yield Verdict("faster than real time", speed > 1, f"{speed:.0f} times, in stereo")


def _bursts(sample_rate: int) -> Audio:
    """Return bursts of noise in stereo that die away."""
    rng, count = np.random.default_rng(0), SECONDS * sample_rate
    decay = np.exp(-(np.arange(count) % (sample_rate // 2)) / (0.05 * sample_rate))
    return (0.2 * decay * rng.standard_normal((2, count))).astype(np.float32)


def _same(law: str, one: Audio, other: Audio) -> Verdict:
    """Compare bytes."""
    apart = decibels(float(np.abs(one - other).max()))
    found = "" if one.tobytes() == other.tobytes() else f"differs by up to {apart:.0f} dBFS"
    return Verdict(law, not found, found or "equal bytes")


def _in_time(plugin: Plugin, process: PluginProcess, sample_rate: int) -> Verdict:
    """Send a click through with everything compensated, and look where it comes out."""
    told = process.arrival(sample_rate)
    about = f"reports {told['reported']} samples"
    if told["first"] is None:
        return Verdict("in time", True, f"{about}; no click comes through, so that is believed")
    place = sample_rate // 2
    click = np.zeros((2, sample_rate), np.float32)
    click[:, place] = 0.5
    change = np.abs(plugin(click, sample_rate) - plugin(np.zeros_like(click), sample_rate)).max(0)
    first, peak = int(np.flatnonzero(change)[0]) - place, int(change.argmax()) - place
    found = f"{about} and is {told['late']} later; compensated, a click peaks at {peak:+d}"
    return Verdict("in time", first <= 0 <= peak, found)
