"""Tars of strangers: whatever they hold is read as it is, or refused with a word on where."""

import io
import os
import tarfile

import numpy as np
import pytest

from wetdry.datasets import Limits, index_tar, read_members
from wetdry.errors import ShardError

BLOCK = 512


def header(name="a.flac", size=4, kind=tarfile.REGTYPE, **more):
    about = tarfile.TarInfo(name)
    about.size, about.type = size, kind
    for field, value in more.items():
        setattr(about, field, value)
    return about.tobuf(tarfile.GNU_FORMAT)


def pad(data):
    return data + bytes(-len(data) % BLOCK)


def archive(*parts, end=2):
    return b"".join(parts) + bytes(end * BLOCK)


@pytest.fixture
def tar(tmp_path):
    """Return a function that writes bytes as a tar."""

    def write(data):
        path = tmp_path / "x.tar"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_any_honest_tar_gives_back_what_went_in(tmp_path, form):
    wanted = {
        "a": {"flac": b"1234", "json": b"{}"},
        "folder/b": {"vocals.dry.flac": os.urandom(1500), "txt": b""},
        "ünï": {"txt": b"x"},
        "d" * 80 + "/" + "e" * 80: {"flac": b"long"},
    }
    with tarfile.open(tmp_path / "x.tar", "w", format=form) as tar:
        tar.addfile(tarfile.TarInfo("folder") if form else tarfile.TarInfo("README"))
        for key, members in wanted.items():
            for extension, data in members.items():
                about = tarfile.TarInfo(f"{key}.{extension}")
                about.size, about.mtime = len(data), 1.5  # pax writes an extended header for it
                tar.addfile(about, io.BytesIO(data))
    assert dict(read_members(tmp_path / "x.tar")) == wanted
    whole = (tmp_path / "x.tar").read_bytes()
    for member in index_tar(tmp_path / "x.tar"):
        content = whole[member.offset_bytes :][: member.size_bytes]
        assert content == wanted[member.key][member.extension]


def test_folders_and_files_without_key_or_extension_are_no_samples(tar):
    folder = header("some/", 0, tarfile.DIRTYPE)
    dot = header("./", 0, tarfile.DIRTYPE)
    names = [header(name) + pad(b"data") for name in ("README", "some/.hidden", "./a.flac")]
    assert dict(read_members(tar(archive(dot, folder, *names)))) == {"a": {"flac": b"data"}}


BAD = {
    "path traversal": (header("../a.flac") + pad(b"data"), "leads out"),
    "path traversal inside": (header("a/../../b.flac") + pad(b"data"), "leads out"),
    "an absolute name": (header("/etc/a.flac") + pad(b"data"), "absolute"),
    "a name with a newline": (header("a\nb.flac") + pad(b"data"), "odd"),
    "a name of another alphabet": (header("a\x1b[31m.flac") + pad(b"data"), "odd"),
    "a name of Windows": (header("..\\a.flac") + pad(b"data"), "odd"),
    "a symbolic link": (header(size=0, kind=tarfile.SYMTYPE, linkname="/etc/passwd"), "symbolic"),
    "a hard link": (header(size=0, kind=tarfile.LNKTYPE, linkname="b.flac"), "hard link"),
    "a device": (header(size=0, kind=tarfile.CHRTYPE), "device"),
    "a pipe": (header(size=0, kind=tarfile.FIFOTYPE), "pipe"),
    "a sparse file": (header(size=0, kind=tarfile.GNUTYPE_SPARSE), "sparse"),
    "something unknown": (header(size=0, kind=b"Z"), "unknown"),
    "a negative size": (header(size=-512), "size"),
    "eight gibibytes declared": (header(size=2**33), "torn"),
    "a size beyond all files": (header(size=2**63), "torn|size"),
    "the same member twice": ((header() + pad(b"data")) * 2, "twice"),
    "a sample that comes back": (
        b"".join(header(n) + pad(b"data") for n in ("a.flac", "b.flac", "a.json")),
        "twice",
    ),
    "a pax bomb": (header("x", 2**20, tarfile.XHDTYPE) + bytes(2**20), "extended"),
    "pax that means another file": (
        header("x", 18, tarfile.XHDTYPE) + pad(b"18 path=../a.flac\n") + header() + pad(b"data"),
        "leads out",
    ),
    "pax that means another size": (
        header("x", 16, tarfile.XHDTYPE) + pad(b"16 size=9999999\n") + header() + pad(b"data"),
        "torn",
    ),
    "pax of no number": (
        header("x", 11, tarfile.XHDTYPE) + pad(b"11 size=-1\n") + header() + pad(b"data"),
        "size",
    ),
    "pax that says sparse": (
        header("x", 22, tarfile.XHDTYPE) + pad(b"22 GNU.sparse.major=1\n") + header(),
        "sparse",
    ),
    "pax that is torn": (header("x", 9, tarfile.XHDTYPE) + pad(b"99 path=a"), "cannot be read"),
    "one name for all": (header("x", 9, tarfile.XGLTYPE) + pad(b"9 path=a\n"), "all files"),
    "a wrong checksum": (b"b" + header()[1:] + pad(b"data"), "no tar header"),
    "noise": (np.random.default_rng(0).bytes(2048), "no tar header"),
    "two tars joined": (archive(header() + pad(b"data")) + header("b.flac"), "nothing after"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_tar_is_refused_that_holds(what, tar):
    data, said = BAD[what]
    path = tar(archive(data))
    with pytest.raises(ShardError, match=said) as caught:
        list(read_members(path))
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_tar_cut_anywhere_is_refused(tar):
    whole = archive(*(header(f"{k}.flac", 700) + pad(bytes([65]) * 700) for k in "ab"), end=1)
    assert len(dict(read_members(tar(whole)))) == 2
    for length in [*range(0, len(whole), 256), len(whole) - 1]:
        with pytest.raises(ShardError):
            list(read_members(tar(whole[:length])))


def test_a_hole_of_zeros_is_refused(tar):
    whole = bytearray(archive(*(header(f"{k}.flac") + pad(b"data") for k in "abc")))
    whole[2 * BLOCK : 3 * BLOCK] = bytes(BLOCK)  # where the second header stood
    with pytest.raises(ShardError, match="nothing after byte 1024"):
        list(read_members(tar(bytes(whole))))


def test_limits_hold_before_anything_is_read(tar):
    path = tar(archive(*(header(f"a.{n}", 600) + pad(bytes(600)) for n in range(10))))
    assert len(dict(read_members(path))["a"]) == 10
    with pytest.raises(ShardError, match="at most 5000 bytes, found 6000"):
        next(read_members(path, Limits(sample_bytes=5000)))
    with pytest.raises(ShardError, match="at most 4 files"):
        next(read_members(path, Limits(members=4)))


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.tar")
    (tmp_path / "folder.tar").mkdir()
    for name in ("pipe.tar", "folder.tar", "absent.tar"):
        with pytest.raises(ShardError, match=name):
            list(read_members(tmp_path / name))
    with pytest.raises(ShardError, match="regular file"):
        list(read_members(tmp_path.__class__("/dev/zero")))
