"""Build: the same bytes for any number of workers and after any crash; splits by song."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wetdry.audio import STEM_CLASSES, decode, encode_flac
from wetdry.datasets import Order, generate, parse_splits, plan, read_members, verify
from wetdry.errors import CatalogError, ShardError, UsageError
from wetdry.manifests import effect_numbers
from wetdry.mixing import Session, load_recipe
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 1
lead_in_s: 0.25
songs: {coherent: 0.5, stems: [2, 4], active: {above_dbfs: -60, share: 0.1}}
levels: {all: {loudness_lufs: [-30, -20], pan: [-0.5, 0.5], input_peak_dbfs: -6}}
stems:
  all:
    - compressor: {threshold_db: [-30, -10], ratio: {log_uniform: [1.5, 8]}}
      probability: 0.6
    - one_of: [{saturation: {drive_db: [0, 12]}}, {high_pass: {cutoff_hz: [50, 400]}}, none]
master: [{limiter: {ceiling_dbtp: -1}}]
taps: [wet, premaster]
"""


@pytest.fixture(scope="module")
def order():
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    return Order(recipe, 10, splits=parse_splits(["train=0.6", "test=0.4"]), shard_samples=3)


@pytest.fixture(scope="module")
def dataset(order, catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "set"
    built = generate(order, catalog, stems, out)
    assert (built.samples, built.rendered, built.set_aside) == (10, 10, [])
    return out


def content(folder):
    """Return every file's bytes, but for the note on where the stems stand."""
    paths = (p for p in folder.rglob("*") if p.is_file() and p.name != ".local.json")
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def test_two_workers_write_the_same_bytes_as_one(order, catalog, stems, dataset, tmp_path):
    generate(order, catalog, stems, tmp_path / "two", workers=2)
    assert content(tmp_path / "two") == content(dataset)


def test_a_second_run_finds_everything_done(order, catalog, stems, dataset):
    before = content(dataset)
    assert generate(order, catalog, stems, dataset).rendered == 0
    assert content(dataset) == before


@pytest.mark.parametrize("lost", ["data/train-000001.tar", "commits/train-000000.json"])
def test_what_is_lost_is_rendered_again(order, catalog, stems, dataset, lost):
    before = content(dataset)
    (dataset / lost).unlink()
    assert generate(order, catalog, stems, dataset).rendered == 3
    assert content(dataset) == before


@pytest.mark.parametrize("killer", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_is_finished_to_the_same_bytes(
    order, catalog, stems, dataset, tmp_path, killer
):
    out, recipe = tmp_path / "killed", tmp_path / "small.yaml"
    recipe.write_text(RECIPE)
    script = tmp_path / "run.py"
    catalog.to_pickle(tmp_path / "catalog")
    script.write_text(
        "import sys, pandas as pd\nfrom pathlib import Path\nfrom wetdry.datasets import *\n"
        "from wetdry.mixing import load_recipe\n"
        "if __name__ == '__main__':\n"
        "    splits = parse_splits(['train=0.6', 'test=0.4'])\n"
        f"    order = Order(load_recipe({str(recipe)!r}), 10, splits=splits, shard_samples=3)\n"
        f"    catalog = pd.read_pickle({str(tmp_path / 'catalog')!r})\n"
        f"    generate(order, catalog, Path({str(stems)!r}), Path({str(out)!r}), workers=2)\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    while not list(out.glob("data/*.tar")) and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, killer)
    process.wait()
    for _ in range(100):  # its workers notice that nobody listens, and leave
        try:
            generate(order, catalog, stems, out)
            break
        except ShardError:
            time.sleep(0.1)
    assert content(out) == content(dataset)


def test_shards_hold_what_the_manifest_says(dataset):
    manifest = pd.read_parquet(dataset / "manifest.parquet")
    members = {
        key: files
        for tar in sorted((dataset / "data").glob("*.tar"))
        for key, files in read_members(tar)
    }
    assert list(manifest["key"]) == sorted(members, key=lambda k: (k[:4] != "trai", k))
    names = {f"{c.lower()}.{part}.flac" for c in STEM_CLASSES for part in ("dry", "wet")}
    for row in manifest.itertuples():
        files = members[row.key]
        assert set(files) == names | {"mixture.flac", "premaster.flac", "json"}
        for name in STEM_CLASSES:
            audio, rate = decode(files[f"{name.lower()}.dry.flac"], row.key)
            assert (rate, audio.shape) == (22_050, (2, 22_050))
            assert audio.any() == (name in row.classes)


def test_every_drawn_number_stands_in_the_manifest(dataset):
    manifest = pd.read_parquet(dataset / "manifest.parquet")
    numbers = effect_numbers(manifest)
    for row in manifest.itertuples():
        session = Session.from_row(row.session)
        for track in session.tracks:
            for effect in track.chains[0]:
                own = numbers[(numbers["key"] == row.key) & (numbers["place"] == track.stem_class)]
                for name, value in effect.model_dump().items():
                    assert value in list(own[own["number"] == name]["value"])


def test_songs_do_not_cross_splits(dataset):
    manifest = pd.read_parquet(dataset / "manifest.parquet")
    songs = {
        split: {song for row in group for song in row}
        for split, group in manifest.groupby("split")["songs"]
    }
    assert songs["train"] and songs["test"] and not songs["train"] & songs["test"]


def test_the_wet_stems_sum_to_the_mix_before_master(dataset):
    for key, files in read_members(dataset / "data" / "train-000000.tar"):
        wet = sum(decode(files[f"{c.lower()}.wet.flac"], key)[0] for c in STEM_CLASSES)
        premaster, _ = decode(files["premaster.flac"], key)
        assert np.abs(wet - premaster).max() < 9 / 2**15


def test_verify_finds_a_dataset_clean_and_replays_it_from_its_rows(dataset):
    findings = verify(dataset, replay=10)
    assert (findings.samples, findings.replayed, findings.faults) == (10, 10, [])
    assert findings.least_significant_bits == 0


def test_verify_finds_what_was_changed(order, catalog, stems, tmp_path):
    out = tmp_path / "set"
    generate(order, catalog, stems, out)
    tar = out / "data" / "test-000000.tar"
    data = bytearray(tar.read_bytes())
    data[len(data) // 2] ^= 1
    tar.write_bytes(data)
    assert any("not the bytes" in fault for fault in verify(out).faults)
    tar.write_bytes(data[: len(data) // 2])
    assert verify(out).faults
    tar.unlink()
    assert verify(out).faults


def test_a_folder_of_another_dataset_is_refused_with_the_difference(order, catalog, stems, dataset):
    before = content(dataset)
    with pytest.raises(UsageError, match="seed is 0, wanted 1"):
        generate(replace(order, seed=1), catalog, stems, dataset)
    assert content(dataset) == before


def test_a_folder_of_other_things_is_refused(order, catalog, stems, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        generate(order, catalog, stems, tmp_path)


def test_two_writers_are_one_too_many(order, catalog, stems, tmp_path):
    from wetdry.datasets.folder import writer_lock

    with writer_lock(tmp_path), pytest.raises(ShardError, match="another process"):
        generate(order, catalog, stems, tmp_path)


def test_a_plan_is_a_pure_function_of_order_and_catalog(order, catalog):
    rows, record = plan(order, catalog)
    assert (rows, record) == plan(order, catalog)
    more, _ = plan(replace(order, samples=20), catalog)
    mine = {row["key"]: row["session"] for row in rows}
    assert all(row["session"] == mine.get(row["key"], row["session"]) for row in more)


def test_songs_that_are_too_short_are_told(order, catalog):
    recipe = replace(order.recipe, seconds=60.0)
    with pytest.raises(CatalogError, match="shorten 'seconds'"):
        plan(replace(order, recipe=recipe), catalog)


@pytest.mark.parametrize("texts", [["train"], ["a=2"], ["a=0.5", "a=0.5"], ["a=nosong"], []])
def test_splits_that_cannot_be_are_refused(order, catalog, texts):
    with pytest.raises(CatalogError, match="--split"):
        plan(replace(order, splits=parse_splits(texts)), catalog)


def test_a_stem_that_vanishes_is_set_aside_with_its_sample(order, catalog, stems, tmp_path):
    copy = tmp_path / "stems"
    for path in stems.rglob("*.flac"):
        target = copy / path.relative_to(stems)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (copy / "alder" / "Drums" / "take.flac").unlink()
    built = generate(order, catalog, copy, tmp_path / "set")
    assert built.set_aside and built.samples + len(built.set_aside) == 10
    assert all("take.flac" in entry["reason"] for entry in built.set_aside)
    assert verify(tmp_path / "set").faults == []
    assert str(tmp_path) not in (tmp_path / "set" / "set_aside.json").read_text()
    assert len(json.loads((tmp_path / "set" / "set_aside.json").read_text())) == len(
        built.set_aside
    )


def test_impulse_files_are_drawn_recorded_and_must_not_change(catalog, stems, tmp_path):
    for name in ("hall", "plate"):
        response = np.zeros(2205, np.float32)
        response[10], response[400] = 1.0, 0.4
        (tmp_path / "rooms").mkdir(exist_ok=True)
        (tmp_path / "rooms" / f"{name}.flac").write_bytes(encode_flac(response[None], 22_050))
    (tmp_path / "r.yaml").write_text(
        "sample_rate: 22050\nseconds: 1\nsongs: {active: {above_dbfs: -60, share: 0.1}}\n"
        "stems: {all: [{convolution: {impulse: {files: rooms}, mix: [0.2, 0.8]}}]}\n"
    )
    order = Order(load_recipe(tmp_path / "r.yaml"), 4, splits=parse_splits(["train=1"]))
    generate(order, catalog, stems, tmp_path / "set")
    assert verify(tmp_path / "set", replay=4).faults == []
    numbers = effect_numbers(pd.read_parquet(tmp_path / "set" / "manifest.parquet"))
    used = set(numbers[numbers["number"] == "impulse"]["value"])
    assert used == {"rooms/hall.flac", "rooms/plate.flac"}
    (tmp_path / "rooms" / "hall.flac").write_bytes(encode_flac(response[None] * 0.5, 22_050))
    faults = verify(tmp_path / "set", replay=4).faults
    assert faults and all("has changed" in fault for fault in faults)
