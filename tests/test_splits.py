"""Splits: what is a share and what is the name of a song."""

import pytest

from wetdry.datasets import parse_splits
from wetdry.datasets.plans.splits import split_songs
from wetdry.errors import CatalogError

SONGS = ("01", "02", "03", "1", "2", "0.5", "nan", "a")


@pytest.mark.parametrize("song", ["01", "03", "2", "nan", "a"])
def test_a_song_that_looks_like_a_number_is_named_alone(song):
    dealt = split_songs(parse_splits(["train=1", f"test={song}"]), SONGS, 0)
    assert dealt["test"] == (song,)
    assert {*dealt["train"]} == {*SONGS} - {song}


@pytest.mark.parametrize("song", ["1", "0.5", "a"])
def test_a_comma_makes_a_name_of_what_else_is_a_share(song):
    assert split_songs(parse_splits(["train=1", f"test={song},"]), SONGS, 0)["test"] == (song,)
    assert parse_splits([f"test={song},03"])[0].songs == (song, "03")


@pytest.mark.parametrize("share", ["1", "1.0", "1.", "0.5", ".5"])
def test_a_share_is_written_with_a_point_or_is_1(share):
    (split,) = parse_splits([f"train={share}"])
    assert (split.share, split.songs) == (float(share), ())


@pytest.mark.parametrize("share", ["0.0", "1.5", "-0.5", "-.1"])
def test_a_share_beyond_none_and_all_is_refused(share):
    with pytest.raises(CatalogError, match=r"wanted a share above 0, up to 1"):
        parse_splits([f"train={share}"])


@pytest.mark.parametrize("word", ["0", "5", "80%", "1e-1", "inf"])
def test_who_meant_a_share_is_told_how_one_is_written(word):
    with pytest.raises(CatalogError, match=rf"named '{word}'.*with a point \(0\.2\), or 1"):
        split_songs(parse_splits([f"train={word}"]), SONGS, 0)


@pytest.mark.parametrize("text", ["test=b", "test=a,,03", "test=,"])
def test_who_meant_a_song_is_told_of_no_shares(text):
    with pytest.raises(CatalogError, match=r"wetdry scan'$"):
        split_songs(parse_splits([text]), SONGS, 0)
