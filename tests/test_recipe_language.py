"""Whole recipes: linked draws, severity, and what is kept in the target."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from wetdry.audio import amplitude
from wetdry.datasets import Order, audition, draw_one, plan
from wetdry.datasets.samples import make_sample
from wetdry.degradations import Bell, Chain, Compressor, Reverb
from wetdry.errors import RecipeError
from wetdry.manifests import effect_numbers
from wetdry.mixing import Session, integrated_lufs, mix, place
from wetdry.mixing.recipes import parse_recipe

BASE = """
sample_rate: 22050
seconds: 1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
levels: {all: {loudness_lufs: [-30, -20], pan: [-0.5, 0.5], input_peak_dbfs: -3}}
"""
LINKED = (
    BASE
    + """
linked:
  heaviness: [0, 1]
  genre: {choice: [rock, jazz], weights: [2, 1]}
  ratio_of_all: "= 1 + 9 * heaviness"
stems:
  all:
    - compressor: {threshold_db: "= -10 - 20 * heaviness", ratio: "= ratio_of_all"}
    - gain: {gain_db: "= loudness_lufs / 2 + stems"}
      when: genre == rock
    - noise: {snr_db: 40}
      when: stem_class == Bass or loudness_lufs > -25
master: [{compressor: {threshold_db: -10, ratio: = ratio_of_all}}]
"""
)


def recipe(text, folder=Path(), **settings):
    return parse_recipe(text, "r.yaml", folder, settings)


def sessions(text, catalog, number=12, **settings):
    order = Order(recipe(text, **settings), 0)
    return [draw_one(order, catalog, "train", index) for index in range(number)]


def sounded(session):
    """Render a session of noise bursts."""
    samples = session.lead_in_samples + session.samples + round(0.1 * session.sample_rate)
    rng = np.random.default_rng(5)
    swell = np.abs(np.sin(np.arange(samples) / session.sample_rate * 9)) ** 4
    return mix(session, [np.asarray(0.1 * swell * rng.standard_normal((1, samples)), np.float32)
                         for _ in session.tracks])  # fmt: skip


def test_one_linked_draw_ties_all_steps_of_a_sample(catalog):
    drawn = sessions(LINKED, catalog)
    for session in drawn:
        heaviness, genre = session.linked["heaviness"], session.linked["genre"]
        assert session.master.effects[0].ratio == pytest.approx(1 + 9 * heaviness)
        for track in session.tracks:
            compressor = track.chains[0].effects[0]
            assert compressor.threshold_db == pytest.approx(-10 - 20 * heaviness)
            kinds = [effect.kind for effect in track.chains[0]]
            assert ("gain" in kinds) == (genre == "rock")
            assert ("noise" in kinds) == (track.stem_class == "Bass" or track.loudness_lufs > -25)
            if genre == "rock":
                gain = track.chains[0].effects[1].gain_db
                assert gain == pytest.approx(track.loudness_lufs / 2 + len(session.tracks))
        assert Session.from_row(session.json_row()) == session
        assert f"genre: {genre}" in str(session)
    assert len({s.linked["heaviness"] for s in drawn}) == 12
    assert {s.linked["genre"] for s in drawn} == {"rock", "jazz"}


def test_a_linked_draw_more_changes_no_other_draw(catalog):
    more = LINKED.replace("linked:", "linked:\n  room_s: {log_uniform: [0.3, 3]}")
    for one, two in zip(sessions(LINKED, catalog), sessions(more, catalog), strict=True):
        assert one.tracks == two.tracks and one.master == two.master


def test_a_linked_file_is_one_room_for_all(catalog, tmp_path):
    (tmp_path / "rooms").mkdir()
    for name in "abc":
        soundfile.write(tmp_path / "rooms" / f"{name}.wav", np.eye(1, 64)[0] * 0.5, 22_050)
    text = BASE + "linked: {room: {files: rooms}}\nstems: {all: [{convolution: {impulse: = room}}]}"
    order = Order(recipe(text, tmp_path), 0)
    for index in range(6):
        session = draw_one(order, catalog, "train", index)
        impulses = {t.chains[0].rows()[0]["impulse"] for t in session.tracks}
        assert impulses == {session.linked["room"]}
        assert all(len(t.chains[0].rows()[0]["impulse_sha256"]) == 64 for t in session.tracks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("linked: {stems: 3}", r"a name such as heaviness, that means nothing else, found 'stems'"),
        ("linked: {a-b: 3}", r"r.yaml:1: linked.a-b: .*found 'a-b'"),
        ("linked: {b: = a, a: 1}", r"wanted a name that is known here, found 'a'"),
        ("linked: {a: [0, 1]}\nmaster: [{gain: {gain_db: = 99 * a}}]",
         r"r.yaml:2: master\[0\].gain.gain_db: wanted a number from -60 to 60, found 0 to 99"),
        ("master: [{gain: {gain_db: 1}, when: stem_class == Drums}]", r"found 'stem_class'"),
        ("stems: {all: [{gain: {gain_db: 1}, when: loudness_lufs > 1}]}", r"'loudness_lufs'"),
        ("levels: {Bass: {loudness_lufs: -20}}\nstems: {all: [{gain: {gain_db: = loudness_lufs}}]}",
         r"found 'loudness_lufs'"),
        ("severity: [0, 2]", r"wanted a number from 0 to 1, found 2"),
        ("master: [{gain: {gain_db: 1}, keep: true}]", r"wanted 'keep' in the chain of a stem"),
        ("target: recorded\nstems: {all: [{gain: {gain_db: 1}, keep: true}]}",
         r"'target: recorded' is the recording untouched"),
        ("sample_rate: = 44100", r"this one is not drawn"),
    ],
)  # fmt: skip
def test_a_wrong_recipe_is_told_where_wanted_found(text, message):
    with pytest.raises(RecipeError, match=message):
        recipe(text)


HEAVY = (
    BASE
    + """
stems:
  all: [{compressor: {threshold_db: -30, ratio: [2, 8]}}, {saturation: {drive_db: 12}}]
buses: {low: {of: [Bass, Drums], chain: [{bell: {centre_hz: 400, gain_db: -6}}]}}
mix_loudness_lufs: -14
master: [{limiter: {ceiling_dbtp: -3}}]
medium: [{mp3: {bitrate_kbps: 64}}]
reject: {destroyed_above: 20}
"""
)


def test_at_severity_0_the_mixture_is_the_sum_of_its_targets(catalog):
    for session in sessions(HEAVY, catalog, 3, severity=0.0):
        mixed = sounded(session)
        assert np.allclose(mixed.mixture, sum(mixed.dry.values()), atol=1e-6)
    heavy = sounded(sessions(HEAVY, catalog, 1)[0])
    assert not np.allclose(heavy.mixture, sum(heavy.dry.values()), atol=1e-2)


def test_severity_is_drawn_recorded_and_at_1_changes_nothing(catalog):
    plain_ones = sessions(HEAVY, catalog)
    assert sessions(HEAVY + "severity: 1", catalog) == plain_ones
    drawn = sessions(HEAVY + "severity: {triangular: [0, 0, 1]}", catalog)
    assert len({session.severity for session in drawn}) == 12
    for whole, part in zip(plain_ones, drawn, strict=True):
        ratio = whole.tracks[0].chains[0].effects[0].ratio
        scaled = part.tracks[0].chains[0].effects[0].ratio
        assert scaled == pytest.approx(1 + (ratio - 1) * part.severity)
        assert f"severity {part.severity:.3g}" in str(part)


KEPT = (Compressor(threshold_db=-30, ratio=6), Reverb(room_size=0.4, wet=0.3))


def test_what_is_kept_is_in_the_target_at_the_level_of_the_wet_stem(catalog):
    session = sessions(BASE, catalog, 1)[0]
    undone = Bell(centre_hz=2000, gain_db=9)
    chain = Chain((KEPT[0], undone, KEPT[1]), kept=frozenset({0, 2}))
    whole = session.model_copy(update={"tracks": tuple(
        t.model_copy(update={"chains": (chain,), "loudness_lufs": -23.0}) for t in session.tracks
    )})  # fmt: skip
    mixed = sounded(whole)
    track = whole.tracks[0]
    rng = np.random.default_rng(5)
    samples = 22_050 * 2 + 2205
    swell = np.abs(np.sin(np.arange(samples) / 22_050 * 9)) ** 4
    recording = np.asarray(0.1 * swell * rng.standard_normal((1, samples)), np.float32)
    entering = recording * amplitude(-3) / np.abs(recording[:, 22_050:44_100]).max()
    by_hand = place(Chain(KEPT)(np.asarray(entering, np.float32), 22_050), track.pan)
    target = mixed.dry[track.stem_class]
    window = by_hand[:, 22_050:44_100]
    scale = np.sum(target * window) / np.sum(window * window)
    assert np.allclose(target, window * scale, atol=1e-5)
    assert mixed.measures[0].dry_lufs == pytest.approx(-23, abs=0.01)
    assert mixed.measures[0].wet_lufs == pytest.approx(-23, abs=0.01)
    assert np.allclose(mixed.mixture, sum(mixed.wet.values()), atol=1e-5)
    loud = integrated_lufs(mixed.wet[track.stem_class], 22_050)
    assert integrated_lufs(target, 22_050) == pytest.approx(loud, abs=1.0)


def test_a_chain_that_is_kept_whole_leaves_nothing_to_undo(catalog):
    text = BASE + "stems: {all: [{compressor: {threshold_db: -30, ratio: 4}, keep: true}]}"
    session = sessions(text, catalog, 1)[0]
    assert "keep: true" in str(session)
    mixed = sounded(session)
    assert all(np.array_equal(mixed.dry[name], mixed.wet[name]) for name in mixed.dry)
    assert [measures.lag_samples for measures in mixed.measures] == [0.0] * len(session.tracks)


def test_audition_knows_what_a_sample_knows(tmp_path):
    soundfile.write(tmp_path / "in.wav", np.sin(np.arange(22_050) / 9) * 0.3, 22_050)
    loaded = recipe(LINKED, tmp_path)
    chains = {str(audition(loaded, tmp_path / "in.wav", tmp_path / "out.wav", seed=seed,
                           stem_class="Bass")) for seed in range(6)}  # fmt: skip
    assert len(chains) == 6 and all("noise" in chain for chain in chains)
    nothing = audition(recipe(LINKED, tmp_path, severity=0.0), tmp_path / "in.wav",
                       tmp_path / "out.wav", stem_class="Bass")  # fmt: skip
    assert len(nothing) == 0


def test_the_manifest_tells_what_is_kept_what_stands_side_by_side_and_how_severe(
    catalog, stems, tmp_path
):
    text = (
        BASE + "severity: 0.5\nstems: {all: [{gain: {gain_db: 2}, keep: true}, {parallel: "
        "[none, {compressor: {threshold_db: -30, ratio: 5}}]}]}"
    )
    rows, _ = plan(Order(recipe(text), 2), catalog)
    _, row = make_sample(rows[0], stems, tmp_path, bits=16)
    assert row["severity"] == 0.5
    assert [effect["keep"] for effect in row["tracks"][0]["effects"]] == [True, False]
    numbers = effect_numbers(pd.DataFrame([row]))
    drawn = numbers.drop_duplicates(["effect", "number"]).set_index(["effect", "number"])["value"]
    assert drawn["gain", "gain_db"] == 2 and drawn["parallel", "mix"] == 0.5
    assert drawn["compressor", "ratio"] == 5 and "branches" not in set(numbers["number"])
