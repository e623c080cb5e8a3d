"""Holding: a place for one writer, whether it is a folder (a lock) or in a store (a lease)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from ..errors import ShardError, UsageError
from ..manifests.store_paths import Place, StorePath
from .folder import LOCK, writer_lock
from .leases import lease, share_lease
from .shards import Commit
from .shares import Share, beginning, share_lock

if TYPE_CHECKING:
    from .build import Progress

__all__ = ["begun_by_one", "check_stored", "holding", "watched"]


@contextmanager
def holding(
    out: Place, share: Share | None = None, *, take_over: bool = False
) -> Iterator[Callable[[], None]]:
    """Hold a place, or a share of it, for one writer.

    Parameters
    ----------
    out : Path or StorePath
    share : Share, optional
    take_over : bool
        Of a store: whoever holds it is gone, says the user.

    Yields
    ------
    callable
        Raises if another has taken over; a lock of the system cannot be.

    Raises
    ------
    ShardError
        If another process writes there, or the place cannot be written to.
    UsageError
        If there is nothing to take over: the system frees a folder's lock by itself.
    """
    if isinstance(out, StorePath):
        held = (
            lease(out, take_over=take_over)
            if share is None
            else share_lease(out, f"{LOCK}-{share.number}-of-{share.count}", take_over=take_over)
        )
        with held as still_ours:
            yield still_ours
        return
    if take_over:
        raise UsageError(
            f"{out}: --take-over is for stores; a folder is free as soon as its process ends"
        )
    with writer_lock(out) if share is None else share_lock(out, share):
        yield lambda: None


def begun_by_one(out: Place, share: Share | None) -> AbstractContextManager[None]:
    """Let one share after the other claim a folder; in a store they write the same bytes."""
    return beginning(out) if share and not isinstance(out, StorePath) else nullcontext()


def watched(progress: "Progress | None", still_ours: Callable[[], None]) -> "Progress":
    """Return a progress that ends the build once another has taken over."""

    def told(done: int, total: int) -> None:
        still_ours()
        if progress:
            progress(done, total)

    return told


def check_stored(out: Place, commits: Sequence[Commit]) -> None:
    """Compare all shards in a store with their commit records, by size, in one listing.

    Raises
    ------
    ShardError
        If one has changed or gone meanwhile: two have written there.
    """
    if not isinstance(out, StorePath):
        return
    sizes = (out / "data").sizes()
    for commit in commits:
        for name, tar in commit.files.items():
            if sizes.get(name) != tar.size_bytes:
                raise ShardError(
                    f"{out}/data/{name}: wanted {tar.size_bytes} bytes, found {sizes.get(name)}; "
                    "somebody else writes there: run again"
                )
