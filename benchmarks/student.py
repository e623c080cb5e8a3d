"""A student beside its cascade: how much quicker, and how much is lost. Fails where it misses.

::

    python benchmarks/student.py RUN --data DIR --limit 20 --out student.json

RUN is a run that `wetdry train` gave a student, DIR a dataset with the split "test". Wanted: at
most half the cascade's time, and at most 0.3 dB less MMSNR, mean of the classes. Time is a
core's processor time for stereo noise, in the windows that `wetdry restore` takes; both ways take
turns, and the fastest of the rounds counts. Scores are of the same held-out stems; intervals are
by song. A stream's latency and what a second of it costs are told beside.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wetdry.cascade import Restorer, Stream, evaluate_systems, paired_tests, summary
from wetdry.cascade.judging.circumstances import described
from wetdry.cascade.judging.trials import dataset_trial

ROUNDS = 2
CHANNELS = 2
BLOCK = 4096
"""Samples that a stream is given at a time."""

MOST_TIME = 0.5
MOST_LOST_DB = 0.3
TURNED = {"mean": "mean", "low": "high", "high": "low"}
METRICS = ("mmsnr_db", "si_sdr_db", "sdr_db")


def whole(restorer: Restorer, audio: np.ndarray) -> None:
    """Restore as a file is restored."""
    for _ in restorer.parts(lambda start, n: audio[:, start : start + n], audio.shape[1]):
        pass


def streamed(restorer: Restorer, audio: np.ndarray) -> None:
    """Restore as it arrives."""
    stream = Stream(restorer, CHANNELS)
    for start in range(0, audio.shape[1], BLOCK):
        stream.push(audio[:, start : start + BLOCK])
    stream.finish()


def seconds_of(way: Callable[..., None], restorer: Restorer, audio: np.ndarray) -> float:
    """Return the processor time of one way."""
    start = time.process_time()
    way(restorer, audio)
    return time.process_time() - start


def times(restorers: dict[str, Restorer], seconds: float) -> dict[str, Any]:
    """Return how fast each restores, whole files and streams, and the ratios."""
    rate = restorers["cascade"].sample_rate
    rng = np.random.default_rng(0)
    audio = 0.1 * rng.standard_normal((CHANNELS, round(seconds * rate)), np.float32)
    took: dict[tuple[str, str], float] = {}
    for _ in range(ROUNDS):
        for name, restorer in restorers.items():
            for words, way in (("file", whole), ("stream", streamed)):
                found = seconds_of(way, restorer, audio)
                took[words, name] = min(took.get((words, name), np.inf), found)
    return {
        "times_real_time_a_core": {
            f"{w}, {n}": round(seconds / t, 2) for (w, n), t in took.items()
        },
        "time_student_over_cascade": {
            words: round(took[words, "student"] / took[words, "cascade"], 3)
            for words in ("file", "stream")
        },
        "latency_samples": {n: Stream(r, CHANNELS).latency_samples for n, r in restorers.items()},
    }


def scores(run: Path, data: Path, limit: int | None) -> dict[str, Any]:
    """Return what both score on held-out songs, and the student less the cascade."""
    trial = dataset_trial(data, "test", limit, run, {}, ["mixture"], "cpu")
    found = evaluate_systems(trial.contestants, trial.samples, metrics=METRICS).scores
    found = described(found, trial.circumstances)
    means, paired = summary(found), paired_tests(found)
    paired = paired[(paired["system"] == "cascade") & (paired["against"] == "student")]
    turned = {name: -paired[other] for name, other in TURNED.items()}
    paired = paired.assign(**turned)  # the student less the cascade
    return {
        "stems": len(found[found["skipped"].isna()].drop_duplicates(["key", "stem_class"])),
        "means": table(means[means["stem_class"] == "mean"], "system"),
        "student_less_cascade": table(paired[paired["stem_class"] == "mean"], "against"),
        "student_less_cascade_mmsnr_db": {
            line["stem_class"]: round(line["mean"], 3)
            for line in paired[paired["metric"] == "mmsnr_db"].to_dict("records")
        },
    }


def table(lines: Any, by: str) -> dict[str, dict[str, list[float]]]:
    """Return mean, low and high by system and metric."""
    found: dict[str, dict[str, list[float]]] = {}
    for line in lines[lines["metric"].isin(METRICS)].to_dict("records"):
        numbers = [round(line[name], 3) for name in ("mean", "low", "high")]
        found.setdefault(line[by], {})[line["metric"]] = numbers
    return found


def main() -> int:
    """Measure, print JSON, and tell whether it is quick and good enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seconds", type=float, default=11.0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    restorers = {
        "cascade": Restorer.load(asked.run, "cpu"),
        "student": Restorer.load(asked.run, "cpu", student=True),
    }
    found = times(restorers, asked.seconds) | scores(asked.run, asked.data, asked.limit)
    text = json.dumps(found, indent=1)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")
    share = found["time_student_over_cascade"]["file"]
    gained_db = found["student_less_cascade"]["student"]["mmsnr_db"][0]
    print(f"time {share:.2f} of the cascade's, wanted {MOST_TIME} or less")
    print(f"MMSNR less the cascade's {gained_db:.2f} dB, wanted {-MOST_LOST_DB} or more")
    return int(not (share <= MOST_TIME and gained_db >= -MOST_LOST_DB))


if __name__ == "__main__":
    sys.exit(main())
