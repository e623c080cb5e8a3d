"""Build: plan, render in workers, commit shard by shard, and gather the manifest.

A killed build leaves whole shards with their commit records and perhaps temporary files. The
next run with the same order recognises them and renders the rest; the bytes are the same as if
nothing had happened.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..degradations.plugins.plugin import are_allowed
from ..manifests.files import write_atomically
from ..manifests.redraws import Redraws, count_redraws
from ..manifests.schema import manifest_schema
from ..manifests.store_paths import Place, place_of
from ..manifests.tables import write_table
from .card import card_stands, stated_licence, write_card
from .commits import all_committed, light, with_rows
from .engines import Engine, LocalEngine, check_seen, rendered
from .folder import Busy, remember
from .holding import begun_by_one, check_stored, holding, watched
from .jobs import Jobs, Means, jobs_of
from .plans.at_scale import plan_in, store_plan
from .plans.files import planned_by_hand
from .plans.plan import Drawing, Order
from .plans.spares import packed
from .provenance import origins
from .scanning.catalog import faults
from .shards import Commit
from .shares import Share, forget_shares

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
    out: Place | str,
    *,
    planned: "DataFrame | Path | None" = None,
    share: Share | None = None,
    workers: int = 1,
    engine: Engine | None = None,
    take_over: bool = False,
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
    out : Path, StorePath or str
        A folder, or a URL such as ``s3://bucket/prefix``: new, empty, or begun by the same
        order, or by one that differs in fewer samples.
    planned : DataFrame or Path, optional
        A plan of :func:`wetdry.datasets.write_plan`, filtered or edited, or its file, which is
        never held whole: exactly its rows are rendered, and the order's number of samples counts
        for nothing. It extends a dataset whose rows are its beginning, split by split.
    share : Share, optional
        Render only this share of the shards; other processes render the others into the same
        folder, at the same time or not, and the last to end writes the manifest.
    workers : int
        Processes; the bytes do not depend on it.
    engine : Engine, optional
        Where to render; by default so many processes of this machine
        (:class:`~wetdry.datasets.LocalEngine`).
    take_over : bool
        Of a store: write although another run holds it, which is gone.
    progress : callable, optional
        Called with the number of samples done and in all.

    Raises
    ------
    CatalogError, ShardError, UsageError
        If the stems cannot feed the order, the plan is none, or the folder is not to be
        written to.
    """
    drawing = Drawing(order, catalog) if planned is None else None
    proving = nullcontext() if planned is None else planned_by_hand(planned, order, catalog)
    recipe, own = order.recipe, tuple(origins(order.recipe).values())
    form = order.bits, are_allowed(), own, order.previews, order.one_tar_per_field, packed(recipe)
    means = Means(stems, recipe.folder, *form)
    out, where = place_of(out), engine or LocalEngine(workers)
    check_seen(out, where, means)
    with proving as given, holding(out, share, take_over=take_over) as still_ours:
        with begun_by_one(out, share):
            if drawing:
                rows = plan_in(out, drawing, catalog, workers=workers)
            elif given:
                rows = store_plan(out, given[1], given[0])
            remember(out, stems, recipe.folder)
        jobs = jobs_of(rows, out, means)
        mine = jobs.only({*share.of(jobs.shards)}) if share else jobs
        commits, made = render_missing(mine, where, watched(progress, still_ours))
        if share is None:
            return _finished(commits, made, faults(catalog), out)
    return _share_done(jobs, commits, made, faults(catalog), out)


def _finished(
    commits: Sequence[Commit], made: int, faulty: list[dict[str, str]], out: Place
) -> Built:
    """Write what stands beside the shards; whoever calls this holds the folder alone."""
    forget_shares(out)
    check_stored(out, commits)
    left_out, redraws = gather(commits, faulty, out)
    if not card_stands(out):  # a finished dataset's may have been edited since
        write_card(out, licence=stated_licence(out))
    return _built(commits, made, left_out, redraws)


def _share_done(
    jobs: Jobs,
    commits: Sequence[Commit],
    made: int,
    faulty: list[dict[str, str]],
    out: Place,
) -> Built:
    """Finish the dataset if all shares are there and nobody else is at work."""
    with suppress(Busy), holding(out):  # who is busy there ends later, and does it
        whole = all_committed(jobs)
        if len(whole) == len(jobs):
            return _finished([whole[job.shard] for job in jobs], made, faulty, out)
    left_out = faulty + [entry for commit in commits for entry in commit.set_aside]
    redraws = sum(map(_redraws, with_rows(commits, out)), Redraws())
    return replace(_built(commits, made, left_out, redraws), finished=False)


def _built(
    commits: Sequence[Commit], made: int, left_out: list[dict[str, str]], redraws: Redraws
) -> Built:
    """Count what came of a build."""
    return Built(sum(len(commit.keys) for commit in commits), made, left_out, redraws)


def _redraws(commit: Commit) -> Redraws:
    """Count the redraws of a shard."""
    return count_redraws(track for row in commit.rows for track in row["tracks"])


def render_missing(
    jobs: Jobs, engine: Engine, progress: Progress | None = None
) -> tuple[list[Commit], int]:
    """Render the shards that are not there yet.

    Returns
    -------
    commits : list of Commit
        Of all shards, in order, without their rows: those of a million samples would fill
        memory, and stand on the disk.
    made : int
        How many samples were rendered now.
    """
    commits = all_committed(jobs)
    missing = jobs.only({*jobs.shards} - {*commits})
    done, made = sum(len(c.keys) + len(c.set_aside) for c in commits.values()), 0
    proven = any(commit.keys for commit in commits.values())
    for commit in rendered(missing, engine, proven=proven):
        commits[commit.shard] = light(commit)
        made += len(commit.keys)
        done += len(commit.keys) + len(commit.set_aside)
        if progress:
            progress(done, jobs.samples)
    return [commits[shard] for shard in jobs.shards], made


def gather(
    commits: Sequence[Commit], faulty: list[dict[str, str]], out: Place
) -> tuple[list[dict[str, str]], Redraws]:
    """Write the manifest, in the plan's order, and what was set aside.

    Returns
    -------
    set_aside : list of dict
        Stems and samples.
    redraws : Redraws
    """
    left_out = faulty + [
        {name: entry[name] for name in ("what", "reason", "cure")}  # a record read has them sorted
        for commit in commits
        for entry in commit.set_aside
    ]
    redraws = Redraws()

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal redraws
        for commit in with_rows(commits, out):
            redraws += _redraws(commit)
            yield from ({**row, "shard_sha256": commit.sha256} for row in commit.rows)

    write_atomically(out / "set_aside.json", json.dumps(left_out, indent=1).encode())
    write_table(rows(), manifest_schema(), out / "manifest.parquet")
    return left_out, redraws
