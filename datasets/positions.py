"""Bytes at a position of a file, with ``os.pread``, which moves no position that others share.

Of an object in a store they are asked for by ranges, those of neighbours together.
"""

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from ..errors import ShardError
from ..manifests.store_paths import Place, StorePath

__all__ = ["Handle", "descriptor_of", "fetched", "opened", "prefetch", "read_bytes"]

NEAR_BYTES = 2**16
"""Stretches of an object that lie closer than this are asked for as one."""


class Ranges:
    """An object of a store, read by ranges; keeps the stretches that were fetched ahead.

    Parameters
    ----------
    path : StorePath
    """

    def __init__(self, path: StorePath) -> None:
        self.path = path
        self.held: list[tuple[int, bytes]] = []

    def fetch(self, places: Iterable[tuple[int, int]]) -> None:
        """Ask for stretches (offset and size in bytes) at the same time."""
        merged: list[tuple[int, int]] = []
        for start, size in sorted(places):
            if merged and start - merged[-1][1] <= NEAR_BYTES:
                merged[-1] = (merged[-1][0], max(start + size, merged[-1][1]))
            else:
                merged.append((start, start + size))
        try:
            found = self.path.read_ranges(merged)
        except FileNotFoundError:
            raise ShardError(f"{self.path}: cannot be opened (No such object)") from None
        self.held = [(start, data) for (start, _), data in zip(merged, found, strict=True)]

    def read(self, offset_bytes: int, size_bytes: int) -> bytes:
        """Return a stretch; asks for it if it was not fetched."""
        for attempt in (0, 1):
            for start, data in self.held:
                own = data[offset_bytes - start :][:size_bytes] if offset_bytes >= start else b""
                if len(own) == size_bytes:
                    return own
            if not attempt:
                self.fetch([(offset_bytes, size_bytes)])
        raise ShardError(
            f"{self.path}: wanted {size_bytes} bytes from byte {offset_bytes} on, found fewer; "
            "the shard is torn: run 'wetdry verify' and generate again"
        )


Handle: TypeAlias = int | Ranges
"""An open file: its descriptor, or an object of a store."""


@contextmanager
def opened(path: Place) -> Iterator[Handle]:
    """Open a file for reading at positions.

    Raises
    ------
    ShardError
        If it is not there, or something else than a regular file.
    """
    if isinstance(path, StorePath):
        yield Ranges(path)
        return
    with descriptor_of(path) as descriptor:
        yield descriptor


@contextmanager
def descriptor_of(path: Path) -> Iterator[int]:
    """Open a regular file for ``os.pread``; a pipe of that name would hang without a look at it.

    Raises
    ------
    ShardError
        If it is not there or something else.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ShardError(f"{path}: cannot be opened ({error.strerror})") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ShardError(f"{path}: wanted a regular file, found something else; remove it")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def fetched(path: Place) -> Iterator[Path]:
    """Give a file as it is, or a copy of an object that is gone afterwards.

    Raises
    ------
    ShardError
        If there is no such object, or the store cannot be reached.
    """
    if not isinstance(path, StorePath):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="wetdry-") as folder:
        copy = Path(folder) / path.name
        try:
            path.download(copy)
        except FileNotFoundError:
            raise ShardError(f"{path}: cannot be opened (No such object)") from None
        yield copy


def prefetch(handle: Handle, places: Iterable[tuple[int, int]]) -> None:
    """Ask a store for stretches that are going to be read; files of this machine need none."""
    if isinstance(handle, Ranges):
        handle.fetch(places)


def read_bytes(handle: Handle, offset_bytes: int, size_bytes: int, path: Place) -> bytes:
    """Return a stretch of an open file, all of it.

    Raises
    ------
    ShardError
        If the file ends before it, or the disk or the store fails.
    """
    if isinstance(handle, Ranges):
        return handle.read(offset_bytes, size_bytes)
    there = os.fstat(handle).st_size
    if not 0 <= offset_bytes <= offset_bytes + size_bytes <= there:  # before memory is asked for
        raise ShardError(
            f"{path}: wanted {size_bytes} bytes from byte {offset_bytes} on, found {there} in all; "
            "the shard is torn: run 'wetdry verify' and generate again"
        )
    parts, missing = [], size_bytes
    while missing:  # Linux gives 2 GiB at a time
        try:
            part = os.pread(handle, missing, offset_bytes + size_bytes - missing)
        except OSError as error:
            raise ShardError(f"{path}: cannot be read ({error.strerror})") from None
        if not part:
            raise ShardError(f"{path}: became shorter while it was read")
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
