"""Jobs: one shard each, rendered and committed as a pure function of its rows and files."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, overload

from ..degradations import plugins_allowed
from ..degradations.own_effects import Origin, use_origin
from ..errors import AudioError, ShardError, WetdryError
from ..manifests.row_groups import column_of
from ..manifests.store_paths import Place
from ..mixing.sessions import Session
from .fields import by_field, field_of, places_text
from .plans.spares import completed, unpacked
from .samples import make_sample, member_names
from .shards import WHOLE, Commit, tar_name, write_commit, write_tars
from .workers import Lost, alive, run_jobs

__all__ = [
    "Job",
    "Jobs",
    "Means",
    "jobs_of",
    "plan_digest",
    "render_shard",
    "rescue_shard",
]

Made = tuple[dict[str, bytes], dict[str, Any]]
"""Members of a sample by extension, and its row of the manifest."""

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
    one_tar_per_field : bool
    spares : bytes
        The recipe that draws the chains which rows leave out (:func:`~.spares.packed`).
    """

    stems: Path
    assets: Path
    bits: int
    plugins: bool
    effects: tuple[Origin, ...]
    previews: str = ""
    one_tar_per_field: bool = False
    spares: bytes = b""

    def completed(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row of a plan with the chains that it leaves to the recipe."""
        for origin in self.effects:  # a worker has imported nothing but wetdry
            use_origin(origin)
        return completed(row, unpacked(self.spares) if self.spares else None)

    @property
    def form(self) -> list[Any]:
        """What a shard's bytes depend on beside its rows; the usual says nothing of itself."""
        unusual = [self.previews, *(["one tar per field"] if self.one_tar_per_field else [])]
        return [self.bits, *(said for said in unusual if said)]


@dataclass(frozen=True)
class Job:
    """One shard to render.

    Parameters
    ----------
    shard : str
    rows : tuple of dict
        Of the plan.
    out : Path
        The dataset.
    means : Means
    longest_s : float
        Longest time that a sample may take before its process is taken for hung.
    proven : bool
        Whether other samples of the dataset are known to live, so that a shard of which none
        does may be committed without them.
    """

    shard: str
    rows: tuple[dict[str, Any], ...]
    out: Place
    means: Means
    longest_s: float
    proven: bool = False

    @property
    def fields(self) -> list[str]:
        """Which tars the shard is made of: one, or one for each field of its samples."""
        if not self.means.one_tar_per_field:
            return [WHOLE]
        session = Session.from_row(self.rows[0]["session"])
        names = member_names(session, self.means.bits, self.means.previews)
        return sorted({field_of(name) for name in names})

    @property
    def tars(self) -> dict[str, Place]:
        """Where the tars stand, by field."""
        return {field: self.out / "data" / tar_name(self.shard, field) for field in self.fields}

    @property
    def record(self) -> Place:
        """Where its commit record stands."""
        return self.out / "commits" / f"{self.shard}.json"


class Jobs(Sequence[Job]):
    """The jobs of a plan, made when they are asked for: their rows may be more than memory holds.

    Parameters
    ----------
    rows : sequence of dict
        The plan.
    shards : sequence of (str, int, int)
        Of each shard its name, its first row, and the one after its last.
    out : Path or StorePath
    means : Means
    """

    def __init__(
        self,
        rows: Sequence[dict[str, Any]],
        shards: Sequence[tuple[str, int, int]],
        out: Place,
        means: Means,
    ) -> None:
        self._rows, self._shards, self._out, self._means = rows, shards, out, means

    @property
    def samples(self) -> int:
        """How many samples all of them have."""
        return sum(stop - start for _, start, stop in self._shards)

    @property
    def largest(self) -> int:
        """How many samples the largest has."""
        return max((stop - start for _, start, stop in self._shards), default=0)

    @property
    def shards(self) -> list[str]:
        """Their names."""
        return [name for name, _, _ in self._shards]

    def only(self, names: Collection[str]) -> "Jobs":
        """Return the jobs of some shards."""
        kept = [shard for shard in self._shards if shard[0] in names]
        return Jobs(self._rows, kept, self._out, self._means)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._shards)

    @overload
    def __getitem__(self, place: int) -> Job: ...
    @overload
    def __getitem__(self, place: slice) -> "Jobs": ...
    def __getitem__(self, place: int | slice) -> "Job | Jobs":
        """Return one job, or some of them."""
        if isinstance(place, slice):
            return Jobs(self._rows, self._shards[place], self._out, self._means)
        name, start, stop = self._shards[place]
        rows = tuple(self._rows[start:stop])
        return Job(name, rows, self._out, self._means, SECONDS_PER_SAMPLE)


def jobs_of(rows: Sequence[dict[str, Any]], out: Place, means: Means) -> Jobs:
    """Group the plan's rows by shard, in order.

    Raises
    ------
    ShardError
        If rows of one shard stand apart.
    """
    names = column_of(rows, "shard")
    shards: list[tuple[str, int, int]] = []
    for name, group in groupby(names):
        start = shards[-1][2] if shards else 0
        shards.append((name, start, start + sum(1 for _ in group)))
    twice = [name for name, count in Counter(name for name, _, _ in shards).items() if count > 1]
    if twice:
        raise ShardError(f"{out}: plan: rows of shard {twice[0]} stand apart; sort them by key")
    return Jobs(rows, shards, out, means)


def plan_digest(job: Job) -> str:
    """Return the digest of what a shard is to hold, as it was planned."""
    said = json.dumps([job.rows, *job.means.form], sort_keys=True)
    return sha256(said.encode()).hexdigest()


def render_shard(job: Job) -> Commit:
    """Render one shard in this process and commit it; a pure function of the job and its files.

    Raises
    ------
    WetdryError
        If it is not to be had; a sample that a stem or the recipe spoils is set aside.
    """
    return _committed_now(job, (_tried(job, row) for row in job.rows))


def rescue_shard(job: Job) -> Commit:
    """Render a shard that took its process with it, sample by sample in another process.

    A sample that ends that process or hangs is tried again in a fresh one, three times in all,
    and then set aside; the others are the same bytes as ever.

    Raises
    ------
    WetdryError
        Likewise; and if no sample lives here nor did elsewhere: then it is not the samples.
    """
    samples = [replace(job, rows=(row,)) for row in job.rows]
    sent = run_jobs(_only_sample, samples, workers=1, timeout_s=job.longest_s)
    with closing(sent) as results:
        return _committed_now(job, (result for _, result in results))


def _only_sample(job: Job) -> Made:
    """Make the sample of a job that has but one."""
    result = _tried(job, job.rows[0])
    if isinstance(result, AudioError):
        raise result
    return result


def _tried(job: Job, row: dict[str, Any]) -> Made | AudioError:
    """Make a sample, or say what spoils it."""
    means = job.means
    try:
        with plugins_allowed(means.plugins):  # this may be another process
            whole = means.completed(row)
            return make_sample(
                whole, means.stems, means.assets, bits=means.bits, previews=means.previews
            )
    except AudioError as error:
        return error


def _committed_now(job: Job, results: Iterable[Made | WetdryError]) -> Commit:
    """Write samples in the order of the job's rows, set others aside, and commit."""
    kept: list[dict[str, Any]] = []
    set_aside: list[dict[str, str]] = []
    parted = job.means.one_tar_per_field

    def samples() -> Iterator[tuple[str, dict[str, dict[str, bytes]]]]:
        lost: list[WetdryError] = []
        for row, result in zip(job.rows, results, strict=True):
            alive()
            if isinstance(result, WetdryError):
                set_aside.append(_left_out(row["key"], result, job))
                lost += [result] if isinstance(result, Lost) else []
                continue
            members, measured = result
            kept.append(measured)
            yield row["key"], by_field(members) if parted else {WHOLE: members}
        if len(lost) == len(job.rows) and not job.proven:
            raise lost[0]

    written = write_tars(job.out / "data", job.shard, job.fields, samples())
    for row in kept:
        row["members"] = places_text({f: one.places[row["key"]] for f, one in written.items()})
    commit = Commit(
        shard=job.shard,
        plan_sha256=plan_digest(job),
        tars={field: one.tar for field, one in written.items()},
        keys=[row["key"] for row in kept],
        rows=kept,
        set_aside=set_aside,
    )
    write_commit(job.record, commit)
    return commit


def _left_out(key: str, error: WetdryError, job: Job) -> dict[str, str]:
    """Return the entry of a sample that is set aside; raise what is not the sample's fault."""
    if isinstance(error, Lost):
        cure = (
            f"look at its effects; to try it again, delete commits/{job.shard}.json and run the "
            "same command"
        )
        return {"what": key, "reason": str(error.args[0]), "cure": cure}
    if not isinstance(error, AudioError):
        raise error
    reason = str(error).replace(f"{job.means.stems}/", "")  # no path of a machine in a dataset
    cure = "look at the stem or the recipe; the other samples are complete"
    return {"what": key, "reason": reason, "cure": cure}
