import numpy as np
import pytest
import soundfile

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import restore_songs
from wetdry.errors import UsageError

from .test_restoration import RATE, noise, run

__all__ = ["run"]  # the fixture

NAMES = sorted(f"{name.lower()}.wav" for name in STEM_CLASSES)


@pytest.fixture
def album(tmp_path):
    for place in ("a/one.wav", "b/one.flac", "b/two.ogg", "b/notes.txt", "b/._two.ogg"):
        path = tmp_path / "album" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt" or path.name.startswith("."):
            path.write_bytes(b"no song")
        else:
            soundfile.write(path, noise(2, 30_000).T, RATE)
    return tmp_path / "album"


def test_every_song_of_a_folder_keeps_its_place(run, album, tmp_path):
    seen: list[tuple[int, int]] = []
    out = tmp_path / "out"
    assert restore_songs(run, [album], out, progress=lambda *n: seen.append(n)) == []
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*.wav")) == sorted(
        f"{place}/{name}" for place in ("a/one", "b/one", "b/two") for name in NAMES
    )
    assert seen == sorted(seen)
    assert seen[-1] == (90_000, 90_000)


def test_a_song_that_cannot_be_read_does_not_stop_the_others(run, album, tmp_path):
    torn = album / "a" / "one.wav"
    torn.write_bytes(b"RIFF" + bytes(40))
    [entry] = restore_songs(run, [album], tmp_path / "out")
    assert entry["what"] == str(torn)
    assert entry["cure"] == "export it again"
    assert len(list((tmp_path / "out").rglob("*.wav"))) == 16


def test_stems_and_residual_sum_to_the_song(run, tmp_path):
    audio = noise(2, 3 * 44_100 + 5)
    soundfile.write(tmp_path / "song.wav", audio.T, 44_100, subtype="FLOAT")
    restore_songs(run, [tmp_path / "song.wav"], tmp_path / "out", residual=True)
    files = sorted((tmp_path / "out" / "song").iterdir())
    assert [path.name for path in files] == sorted([*NAMES, "residual.wav"])
    total = sum(soundfile.read(path)[0] for path in files)
    assert np.allclose(total.T, audio, atol=1e-6)


def test_two_songs_for_one_folder_are_refused(run, tmp_path):
    for name in ("song.wav", "song.flac"):
        soundfile.write(tmp_path / name, noise(1, 4_000).T, RATE)
    with pytest.raises(UsageError, match="would both be written to song; rename one"):
        restore_songs(run, [tmp_path], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_songs_is_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="wanted songs"):
        restore_songs(run, [tmp_path / "empty"], tmp_path / "out")


def test_what_a_run_before_has_made_is_no_song_of_the_album(run, album):
    made = album / "restored"
    restore_songs(run, [album], made)
    first = sorted(made.rglob("*.wav"))
    restore_songs(run, [album], made)
    assert sorted(made.rglob("*.wav")) == first and len(first) == 24


def test_an_album_lies_anywhere_but_where_its_stems_go(run, album):
    with pytest.raises(UsageError, match="choose another --out"):
        restore_songs(run, [album / "a", album], album / "b" / "..")
    assert not list(album.rglob("vocals.wav"))
    assert restore_songs(run, [album / "a"], album) == []
    assert len(list((album / "one").glob("*.wav"))) == 8
