"""A song is a set of stems that can be mixed sample by sample, or it is not born."""

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pandas as pd
import pytest

from wetdry.errors import CatalogError
from wetdry.mixing.songs import Song, Stem, songs_of

STEM = Stem("sun", "Bass", "sun/Bass/a.wav", 44100, 1, 88200, -20.0, -6.0, (-30.0, -25.0))


def row(**changes):
    columns = {name: getattr(STEM, name) for name in (field.name for field in fields(Stem))}
    return {**columns, "fault": None, **changes}


def test_a_song_knows_its_length_rate_and_classes():
    vocals = replace(STEM, stem_class="Vocals", file="sun/Vocals/b.wav")
    song = Song("sun", (STEM, vocals))
    assert (song.sample_rate, song.frames, song.seconds) == (44100, 88200, 2.0)
    assert song.classes == ("Vocals", "Bass")


def test_songs_and_stems_never_change():
    with pytest.raises(FrozenInstanceError):
        setattr(STEM, "frames", 3)  # noqa: B010 - mypy would refuse the plain assignment
    with pytest.raises(FrozenInstanceError):
        setattr(Song("sun", (STEM,)), "name", "moon")  # noqa: B010


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"file": "other.wav", "frames": 88201}, "wanted 88200 frames at 44100 Hz"),
        ({"file": "other.wav", "sample_rate": 48000}, "at 48000 Hz"),
        ({"file": "other.wav", "song": "moon"}, "found one of moon"),
        ({}, "found it 2 times"),
    ],
)
def test_stems_that_do_not_fit_together_are_refused(change, words):
    with pytest.raises(CatalogError, match=words):
        Song("sun", (STEM, replace(STEM, **change)))


def test_a_song_without_stems_is_refused():
    with pytest.raises(CatalogError, match="at least one stem"):
        Song("sun", ())


@pytest.mark.parametrize(
    "change", [{"stem_class": "Percussion"}, {"frames": 0}, {"sample_rate": 0}, {"channels": 6}]
)
def test_a_stem_that_is_none_is_refused(change):
    with pytest.raises(CatalogError, match=r"sun/Bass/a\.wav"):
        replace(STEM, **change)


def test_songs_come_from_the_catalog_sorted_and_without_the_faulty():
    rows = [
        row(song="zoo", file="zoo/Bass/a.wav"),
        row(file="sun/Bass/z.wav"),
        row(file="sun/Bass/a.wav"),
        row(file="sun/Vocals/v.wav", stem_class="Vocals"),
        row(file="sun/Bass/broken.wav", fault="silent", frames=0),
    ]
    songs = songs_of(pd.DataFrame(rows))
    assert list(songs) == ["sun", "zoo"]
    assert [stem.file for stem in songs["sun"].stems] == [
        "sun/Vocals/v.wav",
        "sun/Bass/a.wav",
        "sun/Bass/z.wav",
    ]


def test_what_parquet_makes_of_a_row_becomes_the_same_plain_stem():
    changed = row(activity_dbfs=np.array([-30.0, -25.0]), frames=np.int64(88200))
    stem = songs_of(pd.DataFrame([changed]))["sun"].stems[0]
    assert stem == STEM
    assert type(stem.frames) is int and type(stem.activity_dbfs[0]) is float
    assert hash(stem) == hash(STEM)


def test_a_catalog_of_faults_alone_has_no_songs():
    assert songs_of(pd.DataFrame([row(fault="silent")])) == {}
