"""How long the metrics take: by metric, by workers, and beside other people's implementations.

::

    python benchmarks/metrics_speed.py --clips 16 --workers 2 --out metrics_speed.json

Clips are coloured noise of 10 s in stereo at 48 kHz, as long as MSRBench's. All ways are measured
in turns in one run, so that ratios hold on a machine that others use. Workers import torch when
they start: that is paid once and told apart (``start``: as many clips as workers). museval's BSS
Eval is measured where it is installed, torchmetrics too.
"""

import argparse
import json
import time
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import scipy.signal

from wetdry.cascade.judging.cases import Case
from wetdry.cascade.judging.evaluation import score
from wetdry.cascade.metrics.fidelity import METRICS, evaluate, si_sdr_db

RATE = 48_000
SECONDS = 10
ROUNDS = 3


def clip(seed: int) -> tuple[Any, Any]:
    """Return a reference and an estimate."""
    rng = np.random.default_rng(seed)
    shape = (2, SECONDS * RATE)
    wanted = scipy.signal.lfilter([1], [1, -0.9], 0.05 * rng.standard_normal(shape), axis=1)
    return wanted.astype("f4"), (wanted + 0.03 * rng.standard_normal(shape)).astype("f4")


def seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Return wall and processor time of an act in this process."""
    wall, own = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - own


def by_metric() -> dict[str, float]:
    """Return processor seconds a clip for each metric, and for other implementations."""
    wanted, found = clip(0)
    ways: dict[str, Callable[[], object]] = {
        name: lambda name=name: evaluate(wanted, found, RATE, [name]) for name in METRICS
    }
    ways["si_sdr_db alone"] = lambda: si_sdr_db(wanted, found, RATE)
    ways |= others(wanted, found)
    took: dict[str, list[float]] = {name: [] for name in ways}
    for act in ways.values():  # loads what is loaded once
        act()
    for _ in range(ROUNDS):
        for name, act in ways.items():
            took[name].append(seconds(act)[1])
    return {name: round(median(times), 4) for name, times in took.items()}


def others(wanted: Any, found: Any) -> dict[str, Callable[[], object]]:
    """Return what other packages do with the same clip, as far as they are installed."""
    ways: dict[str, Callable[[], object]] = {}
    try:
        import torch

        audio = import_module("torchmetrics.functional.audio")
        pair = [torch.from_numpy(x.ravel().astype(np.float64)) for x in (found, wanted)]
        ways["torchmetrics si_sdr"] = lambda: audio.scale_invariant_signal_distortion_ratio(*pair)
        ways["torchmetrics sdr, 512 taps"] = lambda: audio.signal_distortion_ratio(*pair)
    except ImportError:
        pass
    try:
        metrics = import_module("museval.metrics")
        stacked = [x.T[None].astype(np.float64) for x in (wanted, found)]
        ways["museval bss_eval v4"] = lambda: metrics.bss_eval(
            *stacked, window=RATE, hop=RATE, compute_permutation=False
        )
    except (ImportError, RuntimeError):  # museval asks for ffmpeg, too
        pass
    return ways


def in_parallel(clips: int, workers: int) -> dict[str, float]:
    """Return wall seconds for many clips with one worker and with several."""
    pairs = [clip(n) for n in range(4)]

    def cases() -> Any:
        for n in range(clips):
            wanted, found = pairs[n % len(pairs)]
            yield Case(f"k{n}", "Bass", wanted, {"cascade": found}, RATE)

    def wall(count: int, processes: int) -> float:
        return round(seconds(lambda: score(islice(cases(), count), workers=processes))[0], 2)

    return {
        "1": wall(clips, 1), "start": wall(workers, workers), str(workers): wall(clips, workers)
    }  # fmt: skip


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    each = by_metric()
    own = sum(each[name] for name in METRICS)
    walls = in_parallel(asked.clips, asked.workers)
    found = {
        "cpu_seconds_a_clip": each,
        "all_metrics_cpu_seconds_a_clip": round(own, 3),
        "zimtohrli_share": round(each["zimtohrli"] / own, 3),
        "wall_seconds": walls,
        "per_1000_clips_cpu_minutes": round(own * 1000 / 60, 1),
        "workers_speed_up_after_start": round(
            walls["1"]
            / asked.clips
            * (asked.clips - asked.workers)
            / max(walls[str(asked.workers)] - walls["start"], 1e-3),
            2,
        ),
        "ratios": {
            f"{name} / all metrics here": round(each[name] / own, 2)
            for name in each
            if name.startswith(("torchmetrics", "museval"))
        },
    }
    text = json.dumps(found, indent=1)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
