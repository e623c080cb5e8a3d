"""Outputs: what a model says of each sample, in shards beside the dataset's that share keys.

``outputs/NAME/train-000000.tar`` holds ``KEY.vocals.NAME.wav`` and so on for the samples of
``data/train-000000.tar``. A shard counts once its commit record stands; the record names the
digest of the data shard that was heard.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from ..audio import STEM_CLASSES, Audio, checked, encode_flac, encode_float, suffix_of
from ..errors import AudioError, ShardError, UsageError
from ..manifests.store_paths import Place
from ..manifests.tables import read_columns
from .fields import read_places
from .folder import claim, writer_lock
from .shards import WHOLE, Commit, read_commit, write_commit, write_shard
from .tars import Places

__all__ = ["missing_outputs", "output_places", "write_outputs"]

NAME = re.compile(r"(?!(?:dry|wet|wet_master)$)[a-z0-9_]+")
RECORD = "outputs.json"
COLUMNS = ("key", "split", "shard", "shard_sha256", "sample_rate", "seconds")

Row: TypeAlias = dict[str, Any]


def write_outputs(
    dataset: Path | str,
    name: str,
    outputs: Iterable[tuple[str, Mapping[str, Audio]]],
    *,
    about: Mapping[str, Any] | None = None,
    bits: int = 32,
) -> int:
    """Keep what a model says of a dataset's samples; ``read(fields=["outputs.NAME"])`` gives it.

    Killed at any moment, the same call goes on: shards that are whole are kept, and
    :func:`missing_outputs` says which samples are still to be heard.

    Parameters
    ----------
    dataset : Path or str
    name : str
        Of a-z, 0-9 and _.
    outputs : iterable of (key, {class: audio})
        Float32 of shape (channels, samples), as long as the sample; all samples of a shard in
        their order. Those of shards that are already whole are passed over.
    about : mapping, optional
        Where the outputs come from (model, checkpoint, commit), for ``outputs.json``.
    bits : {16, 24, 32}
        FLAC of 16 or 24 bits, which refuses samples beyond full scale; 32 keeps the very floats.

    Returns
    -------
    int
        How many samples were written now.

    Raises
    ------
    UsageError
        If the name is none, or holds outputs of something else.
    ShardError
        If samples come in another order, or the disk refuses; whole shards stay.
    AudioError
        If something is no audio of the sample's length.
    """
    dataset = Path(dataset)
    _check(name, bits)
    shards = _shards(dataset)
    shard_of = {row["key"]: shard for shard, rows in shards.items() for row in rows}
    folder, stream, count = dataset / "outputs" / name, iter(outputs), 0
    with writer_lock(folder):
        claim(folder, _record(dataset, name, about, bits), name=RECORD)
        done = {shard for shard, rows in shards.items() if _is_whole(folder, shard, rows)}
        while (first := next(stream, None)) is not None:
            if first[0] not in shard_of:
                raise ShardError(f"{folder}: the dataset has no sample {first[0]!r}")
            shard = shard_of[first[0]]
            if shard not in done:
                _write(folder, shard, shards[shard], chain([first], stream), bits)
                count += len(shards[shard])
                done.add(shard)
    return count


def missing_outputs(dataset: Path | str, name: str, *, split: str | None = None) -> list[str]:
    """Return the keys that :func:`write_outputs` still waits for, in its order."""
    folder, shards = Path(dataset) / "outputs" / name, _shards(Path(dataset))
    missing = (rows for shard, rows in shards.items() if not _is_whole(folder, shard, rows))
    return [row["key"] for rows in missing for row in rows if split in (None, row["split"])]


def output_places(
    dataset: Place, name: str, shard: str, key: str, shard_sha256: str | None
) -> tuple[Place, Places]:
    """Return the tar with a model's outputs of a sample, and where they stand in it.

    Raises
    ------
    ShardError
        If there are none, or they were made of another version of the shard.
    """
    folder = dataset / "outputs" / name
    where = folder / "commits" / f"{shard}.json"
    if not NAME.fullmatch(name) or not where.exists():
        raise ShardError(f"{where}: wanted outputs of {key}, found none; see write_outputs")
    heard, members = _commit(where, where.stat().st_mtime_ns if isinstance(where, Path) else 0)
    if key not in members or shard_sha256 not in (None, heard):
        raise ShardError(f"{where}: made of another version of {shard}; write the outputs again")
    places = read_places(members[key], f"{where}: {key}")
    if WHOLE not in places:
        raise ShardError(f"{where}: wanted one tar, found {', '.join(places)}; write outputs again")
    return folder / f"{shard}.tar", places[WHOLE]


@lru_cache(maxsize=256)
def _commit(path: Place, _mtime_ns: int) -> tuple[str, dict[str, str]]:
    """Return the digest of the shard that was heard, and the places by key."""
    commit = read_commit(path)
    return commit.plan_sha256, {row["key"]: row["members"] for row in commit.rows}


def _check(name: str, bits: int) -> None:
    """Refuse a name that would not read back, and widths that no file has."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"outputs: wanted a name of a-z, 0-9 and _ other than dry, wet and wet_master, "
            f"found {name!r}"
        )
    if bits not in (16, 24, 32):
        raise UsageError(f"bits: wanted 16, 24 or 32, found {bits}")


def _record(dataset: Path, name: str, about: Mapping[str, Any] | None, bits: int) -> dict[str, Any]:
    """Return what ``outputs.json`` holds."""
    digest = sha256((dataset / "dataset.json").read_bytes()).hexdigest()
    about = json.loads(json.dumps(about or {}))  # tuples become lists, as they read back
    return {"name": name, "about": about, "bits": bits, "dataset_sha256": digest}


def _shards(dataset: Path) -> dict[str, list[Row]]:
    """Return the rows of each shard, in order."""
    shards: dict[str, list[Row]] = {}
    for row in read_columns(dataset / "manifest.parquet", COLUMNS).to_pylist():
        shards.setdefault(row["shard"], []).append(row)
    return shards


def _is_whole(folder: Path, shard: str, rows: list[Row]) -> bool:
    """Tell whether a shard's outputs stand there, of these samples."""
    path, tar = folder / "commits" / f"{shard}.json", folder / f"{shard}.tar"
    if not path.exists() or not tar.exists():
        return False
    commit = read_commit(path)
    same = commit.plan_sha256 == rows[0]["shard_sha256"] and commit.keys == [r["key"] for r in rows]
    return same and commit.stands(lambda _: tar.stat().st_size)


def _write(
    folder: Path,
    shard: str,
    rows: list[Row],
    outputs: Iterator[tuple[str, Mapping[str, Audio]]],
    bits: int,
) -> None:
    """Write one shard and its commit record."""

    def samples() -> Iterator[tuple[str, dict[str, bytes]]]:
        for row in rows:
            key, stems = next(outputs, ("nothing", {}))
            if key != row["key"]:
                raise ShardError(
                    f"{folder}: wanted the outputs of {row['key']} next, found {key}; give a "
                    "shard's samples in order and all of them, as missing_outputs lists them"
                )
            yield key, _files(folder.name, row, stems, bits)

    written = write_shard(folder / f"{shard}.tar", samples())
    members = [{"key": key, "members": json.dumps(own)} for key, own in written.places.items()]
    commit = Commit(
        shard=shard,
        plan_sha256=rows[0]["shard_sha256"],
        tars={WHOLE: written.tar},
        keys=list(written.places),
        rows=members,
        set_aside=[],
    )
    write_commit(folder / "commits" / f"{shard}.json", commit)


def _files(name: str, row: Row, stems: Mapping[str, Audio], bits: int) -> dict[str, bytes]:
    """Encode a sample's outputs."""
    files = {}
    rate, frames = row["sample_rate"], round(row["seconds"] * row["sample_rate"])
    for stem_class, audio in stems.items():
        where = f"outputs {name} of {row['key']}, {stem_class}"
        if stem_class not in STEM_CLASSES:
            raise UsageError(f"{where}: wanted one of {', '.join(STEM_CLASSES)}")
        if checked(audio, where).shape[1] != frames:
            raise AudioError(f"{where}: wanted {frames} samples, found {audio.shape[1]}")
        if bits < 32 and abs(audio).max(initial=0) > 1:
            raise AudioError(f"{where}: beyond full scale; bits=32 keeps it, or lower it")
        data = encode_float(audio, rate) if bits == 32 else encode_flac(audio, rate, bits)
        files[f"{stem_class.lower()}.{name}.{suffix_of(bits)}"] = data
    if not files:
        raise UsageError(f"outputs {name} of {row['key']}: wanted at least one class, found none")
    return files
