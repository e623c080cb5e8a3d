"""Datasets in object stores: the bytes of a folder, after any kill; read, verified, reported."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
from typer.testing import CliRunner

from wetdry.cli import app
from wetdry.datasets import (
    Order,
    generate,
    parse_share,
    parse_splits,
    read,
    verify,
    write_catalog,
    write_report,
)
from wetdry.datasets import leases as lease_times
from wetdry.datasets.leases import lease
from wetdry.errors import ShardError, UsageError
from wetdry.manifests.store_paths import StorePath, place_of
from wetdry.mixing.recipes import parse_recipe

pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
"""
LOCAL_ONLY = (".local.json", ".lock")


@pytest.fixture(scope="module", autouse=True)
def server():
    """A server of the S3 protocol in this process; its address reaches workers, too."""
    own = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    own.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*own.get_host_and_port()))
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.filesystem("s3").mkdir("bucket")
        yield own
    own.stop()


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """Keep locks and temporary files of each test apart."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture(scope="module")
def order():
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    return Order(recipe, 8, splits=parse_splits(["train=0.6", "test=0.4"]), shard_samples=2)


@pytest.fixture(scope="module")
def folder(order, catalog, stems, tmp_path_factory):
    """The dataset made in a folder of this machine, undisturbed."""
    out = tmp_path_factory.mktemp("made") / "set"
    generate(order, catalog, stems, out)
    return out


@pytest.fixture(scope="module")
def url(order, catalog, stems):
    """The dataset made in the store."""
    generate(order, catalog, stems, "s3://bucket/made")
    return "s3://bucket/made"


def local(folder):
    """Return the bytes of all files, by name."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name not in LOCAL_ONLY)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def stored(url):
    """Return the bytes of all objects, by name."""
    place = place_of(url)
    return place.read_many(sorted(place.sizes()))


def test_a_store_holds_the_bytes_of_a_folder_and_nothing_else(folder, url, tmp_path):
    assert stored(url) == local(folder)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_workers_upload_the_same_bytes_themselves(order, catalog, stems, folder):
    built = generate(order, catalog, stems, "s3://bucket/two", workers=2)
    assert (built.rendered, built.finished) == (8, True)
    assert stored("s3://bucket/two") == local(folder)


def test_any_store_of_fsspec_will_do(order, catalog, stems, folder):
    generate(order, catalog, stems, "memory://bucket/set")
    assert stored("memory://bucket/set") == local(folder)
    assert generate(order, catalog, stems, "memory://bucket/set").rendered == 0


@pytest.mark.parametrize("lost", ["data/train-000001.tar", "commits/test-000000.json"])
def test_what_is_lost_is_rendered_again_and_nothing_else(order, catalog, stems, url, folder, lost):
    (place_of(url) / lost).unlink()
    assert generate(order, catalog, stems, url).rendered == 2
    assert stored(url) == local(folder)


def command(stems, tmp_path, catalog, out, *more):
    """Return a command line that makes the dataset."""
    (tmp_path / "small.yaml").write_text(RECIPE)
    write_catalog(catalog, tmp_path / "catalog.parquet")
    line = ["generate", str(tmp_path / "small.yaml"), "--stems", str(stems), "--out", str(out)]
    line += ["--catalog", str(tmp_path / "catalog.parquet"), "--samples", "40", *more]
    return [*line, "--split", "train=0.6", "--split", "test=0.4"]


@pytest.mark.parametrize("shards", [0, 1])
def test_killed_in_an_upload_the_same_command_gives_the_same_bytes(
    catalog, stems, tmp_path, shards
):
    out = f"s3://bucket/killed{shards}"
    line = command(stems, tmp_path, catalog, out, "--workers", "2")
    killed = subprocess.Popen(
        [sys.executable, "-m", "wetdry.cli", *line],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    data = place_of(out) / "data"
    while len(data.sizes()) < shards or not (place_of(out) / "plan.parquet").exists():
        assert killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (place_of(out) / "manifest.parquet").exists()
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(app, command(stems, tmp_path, catalog, tmp_path / "f")).exit_code == 0
    assert stored(out) == local(tmp_path / "f")
    assert verify(out).faults == []


def test_a_second_generator_is_refused_by_a_lease(order, catalog, stems, monkeypatch):
    monkeypatch.setattr(lease_times, "PATIENCE_S", 0.0)
    out = StorePath("s3://bucket/held")
    with lease(out), pytest.raises(ShardError, match="another process"):  # on this machine
        generate(order, catalog, stems, out)
    elsewhere = json.loads(lease_record(out)) | {"holder": "elsewhere", "host": "node-7"}
    (out / ".lock").write_bytes(json.dumps(elsewhere).encode())
    with pytest.raises(ShardError, match=r"node-7.*--take-over"):
        generate(order, catalog, stems, out)
    assert set(out.sizes()) == {".lock"}
    assert generate(order, catalog, stems, out, take_over=True).samples == 8
    assert ".lock" not in out.sizes()


def lease_record(out):
    """Return what a lease of this process says."""
    with lease(out):
        return (out / ".lock").read_bytes()


def test_a_lease_that_is_too_old_counts_for_nothing(order, catalog, stems):
    out = StorePath("s3://bucket/old")
    gone = json.loads(lease_record(out)) | {"holder": "elsewhere", "renewed": time.time() - 1000}
    (out / ".lock").write_bytes(json.dumps(gone).encode())
    assert generate(order, catalog, stems, out).samples == 8


def test_whoever_is_taken_over_stops_before_the_manifest(order, catalog, stems, monkeypatch):
    monkeypatch.setattr(lease_times, "RENEWED_EVERY_S", 0.01)
    out = StorePath("s3://bucket/taken")

    def steal(done, _total):
        other = {"holder": "o", "run": "o", "host": "node-7", "process": 1, "since": "now"}
        (out / ".lock").write_bytes(json.dumps(other | {"renewed": time.time()}).encode())
        time.sleep(0.3)

    with pytest.raises(ShardError, match="taken over by process 1 on node-7"):
        generate(order, catalog, stems, out, progress=steal)
    assert (out / ".lock").exists() and not (out / "manifest.parquet").exists()


def test_more_samples_extend_a_stored_dataset(order, catalog, stems, folder):
    out = "s3://bucket/grown"
    generate(replace(order, samples=5), catalog, stems, out)
    assert generate(order, catalog, stems, out).rendered < 8
    assert stored(out) == local(folder)


def test_another_recipe_is_refused_with_the_difference(order, catalog, stems, url):
    before = stored(url)
    with pytest.raises(UsageError, match="seed is 0, wanted 1"):
        generate(replace(order, seed=1), catalog, stems, url)
    (StorePath("s3://bucket/thesis") / "chapter.tex").write_bytes(b"years of work")
    with pytest.raises(UsageError, match=r"chapter\.tex"):
        generate(order, catalog, stems, "s3://bucket/thesis")
    assert stored(url) == before and len(stored("s3://bucket/thesis")) == 1


def test_shares_fill_one_store(order, catalog, stems, folder):
    out = "s3://bucket/shared"
    first = generate(order, catalog, stems, out, share=parse_share("1/2"))
    second = generate(order, catalog, stems, out, share=parse_share("2/2"))
    assert (first.finished, second.finished) == (False, True)
    assert stored(out) == local(folder)


def test_samples_are_read_by_ranges(url, folder, monkeypatch):
    fields = ["mixture", "dry", "row"]
    ours, theirs = read(url, fields=fields), read(folder, fields=fields)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_equal(one, other)
    key = theirs.keys[3]
    np.testing.assert_equal(ours.excerpt(key, 100, 50), theirs.excerpt(key, 100, 50))
    assert ours.files(key) == theirs.files(key)
    assert len(pickle.loads(pickle.dumps(ours))) == 8
    asked = []
    ranges = StorePath.read_ranges

    def counted(path, places):
        asked.append(sum(end - start for start, end in places))
        return ranges(path, places)

    monkeypatch.setattr(StorePath, "read_ranges", counted)
    assert set(read(url, fields="mixture")[key]) == {"key", "sample_rate", "mixture"}
    assert len(asked) == 1 and asked[0] < 70_000  # and not the shard


def test_a_shard_that_was_replaced_is_told(order, catalog, stems):
    out = StorePath("memory://bucket/replaced")
    generate(order, catalog, stems, out)
    reader = read("memory://bucket/replaced")
    (out / "data" / "train-000000.tar").write_bytes(b"x" * 3000)
    with pytest.raises(ShardError, match="train-000000"):
        reader[0]
    (out / "data" / "train-000000.tar").unlink()
    with pytest.raises(ShardError, match="cannot be opened"):
        reader[0]


def test_verify_is_clean_deep_and_quick(url, folder, stems):
    assert verify(url, replay=2, stems=stems).faults == []
    for place in (url, folder):
        assert verify(place, quick=True).faults == []
        done = CliRunner().invoke(app, ["verify", str(place), "--quick"])
        assert (done.exit_code, "clean" in done.output) == (0, True)


def test_verify_finds_what_is_wrong(order, catalog, stems):
    out = StorePath("memory://bucket/wrong")
    generate(order, catalog, stems, out)
    tar = out / "data" / "test-000000.tar"
    data = bytearray(tar.read_bytes())
    data[len(data) // 2] ^= 1
    tar.write_bytes(bytes(data))
    assert any(f"{tar}: not the bytes" in fault for fault in verify(out).faults)
    assert verify(out, quick=True).faults == []  # of the same size
    tar.write_bytes(bytes(data[:-512]))
    assert any(str(tar) in fault for fault in verify(out, quick=True).faults)
    (out / "commits" / "train-000000.json").unlink()
    (out / "data" / "more-000000.tar").write_bytes(b"")
    faults = "\n".join(verify(out, quick=True).faults)
    assert "train-000000.json: not a commit record" in faults
    assert "more-000000.tar: is not in the plan" in faults


def test_a_report_of_a_store_is_that_of_the_folder(url, folder, tmp_path):
    write_report(url, tmp_path / "a.html")
    write_report(folder, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_an_upload_that_arrives_damaged_is_seen(order, catalog, stems, monkeypatch):
    memory = fsspec.filesystem("memory")
    put = type(memory).put_file

    def damaging(self, source, target, **how):
        put(self, source, target, **how)
        self.pipe_file(target, self.cat_file(target)[:-1] + b"!")

    monkeypatch.setattr(type(memory), "put_file", damaging)
    out = StorePath("memory://bucket/damaged")
    with pytest.raises(ShardError, match="bytes that were uploaded"):
        generate(order, catalog, stems, out)
    assert not list(out.glob("commits/*.json"))


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("s3://nobucket/set", "wanted a bucket"),
        ("nosuch://bucket/set", "cannot be opened"),
        ("s3://bucket/a/../b", "found an odd one"),
    ],
)
def test_places_that_cannot_be_are_told(order, catalog, stems, out, told):
    with pytest.raises((ShardError, UsageError), match=told):
        generate(order, catalog, stems, out)


def test_a_missing_package_is_told_with_its_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "adlfs", None)
    with pytest.raises(UsageError, match=r"pip install 'wetdry\[cloud\]'"):
        read("abfs://bucket/set")


def test_a_store_that_is_not_there_is_told(monkeypatch):
    with pytest.raises(ShardError, match=r"s3://bucket/nothing.*generate the dataset"):
        read("s3://bucket/nothing")
    with pytest.raises(UsageError, match="take-over is for stores"):
        with contextlib.ExitStack() as stack:
            from wetdry.datasets.holding import holding

            stack.enter_context(holding(Path("here"), take_over=True))


@pytest.mark.parametrize("line", [["repair", "s3://b/x"], ["train", "tiny", "--data", "s3://b/x"]])
def test_commands_that_take_no_url_say_so(line, tmp_path):
    more = ["--out", str(tmp_path / "run")] if line[0] == "train" else []
    done = CliRunner().invoke(app, [*line, *more])
    assert isinstance(done.exception, UsageError)
    assert "s3://b/x: this command wants a folder" in str(done.exception)
