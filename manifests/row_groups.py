"""Row groups: tables larger than memory, written as their rows come and read piece by piece."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, BinaryIO, overload

from ..errors import ShardError
from .store_paths import Place

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

__all__ = ["ROWS", "Appender", "StoredRows", "appending", "column_of"]

ROWS = 4096
"""In a group: a table of no more has one, and the bytes of a table that is written at once."""

CURE = "delete it and run 'wetdry generate' again"

BATCH_ROWS = 256
"""Turned into columns together: rows as Python holds them take several times the memory."""


class Appender:
    """Writes rows to an open Parquet file, group by group; the same rows give the same bytes."""

    def __init__(self, writer: "pyarrow.parquet.ParquetWriter", schema: "pyarrow.Schema") -> None:
        self._writer, self._schema = writer, schema
        self._waiting: list[pyarrow.Table] = []
        self.rows = 0

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add rows, which may come from anywhere and are not kept."""
        import pyarrow as pa

        coming = iter(rows)
        while batch := list(islice(coming, self._room())):
            self._waiting.append(pa.Table.from_pylist(batch, schema=self._schema))
            self.rows += len(batch)
            if self.rows % ROWS == 0:
                self.flush()

    def flush(self) -> None:
        """Write what waits as a group."""
        import pyarrow as pa

        if self._waiting or not self.rows:
            tables = self._waiting or [self._schema.empty_table()]
            self._writer.write_table(pa.concat_tables(tables).combine_chunks())
        self._waiting = []

    def _room(self) -> int:
        """Return how many rows are turned into columns together, so that groups end in time."""
        return min(BATCH_ROWS, ROWS - self.rows % ROWS)


@contextmanager
def appending(file: BinaryIO, schema: "pyarrow.Schema") -> Iterator[Appender]:
    """Write a table to an open file, as its rows come; it is whole when the block ends."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        appender = Appender(writer, schema)
        yield appender
        appender.flush()


class StoredRows(Sequence[dict[str, Any]]):
    """The rows of a Parquet file, read when they are asked for, a group at a time.

    Parameters
    ----------
    path : Path or StorePath
    columns : sequence of str
        Those that a row holds.

    Raises
    ------
    ShardError
        If it is not there, torn, or lacks a column.
    """

    def __init__(self, path: Place, columns: Sequence[str]) -> None:
        self._path, self._columns = path, list(columns)
        if not path.is_file():
            raise ShardError(f"{path}: wanted a table, found none; run 'wetdry generate' first")
        with self._opened() as file:
            if missing := [name for name in columns if name not in file.schema_arrow.names]:
                raise ShardError(f"{path}: wanted the column {missing[0]}, found none; {CURE}")
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        self._starts: list[int] = [0, *accumulate(sizes)]
        self._group: tuple[int, pyarrow.Table] | None = None

    @property
    def names(self) -> list[str]:
        """The columns that the file has, without an index of pandas."""
        with self._opened() as file:
            schema = file.schema_arrow
        index = (schema.pandas_metadata or {}).get("index_columns", [])
        return [name for name in schema.names if name not in index]

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._starts[-1]

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """Return one row, or those of a slice, as a list."""
        if isinstance(place, int):
            return self._between(range(len(self))[place], range(len(self))[place] + 1)[0]
        start, stop, step = place.indices(len(self))
        return self._between(start, stop)[::step] if step > 0 else list(self)[place]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through all rows, holding a few at a time."""
        for start in range(0, len(self), BATCH_ROWS):
            yield from self._between(start, start + BATCH_ROWS)

    def column(self, name: str) -> list[Any]:
        """Return one column whole."""
        with self._opened() as file:
            return list(file.read(columns=[name]).column(name).to_pylist())

    def _between(self, start: int, stop: int) -> list[dict[str, Any]]:
        """Return the rows from ``start`` to before ``stop``."""
        rows: list[dict[str, Any]] = []
        while start < min(stop, len(self)):
            group = bisect_right(self._starts, start) - 1
            if self._group is None or self._group[0] != group:
                with self._opened() as file:
                    self._group = group, file.read_row_group(group, columns=self._columns)
            first = start - self._starts[group]
            part = self._group[1].slice(first, stop - start)
            rows += part.to_pylist()
            start += part.num_rows
        return rows

    @contextmanager
    def _opened(self) -> "Iterator[pyarrow.parquet.ParquetFile]":
        """Open the file, or say what is wrong with it."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with self._path.open("rb") as opened, pq.ParquetFile(opened) as file:
                yield file
        except ShardError:  # which is an OSError, too
            raise
        except (OSError, pa.ArrowException) as error:
            why = " ".join(str(error).split())[:120]
            raise ShardError(f"{self._path}: cannot be read as a table ({why}); {CURE}") from None


def column_of(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    """Return one column of rows, whether they are stored or held."""
    return rows.column(name) if isinstance(rows, StoredRows) else [row[name] for row in rows]
