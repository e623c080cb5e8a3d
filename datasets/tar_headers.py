"""Headers of tars: what they say of each file, and what of that is believed."""

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ShardError
from ..manifests.store_paths import Place
from .positions import read_bytes

__all__ = ["BLOCK", "Limits", "Member", "walk"]

BLOCK = tarfile.BLOCKSIZE
LONGEST_NAME = 1024
LONGEST_PAX_BYTES = 2**16
"""More than any honest list of extended fields; a bomb would have gigabytes of it."""

REFUSED = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


@dataclass(frozen=True)
class Limits:
    """How much of a tar is believed.

    Parameters
    ----------
    members : int
        Files in a tar.
    sample_bytes : int
        Of all members of one sample together: they are held in memory.
    """

    members: int = 1_000_000
    sample_bytes: int = 2**31


@dataclass(frozen=True)
class Member:
    """A file in a tar.

    Parameters
    ----------
    key : str
        Its path up to the first dot of its name: what the members of a sample share.
    extension : str
        The rest, such as ``vocals.dry.flac``.
    offset_bytes, size_bytes : int
        Where its content stands in the tar.
    """

    key: str
    extension: str
    offset_bytes: int
    size_bytes: int


def walk(descriptor: int, path: Place, limits: Limits) -> Iterator[Member]:
    """Go from header to header of an open tar.

    Raises
    ------
    ShardError
        As :func:`wetdry.datasets.index_tar` does.
    """
    end, position, count = os.fstat(descriptor).st_size, 0, 0
    fields: dict[str, str] = {}
    while (header := _header(descriptor, position, end, path)) is not None:
        start, where = position + BLOCK, f"{path}: at byte {position}"
        count += 1
        if count > 2 * limits.members:  # every file may have one header of extended fields
            raise ShardError(f"{path}: wanted at most {limits.members} files, found more")
        size = _whole(fields.get("size", str(header.size)), where)
        position = start + -(-size // BLOCK) * BLOCK
        if start + size > end:
            raise ShardError(
                f"{where}: wanted {size} bytes of {header.name!r}, found {end - start}; "
                "the tar is torn"
            )
        if header.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
            fields |= _extended(descriptor, header, start, path)
            continue
        name = _plain(fields.get("path", header.name), where)
        fields = {}
        if what := REFUSED.get(header.type, "" if _is_plain(header) else "something unknown"):
            raise ShardError(f"{where}: wanted regular files, found {what}: {name!r}")
        folder, _, base = name.rpartition("/")
        key, _, extension = base.partition(".")
        if header.isreg() and key and extension:
            yield Member(f"{folder}/{key}" if folder else key, extension, start, size)


def _is_plain(header: tarfile.TarInfo) -> bool:
    """Tell whether it is a file or a folder and nothing cleverer."""
    return header.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)


def _header(descriptor: int, position: int, end: int, path: Place) -> tarfile.TarInfo | None:
    """Return the header at a position; None where the archive ends as it should."""
    if position + BLOCK > end:
        raise ShardError(f"{path}: wanted an end-of-archive mark, found none; the tar is torn")
    try:
        block = read_bytes(descriptor, position, BLOCK, path)
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        if any(block):
            raise ShardError(f"{path}: at byte {position}: no tar header ({error})") from None
    while position < end:  # zeros to the very end, or a hole that swallowed samples
        block = read_bytes(descriptor, position, min(2**20, end - position), path)
        if any(block):
            raise ShardError(
                f"{path}: wanted nothing after byte {position}, found more; the tar is torn, or "
                "several were joined"
            )
        position += len(block)
    return None


def _extended(descriptor: int, header: tarfile.TarInfo, start: int, path: Place) -> dict[str, str]:
    """Return what an extended header says of the next file: its name, and its size."""
    where = f"{path}: at byte {start}"
    if header.size > LONGEST_PAX_BYTES:
        raise ShardError(f"{where}: an extended header of {header.size} bytes; no honest tar's")
    data = read_bytes(descriptor, start, header.size, path)
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    fields: dict[str, str] = {}
    while data.strip(b"\0"):
        digits = data[:8].partition(b" ")[0]
        length = int(digits) if digits.isdigit() else 0
        name, found, value = data[len(digits) + 1 : length - 1].partition(b"=")
        if not (found and data[length - 1 : length] == b"\n"):
            raise ShardError(f"{where}: an extended header that cannot be read")
        fields[name.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        data = data[length:]
    if any(name.startswith("GNU.sparse") for name in fields):
        raise ShardError(f"{where}: wanted regular files, found a sparse file")
    kept = {name: text for name, text in fields.items() if name in ("path", "size")}
    if kept and header.type == tarfile.XGLTYPE:
        raise ShardError(f"{where}: one name or size for all files; no honest tar's")
    return kept


def _whole(text: str, where: str) -> int:
    """Read the size of a member."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ShardError(f"{where}: wanted a size in bytes, found {text[:30]!r}")
    return int(text)


def _plain(name: str, where: str) -> str:
    """Return a name that leads nowhere else."""
    parts = name.removeprefix("./").rstrip("/").split("/")
    odd = name.startswith("/") or ".." in parts or "\\" in name or not name.isprintable()
    if odd or len(name) > LONGEST_NAME or ("" in parts and name not in (".", "./")):
        raise ShardError(f"{where}: a name that is absolute, leads out or is odd: {name[:80]!r}")
    return "/".join(parts)
