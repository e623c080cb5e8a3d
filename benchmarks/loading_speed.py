"""How fast a feed gives batches, beside bare reading, and how long a training step waits for it.

    python benchmarks/loading_speed.py --stems FOLDER [--recipe realistic] [--samples 32]
    python benchmarks/loading_speed.py --data DATASET --out figures.json

Speed: whole samples by bare ``datasets.read`` and by a feed, both in this process, taking turns
within one run, in processor time; each the best of the rounds. The feed must reach 0.8 of bare
reading. A feed with one worker stands beside them by the clock on the wall and is not judged:
its batches come through shared memory, whose pages cost as much as a third of the decoding.
Waiting: real steps of stage one of the preset `tiny`, each after its batch has come from a feed
with one worker; of the time of those steps 5 % at most may be spent waiting. With --stems the
cost of rendering a fresh sample is measured, too. Ends with status 1 where it falls short.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wetdry.cascade import Feed, Playlist, load_configuration
from wetdry.cascade.training.loader import prepare
from wetdry.cascade.training.stage_one import StageOne
from wetdry.datasets import Fresh, Order, Reader, fresh, generate, read, scan
from wetdry.mixing import load_recipe

SPEED_WANTED = 0.8
WAIT_ALLOWED = 0.05
ROUNDS = 6
BATCH = 4


def seconds_of(batches: Iterator[Any], count: int) -> tuple[float, float]:
    """Return how long so many batches take: on the wall, and of this processor."""
    start, spent = time.perf_counter(), time.process_time()
    for _ in range(count):
        next(batches)
    return time.perf_counter() - start, time.process_time() - spent


def bare(reader: Reader) -> Iterator[list[Any]]:
    """Read batches in order, for ever, and hold a batch's samples, as training must."""
    while True:
        for start in range(0, len(reader), BATCH):
            yield [reader[index] for index in range(start, start + BATCH)]


def speeds(data: Path) -> dict[str, Any]:
    """Return samples a second of each way, by wall and processor; all read the same samples."""
    manifest = read(data).manifest
    places = np.flatnonzero(manifest["split"] == "train")
    kept = places[: min(len(places) // BATCH, 4) * BATCH]
    reader = read(data, where=np.isin(np.arange(len(manifest)), kept))
    in_order, count = Playlist(len(reader), shuffle=False), len(reader) // BATCH
    ways: dict[str, Iterator[Any]] = {
        "bare reading": bare(reader),
        "feed": iter(Feed(reader, in_order, batch=BATCH)),
        "feed, 1 worker": iter(Feed(reader, in_order, batch=BATCH, workers=1)),
    }
    best = {name: np.full(2, np.inf) for name in ways}
    for _ in range(ROUNDS):
        for name, batches in ways.items():
            if "worker" in name:  # it has read ahead while the others were measured
                seconds_of(batches, max(1, 3 // count) * count)
            spent = seconds_of(batches, count)
            best[name] = np.minimum(best[name], spent)
            if "worker" in name:  # it reads two batches ahead: not while the others are measured
                time.sleep(3 * spent[0] / count)
    return {name: len(reader) / spent for name, spent in best.items()}


def waiting(data: Path, reader: Reader, steps: int) -> dict[str, float]:
    """Return the seconds of training steps, and those spent waiting for their batches."""
    configuration = load_configuration("tiny").model_copy(update={"sample_rate": _rate(reader)})
    budget = configuration.stage_one
    feed = Feed(reader, batch=budget.batch, seconds=budget.seconds, workers=1)
    with tempfile.TemporaryDirectory() as folder:
        cache = prepare(data, "train", configuration.sample_rate, Path(folder, "cache"))
        stage = StageOne(configuration, cache, torch.device("cpu"))
        batches, waits, trained = iter(feed), 0.0, 0.0
        for step in range(-3, steps):  # the first three warm up
            waited, _ = seconds_of(batches, 1)
            start = time.perf_counter()
            stage.train_step(max(step, 0))
            if step >= 0:
                waits += waited
                trained += time.perf_counter() - start
    return {
        "ms_a_step": 1e3 * (waits + trained) / steps,
        "ms_waited": 1e3 * waits / steps,
        "share": waits / (waits + trained),
    }


def rendering(samples: Fresh, count: int = 8) -> dict[str, float]:
    """Return what a fresh sample costs."""
    start, spent = time.perf_counter(), time.process_time()
    for index in range(count):
        samples[index]
    return {
        "processor_s_a_sample": (time.process_time() - spent) / count,
        "wall_s_a_sample": (time.perf_counter() - start) / count,
        "seconds_a_sample": samples.order.recipe.seconds,
    }


def _rate(reader: Reader) -> int:
    return reader.length(0)[1]


def measure(data: Path, steps: int) -> dict[str, Any]:
    """Measure both on a dataset."""
    reader = read(data, split="train")
    found = speeds(data)
    wall, processor = ({name: float(s[clock]) for name, s in found.items()} for clock in (0, 1))
    return {
        "samples": len(reader),
        "samples_a_processor_second": {n: processor[n] for n in ("bare reading", "feed")},
        "ratio": processor["feed"] / processor["bare reading"],
        "ratio_of_one_worker": wall["feed, 1 worker"] / wall["bare reading"],
        "waiting": waiting(data, reader, steps),
    }


def main() -> None:
    """Measure, print, and say whether it is good enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--stems", type=Path, help="render a small dataset of these first")
    source.add_argument("--data", type=Path, help="a folder that 'wetdry generate' wrote")
    parser.add_argument("--recipe", default="realistic")
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    if options.data:
        figures = measure(options.data, options.steps)
    else:
        with tempfile.TemporaryDirectory() as folder:
            order, catalog = (
                Order(load_recipe(options.recipe), options.samples),
                scan(options.stems),
            )
            generate(order, catalog, options.stems, Path(folder, "set"))
            figures = measure(Path(folder, "set"), options.steps)
            figures["fresh"] = rendering(fresh(order, catalog, options.stems, "train"))
    for name, speed in figures["samples_a_processor_second"].items():
        print(f"{name:<16}{speed:>7.1f} samples a processor second")
    print(f"feed, 1 worker  {figures['ratio_of_one_worker']:>7.2f} of bare reading, not judged")
    wait = figures["waiting"]
    print(f"a step of tiny {wait['ms_a_step']:.0f} ms, of which waited {wait['ms_waited']:.1f} ms")
    if "fresh" in figures:
        print("a fresh sample of {seconds_a_sample:g} s: {processor_s_a_sample:.2f} processor "
              "seconds".format(**figures["fresh"]))  # fmt: skip
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1))
    ratio = figures["ratio"]
    print(f"feed {ratio:.2f} of bare reading, wanted {SPEED_WANTED}; waited {wait['share']:.1%} of "
          f"training, allowed {WAIT_ALLOWED:.0%}")  # fmt: skip
    sys.exit(ratio < SPEED_WANTED or wait["share"] > WAIT_ALLOWED)


if __name__ == "__main__":
    main()
