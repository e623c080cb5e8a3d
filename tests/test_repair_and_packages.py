"""What is damaged is made again; what is packed replays to the byte; neither takes other stems."""

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from wetdry.datasets import (
    Repaired,
    pack,
    repair,
    replay_dataset,
    verify,
    write_card,
)
from wetdry.errors import CatalogError, ShardError, UsageError

from .test_factory import content, dataset, edited, order, track_changed

__all__ = ["dataset", "order"]  # the fixtures


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
