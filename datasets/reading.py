"""Reading: a dataset's samples as numpy arrays, in their order or in any other, without torch.

A reader holds keys and places and no open file: it can be used from several threads, forked,
pickled to other processes, and read in any order.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..audio import LONGEST_FRAMES
from ..errors import ShardError, UsageError
from ..manifests.schema import manifest_schema
from ..manifests.store_paths import Place, place_of
from ..manifests.tables import read_columns, read_table
from .fields import (
    PlacesByTar,
    Said,
    Wanted,
    load,
    outputs_members,
    read_places,
    spans,
    tar_with,
    wanted_members,
)
from .outputs import output_places
from .positions import opened, prefetch
from .shards import KEY, WHOLE, tar_name
from .tars import Places, places_of, read_named

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import ArrayLike
    from pandas import DataFrame

__all__ = ["Reader", "read"]

NEEDED = ("key", "split", "shard", "sample_rate", "seconds")
LATER = ("members", "shard_sha256")


def read(
    dataset: Place | str,
    *,
    split: str | None = None,
    where: "str | ArrayLike | None" = None,
    fields: str | Sequence[str] = ("mixture", "dry"),
) -> "Reader":
    """Open a dataset that ``wetdry generate`` wrote.

    Parameters
    ----------
    dataset : Path, StorePath or str
        Its folder, or a URL such as ``s3://bucket/prefix``, of which only what is asked for is
        brought here.
    split : str, optional
        Only this split.
    where : str or bool array, optional
        Only these samples: a pandas query on the manifest, such as ``"severity > 0.5"``, or a
        mask with one bool for each row of it.
    fields : str or sequence of str
        What each sample shall hold: "mixture"; "dry", "wet" and "wet_master", by class; "taps",
        the others by name; one of them alone, such as "vocals.dry" or "premaster"; "preview",
        the bytes of a small file to listen to; "row", what
        was drawn and measured; "outputs.NAME", what :func:`write_outputs` wrote, by class.

    Returns
    -------
    Reader

    Raises
    ------
    ShardError
        If there is no such dataset, split or field.
    UsageError
        If ``where`` is no question that the manifest can answer.
    """
    dataset = place_of(dataset)
    path = dataset / "manifest.parquet"
    table = read_columns(path, NEEDED, LATER)
    _check(table, path)
    chosen = np.ones(len(table), bool)
    if split is not None:
        chosen = table["split"].to_numpy() == split
        if not chosen.any():
            there = ", ".join(table["split"].unique().to_pylist())
            raise ShardError(f"{dataset}: wanted samples of split {split!r}, found {there}")
    if where is not None:
        chosen &= _mask(dataset, where, len(table))
    fields = (fields,) if isinstance(fields, str) else tuple(fields)
    table = table if chosen.all() else table.filter(chosen)
    return Reader(dataset, table.drop_columns("split"), np.flatnonzero(chosen), fields)


def _check(table: "pyarrow.Table", path: Place) -> None:
    """Refuse a manifest whose samples have no length."""
    try:
        frames = table["seconds"].to_numpy() * table["sample_rate"].to_numpy()
        sane = bool(np.all((frames > 0) & (frames < LONGEST_FRAMES)))
    except TypeError:
        sane = False
    if not sane:
        raise ShardError(f"{path}: wanted seconds and sample_rate of each sample; generate again")


def _mask(dataset: Place, where: "str | ArrayLike", rows: int) -> Any:
    """Return which rows of the manifest are meant."""
    if isinstance(where, str):
        manifest = read_table(dataset / "manifest.parquet", manifest_schema())
        try:
            mask = np.zeros(rows, bool)
            mask[manifest.query(where).index] = True
            return mask
        except (ValueError, KeyError, NameError, TypeError, SyntaxError, AttributeError) as error:
            raise UsageError(f"where: {where!r} is no query on the manifest ({error})") from None
    mask = np.asarray(where)
    if mask.dtype != bool or mask.shape != (rows,):
        raise UsageError(
            f"where: wanted a bool for each of the manifest's {rows} rows, found {mask.dtype} of "
            f"shape {mask.shape}"
        )
    return mask


class Reader:
    """Samples of a dataset: ``for sample in reader``, ``reader[17]``, ``reader["train-00000017"]``.

    A sample is a dict of ``key``, ``sample_rate`` and the fields asked for; audio is float32 of
    shape (channels, samples). Made by :func:`read`.

    Parameters
    ----------
    dataset : Path or StorePath
    table : pyarrow.Table
        Columns of the manifest, for the samples chosen.
    rows : int array
        Their places in the manifest.
    fields : tuple of str
    """

    def __init__(
        self, dataset: Place, table: "pyarrow.Table", rows: Any, fields: tuple[str, ...]
    ) -> None:
        self.dataset = dataset
        self.fields = fields
        self.keys: list[str] = table["key"].to_pylist()
        self._columns = {name: table[name] for name in table.column_names}
        self._rows = rows
        self._index = {key: index for index, key in enumerate(self.keys)}
        self._found: dict[str, dict[str, Places]] = {}  # shards that had to be looked through
        if len(self._index) < len(self.keys):
            raise ShardError(f"{dataset}: the manifest lists a key twice; generate it again")
        if odd := [key for key in self.keys if not _is_plain(key)]:  # a key may name a file
            raise ShardError(f"{dataset}: wanted keys of A-Z a-z 0-9 _ -, found {odd[0]!r}")
        for _ in self._wanted(0) if self.keys else ():  # a field that is absent is told at once
            pass

    @property
    def manifest(self) -> "DataFrame":
        """The manifest's rows of these samples, in their order; read when asked for."""
        table = read_table(self.dataset / "manifest.parquet", manifest_schema())
        chosen: DataFrame = table.iloc[self._rows].reset_index(drop=True)
        return chosen

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self._index

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Read all samples, shard by shard, in the manifest's order."""
        return (self._read(index, 0, None) for index in range(len(self)))

    def __getitem__(self, which: str | int) -> dict[str, Any]:
        """Read one sample by its key or its place."""
        return self._read(self._place(which), 0, None)

    def excerpt(self, which: str | int, start: int, frames: int) -> dict[str, Any]:
        """Read part of a sample; only that part is decoded.

        Parameters
        ----------
        which : str or int
            Its key or its place.
        start, frames : int
            In samples; must lie within it.
        """
        return self._read(self._place(which), start, frames)

    def length(self, which: str | int) -> tuple[int, int]:
        """Return how many samples of audio a sample has, and its sample rate in Hz."""
        index = self._place(which)
        rate = self._cell("sample_rate", index)
        return round(self._cell("seconds", index) * rate), rate

    def files(self, which: str | int) -> dict[str, bytes]:
        """Return all files of a sample as they stand in its shard, by extension."""
        index = self._place(which)
        key, files = self.keys[index], dict[str, bytes]()
        for tar, places in self._places(index).items():
            path = self._path(index, tar)
            with opened(path) as file:
                prefetch(file, spans(places, places))
                for member, place in places.items():
                    files[member] = read_named(file, f"{key}.{member}", *place, path)
        return files

    def _read(self, index: int, start: int, frames: int | None) -> dict[str, Any]:
        """Read and decode the fields of one sample."""
        key, (length, rate) = self.keys[index], self.length(index)
        said, sample = Said(rate, length), {"key": key, "sample_rate": rate}
        for field, path, wanted, places in self._wanted(index):
            sample[field] = load(path, key, wanted, places, (start, frames), said)
        return sample

    def _wanted(self, index: int) -> Iterator[tuple[str, Place, Wanted, Places]]:
        """Return for each field of a sample the tar, the members and their places in it."""
        shard, key, own = self._shard(index), self.keys[index], self._places(index)
        where = f"{self.dataset / 'data' / shard}: sample {key}"
        there = [member for places in own.values() for member in places]
        for field in self.fields:
            kind, _, name = field.partition(".")
            if kind == "outputs":
                digest = self._cell("shard_sha256", index)
                theirs, places = output_places(self.dataset, name, shard, key, digest)
                yield field, theirs, outputs_members(places), places
            else:
                wanted = wanted_members(field, there, where)
                tar = tar_with(wanted, own, where)
                yield field, self._path(index, tar), wanted, own[tar]

    def _cell(self, name: str, index: int) -> Any:
        """Return what the manifest says of a sample; None where it says nothing."""
        return self._columns[name][index].as_py() if name in self._columns else None

    def _shard(self, index: int) -> str:
        """Return the shard that a sample stands in."""
        shard: str = self._cell("shard", index)
        if not _is_plain(shard):
            raise ShardError(f"{self.dataset}: wanted a shard's plain name, found {shard!r}")
        return shard

    def _path(self, index: int, tar: str = WHOLE) -> Place:
        """Return a tar that a sample stands in."""
        return self.dataset / "data" / tar_name(self._shard(index), tar)

    def _place(self, which: str | int) -> int:
        """Return a sample's place among the chosen."""
        if isinstance(which, str):
            if which not in self._index:
                raise KeyError(f"{self.dataset}: {which!r} is not among the {len(self)} chosen")
            return self._index[which]
        return range(len(self))[which]

    def _places(self, index: int) -> PlacesByTar:
        """Return where a sample's members stand: by its row, or by a look through the shard."""
        path, key = self._path(index), self.keys[index]
        if (row := self._cell("members", index)) is not None:
            return read_places(row, f"{self.dataset / 'manifest.parquet'}: {key}")
        if path.stem not in self._found:
            self._found[path.stem] = places_of(path)
        if key not in self._found[path.stem]:
            raise ShardError(
                f"{path}: wanted sample {key} that the manifest lists, found none: the shard is "
                "torn; run 'wetdry verify' and generate again"
            )
        return {WHOLE: self._found[path.stem][key]}


def _is_plain(name: Any) -> bool:
    """Tell whether it is a name that leads nowhere."""
    return isinstance(name, str) and KEY.fullmatch(name) is not None
