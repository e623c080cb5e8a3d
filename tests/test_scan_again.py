"""A second scan reads what has changed and nothing else, and says what a first one would."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from wetdry.cli import app
from wetdry.datasets import Scanned, read_catalog, scan, scanned_beside, write_catalog
from wetdry.datasets.scanning import song_facts as facts
from wetdry.datasets.scanning.measure import measure
from wetdry.errors import AudioError, ShardError
from wetdry.seeds import stream

RATE = 8000
FILES = ("one/Bass/a.wav", "one/Vocals/b.flac", "two/Drums/a.wav", "two/Bass.wav", "three/Bass.wav")


def put(path: Path, name="", seconds=2.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = stream(5, name or path.name, path.parent.name).normal(0, 0.1, round(seconds * RATE))
    soundfile.write(path, np.clip(noise, -1, 1), RATE, "PCM_16")
    return path


@pytest.fixture
def stems(tmp_path):
    for file in FILES:
        put(tmp_path / "stems" / file)
    return tmp_path / "stems"


@pytest.fixture
def opened(monkeypatch):
    """Return the songs whose files were measured, in a list that grows."""
    names = []

    def told(path):
        names.append(next(parent.name for parent in path.parents if parent.parent.name == "stems"))
        return measure(path)

    monkeypatch.setattr(facts, "measure", told)
    return names


def whole(stems, out: Path) -> bytes:
    """Return the bytes of the catalog of a scan that knows nothing of earlier ones."""
    write_catalog(scan(stems), out)
    return out.read_bytes()


def again(stems, out: Path, workers=1, **how) -> bytes:
    scanned = Scanned(scanned_beside(out), **how)
    write_catalog(scan(stems, workers=workers, scanned=scanned), out)
    return out.read_bytes()


def songs(opened) -> set[str]:
    found = set(opened)
    opened.clear()
    return found


def test_what_has_not_changed_is_not_read_and_the_catalog_is_the_same_to_the_byte(
    stems, tmp_path, opened
):
    out = tmp_path / "catalog.parquet"
    first = again(stems, out)
    assert songs(opened) == {"one", "two", "three"}
    assert again(stems, out) == first and not opened
    assert first == whole(stems, tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (lambda stems: put(stems / "two/Bass.wav", "another"), {"two"}),
        (lambda stems: put(stems / "one/Drums/new.wav"), {"one"}),
        (lambda stems: put(stems / "four/Drums/new.wav"), {"four"}),
        (lambda stems: (stems / "one/Bass/a.wav").unlink(), {"one"}),
        (lambda stems: (stems / "three/Bass.wav").unlink(), set()),
        (lambda stems: (stems / "two").rename(stems / "renamed"), {"renamed"}),
        (lambda stems: (stems / "two/Bass.wav").rename(stems / "two/Vocals.wav"), {"two"}),
        (lambda stems: (stems / "two/Bass.wav").write_bytes(b"no audio"), {"two"}),
        (lambda stems: (stems / "one/LICENSE").write_text("CC BY 4.0"), set()),
        (lambda stems: os.utime(stems / "one/Bass/a.wav", ns=(1, 1)), {"one"}),
    ],
)
def test_only_songs_with_a_change_are_read_and_the_result_is_that_of_a_full_scan(
    stems, tmp_path, opened, change, read
):
    out = tmp_path / "catalog.parquet"
    again(stems, out)
    opened.clear()
    change(stems)
    found = again(stems, out)
    assert songs(opened) == read
    assert found == whole(stems, tmp_path / "other.parquet")
    assert len(scanned_beside(out).read_text().splitlines()) == len(set(read_catalog(out)["song"]))


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_found_by_its_digest_alone(
    stems, tmp_path, opened
):
    out, path = tmp_path / "catalog.parquet", stems / "two/Bass.wav"
    first, before = again(stems, out), path.stat()
    put(path, "another")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    opened.clear()
    assert again(stems, out) == first and not opened
    assert again(stems, out, deep=True) == whole(stems, tmp_path / "other.parquet") != first
    opened.clear()
    again(stems, out, fresh=True)
    assert songs(opened) == {"one", "two", "three"}


def test_a_digest_knows_a_copied_file_again(stems, tmp_path, opened):
    out = tmp_path / "catalog.parquet"
    first = again(stems, out)
    for file in FILES:
        os.utime(stems / file, ns=(7, 7))
    opened.clear()
    assert again(stems, out, deep=True) == first and not opened
    assert again(stems, out) == first and not opened  # and its new time is known from then on


def test_what_the_machine_forbade_is_tried_again(stems, tmp_path, opened, monkeypatch):
    out = tmp_path / "catalog.parquet"

    def failing(path):
        raise RuntimeError("a bad day")

    with monkeypatch.context() as patch:
        patch.setattr(facts, "measure", failing)
        again(stems, out)
    assert read_catalog(out)["fault"].str.startswith("cannot be measured").all()
    assert again(stems, out) == whole(stems, tmp_path / "other.parquet")


@pytest.mark.parametrize("spoil", ["cut", "foreign", "version"])
def test_what_is_not_a_whole_line_of_this_version_counts_for_nothing(
    stems, tmp_path, opened, spoil
):
    out = tmp_path / "catalog.parquet"
    first, kept = again(stems, out), scanned_beside(out)
    lines = kept.read_bytes().splitlines(keepends=True)
    if spoil == "cut":
        kept.write_bytes(b"".join(lines[:2]) + lines[2][:-20])
    elif spoil == "foreign":
        kept.write_bytes(b'[]\n{"song": 3}\n\xff\n' + b"".join(lines[:2]))
    else:
        kept.write_bytes(b"".join(lines[:2]) + lines[2].replace(b'"version": ', b'"version": 1'))
    opened.clear()
    assert again(stems, out) == first
    assert songs(opened) == {"two"}


def test_a_killed_scan_keeps_the_songs_that_were_done(tmp_path, opened):
    for number in range(40):
        put(tmp_path / "stems" / f"song{number:02d}/Bass.wav", seconds=8.0)
    out = tmp_path / "catalog.parquet"
    kept = scanned_beside(out)
    command = [sys.executable, "-m", "wetdry.cli", "scan", tmp_path / "stems", "--out", out]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [*command, "--workers", "1"], env=environment, stdout=subprocess.DEVNULL, stderr=-3
    ) as process:
        while process.poll() is None and (not kept.exists() or kept.read_bytes().count(b"\n") < 7):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    done = kept.read_bytes().count(b'"version"')
    assert done >= 3
    found = again(tmp_path / "stems", out)
    assert len(songs(opened)) <= 40 - done + 1  # the last line may be cut
    assert found == whole(tmp_path / "stems", tmp_path / "other.parquet")


def test_a_worker_that_ends_is_told_and_two_workers_then_find_the_same(stems, tmp_path):
    for number in range(20):
        put(stems / f"song{number:02d}/Bass.wav", seconds=8.0)
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"

    def end_one(done, total):
        multiprocessing.active_children()[0].kill()

    with pytest.raises(AudioError, match="use fewer workers, and scan again"):
        scan(stems, workers=2, scanned=Scanned(scanned_beside(two)), progress=end_one)
    assert scanned_beside(two).read_bytes().count(b'"version"') >= 1
    assert again(stems, one) == again(stems, two, workers=2)
    assert scanned_beside(one).read_bytes() == scanned_beside(two).read_bytes()


def test_a_place_that_cannot_be_written_to_is_told(stems, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ShardError, match=r"another folder"):
        scan(stems, scanned=Scanned(tmp_path / "file" / "x.jsonl"))
    with pytest.raises(ShardError, match="--fresh"):
        Scanned(tmp_path)


def test_the_command_says_what_it_sets_aside_and_how_often(stems, tmp_path):
    (stems / "one/Guitars").mkdir()
    (stems / "one/Guitars/c.flac").write_bytes((stems / "one/Vocals/b.flac").read_bytes())
    (stems / "two/Vocals.wav").write_text("no audio")
    out = str(tmp_path / "catalog.parquet")
    command = ["scan", str(stems), "--workers", "1", "--out", out]
    runs = [CliRunner().invoke(app, command) for _ in range(2)]
    for run in runs:
        assert run.exit_code == 3
        assert "set aside:    1 the same file twice" in run.output
        assert "set aside:    1 cannot be read" in run.output
        assert "one/Vocals/b.flac: is the same file as one/Guitars/c.flac" in run.output
    assert "had not changed, and were not read again: 3" in runs[1].output
    assert "had not changed" not in runs[0].output
    fresh = CliRunner().invoke(app, [*command, "--fresh"])
    assert "had not changed" not in fresh.output
