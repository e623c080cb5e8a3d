"""Tars of strangers: what stands where in them, found without trusting a word of their headers.

Nothing is extracted, no link is followed, and nothing larger than the file itself is read.
"""

import tarfile
from collections.abc import Iterator
from itertools import groupby
from typing import TypeAlias

from ..errors import ShardError
from ..manifests.store_paths import Place
from .positions import Handle, descriptor_of, fetched, read_bytes
from .tar_headers import BLOCK, Limits, Member, walk

__all__ = ["Places", "index_tar", "places_of", "read_members", "read_named"]

Places: TypeAlias = dict[str, tuple[int, int]]
"""Where the members of a sample stand in their tar, by extension: offset and size in bytes."""

LIMITS = Limits()


def index_tar(path: Place, limits: Limits = LIMITS) -> list[Member]:
    """Find the members of a WebDataset tar, in order, by its headers alone.

    Folders, and files without a key or an extension, are no samples and left out, as webdataset
    does. pax and GNU long names are understood.

    Raises
    ------
    ShardError
        If the tar is torn, or holds a link, a device, a sparse file, a name that leads out of
        its folder, a name or a key twice, or more than the limits allow.
    """
    with fetched(path) as file, descriptor_of(file) as descriptor:
        return _index(descriptor, path, limits)


def _index(descriptor: int, path: Place, limits: Limits) -> list[Member]:
    """Find the members of an open tar, and refuse what comes twice or is too large."""
    members = list(walk(descriptor, path, limits))
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


def read_members(path: Place, limits: Limits = LIMITS) -> Iterator[tuple[str, dict[str, bytes]]]:
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
    with fetched(path) as copy, descriptor_of(copy) as file:
        for key, group in groupby(_index(file, path, limits), key=lambda member: member.key):
            yield (
                key,
                {m.extension: read_bytes(file, m.offset_bytes, m.size_bytes, path) for m in group},
            )


def places_of(path: Place, limits: Limits = LIMITS) -> dict[str, Places]:
    """Return where the members of every sample of a tar stand, by key.

    Raises
    ------
    ShardError
        As :func:`index_tar` does.
    """
    found: dict[str, Places] = {}
    for member in index_tar(path, limits):
        place = (member.offset_bytes, member.size_bytes)
        found.setdefault(member.key, {})[member.extension] = place
    return found


def read_named(handle: Handle, name: str, offset_bytes: int, size_bytes: int, path: Place) -> bytes:
    """Return a member's content if its header stands before it: offsets come from elsewhere.

    Raises
    ------
    ShardError
        If another file stands there.
    """
    block = read_bytes(handle, offset_bytes - BLOCK, BLOCK, path)
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        header = tarfile.TarInfo("no file")
    if (header.name, header.size, header.isreg()) != (name, size_bytes, True):
        raise ShardError(
            f"{path}: wanted {name} of {size_bytes} bytes at byte {offset_bytes}, found "
            f"{header.name!r}; the shard is not the manifest's: run 'wetdry verify'"
        )
    return read_bytes(handle, offset_bytes, size_bytes, path)
