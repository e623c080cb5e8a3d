"""The catalog holds every good stem and the reason for every other, whoever scans."""

import json
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from wetdry.audio import read
from wetdry.datasets import faults, read_catalog, scan, write_catalog
from wetdry.datasets.scanning import song_facts
from wetdry.errors import AudioError, CatalogError
from wetdry.mixing.loudness import integrated_lufs, rms_dbfs, true_peak_dbtp
from wetdry.mixing.songs import songs_of
from wetdry.seeds import stream

RATE = 8000


def noise(seconds=1.0, channels=1, name="stem"):
    shape = (round(seconds * RATE), channels)
    return np.clip(stream(3, name).normal(0, 0.1, shape), -1, 1).astype(np.float32)


def put(path: Path, samples=None, rate=RATE, subtype="PCM_16"):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(name=str(path)) if samples is None else samples, rate, subtype)
    return path


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def encoded(tmp_path, samples=None, suffix="wav", subtype="PCM_16"):
    return put(tmp_path / f"x.{suffix}", samples, subtype=subtype).read_bytes()


@pytest.fixture
def stems(tmp_path):
    """Two good songs of two stems each."""
    for file in ("one/Bass/a.wav", "one/Vocals/b.flac", "two/Drums/a.wav", "two/Bass.wav"):
        put(tmp_path / "stems" / file)
    return tmp_path / "stems"


GOOD = ["one/Bass/a.wav", "one/Vocals/b.flac", "two/Bass.wav", "two/Drums/a.wav"]


def good_and_bad(stems):
    catalog = scan(stems)
    bad = {entry["what"]: entry["reason"] for entry in faults(catalog)}
    return list(catalog["file"][catalog["fault"].isna()]), bad


def test_the_numbers_are_those_of_the_whole_audio_read_at_once(stems):
    put(stems / "long/Drums/x.flac", noise(23.7, 2), subtype="PCM_24")
    row = scan(stems).set_index("file").loc["long/Drums/x.flac"]
    audio, rate = read(stems / "long/Drums/x.flac")
    assert (row.sample_rate, row.channels, row.frames) == (rate, *audio.shape)
    assert row.seconds == 23.7
    assert row.loudness_lufs == integrated_lufs(audio, rate)
    assert row.true_peak_dbtp == true_peak_dbtp(audio, rate)
    assert row.peak_dbfs == pytest.approx(20 * np.log10(np.abs(audio).max()))
    seconds = [rms_dbfs(audio[:, s * rate : (s + 1) * rate]) for s in range(23)]
    np.testing.assert_allclose(row.activity_dbfs, seconds, atol=1e-9)


def test_a_silent_second_reads_minus_120_dbfs(stems):
    put(stems / "pause/Bass.wav", np.concatenate([noise(), np.zeros((RATE, 1)), noise()]))
    levels = scan(stems).set_index("song").loc["pause"].activity_dbfs
    assert levels[1] == -120.0 and min(levels[0], levels[2]) > -30


def broken_files(tmp_path) -> dict[str, bytes]:
    """Files that a folder of stems may well hold, by name."""
    wav, flac = encoded(tmp_path), encoded(tmp_path, suffix="flac")
    streaminfo = int.from_bytes(flac[18:26])  # rate 20 bits, channels 3, depth 5, total 36
    forged = ((streaminfo >> 36 << 36) | (2**36 - 1)).to_bytes(8)
    nan, huge = noise(), noise()
    nan[100], huge[100] = np.nan, 1e10
    return {
        "empty.wav": b"",
        "text.wav": b"<html>not found</html>",
        "random.mp3": stream(1, "random").bytes(5000),
        "header.wav": wav[:44],
        "cut.flac": flac[: len(flac) // 2],
        "cut_early.flac": flac[:20],
        "forged.flac": patched(flac, 18, forged),
        "unknown.flac": patched(flac, 18, (streaminfo >> 36 << 36).to_bytes(8)),
        "no_channels.wav": patched(wav, 22, struct.pack("<H", 0)),
        "no_rate.wav": patched(wav, 24, struct.pack("<I", 0)),
        "absurd_rate.wav": patched(wav, 24, struct.pack("<I", 2**32 - 1)),
        "strange_format.wav": patched(wav, 20, struct.pack("<H", 0x7777)),
        "nan.wav": encoded(tmp_path, nan, subtype="FLOAT"),
        "huge.wav": encoded(tmp_path, huge, subtype="FLOAT"),
        "double.wav": encoded(tmp_path, np.full((RATE, 1), 1e300), subtype="DOUBLE"),
        "surround.wav": encoded(tmp_path, noise(channels=8)),
        "no_frames.wav": encoded(tmp_path, noise(0)),
        "one_sample.wav": encoded(tmp_path, noise(1 / RATE)),
        "short.wav": encoded(tmp_path, noise(0.3)),
        "silent.wav": encoded(tmp_path, 1e-4 * noise()),
    }


def test_no_broken_file_stops_the_scan_or_gets_through(stems, tmp_path):
    broken = broken_files(tmp_path)
    for name, data in broken.items():
        (stems / "one" / "Drums").mkdir(exist_ok=True)
        (stems / "one" / "Drums" / name).write_bytes(data)
    good, bad = good_and_bad(stems)
    assert good == GOOD
    assert sorted(bad) == sorted(f"one/Drums/{name}" for name in broken)
    for name, words in {
        "nan.wav": "NaN",
        "huge.wav": "a peak of 1e",
        "surround.wav": "8 channels",
        "short.wav": "lasts 0.3 s",
        "silent.wav": "is silent",
        "text.wav": "cannot be decoded",
        "forged.flac": "promises 68719476735 frames",
    }.items():
        assert words in bad[f"one/Drums/{name}"]
    assert str(tmp_path) not in json.dumps(bad)  # no absolute paths


def test_every_fault_names_its_cure(stems, tmp_path):
    for name, data in broken_files(tmp_path).items():
        (stems / "one" / name).write_bytes(data)
        (stems / "one" / "Bass" / name).write_bytes(data)
    for entry in faults(scan(stems)):
        assert set(entry) == {"what", "reason", "cure"} and all(entry.values())


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (noise(1.1), RATE, "has 8800 frames where the song's other stems have 8000"),
        (noise(), 11025, "has 11025 Hz where the song's other stems have 8000"),
    ],
)
def test_a_stem_that_differs_from_the_majority_is_set_aside(stems, samples, rate, words):
    put(stems / "one/Drums/odd.wav", samples, rate)
    good, bad = good_and_bad(stems)
    assert good == GOOD
    assert bad == {"one/Drums/odd.wav": words}


def test_of_two_that_differ_the_longer_stays(stems):
    put(stems / "three/Bass.wav", noise(1))
    put(stems / "three/Drums.wav", noise(2))
    good, bad = good_and_bad(stems)
    assert "three/Drums.wav" in good and list(bad) == ["three/Bass.wav"]


def test_the_same_file_twice_in_a_song_counts_once(stems):
    (stems / "one/Bass/z.wav").write_bytes((stems / "one/Bass/a.wav").read_bytes())
    good, bad = good_and_bad(stems)
    assert (good, bad) == (GOOD, {"one/Bass/z.wav": "is the same file as one/Bass/a.wav"})


@pytest.mark.parametrize(("suffix", "factor"), [("wav", -1), ("flac", 1), ("flac", -1)])
def test_the_same_sound_in_another_file_or_upside_down_counts_once(stems, suffix, factor):
    whole, _ = soundfile.read(stems / "one/Bass/a.wav", dtype="int16")
    put(stems / f"one/Bass/z.{suffix}", (factor * whole).astype(np.int16))
    said = "sounds the same as one/Bass/a.wav, or upside down"
    assert good_and_bad(stems) == (GOOD, {f"one/Bass/z.{suffix}": said})


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_offset_and_clipping_are_measured_and_set_aside_beyond_their_limits(stems, subtype):
    samples = noise(12, 2, "offset")
    samples[:, 1] += 0.09 - samples[:, 1].mean()
    samples[:600, 0] = 1.0
    put(stems / "three/Bass.wav", samples, subtype=subtype)
    put(stems / "three/Drums.wav", noise(12) + np.float32(0.11), subtype=subtype)
    clipped = noise(12)
    clipped[: len(clipped) // 19] = -1.0
    put(stems / "three/Vocals.wav", clipped, subtype=subtype)
    catalog = scan(stems).set_index("file")
    good = catalog.loc["three/Bass.wav"]
    assert good.fault is None
    assert good.dc_offset == pytest.approx(0.09, abs=1e-4)
    assert good.clipped_share == pytest.approx(600 / 192_000)
    assert "DC offset of 0.11" in catalog.loc["three/Drums.wav"].fault
    assert "5.3% of its samples are at full scale" in catalog.loc["three/Vocals.wav"].fault


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_flac_is_compared_with_the_md5_in_its_header(stems, subtype, channels):
    path = put(stems / "three/Bass.flac", noise(12, channels), subtype=subtype)
    assert scan(stems).set_index("file").loc["three/Bass.flac"].fault is None
    data = path.read_bytes()
    path.write_bytes(patched(data, 26, b"another's md5..."))
    assert "MD5" in good_and_bad(stems)[1]["three/Bass.flac"]
    path.write_bytes(patched(data, 26, bytes(16)))  # which means that there is none
    assert "three/Bass.flac" in good_and_bad(stems)[0]


def test_a_lack_of_memory_is_not_blamed_on_the_stem(stems, monkeypatch):
    def measure(path):
        raise MemoryError

    monkeypatch.setattr(song_facts, "measure", measure)
    with pytest.raises(AudioError, match="memory or threads ran out; use fewer workers"):
        scan(stems)


def test_a_catalog_that_leads_out_of_the_stems_is_refused(stems, tmp_path):
    for file in ("../x.wav", "/etc/x.wav", "one/../../x.wav"):
        catalog = scan(stems)
        catalog.loc[0, "file"] = file
        write_catalog(catalog, tmp_path / "c.parquet")
        with pytest.raises(CatalogError, match=r"below the folder of stems, found .*x\.wav"):
            read_catalog(tmp_path / "c.parquet")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_cut_file_is_never_taken_for_a_shorter_one(stems, suffix, share):
    path = put(stems / "three" / f"Bass.{suffix}", noise(3), subtype=None)
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    assert good_and_bad(stems)[0] == GOOD


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read(tmp_path, suffix, channels):
    path = tmp_path / "a" / f"Bass.{suffix}"
    put(path, noise(2, channels), subtype=None)
    row = scan(tmp_path).iloc[0]
    assert row.fault is None and row.channels == channels and row.seconds == 2.0


def test_one_worker_or_two_make_the_same_table_and_tell_how_far_they_are(stems):
    (stems / "one/Vocals/text.wav").write_text("no audio")
    told = []
    alone = scan(stems, progress=lambda done, total: told.append((done, total)))
    pd.testing.assert_frame_equal(alone, scan(stems, workers=2))
    assert told == [(done, 5) for done in range(1, 6)]


@pytest.mark.stems
def test_a_real_song_is_good_from_end_to_end(real_stems, tmp_path):
    song = min(path for path in real_stems.iterdir() if path.is_dir())
    for file in song.rglob("*.flac"):
        copy = tmp_path / file.relative_to(real_stems)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    catalog = scan(tmp_path)
    assert not faults(catalog)
    (found,) = songs_of(catalog).values()
    assert found.name == song.name and len(found.stems) == len(catalog)
