"""Weights that are not part of the package, by name."""

from pathlib import Path

from ..errors import UsageError
from .metrics import musicnn
from .neural_codecs import SOURCES, fetch_codec

__all__ = ["fetch_weights"]


def fetch_weights(what: str, out: Path | None = None, source: str | None = None) -> Path:
    """Fetch weights; return their file.

    Parameters
    ----------
    what : str
        ``musicnn``, or a codec of ``SOURCES``.
    out : Path, optional
        Where a codec's file goes; by default where recipes look for it.
    source : str, optional
        A folder with a codec's weights, or a model of the hub; by default that of its authors.

    Raises
    ------
    UsageError
        If there is nothing of that name, or it can be neither placed nor chosen.
    AssetError
        If the weights cannot be had.
    """
    if what in SOURCES:
        return fetch_codec(what, out, source)
    if what != "musicnn":
        raise UsageError(f"fetch: wanted musicnn, {', '.join(SOURCES)}; found {what!r}")
    if out or source:
        raise UsageError("fetch musicnn: wanted neither --out nor --source: it has one place")
    return musicnn.fetch()
