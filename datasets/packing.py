"""Packing: a dataset without its audio, for those who have the stems, and the whole of it again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from ..errors import ShardError, UsageError
from ..manifests.files import write_atomically, writing
from ..manifests.row_groups import StoredRows
from ..manifests.schema import plan_schema
from ..manifests.versions import library_versions
from .build import Progress, gather, render_missing
from .card import stated_licence, write_card
from .commits import with_rows
from .engines import Engine, LocalEngine
from .folder import RECORD, claim, read_record, remember, writer_lock
from .inputs import check_rows, check_stems, means_of, other_versions, with_spares
from .jobs import jobs_of
from .plans.spares import leaves_out
from .shards import Commit

__all__ = ["Replayed", "pack", "replay_dataset"]

TABLES = ("plan.parquet", "manifest.parquet", "set_aside.json")
CARDS = ("README.md", "croissant.json")
NOTE = "REPLAY.md"

HOW = """\
# A dataset without its audio

Rendered from this folder and the stems, with {versions}:

    wetdry replay THIS_FOLDER --stems STEMS --out DIR

`DIR` then holds the shards that README.md describes, byte for byte where these versions agree.
"""


@dataclass
class Replayed:
    """What came of rendering a packed dataset.

    Parameters
    ----------
    samples, rendered : int
        How many stand in the dataset, and were rendered now.
    versions : dict
        Libraries whose versions differ: those it was made with, and those here.
    differing : list of str
        Keys of the samples whose audio differs from what the manifest says.
    identical : bool
        Whether every byte is that of the dataset that was packed.
    set_aside : list of dict
        Stems and samples that were left out: ``what``, ``reason``, ``cure``.
    """

    samples: int = 0
    rendered: int = 0
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    identical: bool = False
    set_aside: list[dict[str, str]] = field(default_factory=list)


def pack(dataset: Path, out: Path) -> list[Path]:
    """Write what a dataset is made from, without its audio.

    Parameters
    ----------
    dataset : Path
        Whole.
    out : Path
        A new or empty folder.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ShardError, UsageError
        If the dataset is not finished, or there is something in the folder.
    """
    record, rows, manifest = _read(dataset)
    left_out = {entry["what"] for entry in _set_aside(dataset)}
    if [key for key in rows.column("key") if key not in left_out] != manifest.column("key"):
        raise ShardError(f"{dataset}: is not finished or damaged; run 'wetdry repair' first")
    if out.is_dir() and (there := sorted(path.name for path in out.iterdir())):
        raise UsageError(f"{out}: wanted an empty or new folder, found {there[0]}; choose another")
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    names = (RECORD, *TABLES, *CARDS)
    if lost := [name for name in names if not (dataset / name).is_file()]:
        raise _lost(dataset / lost[0], "none is there")
    for name in names:
        _copy(dataset / name, out / name)
    write_atomically(out / NOTE, HOW.format(versions=versions).encode())
    return [out / name for name in (*names, NOTE)]


def replay_dataset(
    packed: Path,
    stems: Path,
    out: Path,
    *,
    assets: Path | None = None,
    workers: int = 1,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Replayed:
    """Render a packed dataset from its plan and the stems; begun before, it is finished.

    Parameters
    ----------
    packed : Path
        Of :func:`pack`.
    stems : Path
        The stems that it was made from: their digests are compared.
    out : Path
        New, empty, or begun by the same call.
    assets : Path, optional
        The folder that the recipe's files are relative to; by default the stems.
    workers : int
    engine : Engine, optional
        Where to render; by default so many processes of this machine.
    progress : callable, optional
        Called with the number of samples done and in all.

    Raises
    ------
    ShardError, CatalogError, UsageError
        If the package is damaged, of another format or names files elsewhere; if the stems are
        others; if the folder holds another dataset.
    """
    record, rows, manifest = _read(packed)
    check_rows(rows, packed)
    means = means_of(record, packed, stems, assets or stems)
    if any(map(leaves_out, rows)):
        means = with_spares(means, record, packed)
    check_stems(rows, stems)
    done = Replayed(versions=other_versions(record))
    keys, set_aside = set(rows.column("key")), _set_aside(packed)
    faulty = [entry for entry in set_aside if entry["what"] not in keys]
    with writer_lock(out):
        claim(out, {**record, "versions": library_versions()}, rows)
        remember(out, means.stems, means.assets)
        _copy(packed / "plan.parquet", out / "plan.parquet")
        engine = engine or LocalEngine(workers)
        commits, done.rendered = render_missing(jobs_of(rows, out, means), engine, progress)
        done.set_aside, _ = gather(commits, faulty, out)
        done.samples = sum(len(commit.keys) for commit in commits)
        done.differing = _differing(with_rows(commits, out), manifest)
        shards = dict(zip(*map(manifest.column, ("shard", "shard_sha256")), strict=True))
        same = {c.shard: c.sha256 for c in commits if c.keys} == shards
        done.identical = same and not done.versions and done.set_aside == set_aside
        if done.identical:
            for name in (*TABLES, *CARDS):
                _copy(packed / name, out / name)
        else:
            write_card(out, licence=stated_licence(packed))
    return done


def _read(dataset: Path) -> tuple[dict[str, Any], StoredRows, StoredRows]:
    """Return what a dataset says of itself, its plan and its manifest; rows are not held."""
    plan = StoredRows(dataset / "plan.parquet", plan_schema().names)
    manifest = StoredRows(dataset / "manifest.parquet", ("key", "pcm_sha256"))
    return read_record(dataset), plan, manifest


def _set_aside(dataset: Path) -> list[dict[str, str]]:
    """Read what a dataset left out."""
    path = dataset / "set_aside.json"
    try:
        return list(json.loads(path.read_bytes()))
    except OSError as error:
        raise _lost(path, f"{error.strerror}") from None


def _copy(source: Path, target: Path) -> None:
    """Copy a file of a dataset, which may be larger than memory."""
    with writing(target) as file:
        try:
            with source.open("rb") as opened:
                copyfileobj(opened, file)
        except FileNotFoundError as error:
            raise _lost(source, f"{error.strerror}") from None


def _lost(path: Path, why: str) -> ShardError:
    """Return what is said of a file that a dataset lacks."""
    return ShardError(f"{path}: cannot be read ({why}); run 'wetdry repair' on the dataset")


def _differing(commits: Iterable[Commit], manifest: StoredRows) -> list[str]:
    """Return the samples whose audio is not that of a manifest, or which one of both lacks."""
    found = {row["key"]: _short(row) for commit in commits for row in commit.rows}
    wanted = {row["key"]: _short(row) for row in manifest}
    return [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]


def _short(row: dict[str, Any]) -> bytes:
    """Return a digest of the digests of a sample's audio: a million of these fit into memory."""
    return sha256(str(row["pcm_sha256"]).encode()).digest()
