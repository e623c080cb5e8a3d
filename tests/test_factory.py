"""Datasets in parts: from a plan of one's own, extended, repaired, replayed, by many machines."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from wetdry.datasets import (
    Order,
    Repaired,
    Share,
    generate,
    pack,
    parse_share,
    parse_splits,
    read_plan,
    repair,
    replay_dataset,
    verify,
    write_card,
    write_catalog,
    write_plan,
)
from wetdry.datasets.folder import writer_lock
from wetdry.datasets.shares import share_lock
from wetdry.errors import CatalogError, ShardError, UsageError
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


@pytest.fixture
def damaged(dataset, tmp_path):
    """A copy of the dataset, to be damaged."""
    return Path(shutil.copytree(dataset, tmp_path / "damaged"))


def flip(path, place=0.5):
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 1
    path.write_bytes(data)


def altered(path):
    """Change a measured number in a commit record, so that it is still one."""
    commit = json.loads(path.read_bytes())
    commit["rows"][0]["mixture_lufs"] = -1.0
    path.write_text(json.dumps(commit))


def of_another_session(path):
    """Change a session in the plan, so that it is still one."""
    table = pd.read_parquet(path)
    table.loc[0, "session"] = edited(table.loc[0], mix_loudness_lufs=-30.0)
    table.to_parquet(path)


@pytest.mark.parametrize(
    ("name", "damage", "shards_again"),
    [
        ("data/train-000000.tar", flip, 1),
        ("data/train-000000.tar", Path.unlink, 1),
        ("data/test-000001.tar", lambda path: os.truncate(path, 5000), 1),
        ("commits/train-000001.json", Path.unlink, 1),
        ("commits/train-000001.json", lambda path: path.write_text("{"), 1),
        ("commits/train-000001.json", altered, 1),
        ("manifest.parquet", Path.unlink, 0),
        ("manifest.parquet", flip, 0),
        ("plan.parquet", Path.unlink, 0),
        ("plan.parquet", of_another_session, 0),
        ("set_aside.json", Path.unlink, 0),
        ("croissant.json", Path.unlink, 0),
        ("README.md", Path.unlink, 0),
    ],
)
def test_what_is_damaged_is_made_again_and_nothing_else(
    dataset, damaged, name, damage, shards_again
):
    inodes = {path: path.stat().st_ino for path in damaged.glob("data/*.tar")}
    damage(damaged / name)
    done = repair(damaged)
    assert len(done.shards) == shards_again and (done.shards or done.files)
    assert content(damaged) == content(dataset)
    kept = [path for path in inodes if path.stem not in done.shards]
    assert all(path.stat().st_ino == inodes[path] for path in kept)
    assert repair(damaged) == Repaired(samples=8)


def test_all_shards_and_records_are_made_again_from_the_plan(dataset, damaged):
    for folder in ("data", "commits"):
        shutil.rmtree(damaged / folder)
    (damaged / "manifest.parquet").unlink()
    assert repair(damaged, workers=2).rendered == 8
    assert content(damaged) == content(dataset)


def test_a_repair_keeps_the_licence_of_the_card(damaged):
    write_card(damaged, licence="cc0-1.0")
    before = content(damaged)
    (damaged / "croissant.json").unlink()
    repair(damaged)
    assert content(damaged) == before


def test_repairs_with_other_stems_or_libraries_are_refused(damaged, stems, tmp_path):
    (damaged / "data" / "train-000000.tar").unlink()
    before = content(damaged)
    other = Path(shutil.copytree(stems, tmp_path / "stems"))
    for path in other.rglob("*.flac"):
        flip(path)
    with pytest.raises(CatalogError, match="not the stems"):
        repair(damaged, stems=other)
    assert content(damaged) == before
    record = json.loads((damaged / "dataset.json").read_bytes())
    record["versions"]["soxr"] = "0.1"
    (damaged / "dataset.json").write_text(json.dumps(record))
    with pytest.raises(ShardError, match=r"soxr 0\.1 \(here "):
        repair(damaged)


def test_a_packed_dataset_has_no_audio_and_replays_to_the_byte(dataset, stems, tmp_path):
    small, out = tmp_path / "small", tmp_path / "again"
    pack(dataset, small)
    assert not list(small.rglob("*.tar"))
    done = replay_dataset(small, stems, out)
    assert (done.samples, done.identical, done.differing, done.versions) == (8, True, [], {})
    assert content(out) == content(dataset)
    assert replay_dataset(small, stems, out).rendered == 0
    assert verify(out, replay=2).faults == []
    with pytest.raises(UsageError, match="empty or new folder"):
        pack(dataset, small)


def test_a_replay_with_other_libraries_says_which_and_what_differs(dataset, stems, tmp_path):
    small, out = tmp_path / "small", tmp_path / "again"
    pack(dataset, small)
    record = json.loads((small / "dataset.json").read_bytes())
    here = record["versions"]["soxr"]
    record["versions"]["soxr"] = "0.1"
    (small / "dataset.json").write_text(json.dumps(record))
    table = pd.read_parquet(small / "manifest.parquet")
    table.loc[3, "pcm_sha256"] = "{}"
    table.to_parquet(small / "manifest.parquet")
    done = replay_dataset(small, stems, out)
    assert done.versions == {"soxr": ("0.1", here)}
    assert (done.identical, done.differing) == (False, [table.loc[3, "key"]])
    assert json.loads((out / "dataset.json").read_bytes())["versions"]["soxr"] == here
    assert verify(out).faults == []


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("shard", "../../outside"),
        ("key", "a/b"),
        ("session", "../secret.flac"),
        ("source_sha256", "{}"),
    ],
)
def test_a_package_that_reaches_out_of_its_folders_is_refused(
    dataset, stems, tmp_path, column, text
):
    small = tmp_path / "small"
    pack(dataset, small)
    table = pd.read_parquet(small / "plan.parquet")
    value = track_changed(table.loc[0], file=text) if column == "session" else text
    table.loc[0, column] = value
    table.to_parquet(small / "plan.parquet")
    with pytest.raises(ShardError, match="was altered"):
        replay_dataset(small, stems, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_replay_from_other_stems_is_refused(dataset, stems, tmp_path):
    pack(dataset, tmp_path / "small")
    other = Path(shutil.copytree(stems, tmp_path / "stems"))
    flip(other / "alder" / "Bass" / "take.flac")
    with pytest.raises(CatalogError, match="not the stems"):
        replay_dataset(tmp_path / "small", other, tmp_path / "again")
    with pytest.raises(CatalogError, match="say where the stems are"):
        replay_dataset(tmp_path / "small", tmp_path, tmp_path / "again")


def test_a_dataset_that_is_not_finished_is_not_packed(damaged, tmp_path):
    table = pd.read_parquet(damaged / "manifest.parquet")
    table[:3].to_parquet(damaged / "manifest.parquet")
    with pytest.raises(ShardError, match="not finished"):
        pack(damaged, tmp_path / "small")
    (damaged / "manifest.parquet").unlink()
    with pytest.raises(ShardError, match="wanted a table"):
        pack(damaged, tmp_path / "small")


def started(order, catalog, stems, out, *words):
    """Start the command in a process of its own."""
    folder = out.parent
    (folder / "small.yaml").write_text(RECIPE)
    write_catalog(catalog, folder / "catalog.parquet")
    command = [sys.executable, "-m", "wetdry.cli", "generate", folder / "small.yaml"]
    command += ["--stems", stems, "--catalog", folder / "catalog.parquet", "--out", out]
    command += ["--samples", order.samples, "--workers", 1, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(list(map(str, command)), stdout=pipe, stderr=pipe, text=True)


def test_shares_rendered_at_once_by_several_processes_are_one_dataset(
    order, catalog, stems, tmp_path
):
    sixty = replace(order, samples=60)
    plain, out = tmp_path / "plain", tmp_path / "set"
    processes = [
        started(sixty, catalog, stems, out, "--shard-range", f"{number}/2") for number in (1, 2)
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sum("the last one writes" in text for text, _ in said) == 1
    process = started(sixty, catalog, stems, plain)
    assert process.communicate(timeout=120) and process.returncode == 0
    assert content(out) == content(plain)
    assert verify(out).faults == [] and not list(out.glob(".lock-*"))


@pytest.mark.parametrize("turns", [(1, 2, 3), (3, 1, 2), (2, 3, 3, 1)])
def test_shares_may_come_in_any_order_and_again(order, catalog, stems, dataset, tmp_path, turns):
    out = tmp_path / "set"
    finished = [
        generate(order, catalog, stems, out, share=Share(number, 3)).finished for number in turns
    ]
    assert finished == [False] * (len(turns) - 1) + [True]
    assert content(out) == content(dataset)
    assert generate(order, catalog, stems, out, share=Share(1, 3)).rendered == 0


def test_a_last_plain_run_finishes_what_shares_left(order, catalog, stems, dataset, tmp_path):
    out = tmp_path / "set"
    assert generate(order, catalog, stems, out, share=Share(2, 2)).rendered == 4
    assert not (out / "manifest.parquet").exists()
    (out / "data" / ".wetdry-0.tmp").write_text("of a share that was killed")
    assert generate(order, catalog, stems, out).rendered == 4
    assert content(out) == content(dataset)


def test_a_share_is_written_by_one_process_and_keeps_writers_of_the_whole_out(
    order, catalog, stems, tmp_path, monkeypatch
):
    out = tmp_path / "set"
    with share_lock(out, Share(1, 2)):
        with pytest.raises(ShardError, match="share 1/2: another process"):
            generate(order, catalog, stems, out, share=Share(1, 2))
        with pytest.raises(ShardError, match="another process is writing"):
            generate(order, catalog, stems, out)
        assert not generate(order, catalog, stems, out, share=Share(2, 2)).finished
    monkeypatch.setattr("wetdry.datasets.shares.LONGEST_GATHERING_S", 0.3)
    with writer_lock(out), pytest.raises(ShardError, match="another process is writing"):
        generate(order, catalog, stems, out, share=Share(1, 2))
    assert generate(order, catalog, stems, out, share=Share(1, 2)).finished


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", ""])
def test_a_share_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="wanted 1/N to N/N"):
        parse_share(text)
