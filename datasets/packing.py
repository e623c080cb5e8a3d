"""Packing: a dataset without its audio, for those who have the stems, and the whole of it again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ShardError, UsageError
from ..manifests.files import write_atomically
from ..manifests.schema import manifest_schema, plan_schema
from ..manifests.tables import read_table, records
from ..manifests.versions import library_versions
from .build import Progress, gather, render_missing
from .card import stated_licence, write_card
from .commits import with_rows
from .engines import Engine, LocalEngine
from .folder import RECORD, claim, read_record, remember, writer_lock
from .inputs import check_rows, check_stems, means_of, other_versions
from .jobs import jobs_of
from .shards import Commit

if TYPE_CHECKING:
    from pandas import DataFrame

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
    set_aside = json.loads(_bytes(dataset / "set_aside.json"))
    left_out = {entry["what"] for entry in set_aside}
    if [row["key"] for row in rows if row["key"] not in left_out] != list(manifest["key"]):
        raise ShardError(f"{dataset}: is not finished or damaged; run 'wetdry repair' first")
    if out.is_dir() and (there := sorted(path.name for path in out.iterdir())):
        raise UsageError(f"{out}: wanted an empty or new folder, found {there[0]}; choose another")
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    contents = {name: _bytes(dataset / name) for name in (RECORD, *TABLES, *CARDS)}
    for name, data in {**contents, NOTE: HOW.format(versions=versions).encode()}.items():
        write_atomically(out / name, data)
    return [out / name for name in (*contents, NOTE)]


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
    check_stems(rows, stems)
    done = Replayed(versions=other_versions(record))
    keys = {row["key"] for row in rows}
    set_aside = json.loads(_bytes(packed / "set_aside.json"))
    faulty = [entry for entry in set_aside if entry["what"] not in keys]
    with writer_lock(out):
        claim(out, {**record, "versions": library_versions()}, rows)
        remember(out, means.stems, means.assets)
        write_atomically(out / "plan.parquet", _bytes(packed / "plan.parquet"))
        engine = engine or LocalEngine(workers)
        commits, done.rendered = render_missing(jobs_of(rows, out, means), engine, progress)
        done.set_aside, _ = gather(commits, faulty, out)
        done.samples = sum(len(commit.keys) for commit in commits)
        done.differing = _differing(with_rows(commits, out), manifest)
        shards = dict(zip(manifest["shard"], manifest["shard_sha256"], strict=True))
        same = {c.shard: c.sha256 for c in commits if c.keys} == shards
        done.identical = same and not done.versions and done.set_aside == set_aside
        if done.identical:
            for name in (*TABLES, *CARDS):
                write_atomically(out / name, _bytes(packed / name))
        else:
            write_card(out, licence=stated_licence(packed))
    return done


def _read(dataset: Path) -> tuple[dict[str, Any], list[dict[str, Any]], "DataFrame"]:
    """Read what a dataset says of itself, its plan and its manifest."""
    plan = read_table(dataset / "plan.parquet", plan_schema())
    manifest = read_table(dataset / "manifest.parquet", manifest_schema())
    return read_record(dataset), records(plan[plan_schema().names]), manifest


def _bytes(path: Path) -> bytes:
    """Read a file of a dataset."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ShardError(
            f"{path}: cannot be read ({error.strerror}); run 'wetdry repair' on the dataset"
        ) from None


def _differing(commits: Iterable[Commit], manifest: "DataFrame") -> list[str]:
    """Return the samples whose audio is not that of a manifest, or which one of both lacks."""
    wanted = dict(zip(manifest["key"], manifest["pcm_sha256"], strict=True))
    found = {row["key"]: row["pcm_sha256"] for commit in commits for row in commit.rows}
    return [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]
