"""Shares: many processes, on many machines, that render one dataset into one folder.

All hold the folder's lock together, so that a writer of the whole is kept out, and each the lock
of its own share. Whoever ends last finds the folder free and every shard there, and gathers.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..errors import ShardError, UsageError
from ..manifests.store_paths import Place
from .folder import LOCK, Busy, lock_file

__all__ = ["Share", "beginning", "forget_shares", "parse_share", "share_lock"]

Shard = TypeVar("Shard")

LONGEST_GATHERING_S = 900.0
"""How long a share waits for another that is gathering just now."""


@dataclass(frozen=True)
class Share:
    """One of several equal shares of a dataset's shards.

    Parameters
    ----------
    number, count : int
        Which of how many, from 1.
    """

    number: int
    count: int

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.number}/{self.count}"

    def of(self, shards: Sequence[Shard]) -> Sequence[Shard]:
        """Return every count-th of some shards, so that shares are alike.

        Examples
        --------
        >>> Share(2, 3).of("abcdefg")
        'be'
        """
        return shards[self.number - 1 :: self.count]


def parse_share(text: str) -> Share:
    """Read a share.

    Raises
    ------
    UsageError
        If it is none.

    Examples
    --------
    >>> parse_share("3/8")
    Share(number=3, count=8)
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"--shard-range: wanted 1/N to N/N, such as 3/8, found {text!r}")
    return Share(int(found[1]), int(found[2]))


@contextmanager
def share_lock(out: Path, share: Share) -> Iterator[None]:
    """Hold the folder together with other shares, and this share alone.

    Raises
    ------
    ShardError
        If a writer of the whole, or another process of the same share, is at work there.
    """
    whole = lock_file(out, LOCK)
    try:
        _join(whole, out)
        own = lock_file(out, f"{LOCK}-{share.number}-of-{share.count}")
        try:
            _take(own, fcntl.LOCK_EX, f"{out}: share {share}")
            yield
        finally:
            os.close(own)
    finally:
        os.close(whole)


@contextmanager
def beginning(out: Path) -> Iterator[None]:
    """Let one share after the other claim the folder."""
    descriptor = lock_file(out, f"{LOCK}-begin")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def forget_shares(out: Place) -> None:
    """Delete the locks of shares; whoever calls this holds the folder alone."""
    for path in out.glob(f"{LOCK}-*"):
        path.unlink(missing_ok=True)


def _join(descriptor: int, out: Path) -> None:
    """Take the folder's lock together with others; wait for one who gathers."""
    deadline = time.monotonic() + LONGEST_GATHERING_S
    while True:
        try:
            _take(descriptor, fcntl.LOCK_SH, str(out))
            return
        except Busy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _take(descriptor: int, kind: int, what: str) -> None:
    """Take a lock now, or say that another has it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy(f"{what}: another process is writing there; wait for it") from None
    except OSError as error:
        raise ShardError(
            f"{what}: this file system has no locks ({error.strerror}); write to another"
        ) from None
