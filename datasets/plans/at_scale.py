"""Planning at scale: sessions drawn in workers, and written as they come.

A million sessions are ten gigabytes of text, which nobody holds: they are drawn in stretches, put
in order, and go to the disk row group by row group; jobs read them there.
"""

import json
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...degradations.assets import digest_of
from ...degradations.own_effects import Origin, use_origin
from ...errors import WetdryError
from ...manifests.files import writing
from ...manifests.row_groups import StoredRows, appending
from ...manifests.schema import plan_schema
from ...manifests.store_paths import Place
from ...manifests.tables import write_table
from ...mixing.spare_chains import SpareChains
from ..folder import RECORD, claim, note, noted, read_record
from ..provenance import origins
from ..workers import run_jobs
from .plan import Drawing, Order, Stretch

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["drawn_rows", "plan_in", "store_plan", "write_plan"]

SECONDS_PER_STRETCH = 600.0
"""Longest time that a worker may draw before it is taken for hung."""


def write_plan(
    order: Order,
    catalog: "DataFrame",
    path: Place,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw every session and write the plan, as :func:`generate` would, in little memory.

    Parameters
    ----------
    order : Order
    catalog : DataFrame
    path : Path
    workers : int
        Processes that draw; the bytes do not depend on it.
    progress : callable, optional
        Called with the number of samples drawn and in all.

    Returns
    -------
    int
        How many rows it has.

    Raises
    ------
    CatalogError, ShardError
        If the songs cannot feed the order, or the file cannot be written.
    """
    drawing = Drawing(order, catalog)
    return write_table(drawn_rows(drawing, workers, progress), plan_schema(), path)


def drawn_rows(
    drawing: Drawing, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> Iterator[dict[str, Any]]:
    """Draw the whole plan, in its order, in this process or in workers."""
    done, total = 0, sum(drawing.counts.values())
    for rows in _drawn(drawing, workers):
        yield from rows
        done += len(rows)
        if progress:
            progress(done, total)


def _drawn(drawing: Drawing, workers: int) -> Iterator[list[dict[str, Any]]]:
    """Draw stretch after stretch; those that come too early wait for the others."""
    stretches = drawing.stretches()
    if workers == 1 or len(stretches) == 1:
        for stretch in stretches:
            yield list(drawing.rows(stretch))
        return
    own = tuple(origins(drawing.order.recipe).values())
    work = _Shipped(pickle.dumps(drawing), own)
    early: dict[Stretch, list[dict[str, Any]]] = {}
    waiting = iter(stretches)
    wanted = next(waiting)
    jobs = run_jobs(work, stretches, workers=workers, timeout_s=SECONDS_PER_STRETCH)
    with closing(jobs) as results:
        for stretch, result in results:
            if isinstance(result, WetdryError):
                raise result
            early[stretch] = result
            while wanted in early:
                yield early.pop(wanted)
                wanted = next(waiting, stretch)


@dataclass(frozen=True)
class _Shipped:
    """A drawing on its way to a worker, which gets it once; effects of others come first."""

    drawing: bytes
    effects: tuple[Origin, ...]

    def __call__(self, stretch: Stretch) -> list[dict[str, Any]]:
        """Draw a stretch."""
        return list(self._unpacked.rows(stretch))

    @cached_property
    def _unpacked(self) -> Drawing:
        """The drawing, with the classes that it is made of."""
        for origin in self.effects:
            use_origin(origin)
        drawing: Drawing = pickle.loads(self.drawing)  # of our own parent process
        return drawing


def plan_in(out: Place, drawing: Drawing, catalog: "DataFrame", *, workers: int = 1) -> StoredRows:
    """Return the plan of a dataset: the one that stands in its folder, or drawn and stored there.

    A plan stands if it has the bytes that were noted when it was drawn from the same order and
    catalog on this machine; then shares and later runs need not draw it again.

    Parameters
    ----------
    out : Path or StorePath
        The folder, which whoever calls this holds.
    drawing : Drawing
    catalog : DataFrame
        That it was made from.
    workers : int

    Raises
    ------
    UsageError, ShardError
        If the folder holds something else, or cannot be written to.
    """
    path, before = out / "plan.parquet", noted(out)
    left_out = SpareChains(drawing.order.recipe).left_out  # whose digest is of the files, too
    inputs = f"{json.dumps(drawing.record, sort_keys=True)}\n{_text(catalog)}\n{left_out}"
    said = {"planned_from_sha256": sha256(inputs.encode()).hexdigest()}
    if path.is_file() and said.items() <= before.items() and _recorded(out) == drawing.record:
        if before.get("plan_sha256") == digest_of(path):
            return StoredRows(path, plan_schema().names)
    rows = store_plan(out, drawing.record, drawn_rows(drawing, workers))
    note(out, {**said, "plan_sha256": digest_of(path)})
    return rows


def store_plan(out: Place, record: dict[str, Any], rows: Iterable[dict[str, Any]]) -> StoredRows:
    """Write a plan into a dataset's folder, which is claimed for it.

    Raises
    ------
    UsageError, ShardError
        If the folder holds something else, and stays as it was, or cannot be written to.
    """
    names = plan_schema().names
    with writing(out / "plan.parquet") as file:
        with appending(file, plan_schema()) as appender:
            appender.add(rows)
        file.flush()
        written = Path(f"/dev/fd/{file.fileno()}")  # which has no name yet
        claim(out, record, StoredRows(written, names))
    return StoredRows(out / "plan.parquet", names)


def _recorded(out: Place) -> dict[str, Any]:
    """Return what a folder says of itself; empty if it says nothing."""
    return read_record(out) if (out / RECORD).exists() else {}


def _text(catalog: "DataFrame") -> str:
    """Return all that a catalog says."""
    return str(catalog.to_json(orient="split", double_precision=15))
