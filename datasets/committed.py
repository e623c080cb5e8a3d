"""Commit records of a plan's shards: which stand there, light or with their rows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from ..manifests.store_paths import Place, StorePath
from .jobs import Job, Jobs, plan_digest, record_of
from .shards import Commit, parse_commit, read_commit

__all__ = ["all_committed", "committed", "light", "with_rows"]

AT_ONCE = 64
"""Commit records that are asked for, and held, together."""


def committed(job: Job) -> Commit | None:
    """Return a shard's commit record if the shard stands there, whole by size, of this plan."""
    if not job.record.exists() or not job.tar.exists():
        return None
    return _of_this_plan(job, read_commit(job.record), job.tar.stat().st_size)


def all_committed(jobs: Jobs) -> dict[str, Commit]:
    """Return the commit records, light ones, of all shards that stand there."""
    if not jobs or not isinstance(out := jobs[0].out, StorePath):
        return {job.shard: light(commit) for job in jobs if (commit := committed(job))}
    sizes, there = (out / "data").sizes(), (out / "commits").sizes()
    begun = {s for s in jobs.shards if f"{s}.tar" in sizes and f"{s}.json" in there}
    waiting, found = iter(jobs.only(begun)), {}
    while few := list(islice(waiting, AT_ONCE)):
        records = (out / "commits").read_many([f"{job.shard}.json" for job in few])
        for job in few:
            commit = parse_commit(records[f"{job.shard}.json"], job.record)
            if _of_this_plan(job, commit, sizes[f"{job.shard}.tar"]):
                found[job.shard] = light(commit)
    return found


def _of_this_plan(job: Job, commit: Commit, size_bytes: int) -> Commit | None:
    """Return a commit record if it is of this plan and of a shard of this size."""
    same = commit.plan_sha256 == plan_digest(job) and commit.size_bytes == size_bytes
    return commit if same else None


def light(commit: Commit) -> Commit:
    """Return a commit record without its rows, to be kept by the thousand."""
    return replace(commit, rows=[])


def with_rows(commits: Iterable[Commit], out: Place) -> Iterator[Commit]:
    """Yield commit records with their rows, which are read again where they are light ones."""
    waiting = iter(commits)
    while few := list(islice(waiting, AT_ONCE)):
        lights = [commit.shard for commit in few if not commit.rows]
        records: dict[str, bytes] = {}
        if isinstance(out, StorePath):
            records = (out / "commits").read_many([f"{shard}.json" for shard in lights])
        for commit in few:
            if commit.rows:
                yield commit
            elif data := records.get(f"{commit.shard}.json"):
                yield parse_commit(data, record_of(out, commit.shard))
            else:
                yield read_commit(record_of(out, commit.shard))
