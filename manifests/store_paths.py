"""Paths of object stores: what a dataset needs of ``pathlib.Path``, for URLs that fsspec opens.

An object is written whole or not at all by the store itself. A path holds its URL and nothing
open: it can be pickled to workers, forked, and used from threads.
"""

import base64
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import file_digest, md5, sha256
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias, cast

from ..errors import ShardError, UsageError
from .stores import open_store, open_to_write

__all__ = ["Place", "StorePath", "place_of", "sizes_of"]

URL = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)")
PART_BYTES = 2**26
"""Of uploads in parts: what a store says of their sum depends on it."""

BATCH = 256
"""Objects that are asked for at one time."""


class Stat(NamedTuple):
    """What a store says of an object."""

    st_size: int


@dataclass(frozen=True)
class StorePath:
    """An object of a store, or a prefix that objects share, as if it were a file or a folder.

    Parameters
    ----------
    url : str
        Such as ``s3://bucket/prefix``, without a slash at its end.
    """

    url: str

    def __str__(self) -> str:
        """Return the URL."""
        return self.url

    def __truediv__(self, name: str) -> "StorePath":
        """Return a path below this one."""
        return StorePath(f"{self.url}/{name}")

    @property
    def name(self) -> str:
        """The part after the last slash."""
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its last suffix."""
        return Path(self.name).stem

    @property
    def is_of_this_process(self) -> bool:
        """Whether it stands in this process's memory, where no other process sees it."""
        return self.url.startswith("memory://")

    def exists(self) -> bool:
        """Tell whether there is such an object; a prefix alone is none."""
        return self._info() is not None

    is_file = exists

    def is_dir(self) -> bool:
        """Tell whether anything stands below."""
        return bool(self.iterdir())

    def stat(self) -> Stat:
        """Return the size.

        Raises
        ------
        FileNotFoundError
            If there is no such object.
        """
        if (info := self._info()) is None:
            raise FileNotFoundError(2, "no such object", self.url)
        return Stat(int(info["size"]))

    def _info(self) -> dict[str, Any] | None:
        """Return what the store says of the object; None if there is none."""
        with open_store(self.url) as (store, path):
            try:
                info = store.info(path)
            except FileNotFoundError:
                return None
        return dict(info) if info["type"] == "file" else None

    def iterdir(self) -> list["StorePath"]:
        """Return what stands directly below, in order."""
        with open_store(self.url) as (store, path):
            try:
                found = store.ls(path, detail=False)
            except FileNotFoundError:
                return []
        names = {str(name).rstrip("/").rpartition("/")[2] for name in found}
        return [self / name for name in sorted(names - {self.name})]

    def glob(self, pattern: str) -> list["StorePath"]:
        """Return the objects directly below that a pattern fits, or one ``FOLDER/PATTERN``."""
        folder, _, last = pattern.rpartition("/")
        below = (self / folder if folder else self).iterdir()
        return [path for path in below if fnmatchcase(path.name, last)]

    def sizes(self) -> dict[str, int]:
        """Return the size in bytes of every object below, by its path from here; one listing."""
        with open_store(self.url) as (store, path):
            found = store.find(path, detail=True)
        return {name.removeprefix(path).lstrip("/"): int(i["size"]) for name, i in found.items()}

    def read_bytes(self) -> bytes:
        """Return the content.

        Raises
        ------
        FileNotFoundError
            If there is no such object.
        """
        with open_store(self.url) as (store, path):
            return bytes(store.cat_file(path))

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return stretches from one byte to before another, asked for at the same time."""
        with open_store(self.url) as (store, path):
            starts, ends = zip(*ranges, strict=True)
            count = len(ranges)
            found = store.cat_ranges([path] * count, list(starts), list(ends), on_error="raise")
        return [bytes(part) for part in found]

    def read_many(self, names: Sequence[str]) -> dict[str, bytes]:
        """Return the contents of objects below, asked for many at a time."""
        contents: dict[str, bytes] = {}
        for first in range(0, len(names), BATCH):
            few = names[first : first + BATCH]
            with open_store(self.url) as (store, path):
                found = store.cat([f"{path}/{name}" for name in few], on_error="raise")
                contents |= {name: bytes(found[f"{path}/{name}"]) for name in few}
        return contents

    def open(self, mode: str = "rb") -> BufferedReader:
        """Open it for reading; what is sought is asked for by ranges."""
        if mode != "rb":
            raise UsageError(f"{self.url}: is read as 'rb', found {mode!r}; write it whole")
        with open_store(self.url) as (store, path):
            return cast(BufferedReader, store.open(path, "rb"))

    def download(self, target: Path) -> None:
        """Write the content to a file of this machine."""
        with open_store(self.url) as (store, path):
            store.get_file(path, str(target))

    def write_bytes(self, data: bytes) -> None:
        """Write the object, in place of any other."""
        with open_to_write(self.url) as (store, path):
            store.pipe_file(path, data)

    def create(self, data: bytes) -> bool:
        """Write the object if there is none, and tell whether it was written.

        Two that try at one time do not both succeed on stores with conditional writes (S3, GCS,
        MinIO); on others they may.
        """
        with open_to_write(self.url) as (store, path):
            try:
                store.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            except (TypeError, NotImplementedError, OSError):  # it knows no condition
                if self.exists():
                    return False
                store.pipe_file(path, data)
        return True

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the object."""
        with open_to_write(self.url) as (store, path):
            try:
                store.rm_file(path)
            except FileNotFoundError:
                if not missing_ok:
                    raise

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """Open a file of this machine that becomes the object when all of it is written.

        The file has no name, so that nothing of it is left, however the process ends. After
        the upload the store is asked what it has: size and MD5 must agree, and where it tells no
        MD5 the object is read back.

        Raises
        ------
        ShardError
            If the store has something else afterwards, refuses, or cannot be reached.
        """
        with tempfile.TemporaryFile(prefix=".wetdry-") as file:
            yield cast(BinaryIO, file)
            file.flush()
            with open_to_write(self.url) as (store, path):
                parts = {"chunksize": PART_BYTES} if "s3" in store.protocol else {}
                file.seek(0)
                store.put_file(f"/dev/fd/{file.fileno()}", path, **parts)
            self._check(cast(BinaryIO, file))

    def _check(self, file: BinaryIO) -> None:
        """Compare the object with what was to be uploaded."""
        size, info = os.fstat(file.fileno()).st_size, self._info()
        if info is not None and info["size"] == size:
            said = str(info.get("ETag", info.get("md5Hash", ""))).strip('"')
            if said and said in _sums(file):
                return
            own = sha256(usedforsecurity=False)
            file.seek(0)
            while part := file.read(PART_BYTES):
                own.update(part)
            with self.open() as stored:  # encrypted objects have no MD5 of their content
                if file_digest(stored, "sha256").digest() == own.digest():
                    return
        found = "nothing" if info is None else f"{info['size']} bytes that differ"
        raise ShardError(
            f"{self.url}: wanted the {size} bytes that were uploaded, found {found}; run again"
        )


Place: TypeAlias = Path | StorePath
"""Where a dataset stands: a folder of this machine, or a prefix of a store."""


def place_of(text: "str | Place") -> Place:
    """Return the place that a text names: a URL as it is, anything else a path.

    Raises
    ------
    UsageError
        If it is a URL that nothing here can open.

    Examples
    --------
    >>> place_of("s3://bucket/sets/one/")
    StorePath(url='s3://bucket/sets/one')
    """
    found = URL.fullmatch(text) if isinstance(text, str) else None
    if not isinstance(text, str) or found is None:
        return text if isinstance(text, StorePath) else Path(text)
    if found[1] in ("file", "local"):
        return Path(found[2])
    if not (rest := found[2].rstrip("/")) or "//" in rest or ".." in rest.split("/"):
        raise UsageError(f"{text}: wanted a URL such as s3://bucket/prefix, found an odd one")
    return StorePath(f"{found[1]}://{rest}")


def sizes_of(folder: Place) -> dict[str, int]:
    """Return the size in bytes of every file directly below, by name; one listing of a store."""
    if isinstance(folder, StorePath):
        return folder.sizes()
    return {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}


def _sums(file: BinaryIO) -> set[str]:
    """Return how stores may sum a file: MD5 in hex or base64, or of the MD5s of its parts."""
    file.seek(0)
    whole, parts, count = md5(usedforsecurity=False), md5(usedforsecurity=False), 0
    while part := file.read(PART_BYTES):
        whole.update(part)
        parts.update(md5(part, usedforsecurity=False).digest())
        count += 1
    encoded = base64.b64encode(whole.digest()).decode()
    return {whole.hexdigest(), encoded, f"{parts.hexdigest()}-{count}"}
