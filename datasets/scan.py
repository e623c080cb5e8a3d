"""The catalog: every stem of a folder as one row of a table, good or with its fault."""

import io
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AudioError, CatalogError
from ..manifests.files import write_atomically
from .measure import measure
from .sources import Source, find_sources

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["faults", "read_catalog", "scan", "write_catalog"]

Row = dict[str, Any]

UNMEASURED: Row = {
    "sample_rate": 0,
    "channels": 0,
    "frames": 0,
    "seconds": 0.0,
    "loudness_lufs": float("nan"),
    "peak_dbfs": float("nan"),
    "true_peak_dbtp": float("nan"),
    "activity_dbfs": [],
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
    measured: dict[str, Row] = {}
    for done, (source, row) in enumerate(_measured(stems, wanted, workers), 1):
        measured[source.file] = row
        if progress:
            progress(done, len(wanted))
    rows = [{**UNMEASURED, **asdict(source), **measured.get(source.file, {})} for source in sources]
    for song in dict.fromkeys(source.song for source in wanted):
        _compare([row for row in rows if row["song"] == song and row["fault"] is None])
    return _table(rows)


def _measured(stems: Path, sources: list[Source], workers: int) -> Iterator[tuple[Source, Row]]:
    paths = [stems / source.file for source in sources]
    if workers <= 1 or len(paths) <= 1:
        yield from zip(sources, map(_row, paths), strict=True)
        return
    spawn = multiprocessing.get_context("spawn")  # a fork of a threaded process can hang
    with ProcessPoolExecutor(min(workers, len(paths)), mp_context=spawn) as pool:
        yield from zip(sources, pool.map(_row, paths), strict=True)


def _row(path: Path) -> Row:
    """Measure one file; whatever goes wrong with it is its fault and stops nothing."""
    try:
        return measure(path)
    except AudioError as error:
        return {"fault": str(error)}
    except Exception as error:  # a decoder's bad day must not cost the other thousand files
        return {"fault": f"cannot be measured ({type(error).__name__}: {error}); export it again"}


def _compare(rows: list[Row]) -> None:
    """Give a fault to the stems of one song that differ from the others, or repeat one."""
    if not rows:
        return
    shapes = Counter((row["sample_rate"], row["frames"]) for row in rows)
    rate, frames = max(shapes, key=lambda shape: (shapes[shape], shape[1], shape[0]))
    files: dict[str, str] = {}
    for row in rows:
        same = files.setdefault(row["sha256"], row["file"])
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
        If the file is absent, torn or something else.
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
    return _table(table.to_pylist())


def _schema() -> Any:
    import pyarrow as pa

    special = {"activity_dbfs": pa.list_(pa.float64())}
    special |= {name: pa.int64() for name in ("sample_rate", "channels", "frames")}
    special |= {name: pa.string() for name in (*PLACE, "sha256", "fault")}
    return pa.schema([(name, special.get(name, pa.float64())) for name in COLUMNS])
