"""Outputs: what a model gives back stands beside its samples, whole, and is found again."""

import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from wetdry.datasets import (
    missing_outputs,
    read,
    read_members,
    verify,
    write_outputs,
)
from wetdry.errors import AudioError, ShardError, UsageError, WetdryError

from .test_reading import copy, dataset, same

__all__ = ["copy", "dataset"]  # the fixtures


def estimates(reader, keys=None):
    """Give out what a model might say: half the mixture as bass, far too much as drums."""
    for key in reader.keys if keys is None else keys:
        mixture = reader[key]["mixture"]
        yield key, {"Bass": mixture * np.float32(0.5), "Drums": mixture[:1] * np.float32(30)}


def test_outputs_come_back_to_the_bit_beside_their_samples(copy):
    reader = read(copy)
    assert write_outputs(copy, "stage_one", estimates(reader), about={"run": "tiny"}) == 10
    both = read(copy, split="test", fields=["mixture", "outputs.stage_one"])
    for sample in both:
        wanted = dict(estimates(reader, [sample["key"]]))[sample["key"]]
        assert same(sample["outputs.stage_one"], wanted)
        part = both.excerpt(sample["key"], 50, 70)["outputs.stage_one"]
        assert np.array_equal(part["Drums"], wanted["Drums"][:, 50:120])
    record = json.loads((copy / "outputs" / "stage_one" / "outputs.json").read_text())
    assert record["about"] == {"run": "tiny"} and verify(copy).faults == []
    key, files = next(read_members(copy / "outputs" / "stage_one" / "train-000000.tar"))
    assert key == "train-00000000" and set(files) == {"bass.stage_one.wav", "drums.stage_one.wav"}


def test_outputs_that_were_interrupted_go_on_to_the_same_bytes(copy):
    reader = read(copy)
    write_outputs(copy, "whole", estimates(reader))

    def dies():
        yield from estimates(reader, reader.keys[:5])
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        write_outputs(copy, "broken", dies())
    missing = missing_outputs(copy, "broken")
    assert missing == reader.keys[3:]
    assert missing_outputs(copy, "broken", split="test") == read(copy, split="test").keys
    assert not list((copy / "outputs").rglob("*.tmp"))
    assert write_outputs(copy, "broken", estimates(reader, missing)) == 7
    assert missing_outputs(copy, "broken") == [] == missing_outputs(copy, "whole")
    assert write_outputs(copy, "broken", estimates(reader)) == 0
    for shard in ("train-000000", "test-000001"):
        one, other = (list(read_members(copy / "outputs" / n / f"{shard}.tar"))
                      for n in ("whole", "broken"))  # fmt: skip
        assert [list(files.values()) for _, files in one] == [list(f.values()) for _, f in other]


def test_outputs_of_a_killed_script_are_finished_by_the_same_script(copy, tmp_path):
    write_outputs(copy, "whole", estimates(read(copy)))
    script = tmp_path / "model.py"
    script.write_text(
        "import sys, time\nimport numpy as np\n"
        "from wetdry.datasets import missing_outputs, read, write_outputs\n"
        f"data, reader = {str(copy)!r}, read({str(copy)!r})\n"
        "def outputs():\n"
        "    for count, key in enumerate(missing_outputs(data, 'killed')):\n"
        "        if count == int(sys.argv[1]):\n"
        "            print('in the second shard', flush=True)\n"
        "            time.sleep(600)\n"
        "        mixture = reader[key]['mixture']\n"
        "        bass, drums = mixture * np.float32(0.5), mixture[:1] * np.float32(30)\n"
        "        yield key, {'Bass': bass, 'Drums': drums}\n"
        "write_outputs(data, 'killed', outputs())\n"
    )
    with subprocess.Popen([sys.executable, str(script), "4"], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"in the second shard\n"
        process.kill()
    assert len(missing_outputs(copy, "killed")) == 7  # a shard has three
    assert list((copy / "outputs" / "killed").glob("*.tmp"))
    subprocess.run([sys.executable, str(script), "10"], check=True)
    assert not list((copy / "outputs").rglob("*.tmp"))
    both = read(copy, fields=["outputs.whole", "outputs.killed"])
    assert all(same(s["outputs.whole"], s["outputs.killed"]) for s in both)


@pytest.mark.parametrize("bits", [16, 24])
def test_outputs_as_flac_are_near_and_refuse_what_they_would_clip(copy, bits):
    reader = read(copy)
    quiet = ((key, {"Bass": stems["Bass"]}) for key, stems in estimates(reader))
    write_outputs(copy, "quiet", quiet, bits=bits)
    got = read(copy, fields=["outputs.quiet"])[4]["outputs.quiet"]["Bass"]
    assert np.abs(got - reader[4]["mixture"] / 2).max() <= 2.0**-bits
    with pytest.raises(AudioError, match="Drums: beyond full scale; bits=32"):
        write_outputs(copy, "loud", estimates(reader), bits=bits)


def test_outputs_that_do_not_fit_are_refused(copy):
    reader = read(copy)
    key, short = reader.keys[0], np.zeros((2, 100), np.float32)
    whole = np.zeros((2, 22_050), np.float32)
    refused = [
        ("dry", [], UsageError, "name"),
        ("../up", [], UsageError, "name"),
        ("a", [("nobody", {"Bass": whole})], ShardError, "no sample 'nobody'"),
        ("b", [(key, {"Bass": short})], AudioError, "wanted 22050 samples, found 100"),
        ("c", [(key, {"Bas": whole})], UsageError, "Bas: wanted one of"),
        ("d", [(key, {"Bass": whole * np.nan})], AudioError, "finite"),
        ("e", [(key, {"Bass": whole.astype(float)})], AudioError, "float32"),
        ("f", [(key, {})], UsageError, "at least one"),
        ("g", [(reader.keys[1], {"Bass": whole})], ShardError, "wanted the outputs of"),
        ("h", [(key, {"Bass": whole})], ShardError, "train-00000001 next, found nothing"),
    ]
    for name, outputs, kind, said in refused:
        with pytest.raises(kind, match=said):
            write_outputs(copy, name, outputs)
        assert not list((copy / "outputs").glob("*/*.tar"))
    with pytest.raises(WetdryError, match="found none"):
        read(copy, fields=["outputs.a"])
    write_outputs(copy, "i", estimates(reader), about={"step": 1})
    with pytest.raises(UsageError, match="about"):
        write_outputs(copy, "i", estimates(reader), about={"step": 2})


def test_outputs_of_another_version_of_a_shard_are_not_taken_for_this_one_s(copy):
    write_outputs(copy, "old", estimates(read(copy)))
    table = parquet.read_table(copy / "manifest.parquet")
    at = table.column_names.index("shard_sha256")
    table = table.set_column(at, "shard_sha256", pa.array(["0" * 64] * len(table)))
    parquet.write_table(table, copy / "manifest.parquet")
    with pytest.raises(ShardError, match="another version"):
        read(copy, fields=["outputs.old"])
    assert len(missing_outputs(copy, "old")) == 10
