"""Engines: what ends or hangs its process is set aside alone, and the bytes are the same."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from wetdry.cli.groups import Rendered
from wetdry.datasets import LocalEngine, Order, generate, jobs, make_sample, parse_splits, plan
from wetdry.datasets.engines import rendered
from wetdry.datasets.provenance import origins
from wetdry.datasets.workers import Lost
from wetdry.degradations import use_effects
from wetdry.errors import UsageError
from wetdry.mixing import Session, load_recipe

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {coherent: 0.5, stems: [1, 2], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{gain: {gain_db: [-6, 0]}}]}
master: [{mine: {depth: [0, 1]}}]
"""
MINE = '''
import os, signal, time
from typing import Annotated, ClassVar
from pydantic import Field
from wetdry.degradations import Effect

class Mine(Effect, kind="mine"):
    """What blows up where it lies deep."""

    label: ClassVar[str] = "level"

    depth: Annotated[float, Field(ge=0, le=1)]

    def apply(self, audio, sample_rate):
        """Pass, or blow up."""
        if self.depth > {deep}:
            {what}
        return audio.copy()
'''
DEEP = 0.93
SAMPLES = 12
SPLITS = ["train=0.6", "test=0.4"]


def order_with(folder: Path, what: str, samples: int = SAMPLES) -> Order:
    """Return an order with an effect that is deadly where it lies deep."""
    (folder / "mine.py").write_text(MINE.format(deep=DEEP, what=what))
    (folder / "mine.yaml").write_text(RECIPE)
    use_effects(folder / "mine.py")
    return Order(load_recipe(folder / "mine.yaml"), samples, splits=parse_splits(SPLITS))


def content(folder):
    """Return every file's bytes, but for the note on where the stems stand."""
    paths = (p for p in folder.rglob("*") if p.is_file() and p.name != ".local.json")
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def deadly(rows):
    """Return the one sample that is."""
    depths = {row["key"]: Session.from_row(row["session"]).master for row in rows}
    (key,) = (key for key, (mine,) in depths.items() if dict(mine)["depth"] > DEEP)
    return key


@pytest.fixture
def order(registry, tmp_path):
    """Return an order of which one sample kills its process."""
    return order_with(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")


def test_a_sample_that_kills_its_process_is_set_aside_alone_whoever_renders(
    order, catalog, stems, tmp_path
):
    rows, _ = plan(order, catalog)
    key, out = deadly(rows), tmp_path / "set"
    built = generate(order, catalog, stems, out, workers=2)
    (entry,) = built.set_aside
    assert (entry["what"], entry["reason"]) == (key, "ended its process (status -9), 3 times")
    assert "delete commits/" in entry["cure"]
    assert json.loads((out / "set_aside.json").read_text()) == [entry]
    manifest = pd.read_parquet(out / "manifest.parquet").set_index("key")
    assert list(manifest.index) == [row["key"] for row in rows if row["key"] != key]
    for row in rows[:3]:
        if row["key"] != key:  # as it is made where nothing dies
            _, measured = make_sample(row, stems, tmp_path, bits=16)
            assert manifest["pcm_sha256"][row["key"]] == measured["pcm_sha256"]
    before = content(out)
    assert generate(order, catalog, stems, out, workers=2).rendered == 0
    assert content(out) == before
    (out / "commits" / f"{entry['cure'].partition('commits/')[2].partition('.')[0]}.json").unlink()
    generate(order, catalog, stems, out, workers=3)
    assert content(out) == before


def test_the_command_sets_aside_with_one_worker_too_and_ends_with_status_3(
    order, catalog, stems, tmp_path
):
    command = [sys.executable, "-m", "wetdry.cli", "generate", str(tmp_path / "mine.yaml")]
    command += ["--stems", str(stems), "--out", str(tmp_path / "set"), "--samples", str(SAMPLES)]
    command += [word for split in SPLITS for word in ("--split", split)]
    command += ["--effects", str(tmp_path / "mine.py"), "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith(f"{SAMPLES - 1} samples")
    key = deadly(plan(order, catalog)[0])
    assert f"set aside: {key}: ended its process (status -9), 3 times" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sample_that_hangs_is_set_aside(registry, catalog, stems, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "SECONDS_PER_SAMPLE", 15.0)
    order = order_with(tmp_path, "time.sleep(600)")
    rows = plan(order, catalog)[0]
    place = [row["key"] for row in rows].index(deadly(rows))
    few = rows[place - 1 : place + 1]
    own = tuple(origins(order.recipe).values())
    given = jobs.jobs_of(few, tmp_path / "set", jobs.Means(stems, tmp_path, 16, False, own))
    (commit,) = rendered(given, LocalEngine(1))
    assert commit.keys == [few[0]["key"]]
    assert commit.set_aside[0]["reason"] == "took longer than 15 s, 3 times"


def test_a_build_of_which_no_sample_lives_fails(order, catalog, stems, tmp_path):
    rows = [row for row in plan(order, catalog)[0] if row["key"] == deadly(plan(order, catalog)[0])]
    own = tuple(origins(order.recipe).values())
    (job,) = jobs.jobs_of(rows, tmp_path / "set", jobs.Means(stems, tmp_path, 16, False, own))
    with pytest.raises(Lost, match="the job ended its process"):
        jobs.rescue_shard(job)
    assert not [path for path in (tmp_path / "set").rglob("*") if path.is_file()]


def test_an_engine_that_is_none_or_not_here_is_refused(monkeypatch):
    with pytest.raises(UsageError, match="local or ray"):
        Rendered(engine="slurm").chosen()
    with pytest.raises(UsageError, match="--engine ray as well"):
        Rendered(address="10.0.0.1:6379").chosen()
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    with pytest.raises(UsageError, match=r"pip install 'wetdry\[ray\]'"):
        Rendered(engine="ray").chosen()
