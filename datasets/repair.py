"""Repair: find what is damaged or lost in a dataset, and render that again, and nothing else."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..degradations.assets import digest_of
from ..errors import ShardError, WetdryError
from ..manifests.row_groups import StoredRows
from ..manifests.schema import plan_schema
from ..manifests.store_paths import Place, place_of
from ..manifests.tables import write_table
from .build import Progress, gather
from .card import card_stands, stated_licence, write_card
from .commits import committed, is_of_plan, light
from .engines import Engine, LocalEngine, check_seen, rendered
from .fields import places_text
from .folder import locate, read_record, remember
from .holding import holding
from .inputs import check_rows, check_stems, means_of, other_versions, with_spares
from .jobs import Job, Means, jobs_of
from .plans.spares import PlanOfManifest, leaves_out, unpacked
from .positions import descriptor_of, fetched, read_bytes
from .scanning.catalog import faults
from .scanning.scan import scan
from .shards import Commit, read_commit
from .tars import Places, places_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Repaired", "repair"]


@dataclass
class Repaired:
    """What a repair did.

    Parameters
    ----------
    samples, rendered : int
        How many stand in the dataset, and were rendered again.
    shards : dict
        Of each shard that was rendered again what was wrong with it.
    files : list of str
        What was written again beside the shards.
    """

    samples: int = 0
    rendered: int = 0
    shards: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def repair(
    dataset: Place | str,
    *,
    stems: Path | None = None,
    assets: Path | None = None,
    catalog: "DataFrame | None" = None,
    workers: int = 1,
    engine: Engine | None = None,
    take_over: bool = False,
    progress: Progress | None = None,
) -> Repaired:
    """Make a dataset whole: afterwards its bytes are those of the undisturbed one.

    Every shard is read once and compared with its commit record, in size, digest and rows; what
    does not agree is rendered again from the plan. Plan, manifest, list of what was set aside
    and card are written again where they are lost or do not agree.

    Parameters
    ----------
    dataset : Path, StorePath or str
        A folder or a URL, with its ``dataset.json``, and a whole ``plan.parquet`` or
        ``manifest.parquet``.
    stems, assets : Path, optional
        Where the inputs stand; by default where they were when the dataset was made.
    catalog : DataFrame, optional
        Of the stems; needed only where ``set_aside.json`` is lost, else they are scanned.
    workers : int
    engine : Engine, optional
        Where to render; by default so many processes of this machine.
    take_over : bool
        Of a store: write although another run holds it, which is gone.
    progress : callable, optional
        Called with the number of samples rendered and to render.

    Raises
    ------
    ShardError, CatalogError
        If libraries or stems are others than it was made with, or the plan is lost.
    """
    dataset = place_of(dataset)
    record = read_record(dataset)
    if others := other_versions(record):
        told = ", ".join(f"{name} {then} (here {now})" for name, (then, now) in others.items())
        raise ShardError(f"{dataset}: was made with {told}; install those to repair it")
    means = _means(record, dataset, *locate(dataset, stems, assets))
    done, where = Repaired(), engine or LocalEngine(workers)
    check_seen(dataset, where, means)
    with holding(dataset, take_over=take_over):
        before = _others(dataset)
        rows = _plan_rows(dataset, record["samples"], means)
        check_rows(rows, dataset)
        jobs = jobs_of(rows, dataset, means)
        done.shards = {job.shard: wrong for job in jobs if (wrong := _fault(job))}
        damaged = jobs.only(done.shards)
        check_stems((row for job in damaged for row in job.rows), means.stems)
        results = rendered(damaged, where, proven=len(damaged) < len(jobs))
        _render(results, damaged.samples, progress, done)
        commits = [light(read_commit(job.record)) for job in jobs]
        _write_others(dataset, means, rows, commits, catalog)
        done.samples = sum(len(commit.keys) for commit in commits)
        after = _others(dataset)
        done.files = [name for name in after if after[name] != before[name]]
    return done


def _render(
    results: Iterator[Commit], total: int, progress: Progress | None, done: Repaired
) -> None:
    """Render shards again."""
    seen = 0
    for commit in results:
        done.rendered += len(commit.keys)
        seen += len(commit.keys) + len(commit.set_aside)
        if progress:
            progress(seen, total)


def _others(dataset: Place) -> dict[str, str | None]:
    """Return the digests of what stands beside the shards."""
    names = ("plan.parquet", "set_aside.json", "manifest.parquet", "README.md", "croissant.json")
    return {n: digest_of(dataset / n) if (dataset / n).is_file() else None for n in names}


def _means(record: dict[str, Any], dataset: Place, stems: Path, assets: Path) -> Means:
    """Return with what to render; with the recipe where the plan leaves chains to it, or is lost.

    Without the plan, the rows of the manifest do, which have all chains.
    """
    means = means_of(record, dataset, stems, assets)
    try:
        needed = any(map(leaves_out, StoredRows(dataset / "plan.parquet", plan_schema().names)))
    except (ShardError, ValueError):  # lost, torn, or of no text
        with suppress(WetdryError):
            return with_spares(means, record, dataset)
        return means
    return with_spares(means, record, dataset) if needed else means


def _plan_rows(dataset: Place, samples: int, means: Means) -> StoredRows:
    """Return the plan, or what the manifest has of it: that of which more shards are."""
    found: list[tuple[int, StoredRows]] = []
    names, chains = plan_schema().names, unpacked(means.spares) if means.spares else None
    ways: tuple[Callable[[], StoredRows], ...] = (
        lambda: StoredRows(dataset / "plan.parquet", names),
        lambda: PlanOfManifest(dataset / "manifest.parquet", names, chains),
        lambda: StoredRows(dataset / "manifest.parquet", names),
    )
    for read in ways:
        try:
            rows = read()
            jobs = jobs_of(rows, dataset, means)
            agreeing = sum(_agrees(job) for job in jobs)
        except (ShardError, ValueError):  # lost, torn, or of no text
            continue
        if len(rows) == samples:
            found.append((agreeing, rows))
    if not found:
        raise ShardError(
            f"{dataset}: wanted plan.parquet or manifest.parquet with {samples} rows, found "
            "neither; run 'wetdry generate' as the dataset was made"
        )
    return max(found, key=lambda pair: pair[0])[1]


def _agrees(job: Job) -> bool:
    """Tell whether a shard's commit record is of this plan."""
    try:
        return is_of_plan(read_commit(job.record), job)
    except ShardError:
        return False


def _fault(job: Job) -> str:
    """Return what is wrong with a shard; empty if nothing is."""
    tars = job.tars
    names = {tar: f"{part} tar" if part else "shard" for part, tar in tars.items()}
    for path, name in {**names, job.record: "commit record"}.items():
        if not path.is_file():
            return f"the {name} is lost"
    try:
        commit = committed(job)
    except ShardError:
        return "the commit record is torn"
    if commit is None or commit.tars.keys() != tars.keys():
        return "the size or the plan differs from what was committed"
    places: dict[str, dict[str, Places]] = {}
    said: dict[str, Any] = {}
    for part, path in tars.items():
        with fetched(path) as tar:
            if digest_of(tar) != commit.tars[part].sha256:
                return "the bytes differ from those committed"
            try:
                places[part] = places_of(tar)
                said |= _rows_in(tar, places[part])
            except (ShardError, ValueError):
                return "the commit record differs from the shard"
    return "" if _agree(job, commit, places, said) else "the commit record differs from the shard"


def _rows_in(tar: Path, places: dict[str, Places]) -> dict[str, Any]:
    """Return the rows of the samples that stand in a tar, by key."""
    with descriptor_of(tar) as file:
        held = ((key, own["json"]) for key, own in places.items() if "json" in own)
        return {key: json.loads(read_bytes(file, *place, tar)) for key, place in held}


def _agree(
    job: Job, commit: Commit, places: dict[str, dict[str, Places]], said: dict[str, Any]
) -> bool:
    """Compare the rows of a commit record with those that stand in the shard, and its places."""
    try:
        rows = {row["key"]: dict(row) for row in commit.rows}
        left_out = [entry["what"] for entry in commit.set_aside]
        wanted = [row["key"] for row in job.rows if row["key"] not in left_out]
        keys = [list(rows), list(said), commit.keys, *map(list, places.values())]
        return all(found == wanted for found in keys) and all(
            row.pop("members") == places_text({part: own[key] for part, own in places.items()})
            and said[key] == row
            for key, row in rows.items()
        )
    except (KeyError, TypeError):
        return False


def _write_others(
    dataset: Place,
    means: Means,
    rows: StoredRows,
    commits: list[Commit],
    catalog: "DataFrame | None",
) -> None:
    """Write plan, manifest, list of what was set aside, and the card if it is of another."""
    remember(dataset, means.stems, means.assets)
    keys = set(rows.column("key"))
    write_table(rows, plan_schema(), dataset / "plan.parquet")
    try:
        stored = json.loads((dataset / "set_aside.json").read_bytes())
        faulty = [entry for entry in stored if entry["what"] not in keys]
    except (OSError, ValueError, TypeError, KeyError):
        faulty = faults(scan(means.stems) if catalog is None else catalog)
    gather(commits, faulty, dataset)
    if not card_stands(dataset):
        write_card(dataset, licence=stated_licence(dataset))
