"""Datasets in object stores, read: samples by ranges, verify, report."""

import json
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from wetdry.cli import app
from wetdry.datasets import (
    generate,
    read,
    repair,
    verify,
    write_outputs,
    write_report,
)
from wetdry.errors import ShardError, UsageError
from wetdry.manifests.store_paths import StorePath

pytestmark = pytest.mark.usefixtures("object_store", "own_temporary_folder")


@pytest.fixture(scope="module")
def url(order, catalog, stems, object_store):
    """The dataset made in the store."""
    generate(order, catalog, stems, "s3://bucket/read")
    return "s3://bucket/read"


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


def test_questions_and_outputs_of_models_are_read_from_a_store(url, folder, tmp_path):
    loud = read(url, split="train", where="mixture_lufs > -100")
    assert loud.keys == read(folder, split="train").keys
    outputs = ((s["key"], {"Vocals": s["mixture"] / 2}) for s in read(folder))
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    write_outputs(copy, "halves", outputs)
    for path in (copy / "outputs").rglob("*.*"):
        if path.is_file():
            (StorePath(url) / path.relative_to(copy).as_posix()).write_bytes(path.read_bytes())
    for sample in read(url, fields=["mixture", "outputs.halves"]):
        assert np.array_equal(sample["outputs.halves"]["Vocals"] * 2, sample["mixture"])


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


def test_repair_mends_a_store_and_card_names_its_licence(order, catalog, stems, folder):
    out = StorePath("s3://bucket/mended")
    generate(order, catalog, stems, out)
    whole = out.read_many(sorted(out.sizes()))
    (out / "data" / "train-000001.tar").write_bytes(whole["data/train-000001.tar"][:-1] + b"!")
    (out / "commits" / "test-000000.json").unlink()
    (out / "manifest.parquet").unlink()
    with pytest.raises(ShardError, match="--stems"):
        repair(out)
    done = repair(str(out), stems=stems)
    assert set(done.shards) == {"train-000001", "test-000000"} and done.rendered == 4
    assert out.read_many(sorted(out.sizes())) == whole
    assert CliRunner().invoke(app, ["card", str(out), "--license", "mit"]).exit_code == 0
    generate(order, catalog, stems, out)
    assert json.loads((out / "croissant.json").read_bytes())["license"] == "mit"


def test_a_report_of_a_store_is_that_of_the_folder(url, folder, tmp_path):
    write_report(url, tmp_path / "a.html")
    write_report(folder, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_missing_package_is_told_with_its_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "adlfs", None)
    with pytest.raises(UsageError, match=r"pip install 'wetdry\[cloud\]'"):
        read("abfs://bucket/set")


@pytest.mark.parametrize("line", [["pack", "s3://b/x"], ["train", "tiny", "--data", "s3://b/x"]])
def test_commands_that_take_no_url_say_so(line, tmp_path):
    done = CliRunner().invoke(app, [*line, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, UsageError)
    assert "s3://b/x: this command wants a folder" in str(done.exception)
