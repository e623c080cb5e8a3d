"""Routed datasets: taps and sums in shards, what the manifest tells, and what recipes may say."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from wetdry.audio import STEM_CLASSES, decode, encode_flac
from wetdry.datasets import Order, generate, parse_splits, read_members, verify
from wetdry.datasets.render import render as render_files
from wetdry.degradations.language.distributions import Constant
from wetdry.errors import RecipeError
from wetdry.manifests import effect_numbers, records
from wetdry.mixing import (
    Track,
    draw,
    recipe_schema,
    songs_of,
)
from wetdry.mixing.recipes import parse_recipe

from .test_routing import RATE, session

RECIPE = """
sample_rate: 22050
seconds: 1
lead_in_s: 0.25
songs: {stems: [3, 4], absent: 0.3, active: {above_dbfs: -60, share: 0.1}}
levels: {all: {loudness_lufs: [-30, -20], pan: [-0.5, 0.5], input_peak_dbfs: -6}}
stems:
  all: [{saturation: {drive_db: [0, 12]}}]
  Bass:
    - compressor: {threshold_db: -40, ratio: 10}
      key: bus.rhythm
    - compressor: {threshold_db: -40, ratio: 10}
      key: Orchestral
sends:
  room: {level_db: [-24, -8], chain: [{reverb: {room_size: [0.2, 0.8], dry: 0}}]}
  slap: {level_db: -12, of: [Vocals], pre_fader: true, chain: [{gain: {gain_db: -3}}]}
buses: {rhythm: {of: [Drums, Percussions], chain: [{compressor: {threshold_db: -20, ratio: 4}}]}}
bleed: {level_db: [-40, -20], probability: 0.5}
doubles: {probability: 0.5, of: [Vocals, Guitars], delay_ms: [8, 30]}
master: [{limiter: {ceiling_dbtp: -3}}]
taps: [wet, bus.rhythm, send.room, premaster, master, wet_master]
"""


@pytest.fixture(scope="module")
def routed():
    return parse_recipe(RECIPE, "routed.yaml", Path(), {})


@pytest.fixture(scope="module")
def dataset(routed, catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("routed") / "set"
    generate(Order(routed, 12, splits=parse_splits(["train=1"])), catalog, stems, out)
    return out


def test_a_routed_dataset_replays_from_its_rows(dataset):
    findings = verify(dataset, replay=12)
    assert (findings.replayed, findings.faults) == (12, [])
    assert findings.least_significant_bits == 0


def test_shards_hold_the_taps_and_their_sums(dataset):
    for tar in sorted((dataset / "data").glob("*.tar")):
        for key, files in read_members(tar):
            audio = {n.removesuffix(".flac"): decode(d, key)[0] for n, d in files.items()
                     if n != "json"}  # fmt: skip
            assert {"premaster", "master", "bus.rhythm", "send.room"} < set(audio)
            for whole, kind in (("premaster", "wet"), ("master", "wet_master")):
                parts = sum(audio[f"{name.lower()}.{kind}"] for name in STEM_CLASSES)
                error = json.loads(files["json"])[
                    "sum_error_db" if kind == "wet" else "master_sum_error_db"
                ]
                rest = np.square(audio[whole] - parts).sum() / np.square(audio[whole]).sum()
                assert 10 * np.log10(rest) == pytest.approx(error, abs=1.5) or error < -60


def test_the_manifest_tells_what_was_routed_where(dataset):
    manifest = pd.read_parquet(dataset / "manifest.parquet")
    assert (manifest["master_sum_error_db"] < -80).all()
    tracks = [track for row in manifest["tracks"] for track in row]
    doubles = [track for track in tracks if track["delay_samples"]]
    assert doubles and {t["stem_class"] for t in doubles} <= {"Vocals", "Guitars"}
    assert any(track["bleeds"] is not None for track in tracks)
    for track in tracks:
        wanted = ["room", "slap"] if track["stem_class"] == "Vocals" else ["room"]
        assert [level["send"] for level in track["sends"]] == wanted
    for row in records(manifest):
        played = set(row["classes"])
        for track in row["tracks"]:
            if track["stem_class"] != "Bass":
                continue
            silent = track["left_out"] if track["left_out"] is not None else ()
            left_out = [json.loads(e["numbers"])["key"] for e in silent]
            heard = [json.loads(e["numbers"]).get("key") for e in track["effects"]]
            for key, classes in (
                ("bus.rhythm", {"Drums", "Percussions"}),
                ("Orchestral", {"Orchestral"}),
            ):
                assert key in (heard if played & classes else left_out)
    numbers = effect_numbers(manifest)
    assert "send.room" in set(numbers["place"])


def test_webdataset_reads_every_tap(dataset):
    webdataset = pytest.importorskip("webdataset")
    with sorted((dataset / "data").glob("*.tar"))[0].open("rb") as file:
        files = webdataset.tariterators.tar_file_expander([{"url": "x", "stream": file}])
        first = next(iter(webdataset.tariterators.group_by_keys(files)))
    assert {"bus.rhythm.flac", "send.room.flac", "vocals.wet_master.flac"} < set(first)


def test_new_keys_leave_the_draws_of_the_old_ones_alone(routed, catalog):
    songs = list(songs_of(catalog).values())
    plain = replace(routed, sends=(), bleed=None, doubles=None, absent=0.0)
    for index in range(20):
        one, other = (draw(r, songs, 5, "train", index) for r in (routed, plain))
        bare = {t.file: t.model_copy(update={"sends": (), "bleeds": ()})
                for t in one.tracks if not t.delay_samples}  # fmt: skip
        theirs = {track.file: track for track in other.tracks}
        assert bare.items() <= theirs.items()
        assert (one.master, one.medium) == (other.master, other.medium)


def test_absent_leaves_out_as_many_stems_as_it_says_and_never_the_last(routed, catalog):
    songs = list(songs_of(catalog).values())

    def count(absent):
        recipe = replace(routed, absent=absent, doubles=None, stem_count=Constant(4))
        return np.mean([len(draw(recipe, songs, 0, "train", i).tracks) for i in range(200)])

    assert count(0.0) == pytest.approx(4, abs=0.3)
    assert count(1.0) == 1
    assert (count(0.3) - 1) / (count(0.0) - 1) == pytest.approx(0.7, abs=0.08)


def test_a_double_is_the_take_again_late_and_out_of_tune(tmp_path):
    time = np.arange(6 * RATE) / RATE
    click = np.exp(-(((time - 3.0) * 2000) ** 2))
    tone = 0.3 * np.sin(2 * np.pi * 1000 * time)
    for name, sound in {"click": click, "tone": tone}.items():
        (tmp_path / f"{name}.flac").write_bytes(encode_flac(np.float32(sound[None]) * 0.9, RATE))

    def played(name, rate=RATE, **apart):
        one = Track(
            stem_class="Vocals", song="s", file=f"{name}.flac", offset_samples=2 * RATE, **apart
        )
        whole = session(one).model_copy(update={
            "sample_rate": rate, "samples": 2 * rate, "lead_in_samples": rate})  # fmt: skip
        return render_files(whole, tmp_path, tmp_path).dry["Vocals"][0]

    middle = RATE  # of the excerpt, where the click stands: detuning leaves it in place
    assert np.argmax(played("click", delay_samples=300)) == middle + 300
    assert abs(np.argmax(played("click", delay_samples=300, detune_cents=10.0)) - middle - 300) <= 1
    for rate in (RATE, 16_000):
        audio = played("tone", rate, detune_cents=20.0)
        window = np.hanning(len(audio))
        spectrum = np.abs(np.fft.rfft(audio * window, 16 * len(audio)))
        pitch_hz = np.argmax(spectrum) * rate / (16 * len(audio))
        assert 1200 * np.log2(pitch_hz / 1000) == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sends: {room: {chain: []}}", r"a send with 'level_db' and 'chain'"),
        ("sends: {Room: {level_db: -9, chain: []}}", r"a name of a-z, 0-9 and _"),
        ("sends: {room: {level_db: 40, chain: []}}", r"a number from -60 to 12, found 40"),
        ("sends: {room: {level_db: -9, chain: [], pre_fader: 1}}", r"true or false, found 1"),
        ("sends: {room: {level_db: -9, chain: [], of: [Voice]}}", r"one of Vocals"),
        ("bleed: {}", r"bleed with 'level_db'"),
        ("bleed: {level_db: -20, probability: [0, 1]}", r"this one is not drawn"),
        ("sample_rate: 16000\nbleed: {level_db: -20, cutoff_hz: 9000}", r"from 200 to 8000"),
        ("doubles: {detune_cents: 50}", r"a number from -20 to 20"),
        ("songs: {absent: 2}", r"a number from 0 to 1"),
        ("taps: [bus.rhythm]", r"one of wet, premaster, master, wet_master, found 'bus.rhythm'"),
        ("buses: {A: {of: [Drums], chain: []}}\ntaps: [bus.A]", r"rename the bus"),
        ("master: [{gain: {gain_db: 1}, key: Drums}]", r"'key' beside an effect that is one gain"),
        ("master: [{one_of: [none], key: Drums}]", r"'key' beside an effect that is one gain"),
        (
            "master: [{compressor: {threshold_db: -9, ratio: 2}, key: Drum}]",
            r"did you mean 'Drums'",
        ),
        (
            "master: [{one_of: [{compressor: {threshold_db: -9, ratio: 2}, key: bus.a}]}]",
            r"r.yaml:1: master\[0\].one_of\[0\].key: wanted a class or a bus of this recipe, found",
        ),
    ],
)
def test_wrong_routing_is_told_where_wanted_found(text, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe(text, "r.yaml", Path(), {})


def test_the_schema_knows_the_routing():
    from ruamel.yaml import YAML

    jsonschema.validate(YAML(typ="safe").load(RECIPE), recipe_schema())


def test_a_key_inside_of_parallel_is_refused():
    ducked = "{compressor: {threshold_db: -20, ratio: 4}, key: Drums}"
    text = f"stems: {{Bass: [{{parallel: [none, [{ducked}]]}}]}}"
    with pytest.raises(RecipeError, match="'key' outside of 'parallel'"):
        parse_recipe(text, "r.yaml", Path(), {})
