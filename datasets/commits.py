"""Commits: the shards of a plan that stand whole, and what their records say."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from ..manifests.store_paths import Place, StorePath
from .jobs import Job, Jobs, plan_digest
from .plans.spares import leaves_out
from .shards import Commit, parse_commit, read_commit

__all__ = ["all_committed", "committed", "is_of_plan", "light", "read_commits", "with_rows"]

AT_ONCE = 64
"""Commit records that are asked for, and held, together."""


def committed(job: Job) -> Commit | None:
    """Return a shard's commit record if the shard stands there, whole by size, of this plan."""
    if not job.record.exists():
        return None
    commit, data = read_commit(job.record), job.out / "data"

    def size(name: str) -> int | None:
        return (data / name).stat().st_size if (data / name).exists() else None

    return commit if is_of_plan(commit, job) and commit.stands(size) else None


def is_of_plan(commit: Commit, job: Job) -> bool:
    """Tell whether a shard holds what is planned.

    Plans of before, and such as were edited, may have chains in them that this one leaves out:
    what they give is the same.
    """
    if commit.plan_sha256 == plan_digest(job):
        return True
    if not any(map(leaves_out, job.rows)):
        return False
    whole = replace(job, rows=tuple(map(job.means.completed, job.rows)))
    return commit.plan_sha256 == plan_digest(whole)


def all_committed(jobs: Jobs) -> dict[str, Commit]:
    """Return the commit records, light ones, of all shards that stand there."""
    if not jobs or not isinstance(out := jobs[0].out, StorePath):
        return {job.shard: light(commit) for job in jobs if (commit := committed(job))}
    sizes, there = (out / "data").sizes(), (out / "commits").sizes()
    begun = jobs.only({shard for shard in jobs.shards if f"{shard}.json" in there})
    return {
        job.shard: light(commit)
        for job, commit in zip(begun, read_commits(out, begun.shards), strict=True)
        if is_of_plan(commit, job) and commit.stands(sizes.get)
    }


def read_commits(out: Place, shards: Sequence[str]) -> Iterator[Commit]:
    """Read the commit records of shards, of a store many at a time.

    Raises
    ------
    ShardError
        If one is lost or torn.
    """
    waiting, folder = iter(shards), out / "commits"
    while few := list(islice(waiting, AT_ONCE)):
        records: dict[str, bytes] = {}
        if isinstance(folder, StorePath):
            with suppress(FileNotFoundError):  # which is told of the one that is lost
                records = folder.read_many([f"{shard}.json" for shard in few])
        for shard in few:
            path = folder / f"{shard}.json"
            data = records.get(path.name)
            yield read_commit(path) if data is None else parse_commit(data, path)


def light(commit: Commit) -> Commit:
    """Return a commit record without its rows, to be kept by the thousand."""
    return replace(commit, rows=[])


def with_rows(commits: Iterable[Commit], out: Place) -> Iterator[Commit]:
    """Yield commit records with their rows, which are read again where they are light ones."""
    waiting = iter(commits)
    while few := list(islice(waiting, AT_ONCE)):
        again = read_commits(out, [commit.shard for commit in few if not commit.rows])
        yield from (commit if commit.rows else next(again) for commit in few)
