"""Plans given by hand: read piece by piece, and extended by plans that begin with them."""

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

import wetdry.datasets.plans.files
from wetdry.datasets import Order, generate, parse_splits, read_plan, verify, write_card, write_plan
from wetdry.datasets.folder import read_record
from wetdry.errors import ShardError, UsageError
from wetdry.manifests.row_groups import StoredRows
from wetdry.mixing import Session
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
"""
FIRST = ["train-00000000", "train-00000002", "train-00000003", "test-00000000"]
"""What stands: shards of two, of which the last of each split is not full."""


@pytest.fixture(scope="module")
def order():
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    return Order(recipe, 8, splits=parse_splits(["train=0.6", "test=0.4"]), shard_samples=2)


@pytest.fixture(scope="module")
def plan(order, catalog, tmp_path_factory):
    """Five rows of train and three of test."""
    path = tmp_path_factory.mktemp("plan") / "plan.parquet"
    write_plan(order, catalog, path)
    return read_plan(path).set_index("key", drop=False)


@pytest.fixture(scope="module")
def larger(plan):
    """A plan that begins with the first rows; its splits come in turns."""
    return plan.loc[[*FIRST, "train-00000001", "test-00000002", "train-00000004"]]


@pytest.fixture(scope="module")
def at_once(order, catalog, stems, larger, tmp_path_factory):
    out = tmp_path_factory.mktemp("at_once") / "set"
    generate(order, catalog, stems, out, planned=larger)
    return out


@pytest.fixture
def begun(order, catalog, stems, plan, tmp_path):
    generate(order, catalog, stems, tmp_path / "set", planned=plan.loc[FIRST])
    return tmp_path / "set"


def content(folder):
    """Return every file's bytes, but for what is of this machine."""
    paths = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def test_a_plan_that_begins_with_the_rows_that_stand_extends_them(
    order, catalog, stems, larger, begun, at_once
):
    tar = begun / "data" / "train-000000.tar"
    before = tar.stat()
    built = generate(order, catalog, stems, begun, planned=larger)
    assert (built.samples, built.rendered) == (7, 5)  # of two shards that were begun, one anew
    assert (tar.stat().st_ino, tar.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert content(begun) == content(at_once) and verify(begun).faults == []


class Killed(BaseException):
    """Stands for a power cut."""


@pytest.mark.parametrize("moment", range(0, 12, 2))
def test_an_extension_that_is_killed_at_any_write_is_finished(
    order, catalog, stems, larger, begun, at_once, monkeypatch, moment
):
    rename, left = os.replace, iter(range(moment))

    def replace_until(source, target):
        if next(left, None) is None:
            raise Killed
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_until)
        with contextlib.suppress(Killed):
            generate(order, catalog, stems, begun, planned=larger)
    generate(order, catalog, stems, begun, planned=larger)
    assert content(begun) == content(at_once)


def louder(plan, key):
    """Return a plan with one session changed."""
    changed = plan.copy()
    session = Session.from_row(plan.loc[key, "session"])
    changed.loc[key, "session"] = session.model_copy(update={"mix_loudness_lufs": -30.0}).json_row()
    return changed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda larger: larger.drop("train-00000002"), "rows: without train-00000002; more"),
        (lambda larger: louder(larger, "test-00000000"), "changed test-00000000 in session"),
        (
            lambda larger: larger.loc[[FIRST[1], FIRST[0], *larger.index[2:]]],
            "in another order from train-00000002 and 1 others",
        ),
        (
            lambda larger: larger.loc[["train-00000001", *FIRST, "test-00000002"]],
            "more train-00000001 and 1 others; changed train-00000002 in shard",
        ),
    ],
)
def test_a_plan_that_begins_with_other_rows_is_refused_with_the_difference(
    order, catalog, stems, larger, begun, change, told
):
    before = content(begun)
    with pytest.raises(UsageError, match=f"{told}.*begins, in each split, with those that stand"):
        generate(order, catalog, stems, begun, planned=change(larger))
    assert content(begun) == before


def test_fewer_rows_and_other_orders_are_refused(order, catalog, stems, plan, larger, begun):
    with pytest.raises(UsageError, match=r"samples is 4, wanted 3.*without test-00000000"):
        generate(order, catalog, stems, begun, planned=plan.loc[FIRST[:3]])
    with pytest.raises(UsageError, match="bits is 16, wanted 24"):
        generate(replace(order, bits=24), catalog, stems, begun, planned=larger)


def test_drawn_and_given_plans_extend_each_other_where_their_rows_agree(
    order, catalog, stems, plan, tmp_path
):
    out = tmp_path / "set"
    generate(replace(order, samples=5), catalog, stems, out)  # train 3, test 2
    built = generate(order, catalog, stems, out, planned=plan.drop("test-00000002"))
    assert built.samples == 7 and "plan_sha256" in read_record(out)
    generate(order, catalog, stems, out)
    assert "plan_sha256" not in read_record(out)
    write_card(out)
    generate(order, catalog, stems, tmp_path / "drawn")
    assert content(out) == content(tmp_path / "drawn")


def test_a_plan_s_file_gives_what_its_table_gives(order, catalog, stems, larger, at_once, tmp_path):
    larger.to_parquet(tmp_path / "plan.parquet", row_group_size=2)  # with pandas' own index
    generate(order, catalog, stems, tmp_path / "set", planned=tmp_path / "plan.parquet")
    assert content(tmp_path / "set") == content(at_once)


def test_the_digest_of_a_plan_is_that_of_its_rows_as_json(at_once):
    from hashlib import sha256

    table = parquet.read_table(at_once / "plan.parquet")
    said = json.dumps(table.to_pylist()).encode()
    assert read_record(at_once)["plan_sha256"] == sha256(said).hexdigest()


def test_a_plan_s_file_is_never_held_whole(order, catalog, larger, tmp_path, monkeypatch):
    monkeypatch.setattr(wetdry.datasets.plans.files, "HELD_ROWS", 2)
    larger.to_parquet(tmp_path / "plan.parquet")
    asked = []
    between = StoredRows._between

    def counted(self, start, stop):
        asked.append(stop - start)
        return between(self, start, stop)

    monkeypatch.setattr(StoredRows, "_between", counted)
    proving = wetdry.datasets.plans.files.planned_by_hand(tmp_path / "plan.parquet", order, catalog)
    with proving as (rows, record):
        assert (len(rows), record["samples"]) == (7, 7)
    assert sum(asked) == 7 and max(asked) == 2


@pytest.mark.parametrize(
    ("make", "kind", "told"),
    [
        (lambda path: None, ShardError, "wanted a plan, found none"),
        (lambda path: path.write_bytes(b"PAR1"), ShardError, "cannot be read as a table"),
        (lambda path: pd.DataFrame({"key": ["a"]}).to_parquet(path), UsageError, "'split'"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(order, catalog, stems, tmp_path, make, kind, told):
    make(tmp_path / "plan.parquet")
    with pytest.raises(kind, match=told):
        generate(order, catalog, stems, tmp_path / "set", planned=tmp_path / "plan.parquet")
    assert not (tmp_path / "set").exists()
