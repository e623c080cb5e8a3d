"""Judging: a trained run on the held-out samples of a dataset."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from ..audio import STEM_CLASSES, Audio, encode_flac
from ..errors import AssetError, CheckpointError, UsageError
from ..manifests.files import write_atomically
from .cases import SYSTEMS
from .clap import load_clap
from .evaluation import evaluate_run, write_scores
from .frechet import Embedding
from .metrics import METRICS
from .musicnn import load as load_musicnn
from .restoration import Restorer
from .runs import read_run
from .samples import Sample, read_samples, songs_of
from .summary import summary

__all__ = ["Judged", "judge", "score_table"]

EXCERPTS = 4
"""Samples whose restored stems are kept beside the scores, for ears."""


@dataclass(frozen=True)
class Judged:
    """What came of it.

    Parameters
    ----------
    scores : DataFrame
        One row for each system, class and key.
    remark : str
        What was written where, and whether there is a Frechet distance.
    """

    scores: pd.DataFrame
    remark: str


def judge(
    run: Path,
    data: Path,
    out: Path,
    *,
    split: str = "test",
    limit: int | None = None,
    metrics: Sequence[str] = tuple(METRICS),
    workers: int = 1,
    device: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Judged:
    """Score silence, mixture, stage one and cascade on held-out samples.

    Writes the scores to ``out``, and beside the run ``frechet.parquet`` (if the
    weights of musicnn or CLAP are at hand) and ``excerpts/`` for the report.

    Parameters
    ----------
    run, data, out : Path
    split : str
    limit : int, optional
        At most so many samples.
    metrics : sequence of str
        Names from ``METRICS``; Zimtohrli takes longer than all the others together.
    workers : int
        Processes for the metrics.
    device : str, optional
    progress : callable, optional
        Told samples done and in all.

    Raises
    ------
    CheckpointError
        If a song of the split was trained on.
    UsageError
        If a metric has no such name.
    """
    if unknown := set(metrics) - set(METRICS):
        raise UsageError(f"wanted metrics of {', '.join(METRICS)}, found {min(unknown)!r}")
    _refuse_seen_songs(run, data, split)
    restorer = Restorer.load(run, device)
    samples = _Samples(data, split, limit)
    embeddings, remark = _embeddings()
    found = evaluate_run(restorer, samples, embeddings, metrics, workers, progress)
    write_scores(found.scores, out)
    if found.frechet is not None:
        write_scores(found.frechet, run / "frechet.parquet")
    _keep_excerpts(restorer, data, split, run / "excerpts")
    return Judged(found.scores, f"scores in {out}; {remark}")


class _Samples:
    """The samples of a split, counted, so that a progress bar knows how many."""

    def __init__(self, data: Path, split: str, limit: int | None) -> None:
        self.data = data
        self.split = split
        self.limit = limit

    def __iter__(self) -> Iterator[Sample]:
        return islice(read_samples(self.data, self.split), self.limit)

    def __length_hint__(self) -> int:
        table = pd.read_parquet(self.data / "manifest.parquet", columns=["split"])
        count = int((table["split"] == self.split).sum())
        return min(count, self.limit or count)


def _refuse_seen_songs(run: Path, data: Path, split: str) -> None:
    """Refuse to judge on songs that were trained on."""
    _, record = read_run(run)
    seen = sorted(set(record["songs"]) & set(songs_of(data, split)))
    if seen:
        raise CheckpointError(
            f"{data}: wanted held-out songs in split {split!r}, found {len(seen)} that the run "
            f"was trained on, such as {seen[0]}; choose another split or dataset"
        )


def _embeddings() -> tuple[list[Embedding], str]:
    """Return the embeddings whose weights are at hand, and a word about those that are not."""
    found: list[Embedding] = []
    absent = []
    for load in (load_musicnn, load_clap):
        try:
            found.append(load())
        except AssetError as error:
            absent.append(str(error))
    names = " and ".join(embedding.name for embedding in found)
    remark = f"Frechet distances with {names}" if found else "no Frechet distances"
    return found, "\n".join([remark, *absent])


def _keep_excerpts(restorer: Restorer, data: Path, split: str, folder: Path) -> None:
    """Write mixture, target and both stages of a few samples' sounding classes."""
    for sample in islice(read_samples(data, split), EXCERPTS):
        restored = restorer.restore(sample.mixture, sample.sample_rate)
        for name in STEM_CLASSES:
            target = sample.dry[name]
            if not target.any():
                continue
            audios = {"target": target, "mixture": sample.mixture}
            audios |= {system: restored[system][name] for system in ("stage_one", "cascade")}
            for what, audio in audios.items():
                path = folder / f"{sample.key}.{name.lower()}.{what}.flac"
                write_atomically(path, encode_flac(_within(audio), sample.sample_rate))


def _within(audio: Audio) -> Audio:
    """Return audio that fits into a file: an estimate may overshoot full scale."""
    return audio.clip(-1.0, 1.0)


def _shown(value: float) -> str:
    """Show a score; zero has no sign."""
    return f"{round(value, 2) + 0.0:.2f}"


def score_table(scores: pd.DataFrame) -> str:
    """Return the means of MMSNR and SI-SDR by system and class, as text."""
    table = summary(scores)
    lines = []
    for metric in ("mmsnr_db", "si_sdr_db"):
        part = table[table["metric"] == metric]
        wide = part.pivot(index="system", columns="stem_class", values="mean")
        columns = [name for name in (*STEM_CLASSES, "mean") if name in wide.columns]
        wide = wide.reindex(index=list(SYSTEMS), columns=columns)
        lines += [metric, wide.to_string(float_format=_shown), ""]
    return "\n".join(lines)
