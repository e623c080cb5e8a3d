"""Every dataset is recognised by its marks, and every file of it is a stem or has a reason."""

import os

import pytest
import soundfile
from typer.testing import CliRunner

from wetdry.audio import STEM_CLASSES
from wetdry.cli import app
from wetdry.datasets import (
    LAYOUTS,
    Order,
    find_layout,
    parse_splits,
    plan,
    read_catalog,
    scan,
    write_catalog,
)
from wetdry.datasets.layouts.medleydb import INSTRUMENTS
from wetdry.datasets.layouts.moisesdb import TRACKS
from wetdry.datasets.layouts.slakh import CLASSES, REASONS
from wetdry.datasets.layouts.sources import find_sources
from wetdry.errors import CatalogError, UsageError
from wetdry.mixing import load_recipe
from wetdry.seeds import stream

from .dataset_trees import (
    TREES,
    a_plain_one,
    medleydb,
    moisesdb,
    msrbench,
    musdb18,
    musdb18hq,
    plant,
    rawstems,
    slakh,
    zfturbo,
)


def by_file(root, layout="auto"):
    """Return what was found by its last names: the class, or the fault."""
    return {
        source.file.split("/", 1)[-1]: source.fault or source.stem_class
        for source in find_sources(root, layout)
    }


@pytest.mark.parametrize("name", [layout.name for layout in LAYOUTS])
def test_a_dataset_is_recognised_by_its_marks_and_is_no_other(tmp_path, name):
    assert find_layout(TREES[name](tmp_path)).name == name


def test_rawstems_codes_are_classes_however_deep_the_files_lie(tmp_path):
    found = by_file(rawstems(tmp_path))
    assert "none of the eight classes" in found.pop("Misc/laugh.flac")
    assert "none of the eight classes" in found.pop("MiscRoom/room.flac")
    assert "no class that is known" in found.pop("Rhy/loop.flac")
    assert found == {
        "Voc/LV/lead.flac": "Vocals", "Voc/BV/oohs.flac": "Vocals",
        "Gtr/EG/left.flac": "Guitars", "Gtr/EG/right.flac": "Guitars",
        "Kbs/SYNTH/pad.flac": "Synthesizers", "Kbs/PN/piano.flac": "Keyboards",
        "Kbs/MTR/mellotron.flac": "Keyboards", "Rhy/DK/Kick/in.flac": "Drums",
        "Rhy/PERC/shaker.flac": "Percussions", "Orch/STR/violin.flac": "Orchestral",
        "Bass/DI.flac": "Bass",
    }  # fmt: skip


def test_musdb_keeps_its_split_and_sets_other_aside(tmp_path):
    found = find_sources(musdb18hq(tmp_path))
    assert {s.stem_class for s in found if not s.fault} == {"Vocals", "Drums", "Bass"}
    assert {s.split: s.song for s in found} == {
        "train": "Actions - One Minute Smile", "test": "Al James - Schoolboy Facination",
    }  # fmt: skip
    assert [s.file.rpartition("/")[2] for s in found if s.fault] == ["other.wav"] * 2
    assert all("academic use only" in s.licence for s in found)


def test_stem_files_are_refused_with_the_command_that_unpacks_them(tmp_path):
    with pytest.raises(CatalogError, match="run 'wetdry unpack FOLDER OUT' once"):
        find_sources(musdb18(tmp_path))


def test_moisesdb_is_read_from_its_metadata(tmp_path):
    found = {name.rpartition("/")[2]: said for name, said in by_file(moisesdb(tmp_path)).items()}
    assert "has_bleed" in found.pop("d1.wav")
    assert "any of several classes" in found.pop("p1.wav")
    assert "is click track, which is no instrument" in found.pop("o1.wav")
    assert "listed in data.json and is not there" in found.pop("gone.wav")
    assert found == {
        "only.wav": "Vocals", "v1.wav": "Vocals", "v2.wav": "Vocals",
        "b1.wav": "Bass", "b2.wav": "Orchestral", "d2.wav": "Drums",
        "k1.wav": "Synthesizers", "k2.wav": "Keyboards",
    }  # fmt: skip


def test_medleydb_raw_is_what_was_played_and_bleed_is_set_aside(tmp_path):
    found = by_file(medleydb(tmp_path))
    own = {name[-9:-4]: said for name, said in found.items() if "ClaraBerry" in name}
    assert own["01_01"] == "Drums" and own["01_02"] == "Percussions"
    assert "fx/processed sound, which is no instrument" in own["01_03"]
    assert "several instruments at once (violin, piano)" in own["02_01"]
    assert "Main System" in own["02_02"]
    bled = [said for name, said in found.items() if "MusicDelta" in name]
    assert len(bled) == 5 and all("bleed between its tracks" in said for said in bled)


def test_medleydb_stems_are_asked_for_by_name_where_both_are_there(tmp_path):
    found = by_file(medleydb(tmp_path), "medleydb-stems")
    own = [said for name, said in found.items() if "ClaraBerry" in name]
    assert own == ["Drums", "Orchestral"]


def test_slakh_stems_are_their_midi_programs_and_the_missing_are_told(tmp_path):
    found = {s.file: s for s in find_sources(slakh(tmp_path))}
    said = {n[23:]: s.fault or s.stem_class for n, s in found.items() if n.startswith("train/")}
    assert "Choir Aahs, which may be any of several" in said.pop("S03.flac")
    assert "is listed in metadata.yaml and is not there" in said.pop("S05.*")
    assert "not listed in metadata.yaml" in said.pop("band/piano.wav")
    assert said == {"S00.flac": "Guitars", "S01.flac": "Drums", "S02.flac": "Synthesizers"}
    assert found["test/Track01876/stems/S00.flac"].split == "test"
    assert "duplicate" in found["omitted/Track00700/stems/S00.flac"].fault
    assert found["test/Track01876/stems/S00.flac"].licence == "CC BY 4.0 (Slakh2100)"


def test_msrbench_gives_its_targets_as_a_test_set(tmp_path):
    found = find_sources(msrbench(tmp_path))
    assert [(s.song, s.stem_class, s.split) for s in found] == [
        ("Bass/0007", "Bass", "test"),
        ("Drums/0009", "Drums", "test"),
        ("Synthesizers/0007", "Synthesizers", "test"),
    ]


def test_zfturbo_songs_are_read_by_file(tmp_path):
    found = by_file(zfturbo(tmp_path))
    assert "any of several" in found.pop("other.wav") and "any" in found.pop("instrumental.wav")
    assert found == {"vocals.wav": "Vocals", "guitar.wav": "Guitars"}


def test_a_folder_of_classes_is_not_guessed_to_be_zfturbo(tmp_path):
    plant(tmp_path, "vocals/1.wav", "bass/1.wav", "other/1.wav")
    with pytest.raises(CatalogError, match="say --layout zfturbo"):
        find_sources(tmp_path)
    found = [(s.song, s.stem_class) for s in find_sources(tmp_path, "zfturbo")]
    assert found == [("bass/1", "Bass"), ("other/1", ""), ("vocals/1", "Vocals")]


def test_a_list_of_zfturbo_reaches_no_file_outside_of_its_folder(tmp_path):
    root = plant(tmp_path / "stems", "one/v.wav", "two/b.wav", "unlisted.wav")
    rows = ["instrum,path", f"vocals,{root}/one/v.wav", "bass,two/b.wav", "drums,gone.wav"]
    plant(tmp_path, "secret.wav")
    rows += [f"drums,{tmp_path}/secret.wav", "drums,../secret.wav", "kazoo,three/k.wav"]
    rows += ["bass,two/b.wav", f"bass,{'x' * 200}.wav", "vocals,a\0b.wav"]
    plant(root, "three/k.wav")
    plant(root, "list.csv", text="\n".join(rows))
    found = find_sources(root)
    good = {s.file: s.stem_class for s in found if not s.fault}
    assert good == {"one/v.wav": "Vocals", "two/b.wav": "Bass"}
    faults = sorted(s.fault for s in found if s.fault)
    assert [fault[:12] for fault in faults] == [
        "is in no cla", "is in no lis", *["is listed in"] * 3, "is listed mo",
        "lies outside", "lies outside",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [
        "{split}/{song}-{class}.wav",
        "**/{song}-{class}.wav",
        r"(?:\w+/)?(?P<song>[^/]+)-(?P<class>[A-Za-z]+)\.wav",
    ],
)
def test_a_pattern_says_where_song_and_class_stand(tmp_path, pattern):
    plant(tmp_path, "valid/sun-vox.wav", "valid/sun-bass.wav", "valid/sun-kazoo.wav", "odd.wav")
    found = {s.file: s for s in find_sources(tmp_path, pattern)}
    assert found["valid/sun-vox.wav"].stem_class == "Vocals"
    assert {s.song for s in found.values() if not s.fault} == {"sun"}
    assert found["valid/sun-vox.wav"].split == ("valid" if "{split}" in pattern else "")
    assert "kazoo" in found["valid/sun-kazoo.wav"].fault
    assert "not matched by the pattern" in found["odd.wav"].fault


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ("slak", "did you mean slakh"),
        ("kazoo", "or a pattern such as"),
        ("{song}/*.wav", "found no class"),
        ("(?P<song>[", "cannot be read"),
        ("{song}/{song}/{class}.wav", "cannot be read"),
    ],
)
def test_a_layout_that_is_none_is_refused_with_the_cure(tmp_path, layout, words):
    with pytest.raises(UsageError, match=words):
        find_sources(tmp_path, layout)


def test_two_layouts_at_once_are_never_guessed_between(tmp_path):
    slakh(tmp_path)
    moisesdb(tmp_path)
    with pytest.raises(CatalogError, match="moisesdb and slakh; say which with --layout"):
        find_layout(tmp_path)
    names = ("mixture", "vocals", "drums", "bass", "other")
    root = plant(tmp_path / "alone" / "train", *(f"a/{name}.wav" for name in names))
    with pytest.raises(CatalogError, match="musdb18hq and zfturbo"):
        find_layout(root)


BAD_RECORDS = {
    "text": "<html>",
    "list": "[1, 2]",
    "strange": '{"stems": [{"stemName": [], "tracks": {"a": 3}}, 7, null], "has_bleed": {}}',
    "scalar": '{"stems": 3}',
    "deep": "[" * 100_000,
    "long": "[1]" + " " * 2**20,
    "latin": "\udcff",
    "climbing": '{"stems": [{"stemName": "..", "tracks": [{"id": "../x", "trackType": "bass"}]}]}',
}


RECORDS = {
    "moisesdb": ("moisesdb_v0.1/0a5a9dd1-0b61-4c2b-9d3e-0f7b2f4c4a11", "data.json"),
    "medleydb": ("Audio/ClaraBerry_Boys", "ClaraBerry_Boys_METADATA.yaml"),
    "slakh": ("train/Track00001", "metadata.yaml"),
}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("text", BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_bad_metadata_sets_its_song_aside_and_no_other(tmp_path, name, text):
    root, (folder, record) = TREES[name](tmp_path), RECORDS[name]
    others = [s for s in find_sources(root) if not s.file.startswith(folder)]
    (root / folder / record).write_text(text, errors="surrogateescape")
    found = find_sources(root)
    assert [source for source in found if not source.file.startswith(folder)] == others
    own = [source.fault for source in found if source.file.startswith(folder)]
    assert own and all("; " in fault and str(tmp_path) not in fault for fault in own)


def test_metadata_that_is_a_pipe_or_a_link_astray_never_hangs(tmp_path):
    root = slakh(tmp_path / "slakh")
    for song in ("train/Track00001", "omitted/Track00700"):
        (root / song / "metadata.yaml").unlink()
    os.mkfifo(root / "train/Track00001/metadata.yaml")
    (root / "omitted/Track00700/metadata.yaml").symlink_to("/dev/zero")
    faults = {s.song: s.fault for s in find_sources(root) if s.split != "test"}
    assert "it is no text file" in faults["Track00001"]
    assert "it is a link out of the folder" in faults["Track00700"]


def test_a_licence_beside_the_songs_goes_before_that_of_the_dataset(tmp_path):
    root = slakh(tmp_path)
    plant(root, "LICENSE.txt", text="\n# CC0 1.0 Universal\nmore\n")
    plant(root / "test/Track01876", "license", text="MIT\n")
    found = {s.file: s.licence for s in find_sources(root) if not s.fault}
    assert found["train/Track00001/stems/S00.flac"] == "CC0 1.0 Universal"
    assert found["test/Track01876/stems/S00.flac"] == "MIT"


def test_a_folder_of_ones_own_has_no_licence_that_it_does_not_state(tmp_path):
    assert {s.licence for s in find_sources(a_plain_one(tmp_path))} == {""}


@pytest.mark.parametrize("table", [TRACKS, INSTRUMENTS], ids=["moisesdb", "medleydb"])
def test_every_name_of_a_table_stands_once_and_every_class_is_one_of_ours(table):
    names = [
        n.strip()
        for half in (table.classes, table.aside)
        for x in half.values()
        for n in x.split("|")
    ]
    assert len(names) == len(set(names)) and set(table.classes) <= set(STEM_CLASSES)


def test_every_midi_program_is_in_a_class_or_set_aside_for_a_reason():
    assert {*CLASSES, *REASONS} == {str(number) for number in range(129)}
    assert not {*CLASSES} & {*REASONS}


def test_a_link_into_the_way_above_it_ends_there(tmp_path):
    root = slakh(tmp_path)
    (root / "train/Track00001/stems/S04.flac").symlink_to(root / "train/Track00001/stems/S00.flac")
    (root / "train/Track00001/stems/again").symlink_to(root / "train")
    (root / "train/Track00001/stems/S05.flac").symlink_to("/dev/zero")
    faults = {s.file.rpartition("/")[2]: s.fault for s in find_sources(root) if s.split == "train"}
    assert faults["again"] == "is a link to a folder above it; remove it"
    assert "out of the folder" in faults["S05.flac"] and "not listed" in faults["S04.flac"]


@pytest.fixture
def audible(tmp_path):
    """MUSDB18-HQ with something to hear."""
    root = musdb18hq(tmp_path / "musdb")
    for path in root.rglob("*.wav"):
        noise = 0.2 * stream(5, path.name).standard_normal((12_000, 1))
        soundfile.write(path, noise, 8000)
    return root


def test_the_command_line_says_layout_licence_and_splits(audible, tmp_path):
    words = ["scan", str(audible), "--out", str(tmp_path / "c.parquet"), "--workers", "1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3
    assert "layout: musdb18hq" in done.stderr and "licence: MUSDB18: academic" in done.stdout
    assert "splits of its own: test 1, train 1" in done.stdout
    assert "--split test=@test --split train=@train" in done.stdout


def test_the_catalog_keeps_split_and_licence_and_splits_follow_it(audible, tmp_path):
    table = scan(audible)
    write_catalog(table, tmp_path / "catalog.parquet")
    assert read_catalog(tmp_path / "catalog.parquet").equals(table)
    recipe = load_recipe("clean", sample_rate=8000, seconds=1)
    order = Order(recipe, 2, splits=parse_splits(["learn=@train", "held=@test"]))
    assert plan(order, table)[1]["splits"] == {
        "learn": ["Actions - One Minute Smile"], "held": ["Al James - Schoolboy Facination"],
    }  # fmt: skip
    with pytest.raises(CatalogError, match="no song is in @valid; the catalog has @test, @train"):
        plan(Order(recipe, 2, splits=parse_splits(["a=@valid"])), table)
