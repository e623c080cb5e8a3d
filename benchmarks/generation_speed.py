"""How fast samples are made: where the time goes, what workers bring, what memory they take.

    python benchmarks/generation_speed.py --stems FOLDER [--recipe realistic] [--out FILE.json]

Four things, each a ratio within this one run, and exit status 1 if one falls short:

native   processor time inside of native functions over all of it, at least 0.85; what counts as
         native is said in native_share.py
workers  samples per second of two workers over those of one, at least 1.85; runs take turns,
         start-up is left out. Another program on the same cores spoils it: run it alone
memory   growth of a worker from 100 to 10,000 samples at most 50 MB, and under 700 MB in all: a
         straight line through 1000 samples of a second; --long makes all 10,000, with
         --recipe light.yaml of this folder in four minutes of processor time (stems as WAV)
msrkit   examples per second of eight stems, all degraded, 3 s at 48 kHz, over those of
         msrkit_loader.py for the same files: at least 4; needs librosa

``--skip NAME`` leaves one out; it can be given several times.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from msrkit_loader import example, needs_librosa
from native_share import Shares, measured
from worker_runs import watched

from wetdry.datasets import Order, fresh, generate, make_sample, plan, read_catalog, render, scan
from wetdry.degradations.language.distributions import Constant
from wetdry.mixing import Recipe, Session, load_recipe
from wetdry.mixing.drawing import Drawer
from wetdry.mixing.songs import songs_of

LIMITS = {"native": 0.85, "workers": 1.85, "msrkit": 4.0}
MOST_MB, MOST_GROWTH_MB = 700.0, 50.0
Figures = dict[str, Any]


def native(recipe: Recipe, catalog: Any, stems: Path, samples: int) -> Figures:
    """Measure where the processor time of one core goes."""
    shares = Shares()
    with tempfile.TemporaryDirectory() as folder:
        generate(Order(recipe, 4, seed=99), catalog, stems, Path(folder, "warm"))
        with measured(shares):
            generate(Order(recipe, samples), catalog, stems, Path(folder, "set"))
    speed = samples * recipe.seconds / shares.total
    print(f"native: {shares.native:.3f} of the processor time; {speed:.1f} s of mixture a core s")
    shares.spent["rest"] = shares.total - sum(shares.spent.values())
    for name, value in sorted(shares.spent.items(), key=lambda item: -item[1])[:16]:
        print(f"  {name:<26} {100 * value / shares.total:5.1f} %")
    share = 1 - shares.spent["rest"] / shares.total
    return {"ratio": share, "times_real_time": speed, "seconds": dict(shares.spent)}


def workers(recipe: Recipe, catalog: Any, stems: Path, samples: int) -> Figures:
    """Measure what a second worker brings: runs take turns, the best of each counts."""
    speeds: dict[int, list[float]] = {1: [], 2: []}
    peak_mb = 0.0
    for _ in range(2):
        for count in speeds:
            seen = watched(recipe, samples, count, catalog, stems)
            speeds[count].append(seen.samples_per_s())
            peak_mb = max(peak_mb, seen.peak_mb)
    ratio = max(speeds[2]) / max(speeds[1])
    print(f"workers: {max(speeds[1]):.3f} samples a second with one, {max(speeds[2]):.3f} with two")
    print(f"  a worker had at most {peak_mb:.0f} MB with samples of {recipe.seconds:g} s")
    return {"ratio": ratio, "samples_per_s": speeds, "peak_mb": peak_mb}


def memory(recipe: Recipe, catalog: Any, stems: Path, samples: int) -> Figures:
    """Measure the memory of a worker over many short samples."""
    short = replace(recipe, seconds=min(recipe.seconds, 1.0))
    seen = watched(short, samples, 2, catalog, stems, shard_samples=10)
    growth_mb, last = seen.grown_mb(100, 10_000), max(seen.worker_mb[-3:])
    reached = last + growth_mb * max(0, 10_000 - samples) / 9_900
    made = "measured" if samples >= 10_000 else f"a line through {samples}"
    print(f"memory: {growth_mb:+.1f} MB from 100 to 10,000 samples ({made}), {reached:.0f} MB then")
    told = {n: seen.mb_at(n) for n in (100, 1000, 10_000) if n <= samples}
    print(f"  the largest worker: {', '.join(f'{told[n]:.0f} MB after {n}' for n in told)}")
    print(f"  the process that hands out shards: {seen.parent_mb[0]:.0f} MB, then", end="")
    print(f" {seen.parent_mb[-1]:.0f} MB")
    made_of = {"made": samples, "worker_mb_after": told, "seen": asdict(seen)}
    return {"growth_mb": growth_mb, "worker_mb": reached, **made_of}


def msrkit(_: Recipe, catalog: Any, stems: Path, samples: int) -> Figures:
    """Measure examples of eight stems, by turns with MSRKit's way for the same files."""
    librosa = needs_librosa()
    loaded = load_recipe("msrkit", sample_rate=48_000, seconds=3.0)
    recipe = replace(loaded, coherent=0.0, stem_count=Constant(8))
    drawer = Drawer(recipe, tuple(songs_of(catalog).values()))
    order = Order(recipe, samples)
    rows = plan(order, catalog)[0]
    loader = fresh(order, catalog, stems, rows[0]["split"], endless=True)
    rates = dict(zip(catalog["file"], catalog["sample_rate"], strict=True))
    spent: dict[str, list[float]] = {}
    for index in [*range(min(2, samples)), *range(samples)]:  # two to warm up
        drawn = drawer.draw(0, "all", index)
        files = [(stems / t.file, t.offset_samples / rates[t.file]) for t in drawn.tracks]
        row = {**rows[index], "session": drawn.json_row()}
        ways: dict[str, Callable[[], Any]] = {
            "wetdry: drawn and rendered": partial(_rendered, drawer, index, stems),
            "wetdry: fresh, in a loader": partial(loader.__getitem__, index),
            "wetdry: measured and encoded too": partial(make_sample, row, stems, stems, bits=16),
            "its way, every stem": partial(example, librosa, index, files, 3.0, every=True),
            "its way, one target": partial(example, librosa, index, files, 3.0, every=False),
        }
        for name, way in ways.items():
            start = time.thread_time()
            way()
            spent.setdefault(name, []).append(time.thread_time() - start)
    rate = {name: samples / sum(seconds[-samples:]) for name, seconds in spent.items()}
    print("msrkit: examples of eight stems, 3 s at 48 kHz, per second of one core")
    for name, value in rate.items():
        print(f"  {name:<34} {value:6.2f}")
    its = rate["its way, every stem"]
    ratio, of_loaders = (
        rate[f"wetdry: {way}"] / its for way in ("drawn and rendered", "fresh, in a loader")
    )
    print(f"  loader against loader (not judged): {of_loaders:.2f}")
    return {"ratio": ratio, "ratio_of_loaders": of_loaders, "examples_per_s": rate}


def _rendered(drawer: Drawer, index: int, stems: Path) -> Any:
    """Draw and render one example: mixture, dry and wet stems as arrays."""
    session: Session = drawer.draw(0, "all", index)
    return render(session, stems, drawer.recipe.folder)


def judged(figures: dict[str, Figures]) -> bool:
    """Print what was wanted and found; tell whether all is well."""
    ratios = {name: figures[name]["ratio"] for name in LIMITS if name in figures}
    rows = [(n, f"{r:.2f}", f">= {LIMITS[n]}", r >= LIMITS[n]) for n, r in ratios.items()]
    if "memory" in figures:
        growth, most = figures["memory"]["growth_mb"], figures["memory"]["worker_mb"]
        rows.append(
            ("growth, MB", f"{growth:.1f}", f"<= {MOST_GROWTH_MB:g}", growth <= MOST_GROWTH_MB)
        )
        most = max(most, figures.get("workers", {}).get("peak_mb", 0.0))
        rows.append(("memory, MB", f"{most:.0f}", f"< {MOST_MB:g}", most < MOST_MB))
    print(f"\n{'':<12}{'found':>8}  {'wanted':<10}")
    for name, found, wanted, good in rows:
        print(f"{name:<12}{found:>8}  {wanted:<10}{'' if good else '  falls short'}")
    return all(good for *_, good in rows)


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, help="of 'wetdry scan'; else it scans")
    parser.add_argument("--recipe", default="realistic")
    parser.add_argument("--samples", type=int, default=24, help="of ten seconds, in each run")
    parser.add_argument("--long", action="store_true", help="10,000 samples to measure memory")
    parser.add_argument("--skip", action="append", default=[], choices=("memory", *LIMITS))
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    recipe = load_recipe(options.recipe)
    catalog = read_catalog(options.catalog) if options.catalog else scan(options.stems)
    counts = dict.fromkeys(("native", "workers", "memory", "msrkit"), options.samples)
    counts["memory"] = 10_000 if options.long else 1000
    parts = {"native": native, "workers": workers, "memory": memory, "msrkit": msrkit}
    figures = {
        name: part(recipe, catalog, options.stems, counts[name])
        for name, part in parts.items()
        if name not in options.skip
    }
    good = judged(figures)
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1))
    sys.exit(not good)


if __name__ == "__main__":
    main()
