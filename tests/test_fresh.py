"""Fresh samples: what is rendered when it is asked for is what a shard would hold."""

import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from wetdry.cascade import Feed, RisingSeverity
from wetdry.datasets import Order, SetAside, fresh, generate, parse_splits, read, write_plan
from wetdry.datasets.plans.files import read_plan
from wetdry.degradations.own_effects import use_effects
from wetdry.errors import AudioError, CatalogError, ShardError, UsageError
from wetdry.mixing import Session, lag_samples, tracks
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 1
lead_in_s: 0.25
severity: [0, 1]
songs: {coherent: 0.5, stems: [2, 4], active: {above_dbfs: -60, share: 0.1}}
levels: {all: {loudness_lufs: [-30, -20], pan: [-0.5, 0.5]}}
reject: {inaudible_below: 0.05, destroyed_above: 20}
stems:
  all:
    - compressor: {threshold_db: [-30, -10], ratio: [1.5, 8]}
      probability: 0.6
    - one_of: [{saturation: {drive_db: [0, 12]}}, {high_pass: {cutoff_hz: [50, 400]}}, none]
buses: {rhythm: {of: [Drums, Bass], chain: [{compressor: {threshold_db: -18, ratio: 2}}]}}
master: [{limiter: {ceiling_dbtp: -1}}]
medium: [{mp3: {bitrate_kbps: {choice: [64, 128]}}}]
taps: [wet, premaster, bus.rhythm]
"""
FIELDS = ("mixture", "dry", "wet", "taps", "row", "vocals.dry", "premaster")
EFFECT = """
from wetdry.degradations import Effect


class Halved(Effect, kind="halved_for_fresh"):
    '''Half as loud.'''

    label = "level"

    def apply(self, audio, sample_rate):
        return audio / 2
"""


@pytest.fixture(scope="module")
def order():
    splits = parse_splits(["train=0.7", "test=0.3"])
    return Order(parse_recipe(RECIPE, "small.yaml", Path(), {}), 10, seed=5, splits=splits)


def same(found, wanted):
    """Compare samples to the bit, however deep."""
    if isinstance(wanted, np.ndarray):
        return found.dtype == wanted.dtype and np.array_equal(found, wanted)
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[k], wanted[k]) for k in wanted)
    return found == wanted


@pytest.mark.parametrize("bits", [16, 24])
def test_fresh_samples_are_those_of_the_shards_to_the_bit(order, bits, catalog, stems, tmp_path):
    order = replace(order, bits=bits)
    generate(order, catalog, stems, tmp_path / "set")
    for split, count in (("train", 7), ("test", 3)):
        stored = read(tmp_path / "set", split=split, fields=FIELDS)
        samples = fresh(order, catalog, stems, split, fields=FIELDS)
        assert len(samples) == len(stored) == count
        for index in range(count):
            assert same(samples[index], stored[index])
        assert same(samples.excerpt(1, 4000, 9000), stored.excerpt(1, 4000, 9000))
        assert samples.length(0) == stored.length(0) == (22_050, 22_050)
    without_facts = fresh(order, catalog, stems, "test", fields="mixture")[2]
    assert same(without_facts["mixture"], stored[2]["mixture"])


def test_lags_are_measured_only_for_whoever_asks_for_the_row(order, catalog, stems, monkeypatch):
    measured = []

    def noted(*given):
        measured.append(lag_samples(*given))
        return measured[-1]

    monkeypatch.setattr(tracks, "lag_samples", noted)
    heard = fresh(order, catalog, stems, "train", fields=FIELDS[:4])[1]
    assert not measured
    told = fresh(order, catalog, stems, "train", fields=FIELDS[:5])[1]
    lags = [found["lag_samples"] for found in told.pop("row")["tracks"]]
    assert measured and {lag if np.isfinite(lag) else None for lag in measured} <= {*lags}
    assert same(heard, told)


def test_endless_samples_go_on_where_a_dataset_would(order, catalog, stems):
    endless = fresh(order, catalog, stems, "train", endless=True)
    larger = fresh(replace(order, samples=1000), catalog, stems, "train")
    assert same(endless[640], larger[640])
    assert len(larger) == 700
    with pytest.raises(TypeError, match="endless"):
        len(endless)
    with pytest.raises(IndexError, match="0 to 699, found 700"):
        larger[700]
    with pytest.raises(AudioError, match="20000 frames from frame 5000 on, found 22050 in all"):
        larger.excerpt(0, 5000, 20_000)


def test_a_plan_that_was_filtered_is_what_is_rendered(order, catalog, stems, tmp_path):
    write_plan(order, catalog, tmp_path / "plan.parquet")
    plan = read_plan(tmp_path / "plan.parquet")
    full = plan[[len(Session.from_row(text).tracks) > 2 for text in plan["session"]]]
    samples = fresh(order, catalog, stems, "train", planned=full)
    keys = list(full.loc[full["split"] == "train", "key"])
    assert 0 < len(samples) == len(keys) < 7
    assert [samples[i]["key"] for i in range(len(keys))] == keys
    every = fresh(order, catalog, stems, "train")
    assert same(samples[0], every[int(keys[0][-8:])])


def test_severity_rises_before_anything_is_rendered(order, catalog, stems):
    chance = RisingSeverity(samples=20, begin=0.2)
    samples = fresh(order, catalog, stems, "train", endless=True, chance=chance)
    rows = [samples.plan_row(index) for index in range(30)]
    severity = [Session.from_row(row["session"]).severity for row in rows]
    limits = [0.2 + 0.8 * min(index / 20, 1) for index in range(30)]
    assert all(s <= limit for s, limit in zip(severity, limits, strict=True))
    assert max(severity[20:]) > 0.7
    assert all(row["index"] // 256 == index for index, row in enumerate(rows))
    again = fresh(order, catalog, stems, "train", endless=True)
    assert again.plan_row(rows[3]["index"]) == rows[3]


def test_a_chance_that_nobody_has_is_told(order, catalog, stems):
    with pytest.raises(UsageError, match="of 256 sessions drawn for index 0 none had luck"):
        fresh(order, catalog, stems, "train", endless=True, chance=lambda session, index: 0)


def test_what_generate_sets_aside_feeds_leave_out(order, catalog, stems, tmp_path):
    shutil.copytree(stems, tmp_path / "stems")
    for song in ("alder", "birch", "cedar"):
        (tmp_path / "stems" / song / "Bass" / "take.flac").unlink()
    built = generate(order, catalog, tmp_path / "stems", tmp_path / "set")
    assert 0 < built.samples < 10
    samples = fresh(order, catalog, tmp_path / "stems", "train")
    feed = Feed(samples, batch=2, epochs=1)
    keys = [key for batch in feed for key in batch["key"]]
    assert sorted(keys) == read(tmp_path / "set", split="train").keys
    told = [entry for entry in built.set_aside if entry["what"].startswith("train")]
    assert sorted(feed.set_aside, key=lambda entry: entry["what"]) == told
    with pytest.raises(SetAside, match=f"{told[0]['what']}: .*Bass/take.flac"):
        samples[int(told[0]["what"][-8:])]
    single = Feed(samples, batch=1, epochs=1)  # batches of nothing are passed over
    assert [batch["key"][0] for batch in single] == keys


def test_a_rank_never_leaves_the_others_waiting(order, catalog, stems, tmp_path):
    shutil.copytree(stems, tmp_path / "stems")
    for path in (tmp_path / "stems").rglob("*.flac"):
        path.unlink()
    samples = fresh(order, catalog, tmp_path / "stems", "train")
    with pytest.raises(AudioError, match="all of a batch is set aside"):
        next(iter(Feed(samples, batch=2, rank=0, ranks=2)))
    feed = Feed(samples, batch=2, epochs=1)
    assert list(feed) == [] and len(feed.set_aside) == 7


def test_other_errors_end_the_feed(order, catalog, stems):
    def broken(session, index):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fresh(order, catalog, stems, "train", endless=True, chance=broken)


def test_effects_of_ones_own_are_known_in_another_process(catalog, stems, tmp_path, registry):
    (tmp_path / "own.py").write_text(EFFECT)
    use_effects(tmp_path / "own.py")
    text = RECIPE.replace("medium: [{mp3", "medium: [{halved_for_fresh: {}}, {mp3")
    recipe = parse_recipe(text.replace("severity: [0, 1]", "severity: 1"), "own.yaml", Path(), {})
    samples = fresh(Order(recipe, 4), catalog, stems, "train", fields="mixture")
    assert "halved_for_fresh" in samples.plan_row(1)["session"]
    (tmp_path / "fresh.pickle").write_bytes(pickle.dumps(samples))
    code = "import hashlib, pickle, sys\n"
    code += "samples = pickle.load(open(sys.argv[1], 'rb'))\n"
    code += "print(hashlib.sha256(samples[1]['mixture'].data).hexdigest())"
    command = [sys.executable, "-c", code, str(tmp_path / "fresh.pickle")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sha256(samples[1]["mixture"].data).hexdigest()


@pytest.mark.parametrize("field", ["master", "outputs.model", "bass.wet_master"])
def test_a_field_that_there_is_not_is_refused_at_once(field, order, catalog, stems):
    with pytest.raises(ShardError, match=f"no {field}.flac"):
        fresh(order, catalog, stems, "train", fields=["mixture", field])


def test_contradictions_are_refused(order, catalog, stems, tmp_path):
    with pytest.raises(CatalogError, match="train, test, found 'dev'"):
        fresh(order, catalog, stems, "dev")
    with pytest.raises(UsageError, match="endless=False, a chance"):
        fresh(order, catalog, stems, "train", chance=RisingSeverity(10))
    write_plan(order, catalog, tmp_path / "plan.parquet")
    plan = read_plan(tmp_path / "plan.parquet")
    with pytest.raises(UsageError, match="endless=True, a plan"):
        fresh(order, catalog, stems, "train", endless=True, planned=plan)
