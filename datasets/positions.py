"""Bytes at a position of a file, with ``os.pread``, which moves no position that others share."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ShardError

__all__ = ["opened", "read_bytes"]


@contextmanager
def opened(path: Path) -> Iterator[int]:
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


def read_bytes(descriptor: int, offset_bytes: int, size_bytes: int, path: Path) -> bytes:
    """Return a stretch of an open file, all of it.

    Raises
    ------
    ShardError
        If the file ends before it, or the disk fails.
    """
    there = os.fstat(descriptor).st_size
    if not 0 <= offset_bytes <= offset_bytes + size_bytes <= there:  # before memory is asked for
        raise ShardError(
            f"{path}: wanted {size_bytes} bytes from byte {offset_bytes} on, found {there} in all; "
            "the shard is torn: run 'wetdry verify' and generate again"
        )
    parts, missing = [], size_bytes
    while missing:  # Linux gives 2 GiB at a time
        try:
            part = os.pread(descriptor, missing, offset_bytes + size_bytes - missing)
        except OSError as error:
            raise ShardError(f"{path}: cannot be read ({error.strerror})") from None
        if not part:
            raise ShardError(f"{path}: became shorter while it was read")
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
