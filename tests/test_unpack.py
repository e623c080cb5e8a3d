"""What MUSDB18 packs into one lossy file comes out as stems that lie on the sample."""

from fractions import Fraction

import av
import numpy as np
import pytest

from wetdry.audio import decibels, read
from wetdry.datasets import find_layout, scan, unpack
from wetdry.errors import CatalogError, UsageError
from wetdry.seeds import stream

RATE = 44_100
STEMS = ("drums", "bass", "other", "vocals")
SONG = "train/Sun - Moon.stem.mp4"


def sounds(level):
    """Return dull noises, which AAC keeps well, by stem; and their sum."""
    made = {}
    for name in STEMS:
        noise = stream(5, name).standard_normal((2, RATE + 31))
        dull = np.stack([np.convolve(each, np.hanning(32), "valid") for each in noise])
        made[name] = np.asarray(level * dull / np.abs(dull).max(), np.float32)
    return {"mixture": np.clip(sum(made.values()), -1, 1), **made}


def pack(path, level):
    """Write a song as MUSDB18 packs it: five AAC streams in one MP4."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("aac", rate=RATE, layout="stereo") for _ in range(5)]
        for each, audio in zip(streams, sounds(level).values(), strict=True):
            each.bit_rate = 256_000
            frame = av.AudioFrame.from_ndarray(audio, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            for packet in [*each.encode(frame), *each.encode(None)]:
                container.mux(packet)


@pytest.fixture
def packed(tmp_path):
    pack(tmp_path / "musdb18" / SONG, 0.2)
    return tmp_path / "musdb18"


def unpacked(out):
    song = out / SONG.removesuffix(".stem.mp4")
    return {path.stem: read(path)[0] for path in sorted(song.iterdir())}


def ratio_db(signal, error):
    return decibels(float(np.sqrt(np.mean(signal**2) / np.mean(error**2))))


def test_unpacked_stems_lie_on_the_sample_and_sum_to_the_mixture(packed, tmp_path):
    done = unpack(packed, tmp_path / "out")
    assert (done.songs, done.lowered_db, done.set_aside) == (1, {}, [])
    stems = unpacked(tmp_path / "out")
    (length,) = {audio.shape[1] for audio in stems.values()}
    assert 0 <= length - RATE < 1024
    for name, original in sounds(0.2).items():
        assert ratio_db(original, stems[name][:, :RATE] - original) > 20, (
            name
        )  # one sample late: 18.7
    total = sum(stems[name] for name in STEMS)
    assert ratio_db(total, total - stems["mixture"]) > 20


def test_what_is_unpacked_is_recognised_and_scanned_with_its_split(packed, tmp_path):
    unpack(packed, tmp_path / "out")
    assert find_layout(tmp_path / "out").name == "musdb18hq"
    table = scan(tmp_path / "out")
    good = table[table.fault.isna()]
    assert list(good.stem_class) == ["Bass", "Drums", "Vocals"]
    assert set(good.split) == {"train"} and set(good.song) == {"Sun - Moon"}


def test_a_song_that_overshoots_is_lowered_as_a_whole_and_that_is_told(tmp_path):
    pack(tmp_path / "musdb18" / SONG, 0.99)
    done = unpack(tmp_path / "musdb18", tmp_path / "out")
    stems, gain = unpacked(tmp_path / "out"), 10 ** (-done.lowered_db[SONG] / 20)
    assert 0.998 < max(np.abs(audio).max() for audio in stems.values()) < 1
    for name in STEMS:
        original = gain * sounds(0.99)[name]
        assert ratio_db(original, stems[name][:, :RATE] - original) > 20, (
            name
        )  # one sample late: 18.7


def test_unpacking_twice_is_unpacking_once_and_a_bad_file_stops_nothing(packed, tmp_path):
    (packed / "test").mkdir()
    (packed / "test" / "Bad.stem.mp4").write_text("<html>")
    first = unpack(packed, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.flac")}
    second = unpack(packed, tmp_path / "out")
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.flac")}
    assert first == second and first.songs == 1
    assert "cannot be decoded" in second.set_aside[0]["reason"]


def test_a_file_of_two_streams_is_no_stem_file(tmp_path):
    path = tmp_path / "musdb18" / SONG
    path.parent.mkdir(parents=True)
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("aac", rate=RATE, layout="stereo") for _ in range(2)]
        for each in streams:
            audio = np.zeros((2, 4096), np.float32)
            frame = av.AudioFrame.from_ndarray(audio, format="fltp", layout="stereo")
            frame.sample_rate = RATE
            for packet in [*each.encode(frame), *each.encode(None)]:
                container.mux(packet)
    done = unpack(tmp_path / "musdb18", tmp_path / "out")
    assert done.set_aside[0]["reason"] == "holds 2 audio streams, wanted 5"
    assert not list(tmp_path.rglob("*.flac"))


def test_unpacking_into_the_dataset_itself_or_from_nothing_is_refused(packed, tmp_path):
    with pytest.raises(UsageError, match="outside"):
        unpack(packed, packed / "out")
    (tmp_path / "none").mkdir()
    with pytest.raises(CatalogError, match="found none"):
        unpack(tmp_path / "none", tmp_path / "out")
