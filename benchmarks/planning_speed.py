"""How long it takes to plan a million samples, in how much memory and on how much disk.

    python benchmarks/planning_speed.py --stems FOLDER [--recipe realistic] [--samples 20480]

Draws and writes a plan as ``wetdry plan`` does, and goes through its jobs as ``wetdry generate``
does; what a million would take is in proportion, and measured with ``--samples 1000000`` (some
gigabytes of disk). Exit status 1 if that is more than 10 minutes, or more than 1 GB of memory in
all processes together. Another program on the same cores shows in the minutes; the processor time
says how many cores of its own it would need.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from worker_runs import memory_mb

from wetdry.datasets import Order, read_catalog, scan, write_plan
from wetdry.datasets.jobs import Means, jobs_of
from wetdry.manifests.row_groups import StoredRows
from wetdry.manifests.schema import plan_schema
from wetdry.mixing import load_recipe

MILLION, MOST_S, MOST_MB = 1_000_000, 600.0, 1000.0


def processor_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(k).ru_utime + resource.getrusage(k).ru_stime for k in kinds)


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, help="of 'wetdry scan'; else it scans")
    parser.add_argument("--recipe", default="realistic")
    parser.add_argument("--samples", type=int, default=20_480)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    catalog = read_catalog(options.catalog) if options.catalog else scan(options.stems)
    order = Order(load_recipe(options.recipe), options.samples)
    parent, most_mb = multiprocessing.current_process().pid or 0, 0.0

    def look(*_: int) -> None:
        nonlocal most_mb
        pids = [parent, *(child.pid or 0 for child in multiprocessing.active_children())]
        most_mb = max(most_mb, sum(memory_mb(pid, "VmHWM") for pid in pids))

    with tempfile.TemporaryDirectory() as folder:
        path, start, spent = Path(folder, "plan.parquet"), time.perf_counter(), processor_s()
        write_plan(order, catalog, path, workers=options.workers, progress=look)
        wall_s, core_s = time.perf_counter() - start, processor_s() - spent
        size_bytes, start = path.stat().st_size, time.perf_counter()
        rows = StoredRows(path, plan_schema().names)
        means = Means(options.stems, options.stems, 16, False, ())
        jobs_samples = sum(len(job.rows) for job in jobs_of(rows, Path(folder), means))
        jobs_s = time.perf_counter() - start
        look()
    assert jobs_samples == options.samples
    times = MILLION / options.samples
    figures = {
        "samples": options.samples,
        "workers": options.workers,
        "wall_s": wall_s,
        "core_s": core_s,
        "jobs_s": jobs_s,
        "memory_mb": most_mb,
        "bytes_per_row": size_bytes / options.samples,
        "million_s": wall_s * times,
        "cores_for_ten_minutes": core_s * times / MOST_S,
    }
    print(f"{options.recipe}, {options.samples} samples, {options.workers} workers")
    print(
        f"  {options.samples / wall_s:.0f} rows a second, {1e3 * core_s / options.samples:.2f} ms"
    )
    print(
        f"  of a core each; {figures['bytes_per_row']:.0f} bytes each on disk; jobs {jobs_s:.1f} s"
    )
    disk_gb, cores = size_bytes * times / 1e9, figures["cores_for_ten_minutes"]
    print(f"a million: {wall_s * times:.0f} s (at most {MOST_S:.0f}), {disk_gb:.1f} GB of disk,")
    print(
        f"  {most_mb:.0f} MB of memory (at most {MOST_MB:.0f}); ten minutes take {cores:.1f} cores"
    )
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1))
    sys.exit(wall_s * times > MOST_S or most_mb > MOST_MB)


if __name__ == "__main__":
    main()
