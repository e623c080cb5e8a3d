"""Build: plan, render in workers, commit shard by shard, and gather the manifest.

A killed build leaves whole shards with their commit records and perhaps temporary files. The
next run with the same order recognises them and renders the rest; the bytes are the same as if
nothing had happened.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..degradations.plugins import are_allowed
from ..manifests.files import write_atomically
from ..manifests.redraws import Redraws, count_redraws
from ..manifests.schema import manifest_schema, plan_schema
from ..manifests.tables import write_table
from .card import card_stands, stated_licence, write_card
from .catalog import faults
from .folder import Busy, claim, remember, writer_lock
from .jobs import Job, Means, committed, jobs_of, rendered
from .plan import Order, plan
from .plan_files import planned_by_hand
from .provenance import origins
from .shards import Commit
from .shares import Share, beginning, forget_shares, share_lock

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Built", "Progress", "gather", "generate", "render_missing"]

Progress = Callable[[int, int], None]
"""Called with the number of samples done and in all."""


@dataclass(frozen=True)
class Built:
    """What came of a build.

    Parameters
    ----------
    samples : int
        How many stand in the dataset.
    rendered : int
        How many of them were rendered now.
    set_aside : list of dict
        Stems and samples that were left out: ``what``, ``reason``, ``cure``.
    redraws : Redraws
        Of all its tracks.
    finished : bool
        Whether the dataset is whole; where a share alone was rendered, and others are not there
        yet, it is not, and the numbers are those of the share.
    """

    samples: int
    rendered: int
    set_aside: list[dict[str, str]]
    redraws: Redraws
    finished: bool = True


def generate(
    order: Order,
    catalog: "DataFrame",
    stems: Path,
    out: Path,
    *,
    planned: "DataFrame | None" = None,
    share: Share | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Built:
    """Make a dataset, finish one that was begun, or extend one of fewer samples.

    Parameters
    ----------
    order : Order
    catalog : DataFrame
        Of :func:`wetdry.datasets.scan`.
    stems : Path
        The folder that was scanned.
    out : Path
        New, empty, or begun by the same order, or by one that differs in fewer samples.
    planned : DataFrame, optional
        A plan of :func:`wetdry.datasets.write_plan`, filtered or edited: exactly its rows are
        rendered, and the order's number of samples counts for nothing.
    share : Share, optional
        Render only this share of the shards; other processes render the others into the same
        folder, at the same time or not, and the last to end writes the manifest.
    workers : int
        Processes; one renders in this process. The bytes do not depend on it.
    progress : callable, optional
        Called with the number of samples done and in all.

    Raises
    ------
    CatalogError, ShardError, UsageError
        If the stems cannot feed the order, the plan is none, or the folder is not to be
        written to.
    """
    if planned is None:
        rows, record = plan(order, catalog)
    else:
        rows, record = planned_by_hand(planned, order, catalog)
    recipe, own = order.recipe, tuple(origins(order.recipe).values())
    means = Means(stems, recipe.folder, order.bits, are_allowed(), own)
    with writer_lock(out) if share is None else share_lock(out, share):
        with beginning(out) if share else nullcontext():
            claim(out, record, rows)
            remember(out, stems, recipe.folder)
            write_table(rows, plan_schema(), out / "plan.parquet")
        jobs = jobs_of(rows, out, means)
        mine = share.of(jobs) if share else jobs
        commits, made = render_missing(mine, workers, progress)
        if share is None:
            return _finished(commits, made, faults(catalog), out)
    return _share_done(jobs, commits, made, faults(catalog), out)


def _finished(
    commits: Sequence[Commit], made: int, faulty: list[dict[str, str]], out: Path
) -> Built:
    """Write what stands beside the shards; whoever calls this holds the folder alone."""
    forget_shares(out)
    left_out = gather(commits, faulty, out)
    if not card_stands(out):  # a finished dataset's may have been edited since
        write_card(out, licence=stated_licence(out))
    return _built(commits, made, left_out)


def _share_done(
    jobs: Sequence[Job],
    commits: Sequence[Commit],
    made: int,
    faulty: list[dict[str, str]],
    out: Path,
) -> Built:
    """Finish the dataset if all shares are there and nobody else is at work."""
    with suppress(Busy), writer_lock(out):  # who is busy there ends later, and does it
        whole = [commit for job in jobs if (commit := committed(job))]
        if len(whole) == len(jobs):
            return _finished(whole, made, faulty, out)
    left_out = faulty + [entry for commit in commits for entry in commit.set_aside]
    return replace(_built(commits, made, left_out), finished=False)


def _built(commits: Sequence[Commit], made: int, left_out: list[dict[str, str]]) -> Built:
    """Count what came of a build."""
    tracks = [t for commit in commits for row in commit.rows for t in row["tracks"]]
    total = sum(len(commit.keys) for commit in commits)
    return Built(total, made, left_out, count_redraws(tracks))


def render_missing(
    jobs: Sequence[Job], workers: int, progress: Progress | None = None
) -> tuple[list[Commit], int]:
    """Render the shards that are not there yet.

    Returns
    -------
    commits : list of Commit
        Of all shards, in order.
    made : int
        How many samples were rendered now.
    """
    commits = {job.shard: commit for job in jobs if (commit := committed(job))}
    missing = [job for job in jobs if job.shard not in commits]
    done, made = sum(len(c.keys) + len(c.set_aside) for c in commits.values()), 0
    total = sum(len(job.rows) for job in jobs)
    for commit in rendered(missing, workers):
        commits[commit.shard] = commit
        made += len(commit.keys)
        done += len(commit.keys) + len(commit.set_aside)
        if progress:
            progress(done, total)
    return [commits[job.shard] for job in jobs], made


def gather(
    commits: Sequence[Commit], faulty: list[dict[str, str]], out: Path
) -> list[dict[str, str]]:
    """Write the manifest, in the plan's order, and what was set aside, which is returned."""
    left_out = faulty + [entry for commit in commits for entry in commit.set_aside]
    rows: list[dict[str, Any]] = [
        {**row, "shard_sha256": commit.sha256} for commit in commits for row in commit.rows
    ]
    write_atomically(out / "set_aside.json", json.dumps(left_out, indent=1).encode())
    write_table(rows, manifest_schema(), out / "manifest.parquet")
    return left_out
