"""Stores: whatever fsspec opens by a URL, with plain words for what goes wrong there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import ShardError, UsageError

__all__ = ["open_store", "open_to_write"]


@contextmanager
def open_store(url: str) -> Iterator[tuple[Any, str]]:
    """Give a store and the path in it; say in plain words what goes wrong there.

    Raises
    ------
    FileNotFoundError, FileExistsError
        As the store says it.
    UsageError
        If nothing here can open it.
    ShardError
        If it refuses or cannot be reached.
    """
    import fsspec

    kind = url.partition("://")[0]
    try:
        store, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
        store.invalidate_cache()
    except ImportError as error:
        raise UsageError(
            f"{url}: {kind} needs a package that is not here ({error}); "
            "run `pip install 'wetdry[cloud]'`"
        ) from None
    except ValueError as error:
        raise UsageError(f"{url}: cannot be opened ({error}); see docs/stores.md") from None
    try:
        yield store, path
    except (FileNotFoundError, FileExistsError, ShardError, UsageError):
        raise
    except Exception as error:  # every store has errors of its own, and few are OSError
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise ShardError(
            f"{url}: the store refuses or cannot be reached ({said}); look at its credentials "
            "and address, docs/stores.md"
        ) from None


@contextmanager
def open_to_write(url: str) -> Iterator[tuple[Any, str]]:
    """Give a store to write to."""
    try:
        with open_store(url) as opened:
            yield opened
    except FileNotFoundError:
        raise ShardError(f"{url}: wanted a bucket to write to, found none; make it first") from None
