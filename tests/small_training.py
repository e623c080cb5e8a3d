"""A dataset of six tones and noises, and runs of four steps on it."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from wetdry.audio import STEM_CLASSES, Audio, encode_flac
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.training.checkpoints import load_checkpoint
from wetdry.cascade.training.loader import prepare
from wetdry.cascade.training.ranks import Ranks
from wetdry.seeds import stream

RATE = 16_000
HERE = Ranks(torch.device("cpu"))
SONGS = [["a"], ["b"], ["a", "c"], ["c"], ["b", "c"], ["d"]]


def sizes(**changes: Any) -> dict[str, Any]:
    """Return a configuration of four steps, with what either stage or the run has changed."""
    own = {k: changes.pop(k) for k in list(changes) if k in TrainConfiguration.model_fields}
    network = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
    budget: dict[str, Any] = {"steps": 4, "batch": 4, "pairs": 8, "seconds": 0.5, "log_every": 1}
    budget |= {"save_every": 2, "validate_every": 2, **changes}
    adversary = {"channels": 2, "seconds": 0.25, "pairs": 2, "from_step": 1}
    stage_one = {**budget, "network": network, "discriminator": adversary}
    stage_two = {**budget, "network": {"layers": 2, "channels": 8, "spectral_channels": 2}}
    common = {"sample_rate": RATE, "validation_excerpts": 2, "validation_share": 0.25}
    return {**common, "stage_one": stage_one, "stage_two": stage_two, **own}


def configuration(**changes: Any) -> TrainConfiguration:
    return TrainConfiguration.model_validate(sizes(**changes))


def files(index: int) -> dict[str, bytes]:
    """Return a sample as it stands in a shard: a bass tone and drum noise."""
    dry: dict[str, Audio] = {name: np.zeros((1, 2 * RATE), np.float32) for name in STEM_CLASSES}
    dry["Bass"] = 0.2 * np.sin(np.arange(2 * RATE)[None] * 0.02 * (index + 1), dtype=np.float32)
    dry["Drums"] = 0.1 * stream(0, index).standard_normal((1, 2 * RATE), np.float32)
    members = {f"{n.lower()}.dry.flac": encode_flac(a, RATE) for n, a in dry.items()}
    mixture = np.tanh(2 * sum(dry.values())).astype(np.float32)
    return {**members, "mixture.flac": encode_flac(mixture, RATE)}


def write(folder: Path, songs: list[list[str]], split: str = "train") -> list[dict[str, object]]:
    """Write a shard; return its rows of the manifest."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    rows = []
    with tarfile.open(folder / "data" / f"{split}-000000.tar", "w") as tar:
        for index, names in enumerate(songs):
            key = f"{split}-{index:08d}"
            row = {"key": key, "split": split, "shard": f"{split}-000000", "sample_rate": RATE}
            rows.append({**row, "seconds": 2.0, "songs": names, "severity": index / len(songs)})
            for name, content in sorted(files(index).items()):
                about = tarfile.TarInfo(f"{key}.{name}")
                about.size = len(content)
                tar.addfile(about, io.BytesIO(content))
    return rows


def manifest(folder: Path, rows: list[dict[str, object]]) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows), folder / "manifest.parquet")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("data")
    return manifest(folder, write(folder, SONGS))


@pytest.fixture(scope="module")
def cache(data, tmp_path_factory):
    return prepare(data, "train", RATE, tmp_path_factory.mktemp("run") / "train")


def weights(run: Path) -> dict[str, torch.Tensor]:
    names = ("stage_one", "stage_one.last", "stage_two", "stage_two.last")
    found = {n: load_checkpoint(run / f"{n}.safetensors")[0] for n in names}
    return {f"{n}/{k}": v for n, tensors in found.items() for k, v in tensors.items()}


def log(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


class PowerCut(Exception):
    """What stops a run between two steps."""
