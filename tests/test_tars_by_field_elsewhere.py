"""One tar per field, as others read it: the card, Croissant, webdataset, Hugging Face."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from wetdry.datasets import Order, generate, parse_splits, read, read_members, write_card
from wetdry.errors import ShardError
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
taps: [wet, premaster]
"""
FIELDS = ["dry", "mixture", "row", "taps", "wet"]
SHARDS = ["test-000000", "train-000000", "train-000001"]


@pytest.fixture(scope="module")
def dataset(catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("parted") / "set"
    recipe, splits = (
        parse_recipe(RECIPE, "small.yaml", Path(), {}),
        parse_splits(["train=0.6", "test=0.4"]),
    )
    order = Order(recipe, 5, splits=splits, shard_samples=2, one_tar_per_field=True)
    generate(order, catalog, stems, out)
    return out


WEBDATASET = """
import sys, webdataset
SHARDS = "/data/train-{000000..000001}"
heard, dry = (
    webdataset.WebDataset(f"{sys.argv[1]}{SHARDS}.{field}.tar", shardshuffle=False)
    for field in ("mixture", "dry")
)
for one, other in zip(heard, dry, strict=True):
    assert one["__key__"] == other["__key__"]
    assert "mixture.flac" in one and "bass.dry.flac" in other
    print(one["__key__"])
"""
HUGGING_FACE = """
import sys
from datasets import load_dataset
for sample in load_dataset(sys.argv[1], split="train", streaming=True):
    assert sample["mixture.flac"].startswith(b"fLaC")
for sample in load_dataset(sys.argv[1], "dry", split="train", streaming=True):
    assert sample["bass.dry.flac"].startswith(b"fLaC")
    print(sample["__key__"])
"""


@pytest.mark.parametrize(
    ("package", "script"), [("webdataset", WEBDATASET), ("datasets", HUGGING_FACE)]
)
def test_others_read_and_zip_the_tars(dataset, tmp_path, package, script):
    try:
        version(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    safe = {"WDS_SECURE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")}
    line = [sys.executable, "-c", script, str(dataset)]  # in a folder that has no datasets/
    done = subprocess.run(
        line, check=False, capture_output=True, text=True, env=os.environ | safe, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == read(dataset, split="train").keys


def test_card_and_croissant_name_every_tar(dataset, tmp_path):
    text = (dataset / "README.md").read_text()
    about = YAML(typ="safe").load(text.split("---\n")[1])
    assert [one["config_name"] for one in about["configs"]] == FIELDS
    assert [one["config_name"] for one in about["configs"] if one.get("default")] == ["mixture"]
    for config, info in zip(about["configs"], about["dataset_info"], strict=True):
        assert config["config_name"] == info["config_name"]
        for files, split in zip(config["data_files"], info["splits"], strict=True):
            tars = list(dataset.glob(files["path"]))
            assert split["num_bytes"] == sum(tar.stat().st_size for tar in tars)
            names = {n for tar in tars for _, own in read_members(tar) for n in own}
            assert names | {"__key__", "__url__"} == {f["name"] for f in info["features"]}
    assert "3 shards of 15 tars" in text and "`premaster.flac` in `*.taps.tar`" in text
    croissant = json.loads((dataset / "croissant.json").read_bytes())
    files = {one["@id"]: one for one in croissant["distribution"]}
    for path in (dataset / "data").iterdir():
        said = files[f"data/{path.name}"]
        assert said["sha256"] == sha256(path.read_bytes()).hexdigest()
    held = {one["@id"] for one in files["mixtures"]["containedIn"]}
    assert held == {f"data/{shard}.mixture.tar" for shard in SHARDS}
    copy = Path(shutil.copytree(dataset, tmp_path / "set"))
    (copy / "commits" / "train-000000.json").unlink()
    with pytest.raises(ShardError, match="not a commit record"):
        write_card(copy)
