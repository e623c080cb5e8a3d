"""Engines: where the jobs of a build are done; the bytes do not depend on it."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from ..errors import ShardError, UsageError, WetdryError
from ..manifests.store_paths import Place, StorePath
from .jobs import Job, Means, render_shard, rescue_shard
from .shards import Commit
from .workers import TRIES, Lost, run_jobs

__all__ = ["Engine", "LocalEngine", "Results", "Work", "check_seen", "rendered"]

Work = Callable[[Job], Commit]
Results = Generator[tuple[Job, Commit | WetdryError], None, None]


class Engine(Protocol):
    """Whatever does jobs, in any order, each in a process whose death it survives."""

    def done(self, work: Work, jobs: Sequence[Job], *, timeout_s: float, tries: int) -> Results:
        """Do jobs, and give back each with its result, as :func:`~.workers.run_jobs` does."""


@dataclass(frozen=True)
class LocalEngine:
    """Processes of this machine.

    Parameters
    ----------
    workers : int
        How many. One renders in this very process if nobody else's code has a part in it (an
        effect of your own always gets a process that it may end); what ends it ends the build.
    """

    workers: int = 1

    def is_alone(self, means: Means | None) -> bool:
        """Tell whether jobs of these means are done in this very process."""
        return self.workers == 1 and not (means and means.effects)

    def done(self, work: Work, jobs: Sequence[Job], *, timeout_s: float, tries: int) -> Results:
        """Do jobs, here or in workers."""
        if self.is_alone(jobs[0].means if jobs else None):
            yield from ((job, work(job)) for job in jobs)
            return
        yield from run_jobs(work, jobs, workers=self.workers, timeout_s=timeout_s, tries=tries)


def check_seen(out: Place, engine: Engine, means: Means) -> None:
    """Refuse a place in this process's memory if other processes are to write there.

    Raises
    ------
    UsageError
        If they are: what they wrote would be gone.
    """
    alone = isinstance(engine, LocalEngine) and engine.is_alone(means)
    if isinstance(out, StorePath) and out.is_of_this_process and not alone:
        found = "effects of your own" if means.effects else f"{engine}"
        raise UsageError(
            f"{out}: other processes do not see this memory: wanted one local worker and no "
            f"effects of your own, found {found}; take --workers 1, or a folder or another store"
        )


def rendered(jobs: Sequence[Job], engine: Engine, *, proven: bool = False) -> Iterator[Commit]:
    """Render shards, and first those that take no process with them.

    A shard whose worker died or hung is done again at the end, sample by sample, and what ends
    or hangs its process each time is set aside. Any other failure ends the build.

    Parameters
    ----------
    jobs : sequence of Job
    engine : Engine
    proven : bool
        Whether samples of the dataset are there already.

    Raises
    ------
    ShardError
        If a shard is not to be had.
    """
    lost: list[Job] = []
    for job, result in _results(engine, render_shard, jobs, 1):
        if isinstance(result, Lost):
            lost.append(job)
            continue
        commit = _commit_of(job, result)
        proven = proven or bool(commit.keys)
        yield commit
    again = [replace(job, proven=proven) for job in lost]
    for job, result in _results(engine, rescue_shard, again, TRIES):
        yield _commit_of(job, result)


def _results(
    engine: Engine, work: Work, jobs: Sequence[Job], tries: int
) -> Iterator[tuple[Job, Commit | WetdryError]]:
    """Do jobs; between two signs of life a sample may be tried thrice."""
    if not jobs:
        return
    timeout_s = jobs[0].longest_s * (1 if work is render_shard else TRIES + 1)
    with closing(engine.done(work, jobs, timeout_s=timeout_s, tries=tries)) as results:
        yield from results


def _commit_of(job: Job, result: Commit | WetdryError) -> Commit:
    """Return a shard's commit record, or raise why there is none."""
    if isinstance(result, WetdryError):
        raise ShardError(f"{job.out}: shard {job.shard}: {result}")
    return result
