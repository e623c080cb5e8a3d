"""Leaks between splits: the same recording under another name is found, others are not."""

from io import BytesIO

import numpy as np
import pytest
import soundfile

from wetdry.datasets import Order, generate, parse_splits, scan
from wetdry.datasets.reports.fingerprints import fingerprint, matches
from wetdry.datasets.reports.leaks import artist_of, leaks_section
from wetdry.datasets.reports.sound import mp3
from wetdry.manifests.schema import manifest_schema
from wetdry.manifests.tables import read_table
from wetdry.mixing import load_recipe
from wetdry.seeds import stream

RATE = 22_050
RECIPE = f"""
sample_rate: {RATE}
seconds: 5
lead_in_s: 0
levels: {{all: {{loudness_lufs: [-30, -20], pan: [-0.5, 0.5]}}}}
"""


def melody(name: str, seconds: float = 6.0) -> np.ndarray:
    """Notes of random pitch and length, shape (1, samples)."""
    rng = stream(0, "melody", name)
    sound, start = np.zeros(round(seconds * RATE)), 0
    while start < len(sound) - 1000:
        frames = min(round(rng.uniform(0.1, 0.5) * RATE), len(sound) - start)
        time_s = np.arange(frames) / RATE
        for pitch_hz in rng.uniform(200, 1800, 3):
            tone = np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-time_s * rng.uniform(1, 6))
            sound[start : start + frames] += tone
        start += frames
    return np.asarray(0.1 * sound[None], np.float32)


def copied(audio: np.ndarray) -> np.ndarray:
    """The same, softer, later, and through an MP3."""
    late = np.pad(audio * np.float32(0.4), ((0, 0), (777, 0)))[:, : audio.shape[1]]
    decoded, rate = soundfile.read(BytesIO(mp3(late, RATE)), dtype="float32", always_2d=True)
    assert rate == 2 * RATE
    return np.ascontiguousarray(decoded.T[:, ::2])


def test_a_copy_is_found_where_it_is_and_a_stranger_is_not():
    songs = [melody(name) for name in ("a", "b", "c", "d")]
    prints = [fingerprint(song, RATE) for song in songs]
    (found,) = matches(prints, [fingerprint(copied(songs[2]), RATE)])
    assert (found.one, found.other) == (2, 0)
    assert found.other_s - found.one_s == pytest.approx(777 / RATE, abs=0.06)
    assert found.seconds > 4 and found.wrong < 0.3


def test_silence_and_short_sounds_match_nothing():
    silence, short = np.zeros((2, 6 * RATE), np.float32), melody("a", 0.3)
    prints = [fingerprint(sound, RATE) for sound in (silence, short)]
    assert matches(prints, prints) == []


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    """Two datasets of three songs each: in one of them the held-out song is a copy."""
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "recipe.yaml").write_text(RECIPE)
    made = {}
    for name, last in (("clean", melody("c")), ("leaking", copied(melody("a")))):
        songs = {"Ann - One": melody("a"), "Bob - Two": melody("b"), "Ann - Three": last}
        for song, audio in songs.items():
            path = folder / name / song / "Keyboards" / "take.wav"
            path.parent.mkdir(parents=True)
            soundfile.write(path, audio.T, RATE, subtype="FLOAT")
        splits = parse_splits(["train=Ann - One,Bob - Two", "test=Ann - Three"])
        order = Order(load_recipe(folder / "recipe.yaml"), 9, splits=splits)
        generate(order, scan(folder / name), folder / name, folder / f"{name}-data")
        made[name] = folder / f"{name}-data"
    return made


def section(dataset):
    return leaks_section(dataset, read_table(dataset / "manifest.parquet", manifest_schema()))


def test_a_reencoded_copy_under_another_name_in_the_other_split_is_told(datasets):
    found = section(datasets["leaking"])
    text = str(found.markup())
    assert "1 leaks were found" in found.note
    assert "Same recording" in text and "Ann - One, Keyboards" in text
    assert "Bob - Two, Keyboards" not in text


def test_splits_without_a_leak_are_told_so_with_what_could_not_be_seen(datasets):
    found = section(datasets["clean"])
    assert "Nothing leaks that could be seen here" in found.note
    assert "No song stands in two splits" in str(found.markup())
    assert "nor if it was stretched" in str(found.markup())


def test_artists_in_two_splits_are_told_with_how_they_are_known(datasets):
    found = section(datasets["clean"])
    assert "1 artists may stand in two splits" in found.note
    assert "Ann (before the dash)" in str(found.markup())
    assert artist_of("MusicDelta_Rock") == [("MusicDelta", "before the underscore")]
    assert artist_of("Track00017") == [] and artist_of("12_silent") == []


def test_a_song_in_two_splits_is_told(datasets):
    manifest = read_table(datasets["clean"] / "manifest.parquet", manifest_schema())
    manifest.loc[manifest.index[-1], "split"] = "train"
    found = leaks_section(datasets["clean"], manifest)
    assert "Same song" in str(found.markup()) and "1 leaks were found" in found.note
