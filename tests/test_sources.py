"""Every file below a folder is a stem, is no audio, or is set aside with the reason."""

import os
from pathlib import Path

import pytest

from wetdry.audio import STEM_CLASSES
from wetdry.datasets.layouts.class_names import class_of
from wetdry.datasets.layouts.sources import find_sources
from wetdry.errors import CatalogError


def plant(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def found(root):
    return {source.file: source.stem_class for source in find_sources(root) if not source.fault}


def set_aside(root):
    return {source.file: source.fault for source in find_sources(root) if source.fault}


@pytest.mark.parametrize("name", STEM_CLASSES)
def test_a_class_is_known_in_any_case_and_number(name):
    assert {class_of(word) for word in (name, name.lower(), name.upper())} == {name}
    assert name in ("Bass", "Orchestral") or class_of(name[:-1]) == name


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("Voc_LV", "Vocals"),
        ("Gtr_EG", "Guitars"),
        ("Kbs_PN", "Keyboards"),
        ("Kbs_SYNTH", "Synthesizers"),
        ("Synth", "Synthesizers"),
        ("Rhy_DK", "Drums"),
        ("Rhy_PERC", "Percussions"),
        ("Orch_STR", "Orchestral"),
        ("Strings", "Orchestral"),
        ("Misc", None),
        ("Rhy", None),
    ],
)
def test_codes_of_rawstems_are_understood(code, wanted):
    assert class_of(code) == wanted


def test_stems_lie_in_class_folders_in_code_folders_or_bear_the_class_as_name(tmp_path):
    plant(tmp_path, "a/Bass/x.wav", "a/Gtr_AG/y.FLAC", "b/Rhy/DK/z.ogg", "b/vocals.aiff")
    assert found(tmp_path) == {
        "a/Bass/x.wav": "Bass",
        "a/Gtr_AG/y.FLAC": "Guitars",
        "b/Rhy/DK/z.ogg": "Drums",
        "b/vocals.aiff": "Vocals",
    }


def test_the_order_is_that_of_songs_classes_and_files(tmp_path):
    plant(tmp_path, "b/Bass/x.wav", "a/Vocals/x.wav", "a/Drums/y.wav", "a/Drums/x.wav")
    assert list(found(tmp_path)) == [
        "a/Drums/x.wav",
        "a/Drums/y.wav",
        "a/Vocals/x.wav",
        "b/Bass/x.wav",
    ]


def test_what_is_hidden_or_no_audio_is_passed_over(tmp_path):
    plant(
        tmp_path, "a/Bass/x.wav", "a/meta.json", "a/Bass/.x.wav", ".git/Bass/x.wav", "a/art/a.png"
    )
    assert list(found(tmp_path)) == ["a/Bass/x.wav"]
    assert not set_aside(tmp_path)


@pytest.mark.parametrize(
    ("file", "shown", "words"),
    [
        ("a/Drmus/x.wav", "a/Drmus", "did you mean Drums?"),
        ("a/Kbs_PX/x.wav", "a/Kbs_PX", "did you mean Kbs_P"),
        ("a/qqqq/x.wav", "a/qqqq", "wanted one of Vocals, Guitars"),
        ("a/MiscRoom/x.wav", "a/MiscRoom", "none of the eight classes"),
        ("a/Bass/one/two/x.wav", "a/Bass/one", "no class that is known"),
        ("a/Rhy/x.wav", "a/Rhy/x.wav", "no class that is known"),
        ("x.wav", "x.wav", "belongs to no song"),
        ("a/Bass/x.m4a", "a/Bass/x.m4a", "convert it"),
        ("a/Bass/y.wav/x.wav", "a/Bass/y.wav", "is a folder"),
        ("a/Bass/two\nlines.wav", r"a/Bass/two\nlines.wav", "rename it"),
        ("a/Bass/\udcff.wav", r"a/Bass/\xff.wav", "invalid UTF-8"),
        ("A/Bass/x.wav", "a/Bass/good.wav", "the name of the song A but for case"),
    ],
)
def test_what_cannot_be_a_stem_is_set_aside_with_the_reason(tmp_path, file, shown, words):
    try:
        plant(tmp_path, file)
    except OSError:
        pytest.skip("this file system refuses the name")
    plant(tmp_path, "a/Bass/good.wav", "other/Bass/good.wav")
    assert words in set_aside(tmp_path)[shown]
    assert "other/Bass/good.wav" in found(tmp_path)


def test_the_same_name_in_two_unicode_forms_is_one_name_too_many(tmp_path):
    plant(
        tmp_path,
        "e\N{COMBINING ACUTE ACCENT}/Bass/x.wav",
        "\N{LATIN SMALL LETTER E WITH ACUTE}/Bass/x.wav",
    )
    assert len(found(tmp_path)) == len(set_aside(tmp_path)) == 1


def test_pipes_devices_and_links_astray_never_hang(tmp_path):
    root = plant(tmp_path / "stems", "a/Bass/good.wav")
    plant(tmp_path, "outside/Bass/x.wav")
    folder = root / "a" / "Bass"
    os.mkfifo(folder / "pipe.wav")
    (folder / "zero.wav").symlink_to("/dev/zero")
    (folder / "loop.wav").symlink_to("loop.wav")
    (folder / "gone.wav").symlink_to("nowhere")
    (folder / "inside.wav").symlink_to("good.wav")
    (root / "song").symlink_to(tmp_path / "outside")
    (root / "a" / "Drums").symlink_to(root)
    aside = set_aside(root)
    assert "not a regular file" in aside["a/Bass/pipe.wav"]
    assert "out of the folder" in aside["a/Bass/zero.wav"] and "out of" in aside["song"]
    assert "leads nowhere" in aside["a/Bass/loop.wav"] and "nowhere" in aside["a/Bass/gone.wav"]
    assert list(found(root)) == ["a/Bass/good.wav", "a/Bass/inside.wav"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "no audio; name a folder that holds songs"),
        (["Bass/x.wav", "Drums/x.wav"], r"one song \(Bass, Drums\); name the folder above it"),
        (["Bass.wav", "Drums.wav"], "one song"),
        (["a/Misc/x.wav"], "a/Misc, which is Misc"),
    ],
)
def test_a_folder_without_stems_is_refused_with_the_layout_wanted(tmp_path, files, words):
    with pytest.raises(CatalogError, match=r"wanted stems as <song>/<Class>.*" + words):
        find_sources(plant(tmp_path, *files))


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CatalogError, match="look at the path"):
        find_sources(tmp_path / "absent")
