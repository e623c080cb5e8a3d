"""Tempo, beats, key and tuning of songs that were made with known ones."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from wetdry.datasets import read_catalog, scan, write_catalog
from wetdry.datasets.scanning.listening import PITCH_BINS, Listener, frames_per_second
from wetdry.datasets.scanning.tempo import find_pulse
from wetdry.datasets.scanning.tonality import find_tonality, pitch_strength
from wetdry.errors import CatalogError
from wetdry.mixing.pulses import pulse_about
from wetdry.mixing.songs import songs_of
from wetdry.seeds import stream

RATE = 22_050
STEPS = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
DEGREES = (0, 3, 4, 0, 5, 3, 4, 0)
"""Of the chords, I IV V I VI IV V I, on the scale."""


def clicks(bpm, swing=0.5, noise=0.0, first_s=0.37, seconds=24.0):
    """Return strokes on the beats, softer ones between them, and where the beats are."""
    rng = stream(0, "clicks", str(bpm))
    beats_s = np.arange(first_s, seconds - 0.5, 60 / bpm)
    sound = noise * rng.standard_normal(round(seconds * RATE))
    for beat_s in beats_s:
        for late, level in ((0.0, 0.3), (swing, 0.06)):
            at = round((beat_s + late * 60 / bpm) * RATE)
            stroke = level * rng.standard_normal(2000) * np.exp(-np.arange(2000) / 150)
            sound[at : at + 2000] += stroke[: len(sound) - at]
    return sound.astype(np.float32)[None], beats_s


def chords(tonic, mode, cents=0.0, seconds_each=0.8):
    """Return chords of a key, each of three tones with overtones, over a bass."""
    time = np.arange(round(seconds_each * RATE)) / RATE
    scale, parts = STEPS[mode], []
    for degree in DEGREES:
        tones = [48 + tonic + scale[(degree + n) % 7] + 12 * ((degree + n) // 7) for n in (0, 2, 4)]
        if mode == "minor" and degree == 4:
            tones[1] += 1  # the leading tone
        sound = np.zeros(len(time))
        for tone in (tones[0] - 12, *tones):
            hz = 440 * 2 ** ((tone - 69 + cents / 100) / 12)
            sound += sum(np.sin(2 * np.pi * k * hz * time) / k**1.5 for k in range(1, 6))
        parts.append(sound * np.exp(-time * 2))
    whole = np.concatenate(parts)
    return (0.3 * whole / np.abs(whole).max()).astype(np.float32)[None]


def heard(audio, rate=RATE, block_s=10.0):
    listener = Listener(rate)
    step = round(block_s * rate)
    for start in range(0, audio.shape[1], step):
        listener.hear(audio[:, start : start + step])
    return listener.heard()


def pulse_of(audio, rate=RATE):
    return find_pulse([("Drums", heard(audio, rate).onsets)], frames_per_second(rate))


@pytest.mark.parametrize("bpm", [70, 93, 120, 174])
@pytest.mark.parametrize(("swing", "noise"), [(0.5, 0.0), (0.62, 0.0), (0.5, 0.01), (0.66, 0.01)])
def test_a_drummer_keeps_the_tempo_that_was_asked_for(bpm, swing, noise):
    audio, beats_s = clicks(bpm, swing, noise)
    pulse = pulse_of(audio)
    assert pulse.tempo_bpm == pytest.approx(bpm, rel=0.002)
    assert pulse.confidence > 0.7
    found = np.array(pulse.beats_s)
    inside = found[(found > beats_s[0] - 0.1) & (found < beats_s[-1] + 0.1)]
    assert len(inside) == len(beats_s)
    assert np.abs(inside - beats_s).max() < 0.008


@pytest.mark.parametrize("rate", [11_025, 48_000])
def test_the_sample_rate_does_not_move_the_beats(rate):
    from wetdry.audio import resample

    audio, beats_s = clicks(104)
    found = np.array(pulse_of(resample(audio, RATE, rate), rate).beats_s)
    nearest = [found[np.abs(found - beat).argmin()] for beat in beats_s]
    assert np.abs(nearest - beats_s).max() < 0.008


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_is_told_by_its_chords(tonic, mode):
    found = find_tonality([("Keyboards", heard(chords(tonic, mode)).pitches)])
    assert (found.tonic, found.mode) == (tonic, mode)
    assert found.confidence > 0.6


@pytest.mark.parametrize("cents", [-35.0, -8.0, 20.0, 45.0])
def test_an_instrument_out_of_tune_is_in_the_same_key_and_its_tuning_is_measured(cents):
    found = find_tonality([("Guitars", heard(chords(2, "major", cents)).pitches)])
    assert (found.tonic, found.mode) == (2, "major")
    assert found.tuning_cents == pytest.approx(cents, abs=2)


def test_drums_have_no_pitch_and_no_say_in_the_key():
    tonal, drum = heard(chords(9, "minor")), heard(clicks(120)[0])
    assert pitch_strength(tonal.pitches) > 0.5 > 0.1 > pitch_strength(drum.pitches)
    alone = find_tonality([("Keyboards", tonal.pitches)])
    assert find_tonality([("Keyboards", tonal.pitches), ("Drums", drum.pitches)]) == alone
    assert find_tonality([("Drums", tonal.pitches)]).tonic == -1
    assert find_tonality([("Vocals", drum.pitches)]).tonic == -1


def test_where_audio_is_cut_into_blocks_changes_nothing():
    audio = np.concatenate([chords(4, "major"), clicks(100, seconds=6.4)[0]])
    whole, cut = heard(audio), heard(audio, block_s=0.37)
    np.testing.assert_array_equal(whole.onsets, cut.onsets)
    np.testing.assert_allclose(whole.pitches, cut.pitches, rtol=1e-9)


@pytest.mark.parametrize("seconds", [0.0, 0.4, 3.0, 12.0])
def test_silence_has_neither_beat_nor_key(seconds):
    silence = heard(np.zeros((2, round(seconds * RATE)), np.float32))
    assert pitch_strength(silence.pitches) == 0.0 and silence.pitches.shape == (PITCH_BINS,)
    assert find_tonality([("Bass", silence.pitches)]).tonic == -1
    pulse = find_pulse([("Bass", silence.onsets)], 100.0)
    assert np.isnan(pulse.tempo_bpm) and (pulse.confidence, pulse.beats_s) == (0.0, ())


def test_noise_has_no_tempo_worth_believing():
    noise = 0.1 * stream(0, "noise").standard_normal((1, 30 * RATE)).astype(np.float32)
    assert pulse_of(noise).confidence < 0.2


def test_the_pulse_of_an_excerpt_is_the_line_through_its_beats():
    beats = 0.2 + 0.6 * np.arange(40)
    pulse = pulse_about(beats, 5.0, 10.0)
    assert pulse.period_s == pytest.approx(0.6)
    assert pulse.nearest(7.0) == pytest.approx(7.4 - 0.6)
    faster = np.concatenate([beats, beats[-1] + 0.5 * np.arange(1, 30)])
    assert pulse_about(faster, 30.0, 36.0).period_s == pytest.approx(0.5)
    assert pulse_about(faster, 20.0, 28.0) is None  # the tempo changes in the middle
    assert pulse_about(beats[:7], 0.0, 3.0) is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A song of drums and keys, and one stem that does not fit it."""
    root = tmp_path_factory.mktemp("musical")
    harmony = np.tile(chords(7, "major"), 4)[:, : 24 * RATE]
    for name, sound in {"Drums/kit": clicks(100)[0], "Keyboards/piano": harmony}.items():
        path = root / "song" / f"{name}.flac"
        path.parent.mkdir(parents=True)
        soundfile.write(path, sound.T[: 24 * RATE], RATE)
    (root / "song" / "Bass").mkdir()
    soundfile.write(root / "song/Bass/short.flac", clicks(80)[0].T[:RATE], RATE)
    return root


def test_a_scan_tells_tempo_and_key_of_the_song_with_each_of_its_good_stems(folder):
    catalog = scan(folder)
    bad, good = catalog[catalog["fault"].notna()], catalog[catalog["fault"].isna()]
    assert list(bad["tonic"]) == [-1] and list(bad["beats_s"]) == [[]]
    assert len(good) == 2
    for row in good.to_dict("records"):
        assert row["tempo_bpm"] == pytest.approx(100, rel=0.002)
        assert (row["tonic"], row["mode"]) == (7, "major")
        assert np.diff(row["beats_s"]) == pytest.approx(0.6, abs=0.01)
    assert songs_of(catalog)["song"].music.key == "G major"
    strength = dict(zip(good["stem_class"], good["pitch_strength"], strict=True))
    assert strength["Drums"] < 0.1 < 0.5 < strength["Keyboards"]
    pd.testing.assert_frame_equal(catalog, scan(folder, workers=2))


def test_a_catalog_comes_back_from_its_file_with_tempo_and_key(folder, tmp_path):
    path = tmp_path / "catalog.parquet"
    write_catalog(scan(folder), path)
    pd.testing.assert_frame_equal(read_catalog(path), scan(folder))


def test_half_a_catalog_is_refused(folder, tmp_path):
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.Table.from_pandas(scan(folder).drop(columns="tonic"), preserve_index=False)
    parquet.write_table(table, tmp_path / "half.parquet")
    with pytest.raises(CatalogError, match="wanted a catalog's columns"):
        read_catalog(tmp_path / "half.parquet")
