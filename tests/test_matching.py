"""Stems of several songs that are moved to one tempo and one key: both are measured afterwards."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from wetdry.datasets import scan
from wetdry.datasets.render import render
from wetdry.datasets.scanning.listening import PITCH_BINS, Listener, frames_per_second
from wetdry.datasets.scanning.tempo import find_pulse
from wetdry.mixing import Session, Track, draw, songs_of
from wetdry.mixing.pulses import pulse_about
from wetdry.mixing.recipes import parse_recipe
from wetdry.seeds import stream

RATE = 22_050
SECONDS = 30.0
SONGS = {  # tempo, tonic (0 is C, in major), first beat, tuning in cents
    "anna": (100.0, 0, 0.20, 0.0),
    "berta": (106.0, 2, 0.45, 0.0),
    "clara": (96.0, 11, 0.10, 30.0),
    "dora": (202.0, 0, 0.31, 0.0),
    "emma": (140.0, 6, 0.31, 0.0),
}
TEXT = """
sample_rate: 22050
seconds: 8
lead_in_s: 0.5
songs:
  coherent: 0
  stems: 3
  match: {tempo_within: 0.08, transpose_within_semitones: 3}
"""


def strokes(bpm, first_s, name):
    """Return a stroke on every beat."""
    rng, sound = stream(1, name), np.zeros(round(SECONDS * RATE))
    for beat_s in np.arange(first_s, SECONDS - 0.2, 60 / bpm):
        at = round(beat_s * RATE)
        sound[at : at + 2000] += 0.3 * rng.standard_normal(2000) * np.exp(-np.arange(2000) / 150)
    return np.asarray(sound, np.float32)


def harmony(bpm, first_s, tonic, cents, low=48):
    """Return the chords I IV V I, struck on every beat, a new one every two."""
    sound, time = np.zeros(round(SECONDS * RATE)), np.arange(round(60 / bpm * RATE)) / RATE
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.005) * np.exp(-4 * time)
    for n, start_s in enumerate(np.arange(first_s, SECONDS - 61 / bpm, 60 / bpm)):
        root, at = (0, 5, 7, 0)[n // 2 % 4], round(start_s * RATE)
        for step in (-12, 0, 4, 7):
            hz = 440 * 2 ** ((low + tonic + root + step - 69 + cents / 100) / 12)
            tone = sum(np.sin(2 * np.pi * k * hz * time) / k**1.5 for k in range(1, 6))
            sound[at : at + len(time)] += 0.05 * tone * fade
    return np.asarray(sound, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return five songs with drums, keys and bass of known tempo, beats, key and tuning."""
    root = tmp_path_factory.mktemp("crossed")
    for song, (bpm, tonic, first_s, cents) in SONGS.items():
        stems = {
            "Drums": strokes(bpm, first_s, song),
            "Keyboards": harmony(bpm, first_s, tonic, cents),
            "Bass": harmony(bpm, first_s, tonic, cents, low=36),
        }
        for name, sound in stems.items():
            (root / song / name).mkdir(parents=True)
            soundfile.write(root / song / name / "take.flac", sound, RATE, subtype="PCM_24")
    return root


@pytest.fixture(scope="module")
def catalog(folder):
    return scan(folder)


@pytest.fixture
def recipe(tmp_path):
    return parse_recipe(TEXT, "matched", tmp_path, {})


def moved(track, session, folder):
    """Return a track alone, as it is rendered."""
    alone = session.model_copy(update={"tracks": (track,)})
    return render(alone, folder, folder).dry[track.stem_class]


def listened(audio):
    listener = Listener(RATE)
    listener.hear(audio)
    return listener.heard()


def true_beats_s(track, session):
    """Return where the beats of a track's song lie in the excerpt, by how it was made."""
    bpm, _, first_s, _ = SONGS[track.song]
    beats_s = np.arange(first_s, SECONDS, 60 / bpm)
    return (beats_s - track.offset_samples / RATE) / track.tempo_ratio


@pytest.fixture(scope="module")
def sessions(catalog, tmp_path_factory):
    recipe = parse_recipe(TEXT, "matched", tmp_path_factory.mktemp("r"), {})
    songs = list(songs_of(catalog).values())
    return [draw(recipe, songs, 0, "train", index) for index in range(40)]


def test_the_stems_of_a_matched_session_come_from_several_songs_and_share_tempo_and_key(sessions):
    matched = [session for session in sessions if session.matched]
    assert len(matched) > 20
    for session in matched:
        assert len({track.song for track in session.tracks}) > 1
        tempos = {}
        for track in session.tracks:
            bpm = SONGS[track.song][0]
            assert track.tempo_bpm == pytest.approx(bpm, rel=0.002)
            assert abs(track.tempo_ratio - 1) <= 0.08 and abs(track.transpose_semitones) <= 3
            tempos[track.file] = bpm * track.tempo_ratio
        octaves = np.log2(np.array([*tempos.values()]) / min(tempos.values()))
        assert np.abs(octaves - np.rint(octaves)).max() < np.log2(1.001)
        in_c = {
            (SONGS[t.song][1] + SONGS[t.song][3] / 100 + t.transpose_semitones) % 12
            for t in session.tracks
            if t.stem_class != "Drums"
        }
        assert max(in_c) - min(in_c) < 0.05 or max(in_c) - min(in_c) > 11.95
        assert all(t.transpose_semitones == 0 for t in session.tracks if t.stem_class == "Drums")


def test_one_stem_of_every_matched_session_is_as_it_was_recorded(sessions):
    for session in sessions:
        if session.matched:
            still = [t.tempo_ratio == 1 and t.transpose_semitones == 0 for t in session.tracks]
            assert any(still)


def test_the_beats_fall_together_by_how_the_songs_were_made(sessions):
    for session in sessions:
        if not session.matched:
            continue
        rows = [true_beats_s(track, session) for track in session.tracks]
        slowest = max(rows, key=lambda row: row[1] - row[0])
        for row in rows:
            for beat in slowest[(slowest > 0) & (slowest < 8)]:
                assert np.abs(row - beat).min() < 0.010


def test_the_rendered_stems_have_the_tempo_of_the_anchor_and_its_beats(folder, catalog, recipe):
    songs = [song for song in songs_of(catalog).values() if song.name != "dora"]
    longer = replace(recipe, seconds=16.0)
    for index in range(4):
        session = draw(longer, songs, 1, "train", index)
        assert session.matched
        pulses = []
        for track in session.tracks:
            onsets = listened(moved(track, session, folder)).onsets
            found = find_pulse([(track.stem_class, onsets)], frames_per_second(RATE))
            pulses.append(pulse_about(found.beats_s, 0, 16))
        quickest = min(pulses, key=lambda pulse: pulse.period_s)
        for pulse in pulses:
            times = pulse.period_s / quickest.period_s
            assert times == pytest.approx(round(times), rel=0.005)
            for second in (2.0, 8.0, 14.0):
                beat = pulse.nearest(second)
                assert abs(quickest.nearest(beat) - beat) < 0.015


def test_what_is_transposed_sounds_the_chords_of_the_key_it_was_moved_to(folder):
    at = {"sample_rate": RATE, "samples": 10 * RATE, "lead_in_samples": RATE // 2}
    parts = {"coherent": False, "active_above_dbfs": -45.0, "tracks": ()}
    session = Session(**at, **parts)

    def classes(song, **moves):
        track = Track(stem_class="Keyboards", song=song, file=f"{song}/Keyboards/take.flac",
                      offset_samples=6 * RATE, **moves)  # fmt: skip
        pitches = listened(moved(track, session, folder)).pitches
        return pitches.reshape(12, PITCH_BINS // 12).sum(axis=1)

    def apart(one, other):
        return float(np.corrcoef(one, other)[0, 1])

    plain, up = classes("anna"), classes("anna", transpose_semitones=2.0, tempo_ratio=1.06)
    assert apart(np.roll(plain, 2), up) > 0.97
    assert apart(plain, up) < 0.6
    tuned = classes("clara", transpose_semitones=-0.3)
    assert apart(tuned, np.roll(plain, 11)) > 0.9


@pytest.mark.parametrize("lead_in", [0, 1000])
@pytest.mark.parametrize(
    "moves",
    [
        {"tempo_ratio": 1.08},
        {"tempo_ratio": 0.92},
        {"transpose_semitones": -3.0},
        {"tempo_ratio": 1.05, "transpose_semitones": 2.0},
        {"tempo_ratio": 1.1, "detune_cents": 5.0, "delay_samples": 400},
    ],
)
@pytest.mark.parametrize("rate", [RATE, 16_000])
def test_what_stood_at_the_excerpts_middle_stands_where_the_tempo_puts_it(
    tmp_path, lead_in, moves, rate
):
    sound = np.zeros(12 * RATE, np.float32)
    sound[round(4.5 * RATE)] = 0.9  # 1.5 s after the excerpt's beginning
    soundfile.write(tmp_path / "click.wav", sound, RATE, subtype="FLOAT")
    track = Track(stem_class="Drums", song="s", file="click.wav", offset_samples=3 * RATE, **moves)
    session = Session(
        sample_rate=rate, samples=3 * rate, lead_in_samples=lead_in, coherent=False,
        active_above_dbfs=-45.0, tracks=(track,),
    )  # fmt: skip
    energy = np.square(render(session, tmp_path, tmp_path).dry["Drums"][0].astype(np.float64))
    assert len(energy) == 3 * rate
    found_s = (np.arange(len(energy)) * energy).sum() / energy.sum() / rate
    wanted_s = 1.5 / moves.get("tempo_ratio", 1.0)
    tape = 2 ** (moves.get("detune_cents", 0.0) / 1200)
    wanted_s = 1.5 + (wanted_s - 1.5) / tape + moves.get("delay_samples", 0) / rate
    assert found_s == pytest.approx(wanted_s, abs=0.001)


def test_where_nothing_reaches_there_are_fewer_stems_and_the_session_says_so(catalog, recipe):
    songs = songs_of(catalog)
    pair = [songs["anna"], songs["emma"]]  # 100 and 140 BPM: out of reach
    lonely = [draw(recipe, pair, 0, "train", i) for i in range(5)]
    assert not any(session.matched for session in lonely)
    assert all(len(session.tracks) == 3 for session in lonely)  # as if nobody had asked
    some = [
        replace(songs[name], stems=tuple(x for x in songs[name].stems if x.stem_class == kept))
        for name, kept in {"anna": "Keyboards", "berta": "Drums", "emma": "Bass"}.items()
    ]
    for index in range(10):
        session = draw(recipe, some, 0, "train", index)
        assert session.matched and session.unreached == ("Bass",)
        assert {track.stem_class for track in session.tracks} == {"Keyboards", "Drums"}
        assert "nothing reached its tempo and key: Bass" in str(session)


def test_songs_that_nobody_is_sure_of_are_not_matched(catalog, recipe):
    songs = [
        replace(song, music=replace(song.music, key_confidence=0.1))
        for song in songs_of(catalog).values()
        if song.music
    ]
    assert not draw(recipe, songs, 0, "train", 0).matched
    trusting = replace(recipe, match=replace(recipe.match, confidence=0.05))
    assert draw(trusting, songs, 0, "train", 0).matched


@pytest.mark.parametrize("kept", ["tempo_within", "transpose_within_semitones"])
def test_tempo_and_key_are_matched_each_without_the_other(catalog, recipe, kept):
    other = ({"tempo_within", "transpose_within_semitones"} - {kept}).pop()
    half = replace(recipe, match=replace(recipe.match, **{other: None}))
    tracks = [
        track
        for index in range(30)
        for track in draw(half, list(songs_of(catalog).values()), 0, "train", index).tracks
    ]
    assert {track.tempo_ratio != 1 for track in tracks} == (
        {True, False} if kept == "tempo_within" else {False}
    )
    assert {track.transpose_semitones != 0 for track in tracks} == (
        {False} if kept == "tempo_within" else {True, False}
    )
