"""Decoded audio on disk: 16-bit samples of many signals in one file, and where each begins."""

import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ...manifests.files import write_atomically

__all__ = ["PcmCache", "in_memory", "write_cache"]

FULL_SCALE = 32768


@dataclass(frozen=True)
class PcmCache:
    """Signals as 16-bit samples in one file, which the operating system pages in and out.

    Parameters
    ----------
    pcm : int16 array, shape (numbers,)
    items : list of dict
        For each sample its ``key``, ``channels``, ``frames`` and, by name, the position
        of each of its ``signals`` in ``pcm``; silent signals are left out. In memory also
        ``effects``, where these are to be known.
    """

    pcm: NDArray[np.int16]
    items: list[dict[str, Any]]

    @classmethod
    def open(cls, folder: Path) -> "PcmCache":
        """Open what `write_cache` wrote."""
        items = json.loads((folder / "index.json").read_text("utf-8"))
        return cls(np.memmap(folder / "pcm.i16", np.int16, "r"), items)

    def of(self, keys: Collection[str]) -> "PcmCache":
        """Return the samples of these keys alone, in the cache's order."""
        return PcmCache(self.pcm, [item for item in self.items if item["key"] in keys])

    def knowing(self, effects: Mapping[str, Any]) -> "PcmCache":
        """Return the same samples, with what is known of the effects of each by its key."""
        return PcmCache(self.pcm, [x | {"effects": effects[x["key"]]} for x in self.items])

    def mono(self, item: int, name: str, start: int, frames: int, mix: NDArray[Any]) -> Audio:
        """Return part of a signal, mixed to mono, shape (frames,); silence beyond its ends.

        Parameters
        ----------
        item : int
        name : str
            "mixture", or "dry/" or "first/" and a class.
        start, frames : int
            In samples.
        mix : float array, shape (channels,)
            What each channel contributes.
        """
        about = self.items[item]
        out = np.zeros(frames, np.float32)
        if name in about["signals"]:
            at, length = about["signals"][name], about["frames"]
            for channel in np.flatnonzero(mix):
                begin = at + channel * length
                part = self.pcm[begin + start : begin + min(start + frames, length)]
                out[: len(part)] += part * np.float32(mix[channel] / FULL_SCALE)
        return out


def write_cache(folder: Path, samples: Iterable[tuple[str, dict[str, Audio]]]) -> PcmCache:
    """Write signals to ``folder``, which appears when it is complete and not before.

    Parameters
    ----------
    folder : Path
    samples : iterable of (key, signals)
        Signals by name, each float32 of shape (channels, frames).
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    items: list[dict[str, Any]] = []
    position = 0
    with (partial / "pcm.i16").open("wb") as file:
        for key, signals in samples:
            channels, frames = next(iter(signals.values())).shape
            places = {}
            for name, audio in signals.items():
                if not np.any(audio):
                    continue
                file.write(_rounded(audio).tobytes())
                places[name] = position
                position += audio.size
            items.append({"key": key, "channels": channels, "frames": frames, "signals": places})
    write_atomically(partial / "index.json", json.dumps(items).encode())
    partial.replace(folder)
    return PcmCache.open(folder)


def in_memory(key: str, signals: Mapping[str, Audio]) -> PcmCache:
    """Return one sample's signals as `write_cache` would write them, without a file."""
    channels, frames = next(iter(signals.values())).shape
    heard = {name: audio for name, audio in signals.items() if np.any(audio)}
    starts = np.arange(len(heard)) * channels * frames
    places = dict(zip(heard, starts.tolist(), strict=True))
    pcm = np.concatenate([np.empty(0, "<i2"), *(_rounded(a).ravel() for a in heard.values())])
    return PcmCache(pcm, [{"key": key, "channels": channels, "frames": frames, "signals": places}])


def _rounded(audio: Audio) -> NDArray[np.int16]:
    """Return samples in 16 bits, little-endian."""
    whole = np.rint(audio * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE - 1)
    return whole.astype("<i2")
