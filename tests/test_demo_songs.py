"""Demo songs: they are music, they are clean multitrack, and they can be trusted."""

import numpy as np
import pytest

from wetdry.audio import STEM_CLASSES, read
from wetdry.datasets.demo_songs.composition import Note, compose
from wetdry.datasets.demo_songs.composition_harmony import near, parse_chord, voice_lead
from wetdry.datasets.demo_songs.composition_styles import STYLES
from wetdry.datasets.demo_songs.instruments import INSTRUMENTS
from wetdry.datasets.demo_songs.instruments_synthesis import SAMPLE_RATE
from wetdry.datasets.demo_songs.songs import play_song, write_songs
from wetdry.errors import CatalogError

SECONDS = 4.0


@pytest.fixture(scope="module")
def played():
    songs = [compose(STYLES, SECONDS, 0, index) for index in range(8)]
    return [(song, play_song(song, SECONDS, 0, index)) for index, song in enumerate(songs)]


def chroma(sound):
    """Energy of the twelve pitch classes."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    heard = (hz > 60) & (hz < 2000)
    classes = np.round(69 + 12 * np.log2(hz[heard] / 440)).astype(int) % 12
    return np.bincount(classes, power[heard], 12) / power[heard].sum()


def test_every_class_is_played_in_at_least_three_of_the_first_six_songs(played):
    classes = [{part.stem_class for part in song.parts} for song, _ in played[:6]]
    for stem_class in STEM_CLASSES:
        assert sum(stem_class in found for found in classes) >= 3, stem_class


def test_songs_have_four_to_seven_stems_of_known_classes(played):
    for song, stems in played:
        assert 4 <= len(stems) <= 7
        assert {part.stem_class for part in song.parts} <= set(STEM_CLASSES)


def test_stems_of_a_song_have_one_length_and_none_is_silent(played):
    for _, stems in played:
        for name, stem in stems.items():
            assert stem.dtype == np.float32 and stem.shape[1] == SECONDS * SAMPLE_RATE, name
            assert 20 * np.log10(np.abs(stem).max()) > -45, name


def test_the_sum_of_the_stems_peaks_at_minus_six_dbfs(played):
    for _, stems in played:
        mixture = sum(np.broadcast_to(stem, (2, stem.shape[1])) for stem in stems.values())
        assert 20 * np.log10(np.abs(mixture).max()) == pytest.approx(-6.0, abs=0.01)


def test_stems_have_no_offset_and_begin_and_end_at_rest(played):
    for _, stems in played:
        for name, stem in stems.items():
            loud = np.sqrt((stem**2).mean())
            assert abs(stem.mean()) < 0.01 * loud, name
            assert np.abs(stem[:, [0, -1]]).max() < 1e-4, name


def test_pitched_stems_hold_nothing_near_the_nyquist_frequency(played):
    for _, stems in played:
        for name, stem in stems.items():
            power = np.abs(np.fft.rfft(stem.sum(0).astype(np.float64))) ** 2
            hz = np.fft.rfftfreq(stem.shape[1], 1 / SAMPLE_RATE)
            most = 1e-2 if name.startswith(("Drums", "Percussions")) else 1e-4  # noise may
            assert power[hz > 20_000].sum() < most * power.sum(), name


@pytest.mark.parametrize("name", ["synth_lead", "violin", "trumpet", "synth_brass"])
def test_a_high_note_has_no_folded_partials(name):
    """Every partial of A6 above its 10th would fold to a frequency between its harmonics."""
    rng = np.random.Generator(np.random.Philox(3))
    sound = INSTRUMENTS[name]([Note(0.0, 1.2, 93, 0.8)], 66150, rng)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    between = (np.abs(hz / 1760 - np.round(hz / 1760)) > 0.15) & (hz > 1000)
    assert power[between].sum() < 1e-3 * power.sum()


def test_guitars_sound_the_tones_of_the_chord(played):
    for song, stems in played:
        if "Guitars/nylon_guitar" in stems or "Guitars/acoustic_guitar" in stems:
            for bar in song.bars:
                edges = np.array([bar.start_s + 0.05, bar.start_s + 0.97 * bar.length_s])
                first, last = (edges * SAMPLE_RATE).astype(int)
                name = next(name for name in stems if name.startswith("Guitars"))
                share = chroma(stems[name][0, first:last].astype(np.float64))
                assert share[list(bar.chord.classes)].sum() > 0.75


def test_drum_hits_rise_out_of_the_sound_near_the_grid(played):
    song, stems = played[1]
    sound = stems["Drums/drum_kit"].sum(0)
    power = np.add.reduceat(sound**2, np.arange(0, len(sound), 441))
    rises = np.flatnonzero(power[1:] > 20 * power[:-1] + 1e-3) + 1
    step_s = song.bars[0].length_s / 16
    away_s = [abs(at * 0.01 - round(at * 0.01 / step_s) * step_s) for at in rises]
    assert len(rises) > 4
    assert np.median(away_s) < 0.012 and max(away_s) < 0.03


@pytest.mark.parametrize(
    "name", sorted(set(INSTRUMENTS) - {"drum_kit", "drum_machine", "percussion"})
)
def test_an_instrument_plays_the_pitch_that_is_written(name):
    pitch = 45 if "bass" in name else 69
    rng = np.random.Generator(np.random.Philox(3))
    sound = np.atleast_2d(INSTRUMENTS[name]([Note(0.1, 1.2, pitch, 0.8)], 66150, rng))
    assert chroma(sound.sum(0))[9] > 0.5


def test_a_song_depends_on_its_own_address_alone():
    third = compose(STYLES, SECONDS, 5, 3)
    for other in (0, 1, 2):
        compose(STYLES, SECONDS, 5, other)
    assert compose(STYLES, SECONDS, 5, 3) == third
    assert compose(STYLES, SECONDS, 6, 3).parts != third.parts
    assert compose(STYLES, SECONDS, 5, 3 + len(STYLES)).parts != third.parts


def test_the_same_call_writes_the_same_bytes(tmp_path):
    for place in ("a", "b"):
        write_songs(tmp_path / place, count=1, seconds=3, seed=9)
    first = sorted((tmp_path / "a").rglob("*.flac"))
    assert len(first) >= 4
    for path in first:
        twin = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == twin.read_bytes()


def test_files_lie_in_song_class_instrument_and_can_be_read(tmp_path):
    seen = []
    folders = write_songs(tmp_path, count=1, seconds=3, progress=lambda *at: seen.append(at))
    assert seen == [(1, 1)] and [f.parent for f in folders] == [tmp_path]
    for path in folders[0].rglob("*.*"):
        audio, sample_rate = read(path)
        assert path.suffix == ".flac" and path.parent.name in STEM_CLASSES
        assert sample_rate == SAMPLE_RATE and audio.shape[1] == 3 * SAMPLE_RATE


def test_a_repeated_call_completes_and_leaves_what_is_there(tmp_path):
    (folder,) = write_songs(tmp_path, count=1, seconds=3)
    files = sorted(folder.rglob("*.flac"))
    kept = files[0].read_bytes()
    files[0].unlink()
    write_songs(tmp_path, count=1, seconds=3)
    assert files[0].read_bytes() == kept


def test_a_folder_with_anything_else_in_it_is_refused(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(CatalogError, match=r"diary\.txt"):
        write_songs(tmp_path, count=1, seconds=3)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


@pytest.mark.parametrize("wrong", [{"count": 0}, {"seconds": 0.5}, {"seconds": float("nan")}])
def test_an_impossible_order_is_refused(tmp_path, wrong):
    with pytest.raises(CatalogError, match="write_songs"):
        write_songs(tmp_path / "songs", **wrong)
    assert not (tmp_path / "songs").exists()


def test_voices_lead_with_small_steps_and_sing_the_whole_chord():
    before = None
    for numeral in "I vi IV V7 I iii7 bVII Imaj9".split():
        chord = parse_chord(numeral, 2)
        voicing = voice_lead(chord, before, 55, 4)
        assert {pitch % 12 for pitch in voicing} <= set(chord.classes)
        assert list(voicing) == sorted(voicing)
        if before:
            assert max(abs(a - b) for a, b in zip(voicing, before, strict=True)) <= 7
        before = voicing


def test_the_nearest_pitch_of_a_class_is_within_a_tritone():
    for pitch_class in range(12):
        for pitch in np.linspace(40, 80, 33):
            found = near(pitch_class, pitch)
            assert found % 12 == pitch_class and abs(found - pitch) <= 6.01
