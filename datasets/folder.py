"""The dataset folder: what it is, whose it is, and that only one writes to it at a time."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import ShardError, UsageError
from ..manifests.files import TEMPORARY, write_atomically

__all__ = ["claim", "locate", "read_record", "remember", "writer_lock"]

RECORD = "dataset.json"
LOCAL = ".local.json"
"""Where the inputs stood on this machine: for replaying here, not part of the dataset."""

LOCK = ".lock"


def claim(out: Path, record: dict[str, Any], name: str = RECORD) -> None:
    """Make ``out`` the folder of the dataset that ``record`` describes, or recognise it.

    Raises
    ------
    UsageError
        If the folder holds another dataset (the difference is shown) or other files.
    """
    if (out / name).exists():
        there = read_record(out, name)
        if there != record:
            raise UsageError(
                f"{out}: holds another dataset: {_difference(there, record)}; "
                "choose another folder, or delete this one"
            )
        return
    strangers = sorted(p.name for p in out.iterdir() if p.name != LOCK)
    if strangers:
        raise UsageError(
            f"{out}: wanted an empty or new folder, found {', '.join(strangers[:3])}; "
            "choose another folder"
        )
    write_atomically(out / name, json.dumps(record, indent=1, sort_keys=True).encode())


def _difference(there: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Return the first fields in which two records differ; effects are looked into."""
    there, wanted = _flat(there), _flat(wanted)
    fields = [k for k in sorted({*there, *wanted}) if there.get(k) != wanted.get(k)]
    return "; ".join(
        f"{name} is {_short(there.get(name))}, wanted {_short(wanted.get(name))}"
        for name in fields[:3]
    )


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the effects of others beside its fields, each by itself."""
    own = {f"effects.{kind}": origin for kind, origin in record.get("effects", {}).items()}
    return {**{name: value for name, value in record.items() if name != "effects"}, **own}


def _short(value: Any) -> str:
    """Return a value in few characters."""
    text = json.dumps(value)
    return text if len(text) <= 50 else text[:24] + "..." + text[-23:]


def read_record(dataset: Path, name: str = RECORD) -> dict[str, Any]:
    """Read what a dataset says of itself.

    Raises
    ------
    ShardError
        If the folder holds no dataset.
    """
    try:
        return dict(json.loads((dataset / name).read_bytes()))
    except OSError:
        raise ShardError(
            f"{dataset}: wanted a dataset, found no {name}; make one with 'wetdry generate'"
        ) from None
    except ValueError as error:
        raise ShardError(f"{dataset / name}: not JSON ({error})") from None


def remember(out: Path, stems: Path, assets: Path) -> None:
    """Note where the inputs stand, for ``verify --replay`` on this machine."""
    places = {"stems": str(stems.resolve()), "assets": str(assets.resolve())}
    write_atomically(out / LOCAL, json.dumps(places).encode())


def locate(dataset: Path, stems: Path | None, assets: Path | None) -> tuple[Path, Path]:
    """Return where the inputs stand: as given, or as noted when the dataset was made.

    Raises
    ------
    ShardError
        If neither is known.
    """
    try:
        places = json.loads((dataset / LOCAL).read_bytes())
    except (OSError, ValueError):
        places = {}
    stems = stems or (Path(places["stems"]) if "stems" in places else None)
    assets = assets or (Path(places["assets"]) if "assets" in places else stems)
    if stems is None or assets is None or not stems.is_dir():
        raise ShardError(f"{dataset}: the stems are not at hand; say where with --stems FOLDER")
    return stems, assets


@contextmanager
def writer_lock(out: Path) -> Iterator[None]:
    """Hold the folder for one writer; the system frees it when the process ends, however.

    Raises
    ------
    ShardError
        If another process is writing there, or the folder cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ShardError(
            f"{out}: cannot be written to ({error.strerror}); choose another folder"
        ) from None
    try:
        _lock(descriptor, out)
        try:
            _clear(out)
            yield
        finally:
            _clear(out)  # of workers that were ended
    finally:
        os.close(descriptor)


def _clear(out: Path) -> None:
    """Delete what killed writers left, as far as the disk lets us."""
    with suppress(OSError):
        for leftover in out.rglob(TEMPORARY):
            leftover.unlink(missing_ok=True)


def _lock(descriptor: int, out: Path) -> None:
    """Take the lock, or say who has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ShardError(
            f"{out}: another process is writing there; wait for it, or choose another folder"
        ) from None
    except OSError as error:  # some network file systems
        raise ShardError(
            f"{out}: its file system has no locks ({error.strerror}), and two writers would spoil "
            "a dataset; write to a local disk and copy"
        ) from None
