"""Jobs: one shard each, rendered and committed as a pure function of its rows and files."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..degradations import plugins_allowed
from ..degradations.own_effects import Origin, use_origin
from ..errors import AudioError, ShardError, WetdryError
from ..manifests.store_paths import Place, StorePath
from .samples import make_sample
from .shards import Commit, parse_commit, read_commit, write_commit, write_shard
from .workers import run_jobs

__all__ = ["Job", "Means", "all_committed", "committed", "jobs_of", "plan_digest", "rendered"]

SECONDS_PER_SAMPLE = 180.0
"""Longest time that a sample may take before its worker is taken for hung."""


@dataclass(frozen=True)
class Means:
    """With what samples are rendered.

    Parameters
    ----------
    stems, assets : Path
        Where the files begin.
    bits : {16, 24, 32}
    plugins : bool
        Whether plugins may run.
    effects : tuple of Origin
        Of the effects that are not the house's.
    previews : {"", "opus", "mp3"}
    """

    stems: Path
    assets: Path
    bits: int
    plugins: bool
    effects: tuple[Origin, ...]
    previews: str = ""


@dataclass(frozen=True)
class Job:
    """One shard to render."""

    shard: str
    rows: tuple[dict[str, Any], ...]
    out: Place
    means: Means

    @property
    def tar(self) -> Place:
        """Where the shard stands."""
        return self.out / "data" / f"{self.shard}.tar"

    @property
    def record(self) -> Place:
        """Where its commit record stands."""
        return self.out / "commits" / f"{self.shard}.json"


def jobs_of(rows: Sequence[dict[str, Any]], out: Place, means: Means) -> list[Job]:
    """Group the plan's rows by shard, in order."""
    shards: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        shards.setdefault(row["shard"], []).append(row)
    return [Job(name, tuple(group), out, means) for name, group in shards.items()]


def plan_digest(job: Job) -> str:
    """Return the digest of what a shard is to hold."""
    form = [job.means.bits, *([job.means.previews] if job.means.previews else [])]
    said = json.dumps([job.rows, *form], sort_keys=True)
    return sha256(said.encode()).hexdigest()


def committed(job: Job) -> Commit | None:
    """Return a shard's commit record if the shard stands there, whole by size, of this plan."""
    if not job.record.exists() or not job.tar.exists():
        return None
    return _of_this_plan(job, read_commit(job.record), job.tar.stat().st_size)


def all_committed(jobs: Sequence[Job]) -> dict[str, Commit]:
    """Return the commit records of all shards that stand there; a store is asked at once."""
    if not jobs or not isinstance(out := jobs[0].out, StorePath):
        return {job.shard: commit for job in jobs if (commit := committed(job))}
    sizes, there = (out / "data").sizes(), (out / "commits").sizes()
    begun = {f"{job.shard}.json": job for job in jobs if f"{job.shard}.tar" in sizes}
    records = (out / "commits").read_many([name for name in begun if name in there])
    found = {}
    for name, data in records.items():
        job = begun[name]
        commit = parse_commit(data, job.record)
        if _of_this_plan(job, commit, sizes[f"{job.shard}.tar"]):
            found[job.shard] = commit
    return found


def _of_this_plan(job: Job, commit: Commit, size_bytes: int) -> Commit | None:
    """Return a commit record if it is of this plan and of a shard of this size."""
    same = commit.plan_sha256 == plan_digest(job) and commit.size_bytes == size_bytes
    return commit if same else None


def rendered(jobs: Sequence[Job], workers: int) -> Iterator[Commit]:
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


def _render_shard(job: Job) -> Commit:
    """Render one shard and commit it; a pure function of the job and its files."""
    means = job.means
    for origin in means.effects:  # a worker has imported nothing but wetdry
        use_origin(origin)
    kept: list[dict[str, Any]] = []
    set_aside: list[dict[str, str]] = []

    def samples() -> Iterator[tuple[str, dict[str, bytes]]]:
        for row in job.rows:
            try:
                with plugins_allowed(means.plugins):  # this may be another process
                    members, measured = make_sample(
                        row, means.stems, means.assets, bits=means.bits, previews=means.previews
                    )
            except AudioError as error:
                cure = "look at the stem or the recipe; the other samples are complete"
                reason = str(error).replace(
                    f"{means.stems}/", ""
                )  # no path of a machine in a dataset
                set_aside.append({"what": row["key"], "reason": reason, "cure": cure})
                continue
            kept.append(measured)
            yield row["key"], members

    written = write_shard(job.tar, samples())
    for row in kept:
        row["members"] = json.dumps(written.places[row["key"]])
    commit = Commit(
        shard=job.shard,
        plan_sha256=plan_digest(job),
        sha256=written.sha256,
        size_bytes=written.size_bytes,
        keys=[row["key"] for row in kept],
        rows=kept,
        set_aside=set_aside,
    )
    write_commit(job.record, commit)
    return commit
