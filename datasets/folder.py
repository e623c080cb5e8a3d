"""The dataset folder: what it is, whose it is, and that only one writes to it at a time."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import ShardError, UsageError
from ..manifests.files import TEMPORARY, write_atomically
from ..manifests.row_groups import column_of
from ..manifests.store_paths import Place, StorePath
from ..manifests.tables import read_columns
from .plans.changes import begins_with, plan_change

__all__ = [
    "BY_HAND",
    "LOCK",
    "RECORD",
    "Busy",
    "claim",
    "locate",
    "lock_file",
    "note",
    "noted",
    "read_record",
    "remember",
    "take_lock",
    "writer_lock",
]

RECORD = "dataset.json"
LOCAL = ".local.json"
"""Where the inputs stood on this machine, and of which plan: not part of the dataset."""

LOCK = ".lock"

BY_HAND = "plan_sha256"
"""In the record of a dataset whose plan was given: the digest of its rows."""

Record: TypeAlias = dict[str, Any]


class Busy(ShardError):
    """Another process is writing to the folder."""


def claim(
    out: Place,
    record: dict[str, Any],
    rows: Sequence[dict[str, Any]] = (),
    *,
    name: str = RECORD,
) -> None:
    """Make ``out`` the folder of the dataset that ``record`` describes, or recognise it.

    A dataset of the same order with fewer samples becomes this one if its plan is the beginning
    of each split of this plan, so that every whole shard stays. Killed at any moment from then on,
    it is finished like a dataset of that size that was begun.

    Parameters
    ----------
    out : Path or StorePath
    record : dict
    rows : sequence of dict
        Of its plan.

    Raises
    ------
    UsageError
        If the folder holds another dataset (the difference is shown) or other files.
    """
    if (out / name).exists():
        there = read_record(out, name)
        if there == record:
            return
        if not _extends(out, there, record, rows):
            raise UsageError(
                f"{out}: holds another dataset: {_change(out, there, record, rows)}; choose "
                "another folder, or delete this one"
            )
        _write(out / name, record)
        return
    names = sorted(path.name for path in out.iterdir())
    ours = (f"{LOCK}*", TEMPORARY)  # shares of one dataset begin it side by side
    strangers = [n for n in names if not any(fnmatchcase(n, pattern) for pattern in ours)]
    if strangers:
        raise UsageError(
            f"{out}: wanted an empty or new folder, found {', '.join(strangers[:3])}; "
            "choose another folder"
        )
    _write(out / name, record)


def _write(path: Place, record: dict[str, Any]) -> None:
    """Write what a dataset says of itself."""
    write_atomically(path, json.dumps(record, indent=1, sort_keys=True).encode())


def _extends(out: Place, there: Record, wanted: Record, rows: Sequence[dict[str, Any]]) -> bool:
    """Tell whether a dataset becomes another by more samples alone, of its own plan or by hand.

    Raises
    ------
    UsageError
        If that would take samples from it: splits round.
    """
    if not _grows(there, wanted):
        return False
    path = out / "plan.parquet"
    if not path.is_file() and not any(out.glob("commits/*.json")):
        return True  # nothing was rendered yet
    if BY_HAND in {*there, *wanted}:
        return begins_with(rows, path)
    _check_kept(out, rows, wanted["samples"])
    return True


def _grows(there: Record, wanted: Record) -> bool:
    """Tell whether nothing but the number of samples, and which they are, differs, upwards."""
    if not all("samples" in record for record in (there, wanted)):
        return False
    others = (
        {k: record[k] for k in {*record} - {"samples", BY_HAND}} for record in (there, wanted)
    )
    return next(others) == next(others) and there["samples"] < wanted["samples"]


def _check_kept(out: Place, rows: Sequence[dict[str, Any]], samples: int) -> None:
    """Refuse to extend a dataset if that would take samples from it: splits round."""
    there = set(read_columns(out / "plan.parquet", ("key",)).column("key").to_pylist())
    if lost := sorted(there - set(column_of(rows, "key"))):
        raise UsageError(
            f"{out}: of {samples} samples split {lost[0].rpartition('-')[0]} would get fewer than "
            f"it has, without {lost[0]}; ask for one sample more"
        )


def _change(out: Place, there: Record, wanted: Record, rows: Sequence[dict[str, Any]]) -> str:
    """Return in what a dataset and what is wanted differ; rows are looked into if given by hand."""
    change = _difference(there, wanted)
    if BY_HAND in {*there, *wanted}:
        change += plan_change(out / "plan.parquet", rows)
        if _grows(there, wanted):
            change += "; a plan with more rows begins, in each split, with those that stand there"
    return change


def _difference(there: Record, wanted: Record) -> str:
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


def read_record(dataset: Place, name: str = RECORD) -> dict[str, Any]:
    """Read what a dataset says of itself.

    Raises
    ------
    ShardError
        If the folder holds no dataset.
    """
    try:
        return dict(json.loads((dataset / name).read_bytes()))
    except ShardError:  # a store that cannot be reached
        raise
    except OSError:
        raise ShardError(
            f"{dataset}: wanted a dataset, found no {name}; make one with 'wetdry generate'"
        ) from None
    except ValueError as error:
        raise ShardError(f"{dataset / name}: not JSON ({error})") from None


def remember(out: Place, stems: Path, assets: Path) -> None:
    """Note where the inputs stand, for ``verify --replay`` on this machine."""
    note(out, {"stems": str(stems.resolve()), "assets": str(assets.resolve())})


def note(out: Place, said: dict[str, str]) -> None:
    """Note what holds on this machine alone, beside what was noted before; not in a store."""
    if not isinstance(out, StorePath):
        write_atomically(out / LOCAL, json.dumps({**noted(out), **said}).encode())


def noted(out: Place) -> dict[str, Any]:
    """Return what was noted on this machine; empty if nothing was."""
    if isinstance(out, StorePath):
        return {}
    try:
        return dict(json.loads((out / LOCAL).read_bytes()))
    except (OSError, TypeError, ValueError):
        return {}


def locate(dataset: Place, stems: Path | None, assets: Path | None) -> tuple[Path, Path]:
    """Return where the inputs stand: as given, or as noted when the dataset was made.

    Raises
    ------
    ShardError
        If neither is known.
    """
    places = noted(dataset)
    stems = stems or (Path(places["stems"]) if "stems" in places else None)
    assets = assets or (Path(places["assets"]) if "assets" in places else stems)
    if stems is None or assets is None or not stems.is_dir():
        raise ShardError(f"{dataset}: the stems are not at hand; say where with --stems FOLDER")
    return stems, assets


def lock_file(out: Path, name: str) -> int:
    """Open a lock in a folder, which is made if need be; whoever calls this closes it.

    Raises
    ------
    ShardError
        If the folder cannot be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        return os.open(out / name, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ShardError(
            f"{out}: cannot be written to ({error.strerror}); choose another folder"
        ) from None


@contextmanager
def writer_lock(out: Path) -> Iterator[None]:
    """Hold the folder for one writer; the system frees it when the process ends, however.

    Raises
    ------
    ShardError
        If another process is writing there, or the folder cannot be made.
    """
    descriptor = lock_file(out, LOCK)
    try:
        take_lock(descriptor, out)
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


def take_lock(descriptor: int, out: Place) -> None:
    """Take a lock, or say that another has it.

    Raises
    ------
    Busy, ShardError
        If another process holds it, or the file system has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy(
            f"{out}: another process is writing there; wait for it, or choose another folder"
        ) from None
    except OSError as error:  # some network file systems
        raise ShardError(
            f"{out}: its file system has no locks ({error.strerror}), and two writers would spoil "
            "a dataset; write to a local disk and copy"
        ) from None
