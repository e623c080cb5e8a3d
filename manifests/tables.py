"""Tables on disk: Parquet written whole, and read with a plain word when it is not."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ShardError
from .files import writing
from .row_groups import appending
from .schema import LATER
from .store_paths import Place

if TYPE_CHECKING:
    import pandas
    import pyarrow

__all__ = ["read_columns", "read_table", "records", "write_table"]


def write_table(rows: Iterable[dict[str, Any]], schema: "pyarrow.Schema", path: Place) -> int:
    """Write rows as Parquet as they come; the same rows give the same bytes.

    Parameters
    ----------
    rows : iterable of dict
        One for each row, all columns of the schema in each.
    schema : pyarrow.Schema
    path : Path or StorePath

    Returns
    -------
    int
        How many there were.

    Raises
    ------
    ShardError
        If the file cannot be written.
    """
    with writing(path) as file, appending(file, schema) as appender:
        appender.add(rows)
    return appender.rows


def read_table(path: Place, schema: "pyarrow.Schema") -> "pandas.DataFrame":
    """Read a Parquet file that has at least the columns of a schema.

    Raises
    ------
    ShardError
        If it is not there, torn, or has other columns.
    """
    import pandas as pd
    import pyarrow as pa

    if not path.is_file():
        raise ShardError(f"{path}: wanted a table, found none; run 'wetdry generate' first")
    try:
        with path.open("rb") as file:
            table = pd.read_parquet(file)
    except ShardError:  # a store that cannot be reached
        raise
    except (pa.ArrowException, ValueError, OSError) as error:
        raise ShardError(
            f"{path}: not a whole Parquet file ({str(error)[:80]}); "
            "delete it and run 'wetdry generate' again"
        ) from None
    needed = [field.name for field in schema if field.metadata != LATER]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        few = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise ShardError(
            f"{path}: wanted the columns {few}, found none of them; "
            "delete it and run 'wetdry generate' again"
        )
    return table


def read_columns(path: Place, needed: Sequence[str], wished: Sequence[str] = ()) -> "pyarrow.Table":
    """Read some columns of a Parquet file: all that are needed, and those wished for that it has.

    Raises
    ------
    ShardError
        If it is not there, torn, or lacks a column that is needed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as data, pq.ParquetFile(data) as file:
            there = file.schema_arrow.names
            missing = [name for name in needed if name not in there]
            if not missing:
                return file.read(columns=[*needed, *(name for name in wished if name in there)])
    except ShardError:  # a store that cannot be reached
        raise
    except (OSError, pa.ArrowException) as error:
        raise ShardError(
            f"{path}: wanted a dataset's manifest, found none that can be read "
            f"({' '.join(str(error).split())[:120]}); generate the dataset again"
        ) from None
    raise ShardError(f"{path}: wanted the column {missing[0]}, found none; generate again")


def records(table: "pandas.DataFrame") -> list[dict[str, Any]]:
    """Return the rows of a table, each as a dict by column."""
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]
