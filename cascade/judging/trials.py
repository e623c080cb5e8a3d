"""Trials: who competes on which samples, and what is known of these."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pandas as pd

from ...audio import STEM_CLASSES
from ...errors import CheckpointError, ShardError, UsageError
from ...manifests.tables import read_columns
from ..training.runs import read_run
from ..training.samples import read_samples, songs_of
from .baselines import BASELINES, baseline
from .cases import BETWEEN, SYSTEMS, Contestant, Sample
from .circumstances import circumstances_of
from .entrants import entrants_of
from .estimate_folders import Name, Shape, audio_files, entries_for
from .folder_bench import open_bench
from .inversion import Inversion
from .label_scores import LabelTrial

__all__ = ["INVERSION", "Trial", "dataset_trial", "folder_trial"]

INVERSION = "oracle_inversion"

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,39}")
"""What a system may be called; files and tables bear it."""


@dataclass(frozen=True)
class Trial:
    """Everything that is to be judged.

    Parameters
    ----------
    samples : iterable of Sample
        Tells its length by ``__len__`` or ``__length_hint__``.
    contestants : list of Contestant
    circumstances : DataFrame
        By ``key`` and ``stem_class``; see :func:`described`.
    skipped : list of dict
        ``system, stem_class, key, reason``.
    left_out : frozenset of (str, str)
        Class and key of stems that some system lacks.
    remarks : list of str
    inversion : Inversion or None
        Of the contestants, if it is one; it learns on the way what it cannot play again.
    labels : LabelTrial or None
        Of a run that predicts effects; it learns on the way what is predicted.
    """

    samples: Iterable[Sample]
    contestants: list[Contestant]
    circumstances: pd.DataFrame
    skipped: list[dict[str, str]]
    left_out: frozenset[Name] = frozenset()
    remarks: list[str] = field(default_factory=list)
    inversion: Inversion | None = None
    labels: LabelTrial | None = None


class _Samples:
    """The samples of a split, counted, so that a progress bar knows how many."""

    def __init__(self, data: Path, split: str, limit: int | None) -> None:
        self.data = data
        self.split = split
        self.limit = limit

    def __iter__(self) -> Iterator[Sample]:
        return islice(read_samples(self.data, self.split), self.limit)

    def __length_hint__(self) -> int:
        return len(_keys(self.data, self.split, self.limit))


def dataset_trial(
    data: Path,
    split: str,
    limit: int | None,
    run: Path | None,
    estimates: Mapping[str, Path],
    baselines: Sequence[str] | None,
    device: str | None,
    dials: Sequence[float] = (),
) -> Trial:
    """Prepare to judge a run, or folders of estimates, on a dataset.

    Parameters
    ----------
    data : Path
    split : str
    limit : int or None
        At most so many samples.
    run : Path or None
    estimates : mapping of str to Path
        ``<Class>/<key>.flac`` or ``<key>/<class>.flac`` by the systems' names.
    baselines : sequence of str or None
        By default all; the inversion only where the stems are at hand.
    device : str or None
    dials : sequence of float
        Positions between the run's two stages that are systems as well.

    Raises
    ------
    CheckpointError
        If a song of the split was trained on.
    UsageError
        If a system is named amiss or has no estimates.
    AudioError
        If an estimate is not of its target's rate, length and channels.
    """
    names = _baselines(baselines, estimates, {*BASELINES, INVERSION})
    if run is not None:
        _refuse_seen_songs(run, data, split)
    skipped: list[dict[str, str]] = []
    contestants, remarks = [baseline([name for name in names if name in BASELINES])], []
    inversion = None
    if INVERSION in names:
        try:
            inversion = Inversion.of(data, split)
            contestants.append(inversion)
        except ShardError as error:
            if baselines is not None:
                raise
            remarks.append(f"no {INVERSION}: {error}")
    labels = None
    if run is not None:
        entrants = entrants_of(run, dials, device, data, split)
        contestants += entrants.contestants
        remarks += entrants.remarks
        labels = entrants.labels
    left_out = frozenset[Name]()
    if estimates:
        wanted, silent = _wanted(data, split, limit)
        found = {name: audio_files(folder, name, skipped) for name, folder in estimates.items()}
        entries = entries_for(wanted, found, skipped, silent)
        contestants.append(entries.contestant())
        left_out = entries.left_out
    circumstances, samples = circumstances_of(data, split), _Samples(data, split, limit)
    return Trial(samples, contestants, circumstances, skipped, left_out, remarks, inversion, labels)


def folder_trial(
    reference: Path,
    limit: int | None,
    run: Path | None,
    estimates: Mapping[str, Path],
    baselines: Sequence[str] | None,
    device: str | None,
    dials: Sequence[float] = (),
) -> Trial:
    """Prepare to judge on a folder such as MSRBench; parameters as of :func:`dataset_trial`.

    Raises
    ------
    UsageError
        If a system is named amiss, there is nothing to be judged, or a run has no mixtures.
    AudioError
        If a file is not of its target's rate, length and channels.
    """
    names = _baselines(baselines, estimates, set(BASELINES))
    bench = open_bench(reference, estimates)
    contestants, remarks = [baseline(names)], []
    if run is not None:
        if not all(sample.heard for sample in bench.samples):
            raise UsageError(f"{reference}: wanted a mixture beside each target, found none")
        entrants = entrants_of(run, dials, device)
        contestants += entrants.contestants
        remarks += entrants.remarks
        remarks.append(
            f"{reference} names no songs: whether the run was trained on them is unknown"
        )
    if estimates:
        contestants.append(bench.entries.contestant())
    samples = bench if limit is None else bench.some(limit)
    return Trial(samples, contestants, bench.circumstances(), bench.skipped, remarks=remarks)


def _baselines(
    wanted: Sequence[str] | None, estimates: Mapping[str, Path], known: set[str]
) -> list[str]:
    """Return the baselines in their order, and refuse names that are none or taken."""
    taken = [name for name in SYSTEMS if name not in BETWEEN]
    for name in estimates:
        if not NAME.fullmatch(name) or name in SYSTEMS:
            raise UsageError(
                f"--estimates: wanted a name of letters, digits, _ + and - that is none of "
                f"{', '.join(taken)} and dial_01 to dial_99; found {name!r}"
            )
    if wanted is not None and (unknown := set(wanted) - known):
        there = ", ".join(name for name in SYSTEMS if name in known)
        raise UsageError(f"--baseline: wanted one of {there}, found {min(unknown)!r}")
    return [name for name in SYSTEMS if name in (known if wanted is None else wanted)]


def _refuse_seen_songs(run: Path, data: Path, split: str) -> None:
    """Refuse to judge on songs that were trained on."""
    _, record = read_run(run)
    seen = sorted(set(record["songs"]) & set(songs_of(data, split)))
    if seen:
        raise CheckpointError(
            f"{data}: wanted held-out songs in split {split!r}, found {len(seen)} that the run "
            f"was trained on, such as {seen[0]}; choose another split or dataset"
        )


def _keys(data: Path, split: str, limit: int | None) -> pd.DataFrame:
    """Return key, classes, rate and seconds of the samples to be judged."""
    columns = ["key", "split", "classes", "sample_rate", "seconds"]
    table: pd.DataFrame = read_columns(data / "manifest.parquet", columns).to_pandas()
    return table[table["split"] == split].iloc[:limit]


def _wanted(data: Path, split: str, limit: int | None) -> tuple[dict[Name, Shape], set[Name]]:
    """Return the shapes of the stems that sound, and the names of those that do not matter."""
    sounding: dict[Name, Shape] = {}
    for row in _keys(data, split, limit).to_dict("records"):
        shape = (round(row["seconds"] * row["sample_rate"]), int(row["sample_rate"]), 2)
        sounding |= {(name, row["key"]): shape for name in row["classes"]}
    every = {(name, key) for key in _keys(data, split, None)["key"] for name in STEM_CLASSES}
    return sounding, every - set(sounding)
