"""Shards: WebDataset tars whose bytes depend on nothing but their content."""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..errors import ShardError
from ..manifests.files import write_atomically, writing
from ..manifests.store_paths import Place

__all__ = ["Commit", "Written", "parse_commit", "read_commit", "write_commit", "write_shard"]

KEY = re.compile(r"[A-Za-z0-9_-]+")
"""webdataset cuts at the first dot, and would write anywhere that a key points to."""


@dataclass(frozen=True)
class Commit:
    """The record that says a shard is whole.

    Parameters
    ----------
    shard : str
        File name without ``.tar``.
    plan_sha256 : str
        Digest of the plan's rows that it was rendered from.
    sha256 : str
        Of the tar.
    size_bytes : int
    keys : list of str
    rows : list of dict
        Of the manifest.
    set_aside : list of dict
        Samples that could not be rendered: ``what``, ``reason``, ``cure``.
    """

    shard: str
    plan_sha256: str
    sha256: str
    size_bytes: int
    keys: list[str]
    rows: list[dict[str, Any]]
    set_aside: list[dict[str, str]]


@dataclass(frozen=True)
class Written:
    """What was written as a tar.

    Parameters
    ----------
    sha256 : str
        Of the tar.
    size_bytes : int
    places : dict
        Of each key the place of each member by extension: offset and size, in bytes.
    """

    sha256: str
    size_bytes: int
    places: dict[str, dict[str, tuple[int, int]]]


class _Digesting(io.RawIOBase):
    """A file that computes the digest of what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.size_bytes = 0

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write and digest."""
        self.digest.update(data)
        self.size_bytes += len(data)
        return self.file.write(data)


def write_shard(path: Place, samples: Iterable[tuple[str, dict[str, bytes]]]) -> Written:
    """Write samples as a tar, whole or not at all.

    Parameters
    ----------
    path : Path or StorePath
    samples : iterable of (key, members by extension)

    Raises
    ------
    ShardError
        If a key holds characters that readers misunderstand, or the disk refuses.
    """
    places: dict[str, dict[str, tuple[int, int]]] = {}
    with writing(path) as file:
        out = _Digesting(file)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
            for key, members in samples:
                if not KEY.fullmatch(key):
                    raise ShardError(f"{path}: wanted a key of A-Z a-z 0-9 _ -, found {key!r}")
                own = places.setdefault(key, {})
                for extension in sorted(members):
                    header = tarfile.TarInfo(f"{key}.{extension}")
                    header.size = len(members[extension])
                    own[extension] = (tar.offset + tarfile.BLOCKSIZE, header.size)
                    tar.addfile(header, io.BytesIO(members[extension]))
    return Written(out.digest.hexdigest(), out.size_bytes, places)


def write_commit(path: Place, commit: Commit) -> None:
    """Write the record that makes a shard count."""
    write_atomically(path, json.dumps(commit.__dict__, sort_keys=True, indent=1).encode())


def read_commit(path: Place) -> Commit:
    """Read a commit record.

    Raises
    ------
    ShardError
        If it is not one.
    """
    try:
        return parse_commit(path.read_bytes(), path)
    except ShardError:
        raise
    except OSError as error:
        raise _no_commit(path, error) from None


def parse_commit(data: bytes, path: Place) -> Commit:
    """Read what a commit record of that path says.

    Raises
    ------
    ShardError
        If it is not one.
    """
    try:
        return Commit(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise _no_commit(path, error) from None


def _no_commit(path: Place, error: Exception) -> ShardError:
    """Return what is said of a file that is no commit record."""
    return ShardError(f"{path}: not a commit record ({error}); delete it and run generate again")
