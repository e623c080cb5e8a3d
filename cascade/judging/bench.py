"""Judging: trained runs and anybody's estimates beside baselines, on a dataset or a benchmark."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from ...audio import Audio, encode_flac
from ...errors import AssetError, UsageError
from ...manifests.files import write_atomically
from ..metrics.clap import load_clap
from ..metrics.fidelity import METRICS
from ..metrics.frechet import Embedding
from ..metrics.musicnn import load as load_musicnn
from ..metrics.pairs import is_silent
from ..restoring.dial import dial_positions
from .cases import ORACLES, Case
from .circumstances import described
from .evaluation import evaluate_systems, write_scores
from .score_tables import condensed, written
from .summary import paired_tests
from .trade_off import trade_off
from .trials import INVERSION, Trial, dataset_trial, folder_trial

__all__ = ["Judged", "judge"]

EXCERPTS = 4
"""Samples whose restored stems are kept beside the scores, for ears; and one of each class."""


@dataclass(frozen=True)
class Judged:
    """What came of it.

    Parameters
    ----------
    scores : DataFrame
        One row for each system, class and key, with what is known of the stem.
    table : DataFrame
        Means with intervals: ``by`` what ("all", "medium", "label", ...), ``group``, ``system``,
        ``stem_class``, ``metric``; Frechet distances among them.
    paired : DataFrame
        As ``paired_tests`` returns it.
    frechet : DataFrame or None
        As ``frechet_table`` returns it.
    skipped : DataFrame
        ``system, stem_class, key, reason``.
    labels : DataFrame or None
        As `LabelTrial.table` returns it, of a run that predicts effects.
    remark : str
        What was written where, over what the intervals are, and whether there is a Frechet
        distance.
    """

    scores: pd.DataFrame
    table: pd.DataFrame
    paired: pd.DataFrame
    frechet: pd.DataFrame | None
    skipped: pd.DataFrame
    labels: pd.DataFrame | None
    remark: str


def judge(
    out: Path,
    *,
    data: Path | None = None,
    reference: Path | None = None,
    run: Path | None = None,
    estimates: Mapping[str, Path] = MappingProxyType({}),
    baselines: Sequence[str] | None = None,
    dials: Sequence[float] = (),
    split: str = "test",
    limit: int | None = None,
    metrics: Sequence[str] = tuple(METRICS),
    workers: int = 1,
    device: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Judged:
    """Score baselines, a run and folders of estimates on the same stems.

    Writes ``scores.parquet``, ``table.csv``, ``paired.csv``, ``skipped.csv``, ``excerpts/``, with
    positions of the dial ``dial.csv``, of a run that predicts effects ``labels.csv``, and, if the
    weights of musicnn or CLAP are at hand, ``frechet.parquet`` into a folder.

    Parameters
    ----------
    out : Path
        The folder; files of these names in it are replaced.
    data, reference : Path, optional
        One of them: a dataset of ``wetdry generate``, or a folder laid out like MSRBench or the
        challenge's (see ``folder_bench``).
    run : Path, optional
        A trained run: systems ``stage_one`` and ``cascade``; where both were tuned together
        also ``untuned_stage_one`` and ``untuned_cascade``, as they were before; where it is told
        effects also ``told_stage_one`` and ``told_cascade``, told those of the manifest; and
        ``student``, where it has one.
    estimates : mapping of str to Path
        Folders of stems by the systems' names (see ``estimate_folders``).
    baselines : sequence of str, optional
        Of silence, mixture, oracle_ratio_mask, oracle_complex_mask and, with a dataset,
        oracle_inversion; by default all that apply.
    dials : sequence of float
        Positions between the run's stages (1: cascade, 0: stage one), in hundredths, that are
        scored as systems: ``dial_25`` is at 0.25. They also make ``dial.csv``.
    split : str
        Of the dataset.
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
        If a metric or baseline has no such name, or what is asked for contradicts itself.
    AudioError
        If a file has not its target's rate, length or channels.
    """
    if unknown := set(metrics) - set(METRICS):
        raise UsageError(f"wanted metrics of {', '.join(METRICS)}, found {min(unknown)!r}")
    if (data is None) == (reference is None):
        raise UsageError("evaluate: wanted --data or --reference, one of them")
    if out.is_file():
        raise UsageError(f"{out}: wanted a folder for the tables, found a file; choose another")
    positions = dial_positions(dials)
    if dials and run is None:
        raise UsageError("--dial: wanted a run whose stages are blended, found none; name one")
    if data is not None:
        trial = dataset_trial(data, split, limit, run, estimates, baselines, device, positions)
    else:
        assert reference is not None
        trial = folder_trial(reference, limit, run, estimates, baselines, device, positions)
    return _judged(trial, out, metrics, workers, progress)


def _judged(
    trial: Trial,
    out: Path,
    metrics: Sequence[str],
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> Judged:
    """Let the systems compete, condense the scores and write everything down."""
    embeddings, said = _embeddings()
    known = trial.circumstances.dropna(subset="medium")
    media = dict(
        zip(zip(known["stem_class"], known["key"], strict=True), known["medium"], strict=True)
    )
    found = evaluate_systems(
        trial.contestants, trial.samples, embeddings, metrics, workers,
        watch=lambda cases: _excerpts_kept(cases, out / "excerpts"),
        left_out=trial.left_out, media=media, progress=progress,
    )  # fmt: skip
    scores = described(found.scores, trial.circumstances).dropna(axis="columns", how="all")
    scores["skipped"] = found.scores["skipped"]  # all None where every reference sounds
    judged = Judged(
        scores, condensed(scores, found.frechet), paired_tests(scores), found.frechet,
        _skipped(scores, trial), None if trial.labels is None else trial.labels.table(), "",
    )  # fmt: skip
    write_scores(scores, out / "scores.parquet")
    if found.frechet is not None:
        write_scores(found.frechet, out / "frechet.parquet")
    dial = trade_off(scores, found.frechet)
    if len(dial):
        write_atomically(out / "dial.csv", written(dial))
    if judged.labels is not None:
        write_atomically(out / "labels.csv", written(judged.labels))
    for name in ("table", "paired", "skipped"):
        write_atomically(out / f"{name}.csv", written(getattr(judged, name)))
    return replace(judged, remark=_remark(judged, out, [*trial.remarks, said]))


def _skipped(scores: pd.DataFrame, trial: Trial) -> pd.DataFrame:
    """Return everything that has no score, with the reason."""
    rows = list(trial.skipped)
    if trial.inversion is not None:
        rows += [
            {"system": INVERSION, "stem_class": "", "key": key, "reason": reason}
            for key, reason in trial.inversion.refused
        ]
    silent = scores[scores["skipped"].notna()].drop_duplicates(["stem_class", "key"])
    rows += [
        {"system": "all", "stem_class": row["stem_class"], "key": row["key"],
         "reason": row["skipped"]}
        for row in silent.to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["system", "stem_class", "key", "reason"])


def _remark(judged: Judged, out: Path, said: Sequence[str]) -> str:
    """Say what the numbers are over, and where they stand."""
    heard = judged.scores[judged.scores["skipped"].isna()]
    clips, songs = heard["key"].nunique(), heard["song"].nunique()
    stems = len(heard.drop_duplicates(["key", "stem_class"]))
    few = "; fewer than ten: take intervals for too narrow" if songs < 10 else ""
    reasons = [
        f"{count} skipped: {reason}"
        for reason, count in judged.skipped["reason"].value_counts().items()
    ]
    return "\n".join(
        [
            f"{stems} stems of {clips} clips; intervals and tests by {songs} songs or clips that "
            f"hang together{few}",
            *reasons[:8],
            *said,
            f"scores.parquet, table.csv, paired.csv and skipped.csv are in {out}",
        ]
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


def _excerpts_kept(cases: Iterable[Case], folder: Path) -> Iterator[Case]:
    """Let cases through, and write target and estimates of some that sound."""
    keys, classes = set[str](), set[str]()
    for case in cases:
        wanted = case.key in keys or len(keys) < EXCERPTS or case.stem_class not in classes
        if wanted and not is_silent(case.reference):
            keys.add(case.key)
            classes.add(case.stem_class)
            heard = {k: v for k, v in case.estimates.items() if k not in ("silence", *ORACLES)}
            for what, audio in {"target": case.reference, **heard}.items():
                path = folder / f"{case.key}.{case.stem_class.lower()}.{what}.flac"
                write_atomically(path, encode_flac(_within(audio), case.sample_rate))
        yield case


def _within(audio: Audio) -> Audio:
    """Return audio that fits into a file: an estimate may overshoot full scale."""
    return audio.clip(-1.0, 1.0)
