"""Matching in datasets: what is told of it, what it leaves alone, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from wetdry.audio import STEM_CLASSES
from wetdry.datasets import Order, generate, parse_splits, plan, scan, verify
from wetdry.datasets.scanning.song_facts import MUSICAL
from wetdry.errors import CatalogError, RecipeError
from wetdry.manifests import records
from wetdry.mixing import Session, draw, songs_of
from wetdry.mixing.recipes import parse_recipe

from .test_matching import catalog, folder, recipe, sessions

__all__ = ["catalog", "folder", "recipe", "sessions"]  # the fixtures


def test_sessions_that_are_not_matched_are_those_of_a_recipe_that_does_not_ask(catalog, recipe):
    songs = list(songs_of(catalog).values())
    shared = replace(recipe, coherent=0.3, match=replace(recipe.match, share=0.5))
    plain = replace(shared, match=None)
    told = set()
    for index in range(40):
        asked, free = (draw(r, songs, 3, "train", index) for r in (shared, plain))
        told.add(asked.matched)
        row = json.loads(free.json_row())
        assert not {"matched", "unreached"} & set(row)
        assert not any({"key", "tempo_bpm", "tempo_ratio"} & set(t) for t in row["tracks"])
        if not asked.matched:
            assert asked.model_copy(update={"matched": None}) == free
    assert told == {None, True, False}


def test_a_matched_session_reads_back_and_tells_its_tempo_its_key_and_its_moves(sessions):
    session = next(s for s in sessions if s.matched and any(t.tempo_ratio != 1 for t in s.tracks))
    assert Session.from_row(session.json_row()) == session
    text = str(session)
    assert "several songs that match" in text
    assert "times as fast" in text and "BPM" in text and "major" in text


def test_a_catalog_that_did_not_listen_is_refused_only_where_it_matters(catalog, recipe):
    earlier = list(songs_of(catalog.drop(columns=list(MUSICAL))).values())
    now, plain = list(songs_of(catalog).values()), replace(recipe, coherent=0.5, match=None)
    for index in range(20):  # what a scan listens for moves no draw
        one, other = (draw(plain, songs, 0, "train", index) for songs in (earlier, now))
        assert one.json_row() == other.json_row()
    with pytest.raises(CatalogError, match=r"anna: wanted its tempo and key .*; scan again"):
        draw(recipe, earlier, 0, "train", 0)


def test_a_dataset_tells_what_was_matched_and_is_the_same_for_any_number_of_workers(
    folder, catalog, recipe, tmp_path
):
    some = replace(recipe, seconds=4.0, match=replace(recipe.match, share=0.7))
    order = Order(some, samples=5, seed=2, splits=parse_splits(["train=1"]), shard_samples=2)
    for workers in (1, 2):
        generate(order, catalog, folder, tmp_path / str(workers), workers=workers)
    files = [p.relative_to(tmp_path / "1") for p in (tmp_path / "1").rglob("*") if p.is_file()]
    for file in files:
        assert (tmp_path / "1" / file).read_bytes() == (tmp_path / "2" / file).read_bytes(), file
    rows = records(pd.read_parquet(tmp_path / "1" / "manifest.parquet"))
    assert {row["matched"] for row in rows} == {True, False}
    for row in rows:
        for track in row["tracks"]:
            assert (track["tempo_bpm"] is not None) == row["matched"]
    assert not verify(tmp_path / "1", replay=2, stems=folder).faults


def test_a_plan_knows_nothing_of_matching_where_nobody_asks(catalog, recipe):
    rows, _ = plan(Order(replace(recipe, match=None), samples=4), catalog)
    assert not any(word in row["session"] for row in rows for word in ("match", "tempo", "key"))


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ("{}", "wanted match with 'tempo_within', 'transpose_within_semitones' or both"),
        ("{share: 0.5}", "wanted match with 'tempo_within'"),
        ("{tempo: 0.1}", "wanted one of the keys of match, found 'tempo'"),
        ("{tempo_within: 0.6}", "wanted a number from 0 to 0.5, found 0.6"),
        ("{tempo_within: [0, 0.1]}", "wanted a number from 0 to 0.5.*this one is not drawn"),
        ("{transpose_within_semitones: 7}", "wanted a number from 0 to 6, found 7"),
        ("{tempo_within: 0.1, share: 2}", "wanted a number from 0 to 1, found 2"),
        ("{tempo_within: 0.1, confidence: high}", "wanted a number from 0 to 1, found 'high'"),
        ("yes", "match"),
    ],
)
def test_a_match_that_cannot_be_is_refused_by_name(tmp_path, match, message):
    text = f"songs: {{coherent: 0.5, match: {match}}}"
    with pytest.raises(RecipeError, match=message):
        parse_recipe(text, "wrong", tmp_path, {})


def test_a_match_in_a_recipe_of_single_songs_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"set 'songs\.coherent' below 1"):
        parse_recipe("songs: {match: {tempo_within: 0.1}}", "wrong", tmp_path, {})


@pytest.mark.stems
def test_real_songs_are_brought_to_one_tempo(real_stems, tmp_path):
    songs = [path for path in sorted(real_stems.iterdir()) if path.is_dir()][5:11]
    for song in songs:
        (tmp_path / "stems" / song.name).mkdir(parents=True)
        for file in sorted(song.rglob("*.flac"))[:3]:
            copy = tmp_path / "stems" / file.relative_to(real_stems)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    text = "songs: {coherent: 0, stems: 3, match: {tempo_within: 0.25}}"
    recipe = parse_recipe(text, "matched", tmp_path, {})
    found = list(songs_of(scan(tmp_path / "stems")).values())
    sessions = [draw(recipe, found, 0, "train", index) for index in range(10)]
    matched = [session for session in sessions if session.matched]
    assert matched
    for session in matched:
        tempos = np.log2([t.tempo_bpm * t.tempo_ratio for t in session.tracks])
        apart = tempos - tempos.min()
        assert np.abs(apart - np.rint(apart)).max() < 0.005
        assert {track.stem_class for track in session.tracks} <= set(STEM_CLASSES)
