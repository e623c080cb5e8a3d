"""Bleed and lags between stems that were made with known ones."""

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, fftconvolve, sosfilt

from wetdry.datasets import doubts, read_catalog, scan, write_catalog
from wetdry.datasets.scanning.bleed import NO_BLEED_DB, find_bleed
from wetdry.datasets.scanning.lags import find_lags
from wetdry.datasets.scanning.listening import Listener, bins_hz, frames_per_second
from wetdry.seeds import stream

RATE = 16_000
SECONDS = 30


def playing(name: str, seconds=SECONDS) -> np.ndarray:
    """Return notes of harmonics and noise at moments of its own, with pauses; (samples,)."""
    rng = stream(11, name)
    since = np.arange(RATE) / RATE
    fade = np.clip(since / 0.003, 0, 1) * np.exp(-5 * since) * np.clip((1 - since) / 0.1, 0, 1)
    sound = np.zeros(round(seconds * RATE))
    at = rng.uniform(0, 0.5)
    while at < seconds - 1.5:
        pitch_hz = 80 * 2 ** rng.uniform(0, 3)
        tone = sum(np.sin(2 * np.pi * k * pitch_hz * since) / k for k in range(1, 12))
        hit = rng.standard_normal(RATE) * np.exp(-40 * since)
        sound[round(at * RATE) :][:RATE] += rng.uniform(0.3, 1) * fade * (tone + hit)
        at += rng.choice([0.2, 0.35, 0.7, 1.3])
    return 0.05 * sound / sound.std()


def late(sound, delay_s: float):
    """Return a sound that begins later, as long as it was; negative: earlier."""
    samples = round(delay_s * RATE)
    moved = np.roll(sound, samples)
    moved[slice(None, samples) if samples >= 0 else slice(samples, None)] = 0
    return moved


def level(sound, against, level_db: float):
    return sound * 10 ** (level_db / 20) * against.std() / sound.std()


def heard(sound):
    listener = Listener(RATE, len(sound))
    listener.hear(sound[None].astype(np.float32))
    return listener.heard()


def bleed_of(stems):
    names = list(stems)
    found = find_bleed([(n, heard(x).spectra) for n, x in stems.items()], bins_hz(RATE))
    return {
        name: (value, names[other] if other >= 0 else "")
        for name, (value, other) in zip(names, found, strict=True)
    }


@pytest.fixture(scope="module")
def band():
    return {name: playing(name) for name in ("Vocals", "Bass", "Guitars")}


def test_where_nothing_bleeds_nothing_is_heard(band):
    assert set(bleed_of(band).values()) == {(NO_BLEED_DB, "")}
    noise = {n: stream(2, n).normal(0, 0.1, SECONDS * RATE) for n in ("Drums", "Bass", "Vocals")}
    assert all(value < -40 for value, _ in bleed_of(noise).values())


@pytest.mark.parametrize("level_db", [-10, -20, -30])
@pytest.mark.parametrize("delay_ms", [0.0, 3.0, 12.0])
def test_bleed_is_read_within_two_decibels_where_it_is_and_only_there(band, level_db, delay_ms):
    leak = level(late(band["Vocals"], delay_ms / 1000), band["Guitars"], level_db)
    found = bleed_of(band | {"Guitars": band["Guitars"] + leak})
    assert found["Guitars"] == (pytest.approx(level_db, abs=2), "Vocals")
    assert {found[name] for name in ("Vocals", "Bass")} == {(NO_BLEED_DB, "")}


def test_bleed_that_is_dull_and_comes_through_a_room_is_read_within_three_decibels(band):
    dull = sosfilt(butter(2, 2000, fs=RATE, output="sos"), band["Vocals"])
    room = np.zeros(RATE // 10)
    room[round(0.004 * RATE)] = 1
    tail = stream(4, "room").normal(0, 0.02, len(room)) * np.exp(-np.arange(len(room)) / 400)
    leak = fftconvolve(dull, room + tail * (np.arange(len(room)) > 0.004 * RATE))[: len(dull)]
    guitars = band["Guitars"] + level(leak, band["Guitars"], -20)
    assert bleed_of(band | {"Guitars": guitars})["Guitars"] == (pytest.approx(-20, abs=3), "Vocals")


def test_the_worst_of_two_is_named(band):
    leaks = [
        level(band[name], band["Bass"], db) for name, db in (("Vocals", -26), ("Guitars", -16))
    ]
    found = bleed_of(band | {"Bass": band["Bass"] + sum(leaks)})
    assert found["Bass"] == (pytest.approx(-16, abs=2), "Guitars")


def test_microphones_of_one_class_are_not_bleed_and_short_songs_cannot_be_judged(band):
    leak = level(band["Vocals"], band["Bass"], -10)
    same = [("Drums", heard(x).spectra) for x in (band["Vocals"], band["Bass"] + leak)]
    assert all(np.isnan(value) and other == -1 for value, other in find_bleed(same, bins_hz(RATE)))
    short = {name: x[: 3 * RATE] for name, x in band.items()}
    assert all(np.isnan(value) for value, _ in bleed_of(short).values())
    assert find_bleed([], bins_hz(RATE)) == []


def test_more_stems_than_are_heard_together_say_the_same(band):
    many = {f"class {n}": playing(f"player {n}") for n in range(8)}
    leak = level(late(band["Vocals"], 0.002), many["class 0"], -20)
    stems = band | many
    stems["class 0"] = stems["class 0"] + leak
    assert bleed_of(stems)["class 0"] == (pytest.approx(-20, abs=2), "Vocals")


def lags_of(*sounds):
    return find_lags([heard(x).onsets for x in sounds], frames_per_second(RATE))


@pytest.mark.parametrize("delay_ms", [0.0, 35.0, -250.0, 1234.0, -4000.0])
def test_the_lag_of_a_doubled_take_is_found(band, delay_ms):
    double = late(sosfilt(butter(1, 3000, fs=RATE, output="sos"), band["Vocals"]), delay_ms / 1000)
    double += stream(6, "hiss").normal(0, 1e-3, len(double))
    bass, take, other = lags_of(band["Bass"], band["Vocals"], double)
    assert np.isnan(bass[0])
    assert take == (pytest.approx(-delay_ms, abs=5), 2)
    assert other == (pytest.approx(delay_ms, abs=5), 1)


def test_where_lags_cannot_be_known_none_is_told(band):
    steady = np.zeros(SECONDS * RATE)
    steady[:: RATE // 2] = 1
    clicks = fftconvolve(steady, np.exp(-np.arange(800) / 100))[: len(steady)]
    for sounds in (band.values(), (clicks, late(clicks, 0.1)), (clicks, np.zeros(len(clicks)))):
        assert all(np.isnan(lag) and other == -1 for lag, other in lags_of(*sounds))
    assert lags_of() == [] and np.isnan(lags_of(band["Bass"])[0][0])


def test_the_catalog_names_who_bleeds_and_who_is_late_and_comes_back_so(band, tmp_path):
    leak = level(band["Vocals"], band["Guitars"], -15)
    longer = np.concatenate([np.zeros(RATE // 2), band["Bass"]])
    sounds = {
        "Vocals/lead": band["Vocals"],
        "Guitars/mic": band["Guitars"] + leak,
        "Vocals/double": late(band["Vocals"], 0.03) + stream(1, "x").normal(0, 1e-4, len(leak)),
        "Bass/take": band["Bass"],
        "Bass/longer": longer,
    }
    for name, sound in sounds.items():
        path = tmp_path / "stems" / "song" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.5 * sound, RATE, "PCM_24")
    catalog = scan(tmp_path / "stems")
    rows = catalog.set_index("file")
    mic, double = rows.loc["song/Guitars/mic.wav"], rows.loc["song/Vocals/double.wav"]
    assert (mic.bleed_db, mic.bleed_of) == (pytest.approx(-15, abs=2), "song/Vocals/lead.wav")
    assert (double.lag_ms, double.lag_of) == (pytest.approx(30, abs=5), "song/Vocals/lead.wav")
    uneven = rows.loc["song/Bass/longer.wav"]
    assert "frames where" in uneven.fault
    assert (uneven.lag_ms, uneven.lag_of) == (pytest.approx(500, abs=5), "song/Bass/take.wav")
    told = {entry["what"]: entry["reason"] for entry in doubts(catalog)}
    assert "song/Vocals/lead.wav is heard in it at -1" in told["song/Guitars/mic.wav"]
    assert told["song/Vocals/double.wav"] == "is 30 ms late against song/Vocals/lead.wav"
    assert "song/Bass/longer.wav" not in told  # which is set aside
    write_catalog(catalog, tmp_path / "catalog.parquet")
    assert read_catalog(tmp_path / "catalog.parquet").equals(catalog)


def test_a_catalog_from_before_these_columns_is_still_read(band, tmp_path):
    from pyarrow import parquet

    (tmp_path / "stems/song").mkdir(parents=True)
    soundfile.write(tmp_path / "stems/song/Bass.wav", band["Bass"], RATE)
    catalog, path = scan(tmp_path / "stems"), tmp_path / "catalog.parquet"
    write_catalog(catalog, path)
    columns = ["bleed_db", "bleed_of", "lag_ms", "lag_of"]
    parquet.write_table(parquet.read_table(path).drop_columns(columns), path)
    assert read_catalog(path).equals(catalog)
