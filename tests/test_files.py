"""Files are whole or absent, and come back as they were."""

import stat

import pandas as pd
import pytest
import soundfile

from wetdry.datasets import read_catalog, scan, write_catalog
from wetdry.errors import CatalogError, ShardError
from wetdry.manifests.files import write_atomically, writing
from wetdry.seeds import stream


def test_a_file_is_written_into_a_new_folder_and_nothing_else_is(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_others_may_read_what_the_umask_lets_them(tmp_path):
    write_atomically(tmp_path / "ours", b"")
    (tmp_path / "plain").write_bytes(b"")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "plain")]
    assert modes[0] == modes[1]


def test_a_name_that_cannot_be_taken_is_a_shard_error_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ShardError, match="taken: cannot be written"):
        write_atomically(tmp_path / "taken", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_writer_that_fails_half_way_leaves_the_old_file_whole(tmp_path):
    write_atomically(tmp_path / "file", b"old")
    with pytest.raises(KeyboardInterrupt), writing(tmp_path / "file") as file:
        file.write(b"half of the n")
        raise KeyboardInterrupt
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_in_the_place_of_a_folder_is_a_shard_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ShardError, match="another folder"):
        write_atomically(tmp_path / "file" / "below", b"data")


def test_a_catalog_comes_back_from_parquet_as_it_was(tmp_path):
    (tmp_path / "song/Vocals").mkdir(parents=True)
    (tmp_path / "song/Vocals/text.wav").write_text("no audio")
    noise = stream(1, "noise").normal(0, 0.1, (8000, 2))
    soundfile.write(tmp_path / "song/Bass.wav", noise, 8000)
    catalog, path = scan(tmp_path), tmp_path / "new" / "catalog.parquet"
    write_catalog(catalog, path)
    first = path.read_bytes()
    pd.testing.assert_frame_equal(read_catalog(path), catalog)
    write_catalog(read_catalog(path), path)
    assert path.read_bytes() == first
    assert [file.name for file in path.parent.iterdir()] == ["catalog.parquet"]


def test_a_torn_or_foreign_catalog_is_refused(tmp_path):
    path = tmp_path / "catalog.parquet"
    with pytest.raises(CatalogError, match="write one with 'wetdry scan'"):
        read_catalog(path)
    for prepare in (
        lambda: path.write_bytes(b"PAR1 and no more"),
        lambda: pd.DataFrame({"song": ["a"]}).to_parquet(path),
    ):
        prepare()
        with pytest.raises(CatalogError, match="scan again"):
            read_catalog(path)
