"""A dataset's samples, read from its shards with webdataset, in their order and complete."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tarfile import TarError
from typing import Any

from ..audio import STEM_CLASSES, Audio, decode
from ..errors import ShardError

__all__ = ["Sample", "dataset_digest", "read_samples", "songs_of"]


@dataclass(frozen=True)
class Sample:
    """A mixture and the stems behind it.

    Parameters
    ----------
    key : str
        Its name in the dataset.
    sample_rate : int
        In Hz.
    mixture : float32 array, shape (channels, samples)
    dry : dict of str to float32 array, each of the mixture's shape
        One for each of ``STEM_CLASSES``; silent where the class does not play.
    wet : dict of str to float32 array
        Likewise; empty where the dataset was written without that tap.
    """

    key: str
    sample_rate: int
    mixture: Audio
    dry: dict[str, Audio]
    wet: dict[str, Audio]


def read_samples(data: Path, split: str) -> Iterator[Sample]:
    """Read all samples of a split, shard by shard.

    Parameters
    ----------
    data : Path
        A folder written by ``wetdry generate``.
    split : str
        ``"train"`` or ``"test"``.

    Yields
    ------
    Sample

    Raises
    ------
    ShardError
        If there are no shards, or a sample lacks a member, does not fit together, or
        stands in the manifest but not in the shards: torn tars read as shorter ones.
    """
    wanted = [row["key"] for row in _rows(data, split)]
    shards = sorted((data / "data").glob(f"{split}-*.tar"))
    if not shards or not wanted:
        raise ShardError(
            f"{data}: wanted shards data/{split}-*.tar and their rows in manifest.parquet, "
            f"found {len(shards)} and {len(wanted)}; generate the split {split!r}"
        )
    found = 0
    for members in _members(shards):
        yield _sample(members)
        found += 1
    if found != len(wanted):
        raise ShardError(
            f"{data}: wanted the {len(wanted)} samples of split {split!r} that the manifest "
            f"lists, found {found}: a shard is torn; run `wetdry verify` and generate again"
        )


def songs_of(data: Path, split: str) -> list[str]:
    """Return the names of the songs that a split was made of, sorted."""
    return sorted({song for row in _rows(data, split) for song in row["songs"]})


def dataset_digest(data: Path) -> str:
    """Return a SHA-256 that changes whenever the dataset does."""
    digest = sha256()
    for name in ("dataset.json", "manifest.parquet"):
        digest.update((data / name).read_bytes() if (data / name).exists() else b"")
    return digest.hexdigest()


def _rows(data: Path, split: str) -> list[dict[str, Any]]:
    """Read what the manifest says about a split's samples."""
    import pyarrow
    from pyarrow import parquet

    path = data / "manifest.parquet"
    try:
        table = parquet.read_table(path, columns=["key", "split", "songs"])
    except (OSError, pyarrow.ArrowException) as error:
        raise ShardError(
            f"{path}: wanted a dataset's manifest, found none that can be read "
            f"({' '.join(str(error).split())[:120]}); generate the dataset again"
        ) from None
    return [row for row in table.to_pylist() if row["split"] == split]


def _members(shards: list[Path]) -> Iterator[dict[str, Any]]:
    """Let webdataset group the members of each sample."""
    os.environ.setdefault("WDS_SECURE", "1")  # else a name could run a shell, a member unpickle
    import webdataset

    for shard in shards:
        try:
            with shard.open("rb") as stream:
                files = webdataset.tariterators.tar_file_expander(
                    [{"url": shard.name, "stream": stream}]
                )
                yield from webdataset.tariterators.group_by_keys(files)
        except (OSError, ValueError, TarError) as error:
            raise ShardError(f"{shard}: cannot be read ({error}); generate it again") from None


def _sample(members: dict[str, Any]) -> Sample:
    """Decode a sample's members; of mixture and dry stems none may be missing."""
    mixture, sample_rate = _audio(members, "mixture.flac")
    dry = _stems(members, "dry", mixture)
    has_wet = f"{STEM_CLASSES[0].lower()}.wet.flac" in members
    wet = _stems(members, "wet", mixture) if has_wet else {}
    return Sample(members["__key__"], sample_rate, mixture, dry, wet)


def _stems(members: dict[str, Any], kind: str, mixture: Audio) -> dict[str, Audio]:
    """Decode the stems of a kind, each of the mixture's shape."""
    stems = {}
    for name in STEM_CLASSES:
        member = f"{name.lower()}.{kind}.flac"
        stems[name], _ = _audio(members, member)
        if stems[name].shape != mixture.shape:
            raise ShardError(
                f"{members['__url__']}: sample {members['__key__']}: wanted {member} of the "
                f"mixture's shape {mixture.shape}, found {stems[name].shape}; generate it again"
            )
    return stems


def _audio(members: dict[str, Any], member: str) -> tuple[Audio, int]:
    """Decode one member."""
    key = members["__key__"]
    if member not in members:
        raise ShardError(f"{members['__url__']}: sample {key} has no {member}: a torn shard")
    return decode(members[member], f"{key}.{member}")
