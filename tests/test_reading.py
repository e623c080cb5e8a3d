"""Reading: what was written comes back, in any order, from threads, forks and other processes."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from wetdry.audio import STEM_CLASSES, decode
from wetdry.datasets import (
    Order,
    generate,
    index_tar,
    parse_splits,
    read,
    read_members,
    verify,
)
from wetdry.errors import AudioError, ShardError, UsageError, WetdryError
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 1
lead_in_s: 0.25
severity: [0, 1]
songs: {stems: [2, 4], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
buses: {rhythm: {of: [Drums, Bass], chain: [{gain: {gain_db: -3}}]}}
taps: [wet, premaster, bus.rhythm]
"""
SPLITS = parse_splits(["train=0.6", "test=0.4"])


@pytest.fixture(scope="module")
def dataset(catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("reading") / "set"
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    generate(Order(recipe, 10, splits=SPLITS, shard_samples=3), catalog, stems, out)
    return out


@pytest.fixture
def copy(dataset, tmp_path):
    return Path(shutil.copytree(dataset, tmp_path / "set"))


def same(one, other):
    """Tell whether two samples are equal to the bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return np.array_equal(one, other)


def forget(dataset, **columns):
    """Rewrite a manifest without the column of places, or with other ones."""
    path = dataset / "manifest.parquet"
    table = parquet.read_table(path).drop_columns(["members"])
    for name, cells in columns.items():
        table = table.append_column(name, pa.array(cells, pa.string()))
    parquet.write_table(table, path)


def test_all_samples_come_in_the_manifest_s_order_as_the_tars_hold_them(dataset):
    manifest = pd.read_parquet(dataset / "manifest.parquet")
    samples = list(read(dataset, fields=["mixture", "dry", "wet", "taps", "row"]))
    assert [sample["key"] for sample in samples] == list(manifest["key"])
    tars = (read_members(dataset / "data" / f"{s}.tar") for s in manifest["shard"].unique())
    members = {key: files for tar in tars for key, files in tar}
    for sample in samples:
        files = members[sample["key"]]
        heard = {"mixture": sample["mixture"], **sample["taps"]}
        for part in ("dry", "wet"):
            assert list(sample[part]) == list(STEM_CLASSES)
            heard |= {f"{name.lower()}.{part}": sample[part][name] for name in STEM_CLASSES}
        assert {f"{name}.flac" for name in heard} | {"json"} == set(files)
        for name, audio in heard.items():
            assert audio.dtype == np.float32 and audio.flags.c_contiguous
            assert np.array_equal(audio, decode(files[f"{name}.flac"], name)[0])
        assert sample["row"] == json.loads(files["json"])
        assert sample["sample_rate"] == 22_050


def test_places_in_the_manifest_are_those_in_the_tars(dataset):
    for shard, rows in pd.read_parquet(dataset / "manifest.parquet").groupby("shard"):
        said = {
            (row.key, name): place
            for row in rows.itertuples()
            for name, place in json.loads(row.members).items()
        }
        found = index_tar(dataset / "data" / f"{shard}.tar")
        assert said == {(m.key, m.extension): [m.offset_bytes, m.size_bytes] for m in found}


def test_a_sample_is_the_same_by_key_by_place_and_in_its_turn(dataset):
    reader = read(dataset)
    in_turn = list(reader)
    assert len(reader) == len(in_turn) == 10
    for index in np.random.default_rng(0).permutation(10):
        index = int(index)
        key = reader.keys[index]
        assert same(reader[key], in_turn[index]) and same(reader[index], in_turn[index])
    assert reader[-1]["key"] == reader.keys[-1] and "train-00000000" in reader
    with pytest.raises(KeyError, match="nobody"):
        reader["nobody"]
    with pytest.raises(IndexError):
        reader[10]


def test_an_excerpt_is_a_part_of_the_whole(dataset):
    reader = read(dataset, fields=["mixture", "dry", "row"])
    whole = reader[3]
    for start, frames in [(0, 100), (4096, 5000), (22_049, 1), (0, 22_050), (7, 0)]:
        part = reader.excerpt(3, start, frames)
        assert np.array_equal(part["mixture"], whole["mixture"][:, start : start + frames])
        assert np.array_equal(part["dry"]["Bass"], whole["dry"]["Bass"][:, start : start + frames])
    for start, frames in [(-1, 10), (22_000, 100), (0, -1)]:
        with pytest.raises(AudioError, match="mixture"):
            reader.excerpt(3, start, frames)


@pytest.mark.parametrize("where", ["severity > 0.5", "split == 'test' and lag_samples < 1"])
def test_a_query_chooses_what_pandas_would(dataset, where):
    manifest = pd.read_parquet(dataset / "manifest.parquet")
    chosen = manifest.query(where)
    assert read(dataset, where=where).keys == list(chosen["key"])
    mask = manifest.index.isin(chosen.index)
    assert read(dataset, where=mask).keys == list(chosen["key"])
    reader = read(dataset, where=pd.Series(mask), split="test")
    assert reader.keys == list(chosen[chosen["split"] == "test"]["key"])
    assert list(reader.manifest["key"]) == reader.keys


@pytest.mark.parametrize("where", ["severty > 0", "severity >", [True], np.arange(10), "key + 1"])
def test_a_question_that_the_manifest_cannot_answer_is_refused(dataset, where):
    with pytest.raises(UsageError, match="where"):
        read(dataset, where=where)


def test_a_split_and_a_field_that_are_not_there_are_told_at_once(dataset, tmp_path):
    with pytest.raises(ShardError, match="found train, test"):
        read(dataset, split="valid")
    with pytest.raises(ShardError, match=r"no bus\.drums\.flac.*bus\.rhythm\.flac"):
        read(dataset, fields=["bus.drums"])
    with pytest.raises(ShardError, match="found none"):
        read(tmp_path)
    only = read(dataset, fields=["vocals.dry", "bus.rhythm"])[0]
    assert set(only) == {"key", "sample_rate", "vocals.dry", "bus.rhythm"}
    assert set(read(dataset, fields="mixture")[0]) == {"key", "sample_rate", "mixture"}


def test_a_dataset_without_places_reads_the_same(dataset, copy):
    forget(copy)
    one, other = read(dataset), read(copy)
    assert all(same(one[key], other[key]) for key in reversed(one.keys))
    assert verify(copy).faults == []
    forget_some = ["not a place"] * 10
    parquet.write_table(
        parquet.read_table(copy / "manifest.parquet").append_column(
            "members", pa.array(forget_some)
        ),
        copy / "manifest.parquet",
    )
    with pytest.raises(ShardError, match="offset and size"):
        read(copy)


@pytest.mark.parametrize(
    "lie",
    [
        {"offset": 512, "size": 0},
        {"offset": 512, "size": -512},
        {"offset": 0, "size": 2**40},
        {"offset": -(10**6), "size": 0},
        {"offset": 100, "size": 0},
        {"offset": 0, "size": -1},
    ],
)
def test_places_that_lie_are_found_out(dataset, copy, lie):
    cells = []
    for text in pd.read_parquet(copy / "manifest.parquet")["members"]:
        places = json.loads(text)
        offset, size = places["mixture.flac"]
        places["mixture.flac"] = [offset + lie["offset"], size + lie["size"]]
        cells.append(json.dumps(places))
    forget(copy, members=cells)
    with pytest.raises(ShardError, match=r"torn|verify"):
        list(read(copy))
    assert any("stands elsewhere" in fault for fault in verify(copy).faults)


def test_a_torn_shard_is_told_when_its_sample_is_read(copy):
    path = copy / "data" / "train-000001.tar"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    reader = read(copy)
    assert reader[0]["mixture"].any()
    with pytest.raises(ShardError, match=r"train-000001\.tar.*torn"):
        list(reader)
    path.unlink()
    with pytest.raises(ShardError, match=r"train-000001\.tar"):
        reader["train-00000003"]


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [("seconds", 2.0, "44100 frames"), ("seconds", 0.5, "11025"), ("sample_rate", 44_100, "44100")],
)
def test_audio_that_is_not_what_the_manifest_says_is_refused(copy, column, cell, said):
    manifest = pd.read_parquet(copy / "manifest.parquet")
    manifest[column] = cell
    manifest.to_parquet(copy / "manifest.parquet")
    with pytest.raises(WetdryError, match=f"train-000000.*wanted {said}"):
        read(copy)[0]


@pytest.mark.parametrize(
    ("column", "cell"),
    [("seconds", None), ("seconds", float("inf")), ("seconds", "1"), ("sample_rate", 0),
     ("shard", "../data/train-000000"), ("shard", None), ("key", "../up"), ("key", None)],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense_is_refused(copy, column, cell):
    manifest = pd.read_parquet(copy / "manifest.parquet").head(1)
    manifest[column] = cell
    manifest.to_parquet(copy / "manifest.parquet")
    with pytest.raises(ShardError, match="wanted"):
        read(copy)


def test_a_key_that_the_manifest_lists_twice_is_refused(copy):
    table = parquet.read_table(copy / "manifest.parquet")
    parquet.write_table(pa.concat_tables([table, table.slice(0, 1)]), copy / "manifest.parquet")
    with pytest.raises(ShardError, match="twice"):
        read(copy)


def loudest(reader, key):
    return float(np.abs(reader[key]["mixture"]).max())


def test_threads_share_a_reader(dataset):
    reader = read(dataset)
    keys = reader.keys * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda key: loudest(reader, key), keys))
    assert found == [loudest(reader, key) for key in keys]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_share_a_reader(dataset, method):
    reader = read(dataset, split="train")
    wanted = [loudest(reader, key) for key in reader.keys]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        assert list(pool.map(loudest, [reader] * len(reader), reader.keys)) == wanted


def test_a_reader_holds_no_file_open(dataset):
    before = len(os.listdir("/proc/self/fd"))
    reader = read(dataset)
    iterator = iter(reader)
    next(iterator)
    assert len(os.listdir("/proc/self/fd")) == before


def test_reading_needs_no_torch_and_no_webdataset(dataset):
    code = (
        "import sys; from wetdry.datasets import read\n"
        f"assert len(list(read({str(dataset)!r}))) == 10\n"
        "sys.exit(bool({'torch', 'webdataset', 'scipy', 'pedalboard'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
