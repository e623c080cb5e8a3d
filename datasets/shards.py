"""Shards: WebDataset tars whose bytes depend on nothing but their content.

A shard is one tar, or one for each field of its samples: the same keys in the same order in each.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..errors import ShardError
from ..manifests.files import write_atomically, writing
from ..manifests.store_paths import Place

__all__ = [
    "WHOLE",
    "Commit",
    "Tar",
    "Written",
    "parse_commit",
    "read_commit",
    "shard_of",
    "tar_name",
    "write_commit",
    "write_shard",
    "write_tars",
]

KEY = re.compile(r"[A-Za-z0-9_-]+")
"""webdataset cuts at the first dot, and would write anywhere that a key points to."""

WHOLE = ""
"""Stands for the field of a shard's only tar, which holds them all."""


def tar_name(shard: str, field: str = WHOLE) -> str:
    """Return the file name of a shard's tar.

    Examples
    --------
    >>> tar_name("train-000000"), tar_name("train-000000", "dry")
    ('train-000000.tar', 'train-000000.dry.tar')
    """
    return f"{shard}.{field}.tar" if field else f"{shard}.tar"


def shard_of(name: str) -> str:
    """Return the shard that a tar of this file name belongs to."""
    return name.partition(".")[0]


@dataclass(frozen=True)
class Tar:
    """What one tar is.

    Parameters
    ----------
    sha256 : str
    size_bytes : int
    """

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Commit:
    """The record that says a shard is whole.

    Parameters
    ----------
    shard : str
        File name without ``.tar``.
    plan_sha256 : str
        Digest of the plan's rows that it was rendered from.
    tars : dict of str to Tar
        By field; of a shard that is one tar, by ``WHOLE``.
    keys : list of str
    rows : list of dict
        Of the manifest.
    set_aside : list of dict
        Samples that could not be rendered: ``what``, ``reason``, ``cure``.
    """

    shard: str
    plan_sha256: str
    tars: dict[str, Tar]
    keys: list[str]
    rows: list[dict[str, Any]]
    set_aside: list[dict[str, str]]

    @property
    def sha256(self) -> str:
        """The digest of the tar; of several, that of their digests in the order of the fields."""
        if WHOLE in self.tars:
            return self.tars[WHOLE].sha256
        said = "".join(f"{field} {self.tars[field].sha256}\n" for field in sorted(self.tars))
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def files(self) -> dict[str, Tar]:
        """Its tars by file name."""
        return {tar_name(self.shard, field): tar for field, tar in self.tars.items()}

    def stands(self, sizes: Callable[[str], int | None]) -> bool:
        """Tell whether all tars stand there by size; ``sizes`` gives that of a file name."""
        return all(sizes(name) == tar.size_bytes for name, tar in self.files.items())


@dataclass(frozen=True)
class Written:
    """What was written as one tar.

    Parameters
    ----------
    tar : Tar
    places : dict
        Of each key the place of each member by extension: offset and size, in bytes.
    """

    tar: Tar
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


class _OpenTar:
    """A tar that is being written, and what stands where in it."""

    def __init__(self, path: Place, out: _Digesting, tar: tarfile.TarFile) -> None:
        self._path, self._out, self._tar = path, out, tar
        self._places: dict[str, dict[str, tuple[int, int]]] = {}

    def add(self, key: str, members: dict[str, bytes]) -> None:
        """Add a sample."""
        if not KEY.fullmatch(key):
            raise ShardError(f"{self._path}: wanted a key of A-Z a-z 0-9 _ -, found {key!r}")
        own = self._places.setdefault(key, {})
        for extension in sorted(members):
            header = tarfile.TarInfo(f"{key}.{extension}")
            header.size = len(members[extension])
            own[extension] = (self._tar.offset + tarfile.BLOCKSIZE, header.size)
            self._tar.addfile(header, io.BytesIO(members[extension]))

    def written(self) -> Written:
        """Return what it became, once it is closed."""
        return Written(Tar(self._out.digest.hexdigest(), self._out.size_bytes), self._places)


@contextmanager
def _tar_at(path: Place) -> Iterator[_OpenTar]:
    """Open a tar that takes its name only when all of it is on the disk."""
    with writing(path) as file:
        out = _Digesting(file)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
            yield _OpenTar(path, out, tar)


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
    with _tar_at(path) as tar:
        for key, members in samples:
            tar.add(key, members)
    return tar.written()


def write_tars(
    folder: Place,
    shard: str,
    fields: Collection[str],
    samples: Iterable[tuple[str, dict[str, dict[str, bytes]]]],
) -> dict[str, Written]:
    """Write samples as one tar for each field, in one pass; each is whole or absent.

    Parameters
    ----------
    folder : Path or StorePath
    shard : str
    fields : collection of str
    samples : iterable of (key, members by extension, by field)

    Raises
    ------
    ShardError
        As :func:`write_shard` does; and if a sample has other fields, for its keys would be
        missing in a tar.
    """
    with ExitStack() as stack:
        tars = {f: stack.enter_context(_tar_at(folder / tar_name(shard, f))) for f in fields}
        for key, by_field in samples:
            if by_field.keys() != tars.keys():
                raise ShardError(
                    f"{folder / shard}: {key}: wanted members for the tars {', '.join(tars)}, "
                    f"found {', '.join(by_field)}; give all sessions the same taps, or make one "
                    "tar of all fields"
                )
            for field, members in by_field.items():
                tars[field].add(key, members)
    return {field: tar.written() for field, tar in tars.items()}


def write_commit(path: Place, commit: Commit) -> None:
    """Write the record that makes a shard count."""
    tars = {field: tar.__dict__ for field, tar in commit.tars.items()}
    said = {**commit.__dict__, "tars": tars}
    if WHOLE in tars:  # one tar's digest and size stand by themselves
        said |= said.pop("tars")[WHOLE]
    write_atomically(path, json.dumps(said, sort_keys=True, indent=1).encode())


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
        said = json.loads(data)
        if "tars" not in said:
            said["tars"] = {WHOLE: {name: said.pop(name) for name in ("sha256", "size_bytes")}}
        said["tars"] = {field: Tar(**tar) for field, tar in said["tars"].items()}
        odd = [field for field in said["tars"] if field and not KEY.fullmatch(field)]
        if odd or not said["tars"]:
            raise ValueError(f"tars of {odd}")
        return Commit(**said)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _no_commit(path, error) from None


def _no_commit(path: Place, error: Exception) -> ShardError:
    """Return what is said of a file that is no commit record."""
    return ShardError(f"{path}: not a commit record ({error}); delete it and run generate again")
