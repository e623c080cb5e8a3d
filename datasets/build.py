"""Build: plan, render in workers, commit shard by shard, and gather the manifest.

A killed build leaves whole shards with their commit records and perhaps temporary files. The
next run with the same order recognises them and renders the rest; the bytes are the same as if
nothing had happened.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..degradations import plugins_allowed
from ..degradations.own_effects import Origin, use_origin
from ..degradations.plugins import are_allowed
from ..errors import AudioError, ShardError, WetdryError
from ..manifests.files import write_atomically
from ..manifests.redraws import Redraws, count_redraws
from ..manifests.schema import manifest_schema, plan_schema
from ..manifests.tables import write_table
from .card import has_card, write_card
from .folder import claim, remember, writer_lock
from .plan import Order, plan
from .provenance import origins
from .samples import make_sample
from .scan import faults
from .shards import Commit, read_commit, write_commit, write_shard
from .workers import run_jobs

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Built", "generate"]

SECONDS_PER_SAMPLE = 180.0
"""Longest time that a sample may take before its worker is taken for hung."""


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
    """

    samples: int
    rendered: int
    set_aside: list[dict[str, str]]
    redraws: Redraws


@dataclass(frozen=True)
class _Job:
    """One shard to render."""

    shard: str
    rows: tuple[dict[str, Any], ...]
    out: Path
    stems: Path
    assets: Path
    bits: int
    plugins: bool
    effects: tuple[Origin, ...]


def generate(
    order: Order,
    catalog: "DataFrame",
    stems: Path,
    out: Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Built:
    """Make a dataset, or finish one that was begun.

    Parameters
    ----------
    order : Order
    catalog : DataFrame
        Of :func:`wetdry.datasets.scan`.
    stems : Path
        The folder that was scanned.
    out : Path
        New, empty, or begun by the same order.
    workers : int
        Processes; one renders in this process. The bytes do not depend on it.
    progress : callable, optional
        Called with the number of samples done and in all.

    Raises
    ------
    CatalogError, ShardError
        If the stems cannot feed the order, or the folder is not to be written to.
    """
    rows, record = plan(order, catalog)
    with writer_lock(out):
        claim(out, record)
        remember(out, stems, order.recipe.folder)
        write_table(rows, plan_schema(), out / "plan.parquet")
        jobs = _jobs(order, rows, out, stems)
        commits = {job.shard: commit for job in jobs if (commit := _committed(job))}
        missing = [job for job in jobs if job.shard not in commits]
        done, rendered = sum(len(c.keys) + len(c.set_aside) for c in commits.values()), 0
        for commit in _rendered(missing, workers):
            commits[commit.shard] = commit
            rendered += len(commit.keys)
            done += len(commit.keys) + len(commit.set_aside)
            if progress:
                progress(done, len(rows))
        left_out = faults(catalog) + [x for job in jobs for x in commits[job.shard].set_aside]
        _gather([commits[job.shard] for job in jobs], left_out, out)
        if rendered or not has_card(out):  # a finished dataset's may have been edited since
            write_card(out)
    tracks = [t for commit in commits.values() for row in commit.rows for t in row["tracks"]]
    total = sum(len(commit.keys) for commit in commits.values())
    return Built(total, rendered, left_out, count_redraws(tracks))


def _jobs(order: Order, rows: list[dict[str, Any]], out: Path, stems: Path) -> list[_Job]:
    """Group the plan's rows by shard, in order."""
    shards: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        shards.setdefault(row["shard"], []).append(row)
    recipe, own = order.recipe, tuple(origins(order.recipe).values())
    return [
        _Job(name, tuple(group), out, stems, recipe.folder, order.bits, are_allowed(), own)
        for name, group in shards.items()
    ]


def _plan_digest(job: _Job) -> str:
    """Return the digest of what a shard is to hold."""
    return sha256(json.dumps([job.rows, job.bits], sort_keys=True).encode()).hexdigest()


def _committed(job: _Job) -> Commit | None:
    """Return a shard's commit record if the shard stands there, whole by size, of this plan."""
    path, tar = job.out / "commits" / f"{job.shard}.json", job.out / "data" / f"{job.shard}.tar"
    if not path.exists() or not tar.exists():
        return None
    commit = read_commit(path)
    whole = commit.plan_sha256 == _plan_digest(job) and tar.stat().st_size == commit.size_bytes
    return commit if whole else None


def _rendered(jobs: list[_Job], workers: int) -> Iterator[Commit]:
    """Render shards, here or in workers; the first failure ends the build."""
    if workers == 1:
        yield from map(_render_shard, jobs)
        return
    timeout_s = SECONDS_PER_SAMPLE * max((len(job.rows) for job in jobs), default=1)
    with closing(run_jobs(_render_shard, jobs, workers=workers, timeout_s=timeout_s)) as results:
        for job, result in results:
            if isinstance(result, WetdryError):
                raise ShardError(f"{job.out}: shard {job.shard}: {result}")
            yield result


def _render_shard(job: _Job) -> Commit:
    """Render one shard and commit it; a pure function of the job and its files."""
    for origin in job.effects:  # a worker has imported nothing but wetdry
        use_origin(origin)
    kept: list[dict[str, Any]] = []
    set_aside: list[dict[str, str]] = []

    def samples() -> Iterator[tuple[str, dict[str, bytes]]]:
        for row in job.rows:
            try:
                with plugins_allowed(job.plugins):  # this may be another process
                    members, measured = make_sample(row, job.stems, job.assets, bits=job.bits)
            except AudioError as error:
                cure = "look at the stem or the recipe; the other samples are complete"
                reason = str(error).replace(
                    f"{job.stems}/", ""
                )  # no path of a machine in a dataset
                set_aside.append({"what": row["key"], "reason": reason, "cure": cure})
                continue
            kept.append(measured)
            yield row["key"], members

    written = write_shard(job.out / "data" / f"{job.shard}.tar", samples())
    for row in kept:
        row["members"] = json.dumps(written.places[row["key"]])
    commit = Commit(
        shard=job.shard,
        plan_sha256=_plan_digest(job),
        sha256=written.sha256,
        size_bytes=written.size_bytes,
        keys=[row["key"] for row in kept],
        rows=kept,
        set_aside=set_aside,
    )
    write_commit(job.out / "commits" / f"{job.shard}.json", commit)
    return commit


def _gather(commits: list[Commit], set_aside: list[dict[str, str]], out: Path) -> None:
    """Write the manifest, in the plan's order, and what was set aside."""
    rows = [{**row, "shard_sha256": commit.sha256} for commit in commits for row in commit.rows]
    write_atomically(out / "set_aside.json", json.dumps(set_aside, indent=1).encode())
    write_table(rows, manifest_schema(), out / "manifest.parquet")
