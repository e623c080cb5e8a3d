"""Files that are whole or absent: a temporary name, fsync, rename."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import ShardError, WetdryError
from .store_paths import Place, StorePath

__all__ = ["write_atomically", "writing"]

TEMPORARY = ".wetdry-*.tmp"
"""Names that a killed writer can leave behind: never read, always safe to delete."""


@contextlib.contextmanager
def writing(path: Place) -> Iterator[BinaryIO]:
    """Open a file that takes its final name only when all of it is on the disk.

    The bytes go to a temporary file in the same folder; an older file of the final name
    stays whole until the rename.

    Parameters
    ----------
    path : Path or StorePath
        The final name; its folder is made if need be. Of a store: written here first, and
        uploaded when it is whole.

    Raises
    ------
    ShardError
        If the disk is full, read-only or refuses the name; nothing is left behind.
    """
    if isinstance(path, StorePath):
        with path.writing() as upload:
            yield upload
        return
    temporary = path.parent / TEMPORARY.replace("*", secrets.token_hex(8))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except WetdryError:
        raise
    except OSError as error:
        raise ShardError(
            f"{path}: cannot be written: {error.strerror or error}; "
            "free the disk or write to another folder"
        ) from error


def write_atomically(path: Place, data: bytes) -> None:
    """Write ``data`` to ``path`` so that no reader, crash or power cut ever sees half of it.

    Parameters
    ----------
    path : Path or StorePath
        The final name; its folder is made if need be.
    data : bytes

    Raises
    ------
    ShardError
        If the disk is full, read-only or refuses the name; nothing is left behind.
    """
    if isinstance(path, StorePath):  # one object, which a store writes whole
        path.write_bytes(data)
        return
    with writing(path) as file:
        file.write(data)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
