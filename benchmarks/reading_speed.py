"""How fast a dataset is read, as a share of bare FLAC decoding of the same bytes.

    python benchmarks/reading_speed.py --stems FOLDER [--recipe realistic] [--samples 32]
    python benchmarks/reading_speed.py --data DATASET

Bare decoding is soundfile on bytes that are already in memory, the files of a sample held together
as a reader must hold them. It and the readers take turns sample by sample within one run, so that a
busy machine slows all; each time is the best of the rounds. Ends with status 1 where the reader
falls below 0.8 of bare decoding.
"""

import argparse
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from wetdry.datasets import Order, Reader, generate, read, read_members, scan
from wetdry.mixing import load_recipe

WANTED = 0.8
ROUNDS = 3
FIELDS = ("mixture", "dry", "wet")


def bare(files: list[bytes]) -> list[Any]:
    """Decode a sample's files as soundfile alone does, and hold them all, as a reader must."""
    return [soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True) for data in files]


def best_times(reader: Reader, order: list[int]) -> dict[str, float]:
    """Return the best seconds of each way for all samples, taking turns sample by sample."""
    whole = round(reader[0]["mixture"].shape[1])
    starts = np.random.default_rng(0).integers(0, whole - whole // 10, len(order))
    sequence = iter(reader)
    files: list[bytes] = []

    def load(index: int) -> None:
        members = reader.files(index)
        files[:] = [data for name, data in members.items() if name.endswith(".flac")]

    ways: dict[str, Callable[[int, int], Any]] = {
        "bare decoding": lambda turn, index: bare(files),
        "in order": lambda turn, index: next(sequence),
        "at random": lambda turn, index: reader[reader.keys[index]],
        "a tenth of each": lambda turn, index: reader.excerpt(index, starts[turn], whole // 10),
    }
    best = {name: np.full(len(order), np.inf) for name in ways}
    for _ in range(ROUNDS):
        sequence = iter(reader)
        for turn, index in enumerate(order):
            load(index)  # bare decoding of the very sample that is read at random
            for name, way in ways.items():
                start = time.perf_counter()
                way(turn, index)
                spent = time.perf_counter() - start
                place = turn if name == "in order" else index
                best[name][place] = min(best[name][place], spent)
    return {name: float(times.sum()) for name, times in best.items()}


def tar_times(dataset: Path) -> float:
    """Return the best seconds of the plain reader of tars, which decodes nothing."""
    shards = sorted((dataset / "data").glob("*.tar"))
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for shard in shards:
            for _ in read_members(shard):
                pass
        spent.append(time.perf_counter() - start)
    return min(spent)


def measure(dataset: Path) -> dict[str, Any]:
    """Measure all ways of reading a dataset."""
    reader = read(dataset, fields=FIELDS)
    order = [int(i) for i in np.random.default_rng(1).permutation(len(reader))]
    times = best_times(reader, order)
    seconds = float(reader.manifest["seconds"].sum())
    members = sum(name.endswith(".flac") for name in reader.files(0))
    return {
        "samples": len(reader),
        "files": len(reader) * members,
        "seconds_of_audio": seconds * members,
        "seconds": times | {"tars, undecoded": tar_times(dataset)},
        "ratios": {n: times["bare decoding"] / times[n] for n in ("in order", "at random")},
    }


def main() -> None:
    """Measure, print, and say whether it is fast enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--stems", type=Path, help="render a small dataset of these first")
    source.add_argument("--data", type=Path, help="a folder that 'wetdry generate' wrote")
    parser.add_argument("--recipe", default="realistic")
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    if options.data:
        figures = measure(options.data)
    else:
        with tempfile.TemporaryDirectory() as folder:
            order = Order(load_recipe(options.recipe), options.samples)
            generate(order, scan(options.stems), options.stems, Path(folder, "set"))
            figures = measure(Path(folder, "set"))
    print(f"{figures['samples']} samples, {figures['files']} FLAC files")
    print(f"{'':<18}{'ms a sample':>12}{'x real time':>13}{'of bare':>9}")
    for name, seconds in figures["seconds"].items():
        speed = figures["seconds_of_audio"] / seconds * (0.1 if "tenth" in name else 1)
        ratio = figures["ratios"].get(name)
        print(f"{name:<18}{1e3 * seconds / figures['samples']:>12.1f}{speed:>13.0f}", end="")
        print(f"{ratio:>9.2f}" if ratio else "")
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1))
    slowest = min(figures["ratios"].values())
    print(f"slowest {slowest:.2f} of bare decoding; wanted {WANTED}")
    sys.exit(slowest < WANTED)


if __name__ == "__main__":
    main()
