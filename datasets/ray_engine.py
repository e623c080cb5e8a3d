"""Ray: the jobs of a build on the machines of a cluster.

A task is one shard's order: the rows of the plan, where the files stand, and the source of
effects that are the user's own. On its machine it is supervised as on any other: rendered in a
process of its own, with one thread for BLAS, a time limit and tries. What comes back is the commit
record; audio goes from the renderer to the shared folder and nowhere else.
"""

import os
import re
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..degradations.own_effects import Origin
from ..errors import ShardError, UsageError, WetdryError
from ..manifests.files import write_atomically
from ..manifests.versions import library_versions
from .engines import Results, Work
from .folder import RECORD
from .jobs import Job
from .shards import Commit
from .workers import Queue, run_jobs

__all__ = ["Carried", "RayEngine", "carried_with", "done_here", "imported_ray"]

LOST_NODES = 20
"""How often one shard may lose the machine under it; cheap machines are taken away often."""

LONGEST_END_S = 15.0
"""How long tasks are waited for that were told to end."""

LONGEST_ANSWER_S = 10.0
"""How long the head of a cluster may take to take a call."""

STORE_BYTES = 100_000_000
"""Ray's memory for objects: orders and records are small."""

SETTINGS = ("WETDRY_CONFIG", "WETDRY_CACHE")
"""Where plugins are allowed and weights lie, if that is said here."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a FutureWarning where no GPU is asked for
}


@dataclass(frozen=True)
class RayEngine:
    """Machines that Ray brings together; they share the folders of stems and output.

    Parameters
    ----------
    address : str or None
        Of a cluster that runs: ``HOST:PORT``, or ``auto`` on a machine of it. None takes the one
        that the environment's ``RAY_ADDRESS`` names, or starts a cluster on this machine alone
        and ends it afterwards.
    workers : int
        How many processes that one gets; a cluster uses all of its processors.
    """

    address: str | None = None
    workers: int = 1

    def done(self, work: Work, jobs: Sequence[Job], *, timeout_s: float, tries: int) -> Results:
        """Do jobs on the cluster.

        Raises
        ------
        UsageError
            If Ray is not installed.
        ShardError
            If no cluster is reached.
        """
        ray = imported_ray()
        carried = carried_with(jobs[0], timeout_s, tries)
        with _connected(ray, self.address, self.workers):
            yield from _results(ray, work, Queue(jobs), carried)


@dataclass(frozen=True)
class Carried:
    """What every task is given beside its job, so that it is done as it would be done here."""

    sources: dict[str, bytes]
    versions: dict[str, str]
    settings: dict[str, str]
    timeout_s: float
    tries: int


def carried_with(job: Job, timeout_s: float, tries: int) -> Carried:
    """Gather what is at hand here and perhaps not elsewhere."""
    sources: dict[str, bytes] = {}
    for origin in job.means.effects:
        if origin.path is not None:
            try:
                sources[origin.version] = origin.path.read_bytes()
            except OSError as error:
                raise UsageError(f"{origin.path}: cannot be read ({error.strerror})") from None
    settings = {name: os.environ[name] for name in SETTINGS if name in os.environ}
    return Carried(sources, library_versions(), settings, timeout_s, tries)


def _results(ray: Any, work: Work, waiting: Queue[Job], carried: Carried) -> Results:
    """Keep the cluster busy, and one task more for each processor: more may join it."""
    task = ray.remote(num_cpus=1, max_retries=LOST_NODES)(done_here)
    running: dict[Any, Job] = {}
    try:
        given = ray.put(carried)
        while waiting or running:
            processors = int(ray.cluster_resources().get("CPU", 0))
            while waiting and len(running) < 2 * max(processors, 1):
                job = waiting.popleft()
                running[task.remote(work, _anywhere(job), given)] = job
            done, _ = ray.wait(list(running), timeout=1.0)
            for reference in done:
                yield running.pop(reference), _result(ray, reference)
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise ShardError(
            f"ray: the cluster is lost ({_last_line(error)}); start one, and run the same command"
        ) from None
    finally:
        with suppress(ray.exceptions.RayError, ConnectionError):
            for reference in running:
                ray.cancel(reference, force=True)
            if running:
                ray.wait(list(running), num_returns=len(running), timeout=LONGEST_END_S)


def _last_line(error: Exception) -> str:
    """Return what an error of Ray comes to."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


def _result(ray: Any, reference: Any) -> Commit | WetdryError:
    """Return what came of a task."""
    try:
        result: Commit | WetdryError = ray.get(reference)
    except ray.exceptions.RayError as error:
        cure = "look at the machines with 'ray status'; the same command goes on"
        if "No module named" in str(error):
            cure = "install the same wetdry, with the same extras, on every machine"
        return ShardError(f"ray: {type(error).__name__}: {_last_line(error)}; {cure}")
    return result


def _anywhere(job: Job) -> Job:
    """Return a job whose folders have the names that they have everywhere."""
    out = job.out.resolve() if isinstance(job.out, Path) else job.out
    stems, assets = job.means.stems.resolve(), job.means.assets.resolve()
    return replace(job, out=out, means=replace(job.means, stems=stems, assets=assets))


def done_here(work: Work, job: Job, carried: Carried) -> Commit | WetdryError:
    """Do a job on the machine of the cluster that this runs on."""
    os.environ.update(carried.settings)
    with tempfile.TemporaryDirectory(prefix="wetdry-") as folder:
        try:
            _check_machine(job, carried.versions)
            effects = tuple(
                _placed(origin, carried.sources, Path(folder)) for origin in job.means.effects
            )
        except WetdryError as error:
            return error
        here = replace(job, means=replace(job.means, effects=effects))
        supervised = run_jobs(
            work, [here], workers=1, timeout_s=carried.timeout_s, tries=carried.tries
        )
        with closing(supervised) as results:
            return next(result for _, result in results)


def _check_machine(job: Job, versions: dict[str, str]) -> None:
    """Refuse a machine that would give other bytes, or write them where nobody finds them.

    Raises
    ------
    ShardError
        With its name.
    """
    here, name = library_versions(), socket.gethostname()
    if here != versions:
        others = (k for k in versions if here.get(k) != versions[k])
        told = ", ".join(f"{k} {here.get(k, 'none')} (wanted {versions[k]})" for k in others)
        raise ShardError(f"{name}: has {told}; install the same versions on every machine")
    if not (job.out / RECORD).exists():
        raise ShardError(
            f"{name}: wanted the dataset's folder, found nothing there; let all machines share "
            "it under one name"
        )
    if not job.means.stems.is_dir():
        raise ShardError(
            f"{name}: wanted the stems in {job.means.stems}, found nothing there; let all "
            "machines share them under one name"
        )


def _placed(origin: Origin, sources: dict[str, bytes], folder: Path) -> Origin:
    """Put the source of an effect on this machine, or look whether its package is here.

    Raises
    ------
    ShardError
        If the package is not, or is another version.
    """
    if origin.path is None:
        try:
            found = version(origin.name)
        except PackageNotFoundError:
            found = "none"
        if found != origin.version:
            raise ShardError(
                f"{socket.gethostname()}: wanted {origin.name} {origin.version} for its effects, "
                f"found {found}; install it on every machine"
            )
        return origin
    path = folder / origin.version / origin.name
    write_atomically(path, sources[origin.version])
    return replace(origin, path=path)


@contextmanager
def _connected(ray: Any, address: str | None, workers: int) -> Iterator[None]:
    """Be part of a cluster; leave it, and end it if it is our own."""
    if ray.is_initialized():  # whoever did that in this process has chosen the cluster
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    _check_answers(address)
    own = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE_BYTES}
    try:
        ray.init(
            address=address,
            logging_level="ERROR",
            log_to_driver=False,
            **(own if address == "local" else {}),
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreached(address, _last_line(error)) from None
    try:
        yield
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Refuse an address at which nobody listens: Ray would try for minutes.

    Raises
    ------
    ShardError
        With the system's own words.
    """
    found = re.fullmatch(r"([^:/]+):([0-9]{1,5})", address)
    if found:
        try:
            socket.create_connection((found[1], int(found[2])), LONGEST_ANSWER_S).close()
        except (OSError, OverflowError) as error:
            raise _unreached(address, str(error)) from None


def _unreached(address: str, said: str) -> ShardError:
    """Return the error of a cluster that is not reached."""
    return ShardError(
        f"--address {address}: no cluster is reached ({said}); start one with 'ray start --head', "
        "with the same versions of Python and Ray"
    )


def imported_ray() -> Any:
    """Import Ray without its reports to its makers.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise UsageError(
            "--engine ray: wanted Ray, found none; install it with pip install 'wetdry[ray]'"
        ) from None
    return ray
