"""The catalog: every stem of a folder as one row of a table, good or with its fault."""

import io
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import AudioError, CatalogError
from ..manifests.files import write_atomically
from .listening import Heard, frames_per_second
from .measure import measure
from .sources import Source, find_sources
from .tempo import find_pulse
from .tonality import find_tonality, pitch_strength

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["faults", "read_catalog", "scan", "write_catalog"]

Row = dict[str, Any]

MUSICAL: Row = {
    "pitch_strength": 0.0,
    "tempo_bpm": float("nan"),
    "tempo_confidence": 0.0,
    "beats_s": [],
    "tonic": -1,
    "mode": "",
    "key_confidence": 0.0,
    "tuning_cents": 0.0,
}
"""Pitch of the stem, and beats and key of its song, from all stems together."""

UNMEASURED: Row = {
    "sample_rate": 0,
    "channels": 0,
    "frames": 0,
    "seconds": 0.0,
    "loudness_lufs": float("nan"),
    "peak_dbfs": float("nan"),
    "true_peak_dbtp": float("nan"),
    "activity_dbfs": [],
    "dc_offset": 0.0,
    "clipped_share": 0.0,
    "sound_sha256": "",
    **MUSICAL,
    "sha256": "",
    "fault": None,
}
PLACE = ("song", "stem_class", "file", "split", "licence")
COLUMNS = (*PLACE, *UNMEASURED)


def scan(
    stems: Path,
    *,
    layout: str = "auto",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> "DataFrame":
    """Read every stem below a folder whole and return the catalog.

    Parameters
    ----------
    stems : Path
        A folder of songs.
    layout : str
        How it is laid out, as :func:`find_layout` takes it.
    workers : int
        Processes, at least 1; the table is the same for any number.
    progress : callable, optional
        Told how many of how many files are done.

    Returns
    -------
    pandas.DataFrame
        One row a file, sorted by song, class and file. Where ``fault`` holds a text
        ("reason; cure") the file is not to be used, and what could not be measured is
        0, NaN or empty. What has no class (``stem_class == ""``) was never opened.

    Raises
    ------
    CatalogError, UsageError
        If the folder is not there, nothing below it is a stem, or its layout is in doubt.
    """
    sources = find_sources(stems, layout)
    wanted = [source for source in sources if source.fault is None]
    rows = {source.file: {**UNMEASURED, **asdict(source)} for source in sources}
    measured = enumerate(_measured(stems, wanted, workers), 1)
    for _, song in groupby(measured, lambda found: found[1][0].song):
        heard: dict[str, Heard] = {}  # of one song at a time
        for done, (source, (row, sounds)) in song:
            rows[source.file].update(row)
            if sounds:
                heard[source.file] = sounds
            if progress:
                progress(done, len(wanted))
        _compare([rows[file] for file in heard])
        _listen([rows[file] for file in heard if rows[file]["fault"] is None], heard)
    return _table(list(rows.values()))


def _measured(
    stems: Path, sources: list[Source], workers: int
) -> Iterator[tuple[Source, tuple[Row, Heard | None]]]:
    paths = [stems / source.file for source in sources]
    if workers <= 1 or len(paths) <= 1:
        yield from zip(sources, map(_row, paths), strict=True)
        return
    spawn = multiprocessing.get_context("spawn")  # a fork of a threaded process can hang
    with ProcessPoolExecutor(min(workers, len(paths)), mp_context=spawn) as pool:
        yield from zip(sources, pool.map(_row, paths), strict=True)


def _row(path: Path) -> tuple[Row, Heard | None]:
    """Measure one file; whatever goes wrong with it is its fault and stops nothing."""
    try:
        return measure(path)
    except AudioError as error:
        reason = str(error)
    except MemoryError:  # the machine's fault, not the file's
        raise AudioError(
            f"{path}: memory or threads ran out; use fewer workers, and read it again"
        ) from None
    except Exception as error:  # a decoder's bad day must not cost the other thousand files
        reason = f"cannot be measured ({type(error).__name__}: {error}); export it again"
    return {"fault": reason}, None


def _listen(rows: list[Row], heard: dict[str, Heard]) -> None:
    """Find the beats and the key of a song, from all its good stems together."""
    if not rows:
        return
    sounds = [(row["stem_class"], heard[row["file"]]) for row in rows]
    pulse = find_pulse(
        [(name, each.onsets) for name, each in sounds], frames_per_second(rows[0]["sample_rate"])
    )
    key = find_tonality([(name, each.pitches) for name, each in sounds])
    found = {
        "tempo_bpm": pulse.tempo_bpm,
        "tempo_confidence": pulse.confidence,
        "beats_s": list(pulse.beats_s),
        "tonic": key.tonic,
        "mode": key.mode,
        "key_confidence": key.confidence,
        "tuning_cents": key.tuning_cents,
    }
    for row in rows:
        row.update(found, pitch_strength=pitch_strength(heard[row["file"]].pitches))


def _compare(rows: list[Row]) -> None:
    """Give a fault to the stems of one song that differ from the others, or repeat one."""
    if not rows:
        return
    shapes = Counter((row["sample_rate"], row["frames"]) for row in rows)
    rate, frames = max(shapes, key=lambda shape: (shapes[shape], shape[1], shape[0]))
    files: dict[str, str] = {}
    sounds: dict[str, str] = {}
    for row in rows:
        same = files.setdefault(row["sha256"], row["file"])
        alike = sounds.setdefault(row["sound_sha256"], row["file"])
        if row["sample_rate"] != rate:
            row["fault"] = (
                f"has {row['sample_rate']} Hz where the song's other stems have {rate}; resample it"
            )
        elif row["frames"] != frames:
            row["fault"] = (
                f"has {row['frames']} frames where the song's other stems have {frames}; "
                "trim or pad it"
            )
        elif same != row["file"]:
            row["fault"] = f"is the same file as {same}; remove one of them"
        elif alike != row["file"]:
            row["fault"] = f"sounds the same as {alike}, or upside down; remove one of them"


def _table(rows: list[Row]) -> "DataFrame":
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["fault"] = pd.Series([row["fault"] for row in rows], dtype=object)  # keeps None
    return table


def faults(catalog: "DataFrame") -> list[dict[str, str]]:
    """List what the catalog sets aside.

    Returns
    -------
    list of dict
        ``what`` (the file), ``reason`` and ``cure``, in the order of the catalog.
    """
    bad = catalog[catalog["fault"].notna()]
    listed = []
    for what, fault in zip(bad["file"], bad["fault"], strict=True):
        reason, _, cure = str(fault).rpartition("; ")
        listed.append({"what": str(what), "reason": reason, "cure": cure})
    return listed


def write_catalog(catalog: "DataFrame", path: Path) -> None:
    """Write a catalog as Parquet; the same catalog gives the same bytes.

    Raises
    ------
    ShardError
        If the file cannot be written; an older one is left whole.
    """
    import pyarrow
    from pyarrow import parquet

    buffer = io.BytesIO()
    rows = catalog.to_dict("records")
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=_schema()), buffer)
    write_atomically(path, buffer.getvalue())


def read_catalog(path: Path) -> "DataFrame":
    """Read what `write_catalog` wrote, equal to what it was given.

    Raises
    ------
    CatalogError
        If the file is absent, torn, something else, or names a file outside the stems.
    """
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.ParquetFile(path).read()
    except (ArrowException, OSError) as error:
        raise CatalogError(f"{path}: wanted a catalog, found {error}; scan again") from None
    if not table.schema.equals(_schema()):
        raise CatalogError(
            f"{path}: wanted a catalog's columns, found {', '.join(table.column_names)}; scan again"
        )
    rows = table.to_pylist()
    astray = [row["file"] for row in rows if not _lies_below(row["file"])]
    if astray:
        raise CatalogError(
            f"{path}: wanted files below the folder of stems, found {astray[0]!r}; scan again"
        )
    return _table(rows)


def _lies_below(file: str) -> bool:
    """Tell whether a path stays in the folder that it starts from."""
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts


def _schema() -> Any:
    import pyarrow as pa

    special = {name: pa.list_(pa.float64()) for name in ("activity_dbfs", "beats_s")}
    special |= {name: pa.int64() for name in ("sample_rate", "channels", "frames", "tonic")}
    special |= {name: pa.string() for name in (*PLACE, "mode", "sha256", "sound_sha256", "fault")}
    return pa.schema([(name, special.get(name, pa.float64())) for name in COLUMNS])
