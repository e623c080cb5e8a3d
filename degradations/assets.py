"""Files that recipes name: where they lie, whether they are the ones drawn, read once."""

import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from ..audio import Audio, read, resample
from ..errors import AssetError, AudioError

__all__ = ["FETCHED", "Assets", "cache_folder", "cure", "digest_of", "find", "sound_of"]

FETCHED = ("dac_24khz", "dac_44khz", "encodec_24khz", "encodec_48khz")
"""What ``wetdry fetch`` brings for recipes, each as ``NAME.onnx``."""

T = TypeVar("T")


def cache_folder() -> Path:
    """Return where fetched weights lie: ``$WETDRY_CACHE``, else ``~/.cache/wetdry``."""
    return Path(os.environ.get("WETDRY_CACHE") or Path.home() / ".cache" / "wetdry")


def find(folder: Path, name: str) -> Path:
    """Return where a file is that a recipe names: in ``folder``, else among what was fetched."""
    here, fetched = folder / name, cache_folder() / name
    return fetched if fetched.is_file() and not here.is_file() else here


def cure(path: Path) -> str:
    """Return what helps if the file is not there."""
    if path.suffix == ".onnx" and path.stem in FETCHED:
        return f"run `pip install 'wetdry[neural]'`, then `wetdry fetch {path.stem}`"
    return "put it there, or name the folder that the recipe's files are in"


class Opened(Protocol):
    """A path of a file, here or in a store."""

    def open(self, mode: Literal["rb"]) -> BufferedReader:
        """Open it for reading."""


def digest_of(path: Opened) -> str:
    """Return the SHA-256 of a file, in little memory."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def sound_of(sort: str, path: Path, sample_rate: int) -> Audio:
    """Return the sound of a file at another rate, in Hz.

    Raises
    ------
    AssetError
        If it is no audio or silent; begins with ``sort``.
    """
    try:
        sound, rate = read(path)
    except AudioError as error:
        raise AssetError(f"{sort} {error}") from None
    if not sound.any():
        raise AssetError(f"{sort} {path}: wanted sound, found silence; choose another")
    return resample(sound, rate, sample_rate)


class Assets(Generic[T]):
    """Files of one sort; those that have not changed are read once.

    Parameters
    ----------
    sort, wanted : str
        What they are for and what they have to be, for messages: ``impulse``, ``an audio file``.
    load : callable
        From a path, and whatever else the reader gives, to what is kept.
    keep : int
        How many are held in memory.
    """

    def __init__(self, sort: str, wanted: str, load: Callable[..., T], keep: int) -> None:
        self._sort, self._wanted, self._load = sort, wanted, load
        self._read = lru_cache(maxsize=keep)(self._checked)

    def __call__(self, path: Path, digest: str | None, *details: Any) -> T:
        """Return what a file holds.

        Parameters
        ----------
        path : Path
        digest : str or None
            SHA-256 that the file must have; None takes any.
        details
            Given to ``load`` after the path.

        Raises
        ------
        AssetError
            If the file is not there or not the one that was drawn, or ``load`` refuses it.
        """
        try:
            about = path.stat()
        except OSError as error:
            raise AssetError(
                f"{self._sort} {path}: wanted {self._wanted}, found none ({error.strerror}); "
                f"{cure(path)}"
            ) from None
        return self._read(path, about.st_mtime_ns, about.st_size, digest, details)

    def _checked(
        self, path: Path, mtime_ns: int, size: int, digest: str | None, details: tuple[Any, ...]
    ) -> T:
        """Load the file as it was at that time and size."""
        if digest is not None and (found := digest_of(path)) != digest:
            raise AssetError(
                f"{self._sort} {path}: wanted SHA-256 {digest[:12]}..., found {found[:12]}...: the "
                "file has changed since the session was drawn; restore it, or plan again"
            )
        return self._load(path, *details)
