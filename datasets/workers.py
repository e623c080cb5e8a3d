"""Workers: processes that render, supervised, so that one which dies takes nothing with it."""

import enum
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

from ..errors import ShardError, WetdryError

__all__ = ["ONE_THREAD", "TRIES", "Lost", "Queue", "alive", "environment", "run_jobs"]

Job = TypeVar("Job")
Result = TypeVar("Result")

TRIES = 3
LONGEST_START_S = 300.0
"""Longest time that a process may take to import what it needs, perhaps over a network."""
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
"""Sums of BLAS depend on the number of threads, and workers would fight for the cores."""


class Lost(ShardError):
    """A job ended its process or hung each time that it was tried; its argument says how."""

    def __str__(self) -> str:
        """Return what became of the job, and where to look."""
        return f"the job {self.args[0]}; see its effects"


class _Sign(enum.Enum):
    """What a worker says beside results."""

    READY = "waits for its first job"
    ALIVE = "is at work"


_pipe: Connection | None = None
"""The pipe to whoever watches this process, if anybody does."""


def alive() -> None:
    """Tell whoever watches this process that the job goes on; the time limit begins anew."""
    if _pipe is not None:
        _pipe.send(_Sign.ALIVE)


class Queue(Generic[Job]):
    """Jobs that are asked for one after the other, for all at once may be more than memory holds.

    Parameters
    ----------
    jobs : sequence
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs, self._next = jobs, 0

    def __len__(self) -> int:
        """Return how many are left."""
        return len(self._jobs) - self._next

    def popleft(self) -> Job:
        """Return the next one."""
        self._next += 1
        return self._jobs[self._next - 1]


@dataclass
class _Worker(Generic[Job]):
    """A process, the pipe to it, and what it is busy with."""

    process: SpawnProcess
    pipe: Connection
    deadline: float
    ready: bool = False
    job: Job | None = None
    attempt: int = 1


def run_jobs(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    *,
    workers: int,
    timeout_s: float,
    tries: int = TRIES,
) -> Generator[tuple[Job, Result | WetdryError], None, None]:
    """Do jobs in processes of their own, and give back results in the order they come.

    A worker that dies or hangs is replaced, and the new process begins with its job. With one
    worker, results come in the order of the jobs. Processes are spawned: a fork inherits locks
    that audio libraries hold. They end with the process that started them, however it ends.

    Parameters
    ----------
    work : callable
        A function of a module; pure, and safe to repeat.
    jobs : sequence
        Pickled to the workers; asked for one after the other, and not kept.
    workers : int
    timeout_s : float
        Longest time for one job, or until it says that it is :func:`alive`.
    tries : int
        How often a job is tried whose process dies or hangs.

    Yields
    ------
    job, result
        A job that failed for good has :class:`Lost` as its result; an error of the work itself
        is its result at once.

    Raises
    ------
    ShardError
        If workers cannot even start.
    """
    pool = _Pool(work, workers, timeout_s, tries, Queue(jobs))
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
        tries: int,
        queue: "Queue[Job]",
    ) -> None:
        self.work = work
        self.timeout_s = timeout_s
        self.tries = tries
        self.queue = queue
        self.false_starts = 0
        self.workers = [self.start() for _ in range(min(count, len(queue)))]

    def start(self) -> "_Worker[Job]":
        """Start a worker."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.work))
        resource_tracker.ensure_running()  # at its first start it lets interrupts through
        with environment(ONE_THREAD), interrupts_held():
            process.start()
        theirs.close()
        return _Worker(process, ours, time.monotonic() + LONGEST_START_S)

    def results(self) -> Iterator[tuple[Job, Result | WetdryError]]:
        """Hand out jobs and collect results until nothing is left."""
        while True:
            for worker in self.workers:
                if worker.ready and worker.job is None and self.queue:
                    worker.job = self.queue.popleft()
                    self.hand(worker)
            if not self.queue and all(worker.job is None for worker in self.workers):
                return
            heard = [
                worker for worker in self.workers if worker.job is not None or not worker.ready
            ]
            wait([worker.pipe for worker in heard], timeout=1.0)
            for worker in heard:
                yield from self.hear(worker)

    def hand(self, worker: "_Worker[Job]") -> None:
        """Give a worker its job; if it is dead, that is heard next."""
        worker.deadline = time.monotonic() + self.timeout_s
        with suppress(OSError):
            worker.pipe.send(worker.job)

    def hear(self, worker: "_Worker[Job]") -> Iterator[tuple[Job, Result | WetdryError]]:
        """Take what a worker says; replace it if it died or hangs."""
        try:
            if worker.pipe.poll():
                said: _Sign | Result | WetdryError = worker.pipe.recv()
                if isinstance(said, _Sign):
                    self.note(worker, said)
                    return
                assert worker.job is not None
                job, worker.job, worker.attempt = worker.job, None, 1
                yield job, said
                return
            if time.monotonic() < worker.deadline:
                return
            reason = f"took longer than {self.timeout_s:g} s"
        except (EOFError, OSError):
            worker.process.join()
            reason = f"ended its process (status {worker.process.exitcode})"
        yield from self.replace(worker, reason)

    def note(self, worker: "_Worker[Job]", sign: _Sign) -> None:
        """Note that a worker is there, or goes on."""
        worker.deadline = time.monotonic() + self.timeout_s
        if sign is _Sign.READY:
            worker.ready, self.false_starts = True, 0
            if worker.job is not None:  # that its predecessor died of
                self.hand(worker)

    def replace(
        self, worker: "_Worker[Job]", reason: str
    ) -> Iterator[tuple[Job, Result | WetdryError]]:
        """End a worker and start another in its place, which tries the same job again."""
        _end(worker.process)
        worker.pipe.close()
        self.workers.remove(worker)
        job, attempt = worker.job, worker.attempt
        if not worker.ready:
            self.false_starts += 1
            if self.false_starts == TRIES:
                raise ShardError(
                    f"a worker {reason} before its first job, {TRIES} times; a script that uses "
                    "workers needs its \"if __name__ == '__main__':\""
                )
        elif job is not None and attempt == self.tries:
            times = f", {attempt} times" if attempt > 1 else ""
            job, attempt = None, 1
            assert worker.job is not None
            yield worker.job, Lost(reason + times)
        elif job is not None:
            attempt += 1
        if job is not None or self.queue:
            successor = self.start()
            successor.job, successor.attempt = job, attempt
            self.workers.append(successor)

    def close(self) -> None:
        """End all workers; those that are idle leave by themselves."""
        for worker in self.workers:
            worker.pipe.close()
            if worker.job is not None or not worker.ready:
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


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from children that start meanwhile: it comes to the parent, who ends them.

    It would reach them among their imports, and each would print a traceback.
    """
    resource_tracker.ensure_running()  # the first child's start would: it lets Ctrl-C in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, work: Callable[[Job], Result]) -> None:
    """Do one job after the other until the parent closes the pipe or is gone."""
    global _pipe
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _pipe = pipe
    said: _Sign | Result | WetdryError = _Sign.READY
    while True:
        try:
            pipe.send(said)
            job = pipe.recv()
        except (EOFError, ConnectionError):
            return
        try:
            said = work(job)
        except WetdryError as error:
            said = error


def _leave_with_parent() -> None:
    """End this process as soon as its parent is gone: nobody waits for what it does."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
