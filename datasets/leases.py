"""Leases: that only one writes to a dataset in a store, as well as stores permit.

A store has no locks. A lease is an object that says who writes: created on the condition that
there is none, renewed while its holder lives, deleted when it is done. One that a killed run left
counts for nothing to the next run on the same machine, which sees by a lock of the system that
nobody else is at work here; on other machines it counts until it is too old, or ``take_over``.
"""

import json
import os
import platform
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import ShardError
from ..manifests.store_paths import StorePath
from .folder import LOCK, Busy, lock_file, take_lock

__all__ = ["lease", "share_lease"]

RENEWED_EVERY_S = 30.0
TOO_OLD_S = 300.0
"""A holder that could not renew for so long is taken for dead, by itself and by others."""

PATIENCE_S = 3.0
"""How long the whole dataset's lease may be held by one who only looks whether all is there."""


@dataclass
class _Lease:
    """A lease, and whether it is still ours."""

    path: StorePath
    holder: str
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    since: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    renewed: float = 0.0
    taken_by: str = ""

    def record(self) -> bytes:
        """Return what the object says."""
        self.renewed = time.time()
        said = {
            "holder": self.holder,
            "run": self.run,
            "host": platform.node(),
            "process": os.getpid(),
            "since": self.since,
            "renewed": self.renewed,
        }
        return json.dumps(said, indent=1).encode()

    def acquire(self, take_over: bool) -> None:
        """Write the object, or say whose is there.

        Raises
        ------
        Busy
            If another holds it.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            there = _read(self.path)
            if there and (take_over or there["holder"] == self.holder or _is_old(there)):
                self.path.unlink(missing_ok=True)
                there = None
            if there is None and self.path.create(self.record()) and self.is_ours():
                return
            if time.monotonic() > deadline:
                raise Busy(_told(self.path, there) if there else f"{self.path}: run again")
            time.sleep(0.5)

    def is_ours(self) -> bool:
        """Tell whether the object is still the one that we wrote; note who took it."""
        there = _read(self.path)
        if there is None or there["run"] != self.run:
            self.taken_by = _who(there) if there else "somebody who deleted it"
        return not self.taken_by

    def renew(self) -> None:
        """Say that we are alive, if the store lets us."""
        try:
            if self.is_ours():
                self.path.write_bytes(self.record())
        except ShardError:
            if time.time() - self.renewed > TOO_OLD_S:
                self.taken_by = "nobody, but the store could not be reached"

    def check(self) -> None:
        """Refuse to go on with a lease that another has taken.

        Raises
        ------
        Busy
            If one has.
        """
        if self.taken_by:
            raise Busy(f"{self.path}: was taken over by {self.taken_by}; whole shards stay")


@contextmanager
def lease(
    out: StorePath, name: str = LOCK, *, take_over: bool = False
) -> Iterator[Callable[[], None]]:
    """Hold a dataset in a store for one writer; gives a function that proves it still is so.

    Raises
    ------
    Busy
        If another process holds it, here or elsewhere.
    """
    with _alone_here(out / name) as holder:
        own = _Lease(out / name, holder)
        own.acquire(take_over)
        try:
            if name == LOCK:
                _refuse_beside(out, holder, take_over)
            with _renewed(own):
                yield own.check
        finally:
            with suppress(ShardError):  # it grows old by itself
                if own.is_ours():
                    own.path.unlink(missing_ok=True)


@contextmanager
def share_lease(
    out: StorePath, name: str, *, take_over: bool = False
) -> Iterator[Callable[[], None]]:
    """Hold one share of a dataset; refused while another writes the whole.

    Raises
    ------
    Busy
        If another process holds the share or the whole.
    """
    with lease(out, name, take_over=take_over) as still_ours:
        deadline = time.monotonic() + PATIENCE_S
        while (there := _read(out / LOCK)) is not None and not _is_old(there):
            if time.monotonic() > deadline:
                raise Busy(_told(out / LOCK, there))
            time.sleep(0.5)
        yield still_ours


def _refuse_beside(out: StorePath, holder: str, take_over: bool) -> None:
    """Refuse to write the whole while shares of it are written."""
    for path in out.glob(f"{LOCK}-*"):
        there = _read(path)
        if there is not None and not (take_over or _is_old(there) or _is_dead(path, there)):
            raise Busy(_told(path, there))


def _is_dead(path: StorePath, there: dict[str, Any]) -> bool:
    """Tell whether a lease is of this machine, and its process is gone."""
    try:
        with _alone_here(path) as holder:
            return bool(there["holder"] == holder)
    except Busy:
        return False


@contextmanager
def _alone_here(path: StorePath) -> Iterator[str]:
    """Hold a lock of this machine for a lease; gives a word that only this machine knows."""
    digest = sha256(f"{os.getuid()} {path}".encode()).hexdigest()[:24]
    folder = Path(tempfile.gettempdir())
    descriptor = lock_file(folder, f"wetdry-{digest}.lock")
    try:
        take_lock(descriptor, path)
        word = os.pread(descriptor, 64, 0).decode(errors="replace")
        if not word:
            word = secrets.token_hex(16)
            os.pwrite(descriptor, word.encode(), 0)
        yield word
    finally:
        os.close(descriptor)


@contextmanager
def _renewed(own: _Lease) -> Iterator[None]:
    """Renew a lease from a thread of its own."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEWED_EVERY_S) and not own.taken_by:
            own.renew()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _read(path: StorePath) -> dict[str, Any] | None:
    """Return what a lease says; None if there is none, or none that says who."""
    with suppress(FileNotFoundError, ValueError, TypeError):
        said = dict(json.loads(path.read_bytes()))
        if {"holder", "run", "host", "process", "since", "renewed"} <= set(said):
            return said
    return None


def _is_old(there: dict[str, Any]) -> bool:
    """Tell whether nobody has renewed a lease for too long."""
    return bool(time.time() - float(there["renewed"]) > TOO_OLD_S)


def _who(there: dict[str, Any]) -> str:
    """Return who holds a lease."""
    return f"process {there['process']} on {there['host']}, since {there['since']}"


def _told(path: StorePath, there: dict[str, Any]) -> str:
    """Return that a lease is held, and what to do."""
    seconds = max(time.time() - float(there["renewed"]), 0)
    return (
        f"{path}: {_who(there)}, is writing there and was seen {seconds:.0f} s ago; wait for it. "
        f"If it is gone for certain, add --take-over, or wait {TOO_OLD_S:.0f} s"
    )
