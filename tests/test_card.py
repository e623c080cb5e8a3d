"""The card, Croissant and export: true, the same bytes twice, and read by those they are for."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from wetdry.audio import decode, read
from wetdry.datasets import Order, export_msrbench, generate, parse_splits, read_members, write_card
from wetdry.datasets import read as read_dataset
from wetdry.errors import ShardError, UsageError
from wetdry.manifests.card import Facts, card
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 1
songs: {stems: [2, 4], active: {above_dbfs: -60, share: 0.1}}
mix_loudness_lufs: -12
medium: [{MEDIUM}]
"""
LIMITER = "limiter: {ceiling_dbtp: -6}"


def order(medium, name, seed=0):
    recipe = parse_recipe(RECIPE.replace("MEDIUM", medium), name, Path(), {})
    splits = parse_splits(["train=0.6", "test=0.4"])
    return Order(recipe, 6, seed=seed, splits=splits, shard_samples=2)


@pytest.fixture(scope="module")
def media(catalog, stems, tmp_path_factory):
    """Return three datasets of the same songs, each through another medium."""
    out = tmp_path_factory.mktemp("media")
    for number, medium in ((1, "gain: {gain_db: 12}"), (6, "gain: {gain_db: -7}"), (9, LIMITER)):
        generate(order(medium, f"dt{number}.yaml"), catalog, stems, out / f"dt{number}")
    return [out / "dt1", out / "dt6", out / "dt9"]


def header(dataset):
    text = (dataset / "README.md").read_text()
    return YAML(typ="safe").load(text.split("---\n")[1])


def test_the_card_s_header_tells_what_the_folder_holds(media):
    about, manifest = header(media[0]), pd.read_parquet(media[0] / "manifest.parquet")
    assert about["license"] == "unknown" and about["size_categories"] == ["n<1K"]
    files = {entry["split"]: entry["path"] for entry in about["configs"][0]["data_files"]}
    members = set()
    for split in about["dataset_info"]["splits"]:
        tars = list(media[0].glob(files[split["name"]]))
        assert split["num_bytes"] == sum(tar.stat().st_size for tar in tars)
        assert split["num_examples"] == (manifest["split"] == split["name"]).sum()
        members |= {name for tar in tars for _, files in read_members(tar) for name in files}
    features = {entry["name"]: entry["dtype"] for entry in about["dataset_info"]["features"]}
    assert set(features) == members | {"__key__", "__url__"}


@pytest.mark.filterwarnings("ignore")  # rdflib and mlcroissant warn about themselves
def test_croissant_is_valid_and_its_digests_are_the_files(media, caplog):
    croissant = pytest.importorskip("mlcroissant")
    dataset = croissant.Dataset(jsonld=str(media[0] / "croissant.json"))
    assert not dataset.metadata.issues.errors and "not standard" not in caplog.text
    keys = [row["samples/key"].decode() for row in dataset.records("samples")]
    assert keys == read_dataset(media[0]).keys
    about = json.loads((media[0] / "croissant.json").read_text())
    files = [entry for entry in about["distribution"] if entry["@type"] == "cr:FileObject"]
    assert len(files) == len(list(media[0].glob("data/*.tar"))) + 1
    for file in files:
        data = (media[0] / file["contentUrl"]).read_bytes()
        assert file["sha256"] == sha256(data).hexdigest()
        assert file["contentSize"] == f"{len(data)} B"


def test_the_same_dataset_has_the_same_card_and_no_word_on_when_and_where(media, tmp_path):
    copy = Path(shutil.copytree(media[0], tmp_path / "elsewhere"))
    for name in ("README.md", "croissant.json"):
        before = (copy / name).read_bytes()
        (copy / name).unlink()
        write_card(copy)
        assert (copy / name).read_bytes() == before
        for word in (str(media[0].parent), "/tmp", "20260", "2026-"):
            assert word.encode() not in before


def test_a_card_that_was_edited_outlives_a_second_run(catalog, stems, media, tmp_path):
    copy = Path(shutil.copytree(media[0], tmp_path / "copy"))
    write_card(copy, licence="cc-by-4.0")
    (copy / "README.md").write_text("my own words")
    generate(order("gain: {gain_db: 12}", "dt1.yaml"), catalog, stems, copy)
    assert (copy / "README.md").read_text() == "my own words"
    assert json.loads((copy / "croissant.json").read_text())["license"] == "cc-by-4.0"
    with pytest.raises(UsageError, match="licence"):
        write_card(copy, licence="\n")


def test_names_and_recipes_are_not_taken_for_markup(media):
    record = json.loads((media[0] / "dataset.json").read_text())
    record["recipe_name"] = "my recipe\n---\n# <b>"
    record["recipe"] = "about: a ```` fence\n---\n"
    record["splits"] = {"train": ["a|b`c\nd", "<script>alert(1)</script>"]}
    facts = Facts(record, 'x"\nlicense: y', {"train": 1}, {"": ["a: b.flac"]}, {}, ("0", 0))
    text = card(facts)
    about = YAML(typ="safe").load(text.split("---\n")[1])
    assert about["license"] == 'x"\nlicense: y' and about["pretty_name"] == "wetdry-my-recipe-----b"
    assert "`a b c d`, `<script>alert(1)</script>`" in text
    assert text.rstrip().endswith("`````") and "\n`````yaml\n" in text
    nobody = card(replace(facts, samples={}, members={}))
    assert YAML(typ="safe").load(nobody.split("---\n")[1])["license"] == 'x"\nlicense: y'


def test_one_dataset_is_exported_byte_for_byte(media, tmp_path):
    assert export_msrbench(media[:1], tmp_path / "one", split="test") > 0
    reader = read_dataset(media[0], split="test")
    wanted = {
        f"{name}/{key}{end}.flac": reader.files(key)[member.format(name.lower())]
        for key, classes in zip(reader.keys, reader.manifest["classes"], strict=True)
        for name in classes
        for end, member in (("", "{}.dry.flac"), ("_DT1", "mixture.flac"))
    }
    there = (tmp_path / "one").rglob("*.flac")
    assert {str(p.relative_to(tmp_path / "one")): p.read_bytes() for p in there} == wanted
    export_msrbench(media[:1], tmp_path / "three", medium=3)
    assert list((tmp_path / "three").rglob("*_DT3.flac"))


def test_media_share_a_target_and_keep_their_level_against_it(media, tmp_path):
    out = tmp_path / "bench"
    count = export_msrbench(media, out)
    assert count == len(list(out.rglob("*[0-9].flac"))) - 3 * count
    assert export_msrbench(media, out) == count
    for dataset, number in zip(media, (1, 6, 9), strict=True):
        for sample in read_dataset(dataset, fields=["mixture", "dry", "row"]):
            name = sample["row"]["classes"][0]
            target = read(out / name / f"{sample['key']}.flac")[0]
            mixture = read(out / name / f"{sample['key']}_DT{number}.flac")[0]
            factor = np.abs(target).max() / np.abs(sample["dry"][name]).max()
            assert factor <= 1.001
            assert np.abs(mixture - factor * sample["mixture"]).max() < 3e-4


def test_what_does_not_belong_together_is_refused(catalog, stems, media, tmp_path):
    with pytest.raises(UsageError, match="different media"):
        export_msrbench([media[0], media[0]], tmp_path / "a")
    with pytest.raises(UsageError, match="0 to 12"):
        export_msrbench(media[:1], tmp_path / "a", medium=13)
    generate(order("gain: {gain_db: 0}", "dt2.yaml", seed=1), catalog, stems, tmp_path / "dt2")
    with pytest.raises(ShardError, match="targets are not those of"):
        export_msrbench([media[0], tmp_path / "dt2"], tmp_path / "b")
    export_msrbench(media[:1], tmp_path / "c")
    with pytest.raises(ShardError, match="another file of that name"):
        export_msrbench([tmp_path / "dt2"], tmp_path / "c", medium=1)


def test_a_card_of_a_dataset_without_places_is_the_same(media, tmp_path):
    copy = Path(shutil.copytree(media[0], tmp_path / "copy"))
    path = copy / "manifest.parquet"
    pd.read_parquet(path).drop(columns="members").to_parquet(path)
    write_card(copy)
    assert (copy / "README.md").read_bytes() == (media[0] / "README.md").read_bytes()
    audio, rate = decode(read_dataset(copy).files(0)["mixture.flac"], "mixture")
    assert rate == 22_050 and audio.any()
