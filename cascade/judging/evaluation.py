"""Every estimate scored against its dry stem: a long table, one row for each estimate."""

import io
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from operator import length_hint
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ...audio import Audio
from ...errors import AudioError
from ...manifests.files import write_atomically
from ...mixing.loudness import integrated_lufs
from ..metrics.fidelity import METRICS, evaluate
from ..metrics.frechet import Embedding
from ..metrics.pairs import is_silent, sounding_channels, validate
from .cases import Case, Contestant, Sample, cases_of
from .clouds import Clouds

__all__ = ["SILENT", "Evaluation", "evaluate_systems", "score", "write_scores"]

SILENT = "silent reference"
"""Why a row has no scores: the class is absent, and no metric here is defined then."""

COLUMNS = ["system", "stem_class", "key", "channels", *METRICS, "reference_lufs", "skipped"]


@dataclass(frozen=True)
class Evaluation:
    """What ``evaluate_systems`` found out.

    Attributes
    ----------
    scores : DataFrame
        As ``score`` returns it.
    frechet : DataFrame or None
        As ``frechet_table`` returns it, embedding by embedding; None without any.
    """

    scores: pd.DataFrame
    frechet: pd.DataFrame | None


def evaluate_systems(
    contestants: Sequence[Contestant],
    samples: Iterable[Sample],
    embeddings: Sequence[Embedding] = (),
    metrics: Sequence[str] = tuple(METRICS),
    workers: int = 1,
    *,
    watch: Callable[[Iterable[Case]], Iterable[Case]] = iter,
    left_out: Container[tuple[str, str]] = (),
    media: Mapping[tuple[str, str], str] = MappingProxyType({}),
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Let every contestant restore every sample once, score all and compare the clouds.

    Parameters
    ----------
    contestants : sequence of Contestant
    samples : iterable of Sample
    embeddings : sequence of Embedding
    metrics, workers
        As in ``score``.
    watch : callable
        Sees all cases and lets them through.
    left_out : container of (str, str)
        Class and key of stems that are not to be judged.
    media : mapping of (str, str) to str
        By class and key: Frechet distances are given for each, too.
    progress : callable, optional
        Called with (samples begun, samples in all, or 0 where ``samples`` does not know).

    Returns
    -------
    Evaluation
    """
    total = length_hint(samples)

    def begun() -> Iterator[Sample]:
        for number, sample in enumerate(samples, 1):
            yield sample
            if progress is not None:
                progress(number, total)

    every = cases_of(contestants, begun())
    cases = watch(case for case in every if (case.stem_class, case.key) not in left_out)
    clouds = [Clouds(embedding) for embedding in embeddings]
    for cloud in clouds:
        cases = cloud.watch(cases)
    scores = score(cases, metrics, workers)
    distances = pd.concat([cloud.table(media) for cloud in clouds]) if clouds else None
    return Evaluation(scores, distances)


def score(
    cases: Iterable[Case],
    metrics: Sequence[str] = tuple(METRICS),
    workers: int = 1,
) -> pd.DataFrame:
    """Score every estimate of every case.

    Parameters
    ----------
    cases : iterable of Case
        Drawn as they are needed: no more than twice ``workers`` are held at a time.
    metrics : sequence of str
        Names from ``METRICS``; the columns of the others are NaN.
    workers : int
        Processes; 1 computes here. The table is the same.

    Returns
    -------
    DataFrame
        A row for each system, class and key: ``channels`` in which the reference sounds (the
        metrics per channel are means over these), the metrics, ``reference_lufs`` (NaN when
        silent) and ``skipped``: None, or why the metrics are NaN.

    Raises
    ------
    AudioError
        If an estimate is not the audio that it should be: a mean without it would flatter.
    """
    rows = [row for found in _rows(cases, tuple(metrics), workers) for row in found]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({name: np.float64 for name in [*METRICS, "reference_lufs"]})


def _rows(
    cases: Iterable[Case], metrics: tuple[str, ...], workers: int
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each case, in order."""
    source = iter(cases)
    if workers == 1:
        yield from (_score_case(case, metrics) for case in source)
        return
    queue: deque[Future[list[dict[str, Any]]]] = deque()
    # Zimtohrli holds Python's lock, so threads would not help; forking beside torch can hang.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        while True:
            for case in islice(source, 2 * workers - len(queue)):
                queue.append(pool.submit(_score_case, case, metrics))
            if not queue:
                return
            yield queue.popleft().result()


def _score_case(case: Case, metrics: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return one row for each system."""
    silent = is_silent(case.reference)
    common = {
        "stem_class": case.stem_class,
        "key": case.key,
        "channels": int(sounding_channels(case.reference).sum()),
        "reference_lufs": _lufs_or_nan(case.reference, case.sample_rate),
        "skipped": SILENT if silent else None,
    }
    rows = []
    for system, estimate in case.estimates.items():
        try:
            validate(case.reference, estimate, case.sample_rate)
        except AudioError as error:
            raise AudioError(f"{case.key} {case.stem_class} {system}: {error}") from None
        scores = {} if silent else evaluate(case.reference, estimate, case.sample_rate, metrics)
        rows.append({"system": system, **common, **scores})
    return rows


def _lufs_or_nan(audio: Audio, sample_rate: int) -> float:
    """Return the loudness; NaN where there is none."""
    lufs = integrated_lufs(audio, sample_rate)
    return lufs if np.isfinite(lufs) else float("nan")


def write_scores(scores: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, whole or not at all.

    Parameters
    ----------
    scores : DataFrame
        As ``score``, ``summary`` or ``frechet_table`` return it.
    path : Path
        An older file of that name is replaced.

    Raises
    ------
    ShardError
        If the disk refuses.
    """
    buffer = io.BytesIO()
    scores.to_parquet(buffer, index=False)
    write_atomically(path, buffer.getvalue())
