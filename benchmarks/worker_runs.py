"""Runs with workers, watched from outside: how fast they go on, and how much memory they take."""

import multiprocessing
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wetdry.datasets import Order, generate
from wetdry.mixing import Recipe

MIB = 2**20


@dataclass
class Watched:
    """What was seen of one run.

    Parameters
    ----------
    samples : list of int
        How many were done at each look.
    seconds : list of float
        When, from the beginning.
    worker_mb, parent_mb : list of float
        Memory (resident) of the largest worker and of the process that hands out the shards.
    peak_mb : float
        Most that any worker ever had.
    """

    samples: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    worker_mb: list[float] = field(default_factory=list)
    parent_mb: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    def samples_per_s(self) -> float:
        """Return how fast it went from the first shard to the last: start-up is left out."""
        return (self.samples[-1] - self.samples[0]) / (self.seconds[-1] - self.seconds[0])

    def mb_at(self, done: int) -> float:
        """Return the memory of the largest worker after so many samples."""
        return self.worker_mb[int(np.searchsorted(self.samples, done))]

    def grown_mb(self, first: int, last: int) -> float:
        """Return by how much the largest worker grows between two numbers of samples.

        A straight line through what was seen from the first on: it reaches on to the last, where
        the run was shorter.
        """
        done, seen = np.array(self.samples), np.array(self.worker_mb)
        late = done >= min(first, done[-1] // 3)
        slope = float(np.polyfit(done[late], seen[late], 1)[0])
        return slope * (last - first)


def memory_mb(process: int, field_name: str = "VmRSS") -> float:
    """Return the memory of a process, from ``/proc``; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = [int(line.split()[1]) for line in lines if line.startswith(f"{field_name}:")]
    return sizes[0] * 1024 / MIB if sizes else 0.0


def watched(
    recipe: Recipe, samples: int, workers: int, catalog: Any, stems: Path, shard_samples: int = 2
) -> Watched:
    """Make a dataset in processes of its own, and look at them after every shard."""
    seen, start = Watched(), time.perf_counter()
    parent = multiprocessing.current_process().pid or 0

    def look(done: int, _: int) -> None:
        own = [child.pid or 0 for child in multiprocessing.active_children()]
        seen.samples.append(done)
        seen.seconds.append(time.perf_counter() - start)
        seen.worker_mb.append(max([memory_mb(pid) for pid in own], default=0.0))
        seen.parent_mb.append(memory_mb(parent))
        seen.peak_mb = max([seen.peak_mb, *(memory_mb(pid, "VmHWM") for pid in own)])

    with tempfile.TemporaryDirectory() as folder:
        order = Order(recipe, samples, shard_samples=shard_samples)
        generate(order, catalog, stems, Path(folder, "set"), workers=workers, progress=look)
    return seen
