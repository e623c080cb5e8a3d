"""One tar per field: the same samples, in tars of which one downloads what one needs."""

import contextlib
import json
import os
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wetdry.datasets import (
    Order,
    Repaired,
    export_msrbench,
    generate,
    index_tar,
    pack,
    parse_splits,
    read,
    read_members,
    repair,
    replay_dataset,
    verify,
    write_card,
    write_outputs,
    write_report,
)
from wetdry.datasets.fields import read_places
from wetdry.errors import ShardError, UsageError
from wetdry.manifests.store_paths import place_of
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}}]}
taps: [wet, premaster]
"""
FIELDS = ["dry", "mixture", "preview", "row", "taps", "wet"]
SHARDS = ["test-000000", "train-000000", "train-000001"]


@pytest.fixture(scope="module")
def order():
    recipe = parse_recipe(RECIPE, "dt3", Path(), {})
    splits = parse_splits(["train=0.6", "test=0.4"])
    form = {"shard_samples": 2, "previews": "mp3"}
    return Order(recipe, 5, splits=splits, one_tar_per_field=True, **form)


@pytest.fixture(scope="module")
def dataset(order, catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("parted") / "set"
    generate(order, catalog, stems, out)
    return out


@pytest.fixture(scope="module")
def whole(order, catalog, stems, tmp_path_factory):
    """The same samples, a tar for each shard."""
    out = tmp_path_factory.mktemp("whole") / "set"
    generate(replace(order, one_tar_per_field=False), catalog, stems, out)
    return out


@pytest.fixture
def copy(dataset, tmp_path):
    return Path(shutil.copytree(dataset, tmp_path / "set"))


def content(folder):
    """Return every file's bytes, but for what is of this machine."""
    paths = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def test_each_tar_holds_one_field_of_the_same_keys_in_the_same_order(dataset, whole):
    names = sorted(path.name for path in (dataset / "data").iterdir())
    assert names == [f"{shard}.{field}.tar" for shard in SHARDS for field in FIELDS]
    for shard in SHARDS:
        usual = dict(read_members(whole / "data" / f"{shard}.tar"))
        tars = [dict(read_members(dataset / "data" / f"{shard}.{f}.tar")) for f in FIELDS]
        assert all(list(tar) == list(usual) for tar in tars)
        for key, members in usual.items():
            held = [(name, data) for tar in tars for name, data in tar[key].items()]
            assert dict(held) == members and len(held) == len(members)
    assert set(tars[0][key]) == {m for m in members if ".dry." in m}
    assert [set(tar[key]) for tar in tars[1:5]] == [
        {"mixture.flac"}, {"mixture.preview.mp3"}, {"json"}, {"premaster.flac"}
    ]  # fmt: skip


def test_a_commit_record_lists_all_tars_and_the_manifest_says_what_stands_where(dataset):
    manifest = pd.read_parquet(dataset / "manifest.parquet")
    for shard, rows in manifest.groupby("shard"):
        record = json.loads((dataset / "commits" / f"{shard}.json").read_bytes())
        assert sorted(record["tars"]) == FIELDS and "sha256" not in record
        for field, said in record["tars"].items():
            data = (dataset / "data" / f"{shard}.{field}.tar").read_bytes()
            assert said == {"sha256": sha256(data).hexdigest(), "size_bytes": len(data)}
            found = {
                (m.key, m.extension): [m.offset_bytes, m.size_bytes]
                for m in index_tar(dataset / "data" / f"{shard}.{field}.tar")
            }
            told = {
                (row.key, name): place
                for row in rows.itertuples()
                for name, place in json.loads(row.members)[field].items()
            }
            assert told == found
        digests = "".join(f"{f} {record['tars'][f]['sha256']}\n" for f in FIELDS)
        assert set(rows["shard_sha256"]) == {sha256(digests.encode()).hexdigest()}


def test_samples_read_as_from_one_tar_in_any_order(dataset, whole):
    fields = ["mixture", "dry", "wet", "taps", "row", "preview", "vocals.dry", "premaster"]
    one, other = read(dataset, fields=fields), read(whole, fields=fields)
    assert one.keys == other.keys
    for place in (4, 0, 2, 1, 3):
        a, b = one[place], other[place]
        assert a["row"] == b["row"] and a["preview"] == b["preview"]
        assert np.array_equal(a["mixture"], b["mixture"])
        assert all(np.array_equal(a["dry"][name], b["dry"][name]) for name in b["dry"])
        assert one.files(place) == other.files(place)
    cut = read(dataset, fields="wet").excerpt(1, 100, 50)["wet"]["Bass"]
    assert np.array_equal(cut, one[1]["wet"]["Bass"][:, 100:150])


def test_only_the_tars_of_the_fields_asked_for_need_be_there(copy):
    wanted = [sample["mixture"] for sample in read(copy, fields="mixture")]
    for path in (copy / "data").iterdir():
        if not path.name.endswith(".mixture.tar"):
            path.unlink()
    few = read(copy, fields="mixture")
    assert all(np.array_equal(s["mixture"], w) for s, w in zip(few, wanted, strict=True))
    with pytest.raises(ShardError, match=r"\.dry\.tar: cannot be opened"):
        read(copy, fields="dry")[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"../../x": {"mixture.flac": [512, 10]}}',
        '{"mixture": {"mixture.flac": [512]}}',
        '{"mixture": {"mixture.flac": [512, 10]}, "dry": [1, 2]}',
        '{"mixture": {}}',
        "{}",
    ],
)
def test_places_that_are_none_are_refused(text):
    with pytest.raises(ShardError, match="wanted offset and size"):
        read_places(text, "x")


def test_a_field_that_a_manifest_scatters_over_tars_is_refused(copy):
    manifest = pd.read_parquet(copy / "manifest.parquet")
    places = json.loads(manifest.loc[0, "members"])
    places["taps"]["bass.dry.flac"] = places["dry"].pop("bass.dry.flac")
    manifest.loc[0, "members"] = json.dumps(places)
    manifest.to_parquet(copy / "manifest.parquet")
    with pytest.raises(ShardError, match="in one tar, found them in several"):
        read(copy, fields="dry")
    assert any("stands elsewhere" in fault for fault in verify(copy).faults)


def test_two_workers_write_the_same_bytes_and_a_second_run_writes_none(
    order, catalog, stems, dataset, tmp_path
):
    generate(order, catalog, stems, tmp_path / "set", workers=2)
    assert content(tmp_path / "set") == content(dataset)
    assert generate(order, catalog, stems, tmp_path / "set").rendered == 0


class Killed(BaseException):
    """Stands for a power cut."""


@pytest.mark.parametrize("moment", range(1, 24, 3))
def test_killed_at_any_write_the_same_command_gives_the_same_bytes(
    order, catalog, stems, dataset, tmp_path, monkeypatch, moment
):
    rename, left, out = os.replace, iter(range(moment)), tmp_path / "set"

    def replace_until(source, target):
        if next(left, None) is None:
            raise Killed
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_until)
        with contextlib.suppress(Killed):
            generate(replace(order, samples=4), catalog, stems, out)  # killed; then extended
    generate(order, catalog, stems, out)
    write_card(out)
    assert content(out) == content(dataset) and not list(out.rglob("*.tmp"))


def test_verify_finds_a_dataset_clean_and_replays_it(dataset):
    findings = verify(dataset, replay=5)
    assert (findings.faults, findings.replayed, findings.least_significant_bits) == ([], 5, 0)
    assert verify(dataset, quick=True).faults == []


def flip(path):
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def no_tars(path):
    """Make a commit record claim that its shard is nothing at all."""
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "tars": {}}))


@pytest.mark.parametrize(
    ("name", "damage", "deep", "quick"),
    [
        ("data/train-000000.wet.tar", Path.unlink, "wet.tar", "found none"),
        ("data/test-000000.row.tar", flip, "not the bytes", None),
        ("data/train-000001.dry.tar", lambda p: os.truncate(p, 5000), "torn", "found 5000"),
        ("commits/train-000000.json", Path.unlink, "not a commit", "not a commit"),
        ("commits/train-000000.json", no_tars, "not a commit", "not a commit"),
        ("data/train-000009.dry.tar", lambda p: p.write_bytes(b""), None, "not in the plan"),
    ],
)
def test_damage_is_found_and_one_shard_is_rendered_again(dataset, copy, name, damage, deep, quick):
    inodes = {path: path.stat().st_ino for path in copy.glob("data/*.tar")}
    damage(copy / name)
    for how, said in ((False, deep), (True, quick)):
        faults = verify(copy, quick=how).faults
        assert any(said in fault for fault in faults) if said else not faults
    if deep is None:
        return (copy / name).unlink()
    done = repair(copy)
    assert list(done.shards) == [Path(name).name.partition(".")[0]]
    assert content(copy) == content(dataset)
    kept = [path for path in inodes if path.name.partition(".")[0] not in done.shards]
    assert all(path.stat().st_ino == inodes[path] for path in kept)
    assert repair(copy) == Repaired(samples=5)


def test_a_packed_dataset_replays_to_the_byte(dataset, stems, tmp_path):
    pack(dataset, tmp_path / "small")
    assert replay_dataset(tmp_path / "small", stems, tmp_path / "again").identical
    assert content(tmp_path / "again") == content(dataset)


def test_a_store_holds_the_bytes_of_a_folder(order, catalog, stems, dataset):
    url = "memory://bucket/parted"
    generate(order, catalog, stems, url)
    place = place_of(url)
    assert place.read_many(sorted(place.sizes())) == content(dataset)
    (place / "data" / "train-000000.taps.tar").unlink()
    assert verify(url, quick=True).faults and generate(order, catalog, stems, url).rendered == 2
    assert verify(url).faults == []
    assert np.array_equal(read(url)[3]["mixture"], read(dataset)[3]["mixture"])


def test_outputs_export_and_report_work(copy, whole, tmp_path):
    reader = read(copy)
    halves = ((key, {"Bass": reader[key]["mixture"] / 2}) for key in reader.keys)
    assert write_outputs(copy, "halves", halves) == 5
    for sample in read(copy, fields=["mixture", "outputs.halves"]):
        assert np.array_equal(sample["outputs.halves"]["Bass"] * 2, sample["mixture"])
    for name, folder in (("one", copy), ("other", whole)):
        export_msrbench([folder], tmp_path / name)
    assert content(tmp_path / "one") == content(tmp_path / "other")
    assert "data:audio" in write_report(copy, tmp_path / "report.html").read_text()


def test_what_is_made_in_one_form_is_not_gone_on_with_in_the_other(
    order, catalog, stems, dataset, whole
):
    with pytest.raises(UsageError, match="one_tar_per_field is true, wanted null"):
        generate(replace(order, one_tar_per_field=False), catalog, stems, dataset)
    with pytest.raises(UsageError, match="one_tar_per_field is null, wanted true"):
        generate(order, catalog, stems, whole)


def test_samples_of_other_fields_in_a_shard_are_refused(order, catalog, stems, dataset, tmp_path):
    from wetdry.mixing import Session

    plan = pd.read_parquet(dataset / "plan.parquet")
    session = Session.from_row(plan.loc[0, "session"])
    plan.loc[0, "session"] = session.model_copy(update={"taps": ("wet",)}).json_row()
    with pytest.raises(ShardError, match="same taps"):
        generate(order, catalog, stems, tmp_path / "set", planned=plan)
    assert not list((tmp_path / "set").glob("commits/*"))


def test_a_shard_of_which_no_sample_lives_has_all_its_tars(order, catalog, stems, tmp_path):
    own = Path(shutil.copytree(stems, tmp_path / "stems"))
    shutil.rmtree(own / "alder")
    out = tmp_path / "set"
    built = generate(replace(order, samples=8, shard_samples=1), catalog, own, out)
    assert built.set_aside and built.samples
    names = [path.name for path in (out / "data").iterdir()]
    assert len(names) == 8 * len(FIELDS)
    assert verify(out).faults == [] == verify(out, quick=True).faults
