"""The catalog as a table: its columns, its file, and what it sets aside."""

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ...errors import CatalogError
from ...manifests.files import write_atomically
from .song_facts import BETWEEN, UNMEASURED, Row

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["doubts", "fault_counts", "faults", "read_catalog", "table_of", "write_catalog"]

PLACE = ("song", "stem_class", "file", "split", "licence")
COLUMNS = (*PLACE, *UNMEASURED)


def table_of(rows: list[Row]) -> "DataFrame":
    """Return the catalog whose rows these are."""
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


KINDS = {
    "has a DC offset": "DC offset",
    "is clipped": "clipped",
    "is silent": "silent",
    "lasts ": "too short",
    "is the same file as": "the same file twice",
    "sounds the same as": "the same sound twice, or upside down",
    "is truncated": "truncated",
    "is not the audio": "not the audio of its MD5",
    "cannot be": "cannot be read",
    "holds NaN": "NaN or infinite samples",
    "has a peak of": "samples beyond 1e4",
    "has the name of the song": "namesake of another song",
}
"""What faults begin with, and what they are called in a summary."""

ENDS = {
    "Hz where the song's other stems": "another sample rate than its song",
    "frames where the song's other stems": "another length than its song",
}


def fault_counts(catalog: "DataFrame") -> dict[str, int]:
    """Count what the catalog sets aside by kind of fault, the most frequent first."""
    counts = Counter(_kind(entry["reason"]) for entry in faults(catalog))
    return dict(counts.most_common())


def _kind(reason: str) -> str:
    """Return what a fault is called without the numbers and names of the file."""
    for part, kind in ENDS.items():
        if part in reason:
            return kind
    return next((kind for begin, kind in KINDS.items() if reason.startswith(begin)), "no stem")


NEARLY_SILENT_LUFS = -55.0
AUDIBLE_BLEED_DB = -30.0
LATE_MS = 10.0
OFTEN_CLIPPED = 1e-3
OFFSET = 1e-2


def doubts(catalog: "DataFrame") -> list[dict[str, str]]:
    """List what the catalog does not set aside, but who uses it should know.

    Returns
    -------
    list of dict
        ``what`` (the file), ``reason`` and ``cure``: bleed above -30 dB, a lag beyond 10 ms,
        less than -55 LUFS, more than a thousandth of the samples at full scale, a DC offset
        beyond -40 dBFS.
    """
    listed = []
    for row in catalog[catalog["fault"].isna()].to_dict("records"):
        for reason, cure in _doubts_of({str(name): value for name, value in row.items()}):
            listed.append({"what": str(row["file"]), "reason": reason, "cure": cure})
    return listed


def _doubts_of(row: Row) -> Iterator[tuple[str, str]]:
    if row["bleed_db"] > AUDIBLE_BLEED_DB:
        yield f"{row['bleed_of']} is heard in it at {row['bleed_db']:.1f} dB", "listen to both"
    if abs(row["lag_ms"]) > LATE_MS:
        word = "late" if row["lag_ms"] > 0 else "early"
        yield f"is {abs(row['lag_ms']):.0f} ms {word} against {row['lag_of']}", "listen to both"
    if row["loudness_lufs"] < NEARLY_SILENT_LUFS:
        yield f"is nearly silent ({row['loudness_lufs']:.1f} LUFS)", "see that it is no empty track"
    if row["clipped_share"] > OFTEN_CLIPPED:
        yield f"has {row['clipped_share']:.1%} of its samples at full scale", "export it lower"
    if row["dc_offset"] > OFFSET:
        yield f"has a DC offset of {row['dc_offset']:.2g}", "high-pass it"


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

    A catalog from before bleed and lags were measured lacks their columns, and gets them empty.

    Raises
    ------
    CatalogError
        If the file is absent, torn, something else, or names a file outside the stems.
    """
    from pyarrow import ArrowException, parquet

    try:
        with path.open("rb") as file:
            table = parquet.ParquetFile(file).read()
    except FileNotFoundError:
        raise CatalogError(
            f"{path}: wanted a catalog, found no such file; write one with 'wetdry scan'"
        ) from None
    except (ArrowException, OSError) as error:
        raise CatalogError(f"{path}: wanted a catalog, found {error}; scan again") from None
    earlier = [field for field in _schema() if field.name not in BETWEEN]
    if not table.schema.equals(_schema()) and list(table.schema) != earlier:
        raise CatalogError(
            f"{path}: wanted a catalog's columns, found {', '.join(table.column_names)}; scan again"
        )
    rows = [{**BETWEEN, **row} for row in table.to_pylist()]
    astray = [row["file"] for row in rows if not _lies_below(row["file"])]
    if astray:
        raise CatalogError(
            f"{path}: wanted files below the folder of stems, found {astray[0]!r}; scan again"
        )
    return table_of(rows)


def _lies_below(file: str) -> bool:
    """Tell whether a path stays in the folder that it starts from."""
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts


def _schema() -> Any:
    import pyarrow as pa

    special = {name: pa.list_(pa.float64()) for name in ("activity_dbfs", "beats_s")}
    special |= {name: pa.int64() for name in ("sample_rate", "channels", "frames", "tonic")}
    texts = (*PLACE, "mode", "bleed_of", "lag_of", "sha256", "sound_sha256", "fault")
    special |= {name: pa.string() for name in texts}
    return pa.schema([(name, special.get(name, pa.float64())) for name in COLUMNS])
