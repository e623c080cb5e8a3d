"""How quickly the report of a large dataset opens, and how large it is.

    python benchmarks/report_speed.py --stems FOLDER [--samples 10000] [--keep FOLDER]

Makes a few short samples of a small recipe, writes them again under 10,000 keys (shards and
manifest are whole and real; the sound repeats), writes the report, and opens it in a headless
Chromium of the system: from nothing to the load event, and on until a filter that was typed and an
order that was clicked stand on the screen. Exits with 1 if opening takes 2 s or more, a filter
or an order half a second, or the page has more than 10 MB.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from wetdry.datasets import Order, generate, read_members, scan, write_report
from wetdry.datasets.shards import write_shard
from wetdry.manifests.schema import manifest_schema
from wetdry.manifests.tables import read_table, records, write_table
from wetdry.mixing import load_recipe

MADE = 32
IN_SHARD = 500
MOST_OPEN_S = 2.0
MOST_CHANGE_S = 0.5
MOST_MB = 10.0
RUNS = 5
RECIPE = """
sample_rate: 8000
seconds: 1
lead_in_s: 0
songs: {stems: [2, 5], active: {above_dbfs: -50, share: 0.1}}
stems:
  all:
    - bell: {centre_hz: {log_uniform: [200, 3000]}, gain_db: [-6, 6]}
      probability: 0.7
    - compressor: {threshold_db: [-30, -10], ratio: {log_uniform: [1.5, 8]}}
      probability: 0.6
    - saturation: {drive_db: [3, 12]}
      probability: 0.4
master: [{limiter: {ceiling_dbtp: [-2, -0.5]}}]
"""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHOWN = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))"
TYPED = f"""
const start = performance.now();
const input = document.querySelector("#samples [aria-label='filter by LUFS']");
input.value = "> -30";
input.dispatchEvent(new Event("input"));
await {SHOWN};
return performance.now() - start;
"""
CLICKED = f"""
const start = performance.now();
document.querySelectorAll("#samples .sort")[7].click();
await {SHOWN};
return performance.now() - start;
"""


def enlarged(stems: Path, folder: Path, samples: int) -> Path:
    """Make a dataset of many samples out of a few."""
    (folder / "recipe.yaml").write_text(RECIPE)
    order = Order(load_recipe(folder / "recipe.yaml"), MADE)
    generate(order, scan(stems), stems, folder / "few")
    few = records(read_table(folder / "few" / "manifest.parquet", manifest_schema()))
    found = {k: m for p in sorted((folder / "few/data").glob("*.tar")) for k, m in read_members(p)}
    many, out = [], folder / "many"
    (out / "data").mkdir(parents=True)
    for number in range(samples):
        row = few[number % len(few)]
        split, shard = row["split"], f"{row['split']}-{number // IN_SHARD:06d}"
        many.append((row["key"], {**row, "key": f"{split}-{number:08d}", "shard": shard}))
    places: dict[str, Any] = {}
    for shard in sorted({row["shard"] for _, row in many}):
        own = ((row["key"], found[key]) for key, row in many if row["shard"] == shard)
        places |= write_shard(out / "data" / f"{shard}.tar", own).places
    rows = [{**row, "members": json.dumps(places[row["key"]])} for _, row in many]
    write_table(rows, manifest_schema(), out / "manifest.parquet")
    for name in ("dataset.json", "set_aside.json", ".local.json"):
        shutil.copy(folder / "few" / name, out / name)
    return out


def opened(page: Path) -> dict[str, float]:
    """Open a page several times; the median of each time, in seconds."""
    from playwright.sync_api import sync_playwright

    browser_path = next(p for name in NAMES if (p := shutil.which(name)))
    found: list[tuple[float, float, float]] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for _ in range(RUNS):
            view = browser.new_context(offline=True).new_page()
            start = time.perf_counter()
            view.goto(page.as_uri())
            view.evaluate(f"() => {SHOWN}")
            times = [time.perf_counter() - start]
            for change in (TYPED, CLICKED):
                times.append(view.evaluate(f"async () => {{ {change} }}") / 1000)
            found.append((times[0], times[1], times[2]))
            view.context.close()
        browser.close()
    middles = [sorted(column)[RUNS // 2] for column in zip(*found, strict=True)]
    return dict(zip(("open_s", "filter_s", "sort_s"), middles, strict=True))


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="leave the dataset and its page in this folder")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        dataset = enlarged(options.stems, folder, options.samples)
        start = time.process_time()
        page = write_report(dataset, folder / "report.html")
        figures: dict[str, Any] = {
            "samples": options.samples,
            "write_cpu_s": time.process_time() - start,
            "page_mb": page.stat().st_size / 1e6,
            **opened(page),
        }
    print(f"{options.samples} samples: written in {figures['write_cpu_s']:.1f} s of processor time")
    print(f"page {figures['page_mb']:.1f} MB (at most {MOST_MB:g})")
    print(f"opens in {figures['open_s']:.2f} s (below {MOST_OPEN_S:g}), median of {RUNS}")
    print(f"filter {figures['filter_s']:.2f} s, order {figures['sort_s']:.2f} s "
          f"(below {MOST_CHANGE_S:g})")  # fmt: skip
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1))
    slow = max(figures["filter_s"], figures["sort_s"]) >= MOST_CHANGE_S
    sys.exit(figures["open_s"] >= MOST_OPEN_S or slow or figures["page_mb"] > MOST_MB)


if __name__ == "__main__":
    main()
