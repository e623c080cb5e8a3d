"""Planning at scale: plans that are never held, the same bytes for any number of workers."""

import io
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

import wetdry.datasets.plans.at_scale
from wetdry.datasets import Order, estimate, generate, parse_splits, plan, write_plan
from wetdry.datasets.jobs import Means, jobs_of
from wetdry.degradations import use_effects
from wetdry.errors import ShardError, UsageError
from wetdry.manifests.redraws import Redraws, count_redraws
from wetdry.manifests.row_groups import ROWS, StoredRows
from wetdry.manifests.schema import plan_schema
from wetdry.manifests.tables import write_table
from wetdry.mixing.recipes import parse_recipe
from wetdry.seeds import Place, stream

RECIPE = """
sample_rate: 22050
seconds: 1
lead_in_s: 0.25
songs: {coherent: 0.5, stems: [1, 2], active: {above_dbfs: -60, share: 0.1}}
stems:
  all:
    - gain: {gain_db: [-6, 6]}
      probability: 0.6
"""
NAMES = plan_schema().names


@pytest.fixture(scope="module")
def order():
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    return Order(recipe, 8, splits=parse_splits(["train=0.6", "test=0.4"]), shard_samples=2)


def made_up(count):
    """Return rows of a plan that nobody drew."""
    return [
        {
            "key": f"train-{i:08d}",
            "split": "train",
            "shard": f"train-{i // 3:06d}",
            "seed": 1,
            "index": i,
            "session": f"session {i} " * 20,
            "source_sha256": "{}",
        }
        for i in range(count)
    ]


@given(st.integers(-(2**70), 2**70), st.lists(st.text(max_size=9) | st.integers(), max_size=4))
def test_a_place_gives_the_numbers_of_the_stream(seed, address):
    numbers = stream(seed, *address, "x").random(9)
    random = Place(seed, *address).uniform("x")
    assert [random() for _ in numbers] == list(numbers)
    below = Place(seed)
    for name in address:
        below = below.below(name)
    assert below.number("x") == numbers[0]


@pytest.mark.parametrize("count", [0, 1, 257, ROWS])
def test_a_table_of_one_group_has_the_bytes_of_one_written_at_once(count, tmp_path):
    rows, whole = made_up(count), io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, plan_schema()), whole, compression="zstd")
    assert write_table(iter(rows), plan_schema(), tmp_path / "rows.parquet") == count
    assert (tmp_path / "rows.parquet").read_bytes() == whole.getvalue()


def test_stored_rows_are_those_that_were_written(tmp_path):
    rows = made_up(2 * ROWS + 100)
    write_table(rows, plan_schema(), tmp_path / "rows.parquet")
    assert parquet.ParquetFile(tmp_path / "rows.parquet").num_row_groups == 3
    stored = StoredRows(tmp_path / "rows.parquet", NAMES)
    assert len(stored) == len(rows)
    assert list(stored) == rows
    assert stored[ROWS - 5 : ROWS + 5] == rows[ROWS - 5 : ROWS + 5]
    assert stored[-1] == rows[-1]
    assert stored[7:ROWS:1000] == rows[7:ROWS:1000]
    assert stored.column("key") == [row["key"] for row in rows]
    with pytest.raises(IndexError):
        stored[len(rows)]


def test_what_is_no_table_of_rows_is_refused(tmp_path):
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ShardError, match="cannot be read as a table"):
        StoredRows(tmp_path / "torn.parquet", NAMES)
    write_table(made_up(1), plan_schema(), tmp_path / "rows.parquet")
    with pytest.raises(ShardError, match="wanted the column severity, found none"):
        StoredRows(tmp_path / "rows.parquet", [*NAMES, "severity"])


def test_jobs_of_a_stored_plan_are_those_of_its_rows(tmp_path):
    rows, means = made_up(100), Means(tmp_path, tmp_path, 16, False, ())
    write_table(rows, plan_schema(), tmp_path / "rows.parquet")
    held = jobs_of(rows, tmp_path, means)
    stored = jobs_of(StoredRows(tmp_path / "rows.parquet", NAMES), tmp_path, means)
    assert list(stored) == list(held)
    assert (len(stored), stored.samples, stored.largest) == (34, 100, 3)
    assert list(stored[1::4]) == list(held)[1::4]
    assert stored.only({"train-000002", "train-000033"}).samples == 4
    with pytest.raises(ShardError, match="shard train-000000 stand apart"):
        jobs_of([*rows, rows[0]], tmp_path, means)


def test_two_workers_draw_the_plan_of_one(order, catalog, tmp_path, monkeypatch):
    module = import_module("wetdry.datasets.plans.plan")  # the name of its function, too
    monkeypatch.setattr(module, "STRETCH_SAMPLES", 3)
    seen = []
    for workers in (1, 2):
        path = tmp_path / f"{workers}.parquet"
        told = lambda done, total: seen.append((done, total))  # noqa: E731
        assert write_plan(order, catalog, path, workers=workers, progress=told) == 8
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    assert list(StoredRows(tmp_path / "1.parquet", NAMES)) == plan(order, catalog)[0]
    assert seen == 2 * [(3, 8), (5, 8), (8, 8)]


OWN = """
from wetdry.degradations import Effect

class Wobble(Effect, kind="wobble"):
    label = "level"
    depth_db: float = 1.0

    def apply(self, audio, sample_rate):
        return audio
"""


@pytest.mark.usefixtures("registry")
def test_workers_draw_effects_of_others(order, catalog, tmp_path, monkeypatch):
    monkeypatch.setattr(import_module("wetdry.datasets.plans.plan"), "STRETCH_SAMPLES", 3)
    (tmp_path / "own.py").write_text(OWN)
    use_effects(tmp_path / "own.py")
    text = RECIPE.replace("gain: {gain_db: [-6, 6]}", "wobble: {depth_db: [0, 3]}")
    own = replace(order, recipe=parse_recipe(text, "own.yaml", Path(), {}))
    for workers in (1, 2):
        write_plan(own, catalog, tmp_path / f"{workers}.parquet", workers=workers)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    assert "wobble" in StoredRows(tmp_path / "1.parquet", NAMES)[0]["session"]


def test_a_plan_that_stands_is_not_drawn_again(order, catalog, stems, tmp_path, monkeypatch):
    out = tmp_path / "set"
    generate(order, catalog, stems, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def refuse(*_):
        raise AssertionError("drawn again")

    with monkeypatch.context() as patch:
        patch.setattr(wetdry.datasets.plans.at_scale, "drawn_rows", refuse)
        assert generate(order, catalog, stems, out).rendered == 0
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("change", ["another plan", "no note", "an edited catalog"])
def test_a_plan_that_may_be_another_is_drawn_again(order, catalog, stems, tmp_path, change):
    out = tmp_path / "set"
    generate(order, catalog, stems, out)
    right = (out / "plan.parquet").read_bytes()
    if change == "another plan":
        write_table(made_up(8), plan_schema(), out / "plan.parquet")
    elif change == "no note":
        (out / ".local.json").unlink()
        write_table(made_up(8), plan_schema(), out / "plan.parquet")
    else:
        note = json.loads((out / ".local.json").read_text())
        generate(order, catalog.assign(loudness_lufs=-20.0), stems, out)
        assert json.loads((out / ".local.json").read_text()) != note
    generate(order, catalog, stems, out)
    assert (out / "plan.parquet").read_bytes() == right


def test_a_refused_folder_keeps_its_plan(order, catalog, stems, tmp_path):
    out = tmp_path / "set"
    generate(order, catalog, stems, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="seed is 0, wanted 1"):
        generate(replace(order, seed=1), catalog, stems, out)
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_redraws_add_up():
    tracks: list[dict[str, Any]] = [
        {"redraws": 1, "refusals": [{"reason": "inaudible"}]},
        {"redraws": 0},
        {"redraws": 3, "refusals": 4 * [{"reason": "destroyed"}]},
    ]
    parts = sum((count_redraws([track]) for track in tracks), Redraws())
    assert parts == count_redraws(tracks) == Redraws(3, 2, {"inaudible": 1, "destroyed": 4}, 1)


def test_an_estimate_tells_what_the_dataset_takes(order, catalog, stems, tmp_path):
    told = estimate(order, catalog, stems, trial=2)
    assert (told.tried, told.samples, told.seconds) == (2, 8, 1.0)
    generate(order, catalog, stems, tmp_path / "set")
    tars = sum(path.stat().st_size for path in (tmp_path / "set" / "data").glob("*.tar"))
    assert told.disk_gb() * 1e9 == pytest.approx(tars, rel=0.4)  # tars end in whole 10 kB
    assert told.hours(1) == pytest.approx(2 * told.hours(2))
    assert told.core_s > 0
    assert told.memory_mb > 50
