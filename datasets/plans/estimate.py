"""Estimate: what a dataset will cost, from a few of its samples."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from tarfile import BLOCKSIZE
from typing import TYPE_CHECKING

from ...errors import AudioError, CatalogError
from ...mixing.spare_chains import SpareChains
from ..samples import make_sample
from .plan import Drawing, Order, Stretch
from .spares import completed

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Estimate", "estimate"]


@dataclass(frozen=True)
class Estimate:
    """What a dataset will cost.

    Parameters
    ----------
    tried, samples : int
        How many were rendered, and how many the dataset has.
    seconds : float
        Length of one.
    core_s : float
        Processor time of one.
    size_bytes : float
        Of one in its shard.
    memory_mb : float
        Of a process that renders.
    """

    tried: int
    samples: int
    seconds: float
    core_s: float
    size_bytes: float
    memory_mb: float

    def hours(self, cores: int) -> float:
        """Return for how many hours some cores render, with nothing else to do."""
        return self.samples * self.core_s / 3600 / cores

    def disk_gb(self) -> float:
        """Return the size of all shards."""
        return self.samples * self.size_bytes / 1e9

    def lines(self, workers: int) -> list[str]:
        """Return it in words.

        Examples
        --------
        >>> print(*Estimate(4, 36_000, 10.0, 1.0, 4e6, 300.0).lines(2), sep=chr(10))
        from 4 samples: 10.0 s of mixture a core second, 4.0 MB a sample, 300 MB a worker
        all 36000 samples (100.0 h): about 5.0 h with 2 workers, 144.0 GB on disk
        """
        speed, length_h = self.seconds / self.core_s, self.samples * self.seconds / 3600
        return [
            f"from {self.tried} samples: {speed:.1f} s of mixture a core second, "
            f"{self.size_bytes / 1e6:.1f} MB a sample, {self.memory_mb:.0f} MB a worker",
            f"all {self.samples} samples ({_shown(length_h)}): about {_shown(self.hours(workers))} "
            f"with {workers} workers, {self.disk_gb():.1f} GB on disk",
        ]


def estimate(order: Order, catalog: "DataFrame", stems: Path, *, trial: int = 4) -> Estimate:
    """Render a few samples of a dataset, which are thrown away, and reckon from them.

    Parameters
    ----------
    order : Order
    catalog : DataFrame
    stems : Path
    trial : int
        How many. One more is rendered first, and not counted: it loads what is compiled.

    Raises
    ------
    CatalogError
        If the songs cannot feed the order, or none of the samples can be rendered.
    """
    drawing = Drawing(order, catalog)
    split, count = max(drawing.counts.items(), key=lambda item: item[1])
    chains = SpareChains(order.recipe)
    drawn = drawing.rows(Stretch(split, 0, min(count, trial)))
    rows = [completed(row, chains) for row in drawn]
    spent: list[float] = []
    sizes: list[int] = []
    for row in [rows[0], *rows]:
        start = time.process_time()
        try:
            members, _ = make_sample(row, stems, order.recipe.folder, bits=order.bits)
        except AudioError as error:  # a build sets it aside, and so do we
            why = str(error)
            continue
        spent.append(time.process_time() - start)
        sizes.append(sum(_in_tar(len(data)) for data in members.values()))
    if len(spent) < 2:
        raise CatalogError(f"{stems}: none of {len(rows)} samples can be rendered: {why}")
    tried = len(spent) - 1
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    total = sum(drawing.counts.values())
    mean_s, mean_bytes = sum(spent[1:]) / tried, sum(sizes[1:]) / tried
    return Estimate(tried, total, order.recipe.seconds, mean_s, mean_bytes, memory_mb)


def _shown(hours: float) -> str:
    """Show a length of time; minutes where hours would be nothing."""
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"


def _in_tar(size_bytes: int) -> int:
    """Return what a member takes in a tar: its header, and whole blocks."""
    return BLOCKSIZE + -(-size_bytes // BLOCKSIZE) * BLOCKSIZE
