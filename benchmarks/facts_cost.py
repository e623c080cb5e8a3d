"""What it costs to measure every step while rendering, and whether it is worth its word.

    python benchmarks/facts_cost.py --stems FOLDER [--recipe realistic] [--samples 8]

Renders samples of a recipe with and without taking the facts of their steps, in processor time,
the better of two runs each, beside what the making of a whole sample takes. Checks that the
loudness changes of the steps of each chain add up to that of the chain. Exits with 1 if measuring
takes more than 20 % of making a sample, or a sum is off by more than 0.01 LU.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wetdry.datasets import Order, make_sample, parse_splits, plan, render, scan
from wetdry.datasets.plans.spares import completed
from wetdry.manifests import step_table
from wetdry.mixing import Session, load_recipe
from wetdry.mixing.facts import Facts
from wetdry.mixing.observing import UNSEEN
from wetdry.mixing.spare_chains import SpareChains

MOST_SHARE = 0.2
MOST_LU = 0.01


def seconds(work: Callable[[], Any]) -> float:
    """Return the processor time of some work, the better of two runs."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def worst_sum_lu(row: dict[str, Any]) -> float:
    """Return how far the steps of a sample's chains are from adding up."""
    import pandas as pd

    table = step_table(pd.DataFrame([row]))
    worst = 0.0
    for number, track in enumerate(row["tracks"]):
        changes = table[table["track"] == number]["loudness_change_lu"]
        if len(changes) and changes.notna().all():
            worst = max(worst, abs(float(changes.sum()) - track["chain_gain_db"]))
    return worst


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--recipe", default="realistic")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    order = Order(load_recipe(options.recipe), options.samples, splits=parse_splits(["train=1"]))
    chains = SpareChains(order.recipe)
    rows = [completed(row, chains) for row in plan(order, scan(options.stems))[0]]
    places = options.stems, order.recipe.folder
    sessions = [Session.from_row(row["session"]) for row in rows]
    made = [make_sample(row, *places, bits=16)[1] for row in rows]  # and all is compiled
    off_lu = max(map(worst_sum_lu, made))
    plain = watched = whole = 0.0
    for row, session in zip(rows, sessions, strict=True):
        plain += seconds(lambda s=session: render(s, *places, UNSEEN))
        watched += seconds(lambda s=session: render(s, *places, Facts()))
        whole += seconds(lambda r=row: make_sample(r, *places, bits=16))
    share = (watched - plain) / (whole - (watched - plain))
    print(f"{options.recipe}, {options.samples} samples, processor seconds")
    print(f"rendering {plain:.2f}, with facts {watched:.2f}, making the sample {whole:.2f}")
    print(f"facts add {100 * share:.1f} % to making a sample (at most {100 * MOST_SHARE:.0f} %)")
    print(f"steps of a chain add up to its loudness change within {off_lu:.4f} LU")
    if options.out:
        figures = {"plain_s": plain, "watched_s": watched, "whole_s": whole, "off_lu": off_lu}
        options.out.write_text(json.dumps(figures, indent=1))
    sys.exit(share > MOST_SHARE or off_lu > MOST_LU)


if __name__ == "__main__":
    main()
