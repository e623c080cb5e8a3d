"""A dataset's samples, in their order and complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ...audio import Audio
from ...datasets import read
from ...errors import ShardError
from ...manifests.tables import read_columns

__all__ = ["Sample", "dataset_digest", "read_samples", "songs_of"]


@dataclass(frozen=True)
class Sample:
    """A mixture and the dry stems behind it.

    Parameters
    ----------
    key : str
        Its name in the dataset.
    sample_rate : int
        In Hz.
    mixture : float32 array, shape (channels, samples)
    dry : dict of str to float32 array, each of the mixture's shape
        One for each of ``STEM_CLASSES``; silent where the class does not play.
    """

    key: str
    sample_rate: int
    mixture: Audio
    dry: dict[str, Audio]


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
    shards = sorted((data / "data").glob(f"{split}-*.tar"))
    wanted = sum(name == split for name in _column(data, "split"))
    if not shards or not wanted:
        raise ShardError(
            f"{data}: wanted shards data/{split}-*.tar and their rows in manifest.parquet, "
            f"found {len(shards)} and {wanted}; generate the split {split!r}"
        )
    for sample in read(data, split=split, fields=("mixture", "dry")):
        key, mixture = sample["key"], sample["mixture"]
        for name, stem in sample["dry"].items():
            if stem.shape != mixture.shape:
                raise ShardError(
                    f"{data}: sample {key}: wanted {name} of the mixture's shape "
                    f"{mixture.shape}, found {stem.shape}; generate it again"
                )
        yield Sample(key, sample["sample_rate"], mixture, sample["dry"])


def songs_of(data: Path, split: str) -> list[str]:
    """Return the names of the songs that a split was made of, sorted."""
    rows = zip(_column(data, "split"), _column(data, "songs"), strict=True)
    return sorted({song for name, songs in rows if name == split for song in songs})


def dataset_digest(data: Path) -> str:
    """Return a SHA-256 that changes whenever the dataset does."""
    digest = sha256()
    for name in ("dataset.json", "manifest.parquet"):
        digest.update((data / name).read_bytes() if (data / name).exists() else b"")
    return digest.hexdigest()


def _column(data: Path, name: str) -> list[Any]:
    """Read a column of the manifest."""
    cells: list[Any] = read_columns(data / "manifest.parquet", [name])[name].to_pylist()
    return cells
