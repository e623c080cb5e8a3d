"""Workers: processes that render, supervised, so that one which dies takes nothing with it."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

from ..errors import ShardError, WetdryError

__all__ = ["ONE_THREAD", "environment", "run_jobs"]

Job = TypeVar("Job")
Result = TypeVar("Result")

TRIES = 3
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
"""Sums of BLAS depend on the number of threads, and workers would fight for the cores."""


@dataclass
class _Worker(Generic[Job]):
    """A process, the pipe to it, and what it is busy with."""

    process: SpawnProcess
    pipe: Connection
    job: Job | None = None
    deadline: float = float("inf")


def run_jobs(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    *,
    workers: int,
    timeout_s: float,
) -> Generator[tuple[Job, Result | WetdryError], None, None]:
    """Do jobs in processes of their own, and give back results in the order they come.

    A worker that dies or hangs is replaced and its job tried again, three times in all.
    Processes are spawned: a fork inherits locks that audio libraries hold.

    Parameters
    ----------
    work : callable
        A function of a module; pure, and safe to repeat.
    jobs : sequence
        Pickled to the workers.
    workers : int
    timeout_s : float
        Longest time for one job.

    Yields
    ------
    job, result
        A job that failed for good has a :class:`ShardError` as its result; an error of the
        work itself is its result at once.
    """
    pool = _Pool(work, workers, timeout_s, deque((job, 1) for job in jobs))
    try:
        yield from pool.results()
    finally:
        pool.close()


class _Pool(Generic[Job, Result]):
    """The state of one run: who does what, and what is left."""

    def __init__(
        self,
        work: Callable[[Job], Result],
        count: int,
        timeout_s: float,
        queue: deque[tuple[Job, int]],
    ) -> None:
        self.work = work
        self.timeout_s = timeout_s
        self.queue = queue
        self.workers = [self.start() for _ in range(min(count, len(queue)))]

    def start(self) -> "_Worker[tuple[Job, int]]":
        """Start a worker."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.work), daemon=True)
        with environment(ONE_THREAD):
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def results(self) -> Iterator[tuple[Job, Result | WetdryError]]:
        """Hand out jobs and collect results until nothing is left."""
        while True:
            for worker in self.workers:
                if worker.job is None and self.queue:
                    worker.job = self.queue.popleft()
                    worker.deadline = time.monotonic() + self.timeout_s
                    worker.pipe.send(worker.job[0])
            busy = [worker for worker in self.workers if worker.job is not None]
            if not busy:
                return
            wait([worker.pipe for worker in busy], timeout=1.0)
            for worker in busy:
                yield from self.collect(worker)

    def collect(
        self, worker: "_Worker[tuple[Job, int]]"
    ) -> Iterator[tuple[Job, Result | WetdryError]]:
        """Take a worker's result; replace it if it died or hangs."""
        assert worker.job is not None
        job, attempt = worker.job
        try:
            if worker.pipe.poll():
                result: Result | WetdryError = worker.pipe.recv()
                worker.job = None
                yield job, result
                return
            if time.monotonic() < worker.deadline:
                return
            reason = f"took longer than {self.timeout_s:g} s"
        except (EOFError, ConnectionError):
            worker.process.join()
            reason = f"ended its process (status {worker.process.exitcode})"
        self.replace(worker)
        if attempt < TRIES:
            self.queue.append((job, attempt + 1))
        else:
            yield job, ShardError(f"the job {reason}, {TRIES} times; see its effects")

    def replace(self, worker: "_Worker[tuple[Job, int]]") -> None:
        """End a worker and start another in its place."""
        _end(worker.process)
        worker.pipe.close()
        self.workers[self.workers.index(worker)] = self.start()

    def close(self) -> None:
        """End all workers; those that are idle leave by themselves."""
        for worker in self.workers:
            worker.pipe.close()
            if worker.job is not None:
                _end(worker.process)
        for worker in self.workers:
            worker.process.join()


def _end(process: SpawnProcess) -> None:
    """End a process for certain."""
    process.kill()
    process.join()


@contextmanager
def environment(settings: dict[str, str]) -> Iterator[None]:
    """Set environment variables for children that start meanwhile."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, work: Callable[[Job], Result]) -> None:
    """Do one job after the other until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, who ends us
    while True:
        try:
            job = pipe.recv()
        except (EOFError, ConnectionError):
            return
        try:
            result: Result | WetdryError = work(job)
        except WetdryError as error:
            result = error
        try:
            pipe.send(result)
        except (BrokenPipeError, ConnectionError):
            return
