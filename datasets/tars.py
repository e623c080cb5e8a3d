"""Tars of strangers: what stands where in them, found without trusting a word of their headers.

Nothing is extracted, no link is followed, and nothing larger than the file itself is read. Files
are read with ``os.pread``, which knows no position: threads and forks can share a reader.
"""

import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from ..errors import ShardError

__all__ = [
    "Limits",
    "Member",
    "Places",
    "index_tar",
    "opened",
    "places_of",
    "read_bytes",
    "read_members",
    "read_named",
]

Places: TypeAlias = dict[str, list[int]]
"""Where the members of a sample stand in their tar, by extension: offset and size in bytes."""

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


LIMITS = Limits()


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


def index_tar(path: Path, limits: Limits = LIMITS) -> list[Member]:
    """Find the members of a WebDataset tar, in order, by its headers alone.

    Folders, and files without a key or an extension, are no samples and left out, as webdataset
    does. pax and GNU long names are understood.

    Raises
    ------
    ShardError
        If the tar is torn, or holds a link, a device, a sparse file, a name that leads out of
        its folder, a name or a key twice, or more than the limits allow.
    """
    with opened(path) as descriptor:
        members = list(_members(descriptor, path, limits))
    seen = set[str]()
    for key, group in groupby(members, key=lambda member: member.key):
        extensions = [(member.extension, member.size_bytes) for member in group]
        if key in seen or len(dict(extensions)) < len(extensions):
            raise ShardError(f"{path}: the sample {key!r} or a member of it comes twice")
        if sum(size for _, size in extensions) > limits.sample_bytes:
            raise ShardError(
                f"{path}: sample {key!r}: wanted at most {limits.sample_bytes} bytes, found "
                f"{sum(size for _, size in extensions)}; raise the limit if you trust the tar"
            )
        seen.add(key)
    return members


def read_members(path: Path, limits: Limits = LIMITS) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Read the samples of any WebDataset tar, in memory; nothing is ever extracted to disk.

    The whole tar is looked at before the first sample is given out.

    Yields
    ------
    key : str
    members : dict of str to bytes
        By extension.

    Raises
    ------
    ShardError
        As :func:`index_tar` does.
    """
    members = index_tar(path, limits)
    with opened(path) as descriptor:
        for key, group in groupby(members, key=lambda member: member.key):
            yield (
                key,
                {
                    member.extension: read_bytes(
                        descriptor, member.offset_bytes, member.size_bytes, path
                    )
                    for member in group
                },
            )


def places_of(path: Path, limits: Limits = LIMITS) -> dict[str, Places]:
    """Return where the members of every sample of a tar stand, by key.

    Raises
    ------
    ShardError
        As :func:`index_tar` does.
    """
    found: dict[str, Places] = {}
    for member in index_tar(path, limits):
        place = [member.offset_bytes, member.size_bytes]
        found.setdefault(member.key, {})[member.extension] = place
    return found


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


def read_named(descriptor: int, name: str, offset_bytes: int, size_bytes: int, path: Path) -> bytes:
    """Return a member's content if its header stands before it: offsets come from elsewhere.

    Raises
    ------
    ShardError
        If another file stands there.
    """
    block = read_bytes(descriptor, offset_bytes - BLOCK, BLOCK, path)
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        header = tarfile.TarInfo("no file")
    if (header.name, header.size, header.isreg()) != (name, size_bytes, True):
        raise ShardError(
            f"{path}: wanted {name} of {size_bytes} bytes at byte {offset_bytes}, found "
            f"{header.name!r}; the shard is not the manifest's: run 'wetdry verify'"
        )
    return read_bytes(descriptor, offset_bytes, size_bytes, path)


def _members(descriptor: int, path: Path, limits: Limits) -> Iterator[Member]:
    """Go from header to header."""
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


def _header(descriptor: int, position: int, end: int, path: Path) -> tarfile.TarInfo | None:
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


def _extended(descriptor: int, header: tarfile.TarInfo, start: int, path: Path) -> dict[str, str]:
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
    kept = {name: fields[name] for name in ("path", "size") if name in fields}
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
