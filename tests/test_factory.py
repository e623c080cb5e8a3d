"""Datasets in parts: from a plan of one's own, and extended later."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from wetdry.datasets import (
    Order,
    generate,
    parse_splits,
    read_plan,
    verify,
    write_card,
    write_plan,
)
from wetdry.errors import UsageError
from wetdry.mixing import Session
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
"""


@pytest.fixture(scope="module")
def order():
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    return Order(recipe, 8, splits=parse_splits(["train=0.6", "test=0.4"]), shard_samples=2)


@pytest.fixture(scope="module")
def dataset(order, catalog, stems, tmp_path_factory):
    """Made in one go, undisturbed."""
    out = tmp_path_factory.mktemp("made") / "set"
    generate(order, catalog, stems, out)
    return out


@pytest.fixture
def planned(order, catalog, tmp_path):
    """A plan as pandas reads it."""
    write_plan(order, catalog, tmp_path / "plan.parquet")
    return pd.read_parquet(tmp_path / "plan.parquet")


def content(folder):
    """Return every file's bytes, but for the note on where the stems stand and the locks."""
    paths = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".lo"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def shards(folder):
    """Return the shards, their commit records and the manifest."""
    return {k: v for k, v in content(folder).items() if k.startswith(("data/", "commits/", "mani"))}


def edited(row, **changes):
    """Return the text of a row's session with some fields changed."""
    session = Session.from_row(row["session"])
    return session.model_copy(update=changes).json_row()


def test_a_plan_is_the_one_that_generate_writes(planned, dataset, tmp_path):
    assert (tmp_path / "plan.parquet").read_bytes() == (dataset / "plan.parquet").read_bytes()


def test_a_plan_that_nobody_edited_gives_the_same_shards(
    order, catalog, stems, planned, dataset, tmp_path
):
    built = generate(order, catalog, stems, tmp_path / "set", planned=planned)
    assert built.samples == 8
    assert shards(tmp_path / "set") == shards(dataset)


def test_exactly_the_rows_of_an_edited_plan_are_rendered(
    order, catalog, stems, planned, dataset, tmp_path
):
    some = planned[planned["index"] != 1].iloc[::-1].copy()
    first = some.iloc[0]["key"]
    some.iloc[0, some.columns.get_loc("session")] = edited(some.iloc[0], mix_loudness_lufs=-30.0)
    some.to_parquet(tmp_path / "some.parquet")  # with pandas' own index
    out = tmp_path / "set"
    generate(order, catalog, stems, out, planned=read_plan(tmp_path / "some.parquet"))
    made = pd.read_parquet(out / "manifest.parquet").set_index("key")
    whole = pd.read_parquet(dataset / "manifest.parquet").set_index("key")
    for split, group in made.groupby("split"):
        assert list(group.index) == list(some[some["split"] == split]["key"])
    assert made.loc[first, "mixture_lufs"] != whole.loc[first, "mixture_lufs"]
    others = [key for key in made.index if key != first]
    assert list(made.loc[others, "pcm_sha256"]) == list(whole.loc[others, "pcm_sha256"])
    assert verify(out, replay=2).faults == []


def test_another_plan_is_refused_with_the_rows_that_differ(
    order, catalog, stems, planned, tmp_path
):
    generate(order, catalog, stems, tmp_path / "set", planned=planned[:2])
    with pytest.raises(UsageError, match=r"without train-00000001; more train-00000002"):
        generate(order, catalog, stems, tmp_path / "set", planned=planned.iloc[[0, 2]])
    louder = planned[:2].copy()
    louder.loc[0, "session"] = edited(louder.loc[0], mix_loudness_lufs=-30.0)
    with pytest.raises(UsageError, match="changed train-00000000 in session"):
        generate(order, catalog, stems, tmp_path / "set", planned=louder)


def test_the_python_of_the_page_edits_a_plan(order, catalog, stems, planned, tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "docs" / "factory.md").read_text()
    monkeypatch.chdir(tmp_path)
    exec(page.split("```python\n")[1].split("```")[0], {})
    built = generate(
        order, catalog, stems, tmp_path / "set", planned=read_plan(Path("plan.parquet"))
    )
    assert 0 < built.samples < 8


def track_changed(row, **changes):
    """Return the text of a row's session with its first track changed."""
    session = Session.from_row(row["session"])
    first = session.tracks[0].model_copy(update=changes)
    return edited(row, tracks=(first, *session.tracks[1:]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plan: plan.assign(mood="blue"), "mood"),
        (lambda plan: plan.drop(columns="seed"), "'seed', found none"),
        (lambda plan: plan[:0], "found none; filter less"),
        (lambda plan: pd.concat([plan, plan[:1]]), "'train-00000000' twice"),
        (lambda plan: plan.assign(key=[f"../{i}" for i in plan.index]), r"'\.\./0'"),
        (lambda plan: plan.assign(key=None), "None twice"),
        (lambda plan: plan.assign(split="validation"), "found 'validation'"),
        (lambda plan: plan.assign(index=0.5), "whole number as index"),
        (lambda plan: plan.assign(session="{}"), r"train-00000000: session\."),
        (lambda plan: plan.assign(session=None), "train-00000000: session"),
        (lambda plan: plan.assign(session=edited(plan.iloc[0], samples=7)), "found 7 at 22050"),
        (
            lambda plan: plan.assign(session=track_changed(plan.iloc[0], file="../../etc/x.flac")),
            "below the stems",
        ),
        (
            lambda plan: plan.assign(session=track_changed(plan.iloc[0], song="elsewhere")),
            "found 'elsewhere'",
        ),
        (lambda plan: plan.assign(split=plan["split"].iloc[::-1].to_numpy()), "would leak"),
        (lambda plan: plan.assign(source_sha256="no digests"), "source_sha256"),
    ],
)
def test_what_is_no_plan_is_refused_before_anything_is_written(
    order, catalog, stems, planned, tmp_path, change, message
):
    with pytest.raises(UsageError, match=message):
        generate(order, catalog, stems, tmp_path / "set", planned=change(planned))
    assert not (tmp_path / "set").exists()


def test_a_stem_that_changed_since_it_was_planned_is_refused(
    order, catalog, stems, planned, tmp_path
):
    other = catalog.assign(sha256="0" * 64)
    with pytest.raises(UsageError, match="has changed since it was planned"):
        generate(order, other, stems, tmp_path / "set", planned=planned)


def test_more_samples_leave_every_whole_shard_and_end_as_if_asked_at_once(
    order, catalog, stems, dataset, tmp_path
):
    out = tmp_path / "set"
    generate(replace(order, samples=5), catalog, stems, out)  # train 3, test 2 of shards of 2
    before = {path.name: path.stat() for path in out.glob("data/*.tar")}
    write_card(out, licence="cc0-1.0")
    assert generate(order, catalog, stems, out).rendered == 4  # one of them in a shard begun
    for name in ("train-000000.tar", "test-000000.tar"):
        now = (out / "data" / name).stat()
        assert (now.st_ino, now.st_mtime_ns) == (before[name].st_ino, before[name].st_mtime_ns)
    assert 'license: "cc0-1.0"' in (out / "README.md").read_text()
    write_card(out)
    assert content(out) == content(dataset)


def test_fewer_samples_are_refused(order, catalog, stems, dataset):
    before = content(dataset)
    with pytest.raises(UsageError, match="samples is 8, wanted 7"):
        generate(replace(order, samples=7), catalog, stems, dataset)
    with pytest.raises(UsageError, match="seed is 0, wanted 1"):
        generate(replace(order, samples=9, seed=1), catalog, stems, dataset)
    assert content(dataset) == before


def test_an_extension_that_would_take_a_sample_away_is_refused(order, catalog, stems, tmp_path):
    three = replace(order, splits=parse_splits(["a=0.3", "b=0.4", "c=0.3"]), samples=1)
    generate(three, catalog, stems, tmp_path / "set")
    with pytest.raises(UsageError, match="split b would get fewer than it has"):
        generate(replace(three, samples=2), catalog, stems, tmp_path / "set")
    assert generate(replace(three, samples=3), catalog, stems, tmp_path / "set").samples == 3


class Killed(BaseException):
    """Stands for a power cut."""


@pytest.mark.parametrize("moment", range(14))
def test_an_extension_that_is_killed_at_any_write_is_finished(
    order, catalog, stems, dataset, tmp_path, monkeypatch, moment
):
    out = tmp_path / "set"
    generate(replace(order, samples=5), catalog, stems, out)
    rename, left = os.replace, iter(range(moment))

    def replace_until(source, target):
        if next(left, None) is None:
            raise Killed
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_until)
        with contextlib.suppress(Killed):
            generate(order, catalog, stems, out)
    generate(order, catalog, stems, out)
    assert content(out) == content(dataset)
