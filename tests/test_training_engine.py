import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from wetdry.audio import STEM_CLASSES, Audio, encode_flac
from wetdry.cascade.checkpoints import load_checkpoint
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.loader import draw_batch, prepare
from wetdry.cascade.optimisation import Optimisation
from wetdry.cascade.ranks import Ranks
from wetdry.cascade.sizes import OptimiserConfiguration
from wetdry.cascade.stage_one import StageOne
from wetdry.cascade.training import train
from wetdry.errors import UsageError
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


@pytest.mark.parametrize(("precision", "stop"), [("float32", 3), ("bfloat16", 7)])
def test_four_steps_are_two_steps_saved_loaded_and_two_more(data, tmp_path, precision, stop):
    curriculum = {"begin": 0.2, "steps": 3}
    asked = configuration(precision=precision, parts=2, patience=9, curriculum=curriculum)

    def cut(done: int, total: int) -> None:
        if done == stop:
            raise PowerCut

    whole = train(asked, data, tmp_path / "whole", device="cpu")
    with pytest.raises(PowerCut):
        train(asked, data, tmp_path / "cut", device="cpu", progress=cut)
    halves = train(asked, data, tmp_path / "cut", device="cpu")
    wanted, found = weights(whole), weights(halves)
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)
    assert log(whole) == log(halves)


def one_step(cache, ranks=HERE, **changes):
    stage = StageOne(configuration(**changes), cache, ranks)
    numbers = [stage.train_step(step) for step in range(3)]
    return numbers, torch.cat([p.detach().flatten() for p in stage.network.parameters()])


def test_parts_hold_the_excerpts_of_the_whole_batch(cache):
    whole = draw_batch(cache, 0, "stage_one", 5, 4, 4_000)
    halves = [draw_batch(cache, 0, "stage_one", 5, 4, 4_000, places=p) for p in ((0, 1), (2, 3))]
    assert torch.equal(whole.mixture, torch.cat([half.mixture for half in halves]))


TWO = """
import json, sys
from pathlib import Path
from typing import Any
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.training import train
asked = TrainConfiguration.model_validate(json.loads(sys.argv[1]))
train(asked, Path(sys.argv[2]), Path(sys.argv[3]), device="cpu")
"""


def together(folder: Path, data: Path, asked: dict[str, Any], out: Path) -> None:
    """Train with two processes that torchrun starts, on CPUs."""
    script = folder / "two.py"
    script.write_text(TWO)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += [str(script), json.dumps(asked), str(data), str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_processes_learn_what_one_learns_and_go_on_where_they_stopped(data, tmp_path):
    asked = sizes(parts=2)
    alone = train(TrainConfiguration.model_validate(asked), data, tmp_path / "alone", device="cpu")

    def cut(done: int, total: int) -> None:
        if done == 3:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(TrainConfiguration.model_validate(asked), data, tmp_path / "two", progress=cut)
    together(tmp_path, data, asked, tmp_path / "two")
    wanted, found = weights(alone), weights(tmp_path / "two")
    assert all(torch.allclose(wanted[n], found[n], rtol=1e-3, atol=1e-5) for n in wanted)
    for one, other in zip(log(alone), log(tmp_path / "two"), strict=True):
        assert one.keys() == other.keys()
        assert [*one.values()][1:] == pytest.approx([*other.values()][1:], rel=1e-3, abs=1e-4)


def test_a_batch_that_processes_cannot_share_is_refused(cache):
    with pytest.raises(UsageError, match="multiple of the 2 processes"):
        StageOne(configuration(), cache, Ranks(torch.device("cpu"), 0, 2))


def test_a_batch_that_cannot_be_cut_evenly_is_refused():
    with pytest.raises(ValueError, match="multiples of parts"):
        configuration(parts=3)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_sixteen_bits_learn_nearly_the_same(cache, precision):
    wanted, _ = one_step(cache)
    found, _ = one_step(cache, precision=precision)
    assert found[0] != wanted[0]
    assert [x["loss"] for x in found] == pytest.approx([x["loss"] for x in wanted], rel=0.03)


def test_the_scale_of_losses_is_resumed_with_the_rest():
    def way() -> Optimisation:
        torch.manual_seed(0)
        return Optimisation(torch.nn.Linear(1, 1), OptimiserConfiguration(), 10, HERE, "float16")

    one, other = way(), way()
    for infinite in (1e30, 1.0, 1.0):
        one.gather(one.network(torch.tensor([[1e10]])).sum() * infinite)
        one.descend(0)
    assert one.scaler.get_scale() < 65_536
    other.resume(one.state())
    assert other.scaler.state_dict() == one.scaler.state_dict()
