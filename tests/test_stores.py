"""Datasets in object stores, made: the bytes of a folder, after any kill, by one writer."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest
from typer.testing import CliRunner

from wetdry.cli import app
from wetdry.datasets import (
    LocalEngine,
    RayEngine,
    generate,
    parse_share,
    read,
    repair,
    verify,
    write_catalog,
)
from wetdry.datasets import leases as lease_times
from wetdry.datasets.leases import lease
from wetdry.errors import ShardError, UsageError
from wetdry.manifests.store_paths import StorePath, place_of

pytestmark = pytest.mark.usefixtures("object_store", "own_temporary_folder")

LOCAL_ONLY = (".local.json", ".lock")


@pytest.fixture(scope="module")
def url(order, catalog, stems, object_store):
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


@pytest.mark.parametrize("engine", [LocalEngine(2), RayEngine("127.0.0.1:1")])
def test_memory_is_refused_where_other_processes_would_write(order, catalog, stems, engine):
    url = "memory://bucket/unseen"
    with pytest.raises(UsageError, match=r"do not see this memory.*found (LocalEngine|RayEngine)"):
        generate(order, catalog, stems, url, engine=engine)
    assert not place_of(url).sizes()
    generate(order, catalog, stems, "memory://bucket/mended")
    (place_of("memory://bucket/mended") / "data" / "test-000000.tar").unlink()
    with pytest.raises(UsageError, match="do not see this memory"):
        repair("memory://bucket/mended", stems=stems, engine=engine)


@pytest.mark.parametrize("lost", ["data/train-000001.tar", "commits/test-000000.json"])
def test_what_is_lost_is_rendered_again_and_nothing_else(order, catalog, stems, url, folder, lost):
    (place_of(url) / lost).unlink()
    assert generate(order, catalog, stems, url).rendered == 2
    assert stored(url) == local(folder)


def command(recipe, stems, tmp_path, catalog, out, *more):
    """Return a command line that makes the dataset."""
    (tmp_path / "small.yaml").write_text(recipe.text)
    write_catalog(catalog, tmp_path / "catalog.parquet")
    line = ["generate", str(tmp_path / "small.yaml"), "--stems", str(stems), "--out", str(out)]
    line += ["--catalog", str(tmp_path / "catalog.parquet"), "--samples", "20", *more]
    return [*line, "--split", "train=0.6", "--split", "test=0.4"]


def test_killed_in_an_upload_the_same_command_gives_the_same_bytes(order, catalog, stems, tmp_path):
    out = "s3://bucket/killed"
    line = command(order.recipe, stems, tmp_path, catalog, out, "--workers", "2")
    killed = subprocess.Popen(
        [sys.executable, "-m", "wetdry.cli", *line],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    data = place_of(out) / "data"
    while not data.sizes():
        assert killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (place_of(out) / "manifest.parquet").exists()
    done = CliRunner().invoke(app, [*line, "--workers", "1"])
    assert done.exit_code == 0, done.output
    line = command(order.recipe, stems, tmp_path, catalog, tmp_path / "folder", "--workers", "1")
    assert CliRunner().invoke(app, line).exit_code == 0
    assert stored(out) == local(tmp_path / "folder")
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


def test_a_store_that_is_not_there_is_told(monkeypatch):
    with pytest.raises(ShardError, match=r"s3://bucket/nothing.*generate the dataset"):
        read("s3://bucket/nothing")
    with pytest.raises(UsageError, match="take-over is for stores"):
        with contextlib.ExitStack() as stack:
            from wetdry.datasets.holding import holding

            stack.enter_context(holding(Path("here"), take_over=True))
