"""A folder of targets and mixtures to be judged on: MSRBench's, or the challenge's.

::

    <Class>/target/<clip>.flac   <Class>/mixture/<clip>_DT<k>.flac      MSRBench
    <Class>/<clip>.flac          <Class>/<clip>_DT<k>.flac              wetdry export
    <class>/<clip>.wav                                                  the challenge: no mixtures
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ...audio import STEM_CLASSES, Audio, read
from ...errors import AudioError, UsageError
from .estimate_folders import Entries, Name, audio_files, entries_for, shape_of, skip

__all__ = ["FolderBench", "FolderSample", "open_bench"]

MADE = re.compile(r"(.+)_DT(\d+)")
"""A clip through a medium."""


@dataclass(frozen=True)
class FolderSample:
    """One target and the mixture that it is to be found in; a :class:`Sample`, read when asked.

    Parameters
    ----------
    key : str
        The mixture's name, or the clip's where there is none.
    stem_class : str
    target : Path
    heard : Path or None
        The mixture.
    sample_rate : int
        In Hz.
    """

    key: str
    stem_class: str
    target: Path
    heard: Path | None
    sample_rate: int

    @property
    def clip(self) -> str:
        """The key without its medium."""
        return _clip(self.key)

    @property
    def medium(self) -> str | None:
        """Such as "DT5"; None where nothing is told."""
        made = MADE.fullmatch(self.key)
        return f"DT{made[2]}" if made else None

    @cached_property
    def dry(self) -> Mapping[str, Audio]:
        """The target by its class."""
        return {self.stem_class: read(self.target)[0]}

    @cached_property
    def mixture(self) -> Audio | None:
        """The mixture, with as many channels as the target has."""
        if self.heard is None:
            return None
        audio, channels = read(self.heard)[0], len(self.dry[self.stem_class])
        if channels == len(audio):
            return audio
        if channels == 1:
            return audio.mean(axis=0, keepdims=True)
        return np.repeat(audio, channels, axis=0)


@dataclass(frozen=True)
class FolderBench:
    """What can be judged in a folder.

    Parameters
    ----------
    samples : tuple of FolderSample
        In the order of classes and names.
    entries : Entries
    skipped : list of dict
        ``system, stem_class, key, reason`` of what is left out.
    """

    samples: tuple[FolderSample, ...]
    entries: Entries
    skipped: list[dict[str, str]]

    def __iter__(self) -> Iterator[FolderSample]:
        """Yield samples that forget their audio when they are forgotten."""
        return (replace(sample) for sample in self.samples)

    def __len__(self) -> int:
        return len(self.samples)

    def some(self, count: int) -> "FolderBench":
        """Return the bench with so many samples, evenly out of all."""
        chosen = np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).round().astype(int))
        return replace(self, samples=tuple(self.samples[place] for place in chosen))

    def circumstances(self) -> pd.DataFrame:
        """Return ``key, stem_class, song`` (the clip, whose media hang together) and ``medium``."""
        rows = [(one.key, one.stem_class, one.clip, one.medium) for one in self.samples]
        return pd.DataFrame(rows, columns=["key", "stem_class", "song", "medium"])


def open_bench(reference: Path, estimates: Mapping[str, Path]) -> FolderBench:
    """Find what can be judged, and look at the header of every file before anything is heard.

    Every mixture is one sample; of a clip without mixtures, every name under which a system has an
    estimate. An estimate that bears the clip's name is taken for that of its only mixture. Classes
    that no system restores are not looked at, unless there are no estimates at all.

    Parameters
    ----------
    reference : Path
    estimates : mapping of str to Path
        Folders by the systems' names.

    Raises
    ------
    CatalogError
        If a folder is none.
    UsageError
        If there is no target, or nothing that every system has.
    AudioError
        If rates, lengths or channels differ, or two files stand for one stem.
    """
    skipped: list[dict[str, str]] = []
    files = audio_files(reference, "reference", skipped)
    mixtures = {name: path for name, path in files.items() if MADE.fullmatch(name[1])}
    targets = {name: path for name, path in files.items() if name not in mixtures}
    if not targets:
        raise UsageError(
            f"{reference}: wanted targets such as <Class>/<clip>.flac, found none; look at the path"
        )
    found = {
        name: _renamed(audio_files(folder, name, skipped), mixtures)
        for name, folder in estimates.items()
    }
    samples = _samples(targets, mixtures, found, skipped)
    wanted = {(one.stem_class, one.key): shape_of(one.target) for one in samples}
    if not wanted:
        raise UsageError(f"{reference}: wanted stems that a system restores, found none")
    entries = entries_for(wanted, found, skipped)
    left = tuple(one for one in samples if (one.stem_class, one.key) not in entries.left_out)
    if not left:
        raise UsageError(f"{reference}: wanted a stem that every system has, found none")
    for one in left:
        _check_mixture(one, wanted[one.stem_class, one.key][:2])
    return FolderBench(left, entries, skipped)


def _clip(name: str) -> str:
    """Return a name without its medium."""
    made = MADE.fullmatch(name)
    return made[1] if made else name


def _renamed(own: Mapping[Name, Path], mixtures: Mapping[Name, Path]) -> dict[Name, Path]:
    """Give estimates that bear the name of a clip that of its only mixture."""
    media: dict[Name, list[str]] = {}
    for stem_class, name in mixtures:
        media.setdefault((stem_class, _clip(name)), []).append(name)
    found: dict[Name, Path] = {}
    for (stem_class, name), path in own.items():
        only = media.get((stem_class, name), [])
        found[stem_class, only[0] if len(only) == 1 else name] = path
    return found


def _samples(
    targets: Mapping[Name, Path],
    mixtures: Mapping[Name, Path],
    found: Mapping[str, Mapping[Name, Path]],
    skipped: list[dict[str, str]],
) -> list[FolderSample]:
    """Return all that there is to be judged."""
    with_mixtures = {(stem_class, _clip(name)) for stem_class, name in mixtures}
    estimated = dict.fromkeys(name for own in found.values() for name in own)
    keys = [name for name in estimated if (name[0], _clip(name[1])) not in with_mixtures]
    classes = {stem_class for stem_class, _ in estimated} or set(STEM_CLASSES)
    rows = [name for name in {**mixtures, **dict.fromkeys(keys)} if name[0] in classes]
    samples = []
    for stem_class, key in sorted(rows, key=lambda name: (STEM_CLASSES.index(name[0]), name[1])):
        target = targets.get((stem_class, _clip(key)))
        if target is not None:
            rate, heard = shape_of(target)[1], mixtures.get((stem_class, key))
            samples.append(FolderSample(key, stem_class, target, heard, rate))
        elif (stem_class, key) in mixtures:
            skipped.append(skip("reference", stem_class, key, "is a mixture without a target"))
    return samples


def _check_mixture(sample: FolderSample, wanted: tuple[int, int]) -> None:
    """Refuse a mixture that is not as long as its target."""
    if sample.heard and (found := shape_of(sample.heard)[:2]) != wanted:
        raise AudioError(
            f"{sample.heard}: wanted {wanted[0]} samples at {wanted[1]} Hz as {sample.target} has, "
            f"found {found[0]} at {found[1]} Hz; resample, trim or pad it first"
        )
