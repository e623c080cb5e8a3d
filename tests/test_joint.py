"""Both stages tuned together: they learn, a killed run goes on, and never is a pair mixed."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from wetdry.audio import STEM_CLASSES, Audio, encode_flac
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.judging.bench import judge
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.networks.regressor import Regressor
from wetdry.cascade.restoring.restoration import Restorer
from wetdry.cascade.training.checkpoints import load_checkpoint
from wetdry.cascade.training.joint import Joint
from wetdry.cascade.training.loader import prepare
from wetdry.cascade.training.ranks import Ranks
from wetdry.cascade.training.training import train
from wetdry.errors import CheckpointError
from wetdry.seeds import stream

RATE = 16_000
HERE = Ranks(torch.device("cpu"))


def configuration(**joint: object) -> TrainConfiguration:
    network = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
    budget = {"steps": 2, "batch": 2, "seconds": 0.5, "log_every": 1, "save_every": 2}
    adversary = {"channels": 2, "seconds": 0.25, "from_step": 1}
    asked = {
        "sample_rate": RATE,
        "validation_excerpts": 2,
        "stage_one": {**budget, "network": network, "discriminator": adversary},
        "stage_two": {**budget, "network": {"layers": 2, "channels": 8, "spectral_channels": 2}},
        "joint": {**budget, "steps": 4, "validate_every": 2, **joint},
    }
    return TrainConfiguration.model_validate(asked)


def sample(index: int) -> dict[str, bytes]:
    """Return a sample as it stands in a shard: a bass tone and drum noise."""
    dry: dict[str, Audio] = {name: np.zeros((1, 2 * RATE), np.float32) for name in STEM_CLASSES}
    dry["Bass"] = 0.2 * np.sin(np.arange(2 * RATE)[None] * 0.02 * (index + 1), dtype=np.float32)
    dry["Drums"] = 0.1 * stream(0, index).standard_normal((1, 2 * RATE), np.float32)
    members = {f"{n.lower()}.dry.flac": encode_flac(a, RATE) for n, a in dry.items()}
    mixture = np.tanh(2 * sum(dry.values())).astype(np.float32)
    return {**members, "mixture.flac": encode_flac(mixture, RATE)}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("data")
    (folder / "data").mkdir()
    rows = []
    for split, count in (("train", 4), ("test", 1)):
        with tarfile.open(folder / "data" / f"{split}-000000.tar", "w") as tar:
            for index in range(count):
                key = f"{split}-{index:08d}"
                row = {"key": key, "split": split, "shard": f"{split}-000000", "seconds": 2.0}
                rows.append({**row, "sample_rate": RATE, "songs": [f"{split} {index // 2}"]})
                for name, content in sorted(sample(index).items()):
                    about = tarfile.TarInfo(f"{key}.{name}")
                    about.size = len(content)
                    tar.addfile(about, io.BytesIO(content))
    parquet.write_table(pa.Table.from_pylist(rows), folder / "manifest.parquet")
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory) -> Path:
    return train(configuration(), data, tmp_path_factory.mktemp("runs") / "run", device="cpu")


class PowerCut(Exception):
    """What stops a run between two steps."""


def stopped(asked: TrainConfiguration, data: Path, out: Path, stop: int) -> None:
    def cut(done: int, total: int) -> None:
        assert total == 8
        if done == stop:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(asked, data, out, device="cpu", progress=cut)


@pytest.mark.parametrize("stop", [4, 6, 7])
def test_four_joint_steps_are_two_steps_saved_loaded_and_two_more(data, run, tmp_path, stop):
    stopped(configuration(), data, tmp_path / "run", stop)
    out = train(configuration(), data, tmp_path / "run", device="cpu")
    assert not list(out.glob("*.state.safetensors")) and not (out / "cache").exists()
    for name in ("joint", "joint.last", "stage_one", "stage_two"):
        wanted, found = (load_checkpoint(r / f"{name}.safetensors")[0] for r in (run, out))
        assert wanted.keys() == found.keys()
        assert all(torch.equal(wanted[key], found[key]) for key in wanted)


def test_both_networks_are_tuned_and_the_stages_stay_as_they_were(run):
    tuned = load_checkpoint(run / "joint.safetensors")[0]
    for stage in ("stage_one", "stage_two"):
        alone = load_checkpoint(run / f"{stage}.safetensors")[0]
        assert {k for k in tuned if k.startswith(stage)} == {f"{stage}.{k}" for k in alone}
        assert any(not torch.equal(tuned[f"{stage}.{k}"], alone[k]) for k in alone)
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    joint = [line for line in lines if line["stage"] == "joint"]
    assert [x["step"] for x in joint if "loss" in x] == [1, 2, 3, 4]
    assert {"waveform", "spectral", "log_mel"} <= joint[0].keys()
    assert [x["step"] for x in joint if "held_out_mmsnr_db" in x] == [2, 4]


def test_a_run_that_was_cut_while_tuning_restores_untuned_only_never_mixed(data, run, tmp_path):
    stopped(configuration(), data, tmp_path / "run", 7)
    with pytest.raises(CheckpointError, match="joint"):
        Restorer.load(tmp_path / "run", "cpu")
    audio = 0.1 * stream(1).standard_normal((1, 8_000), np.float32)
    cut = Restorer.load(tmp_path / "run", "cpu", tuned=False).restore(audio, RATE)["cascade"]
    untuned = Restorer.load(run, "cpu", tuned=False).restore(audio, RATE)["cascade"]
    tuned = Restorer.load(run, "cpu").restore(audio, RATE)["cascade"]
    assert np.array_equal(cut["Bass"], untuned["Bass"])
    assert not np.array_equal(tuned["Bass"], untuned["Bass"])


def test_evaluation_hears_the_cascade_before_and_after(run, tmp_path, monkeypatch):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    for name, file in (("Bass/0_DT0", "mixture"), ("Bass/target/0", "bass.dry")):
        path = tmp_path / "bench" / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample(0)[f"{file}.flac"])
    found = judge(
        tmp_path / "out", reference=tmp_path / "bench", run=run, baselines=["mixture"],
        metrics=["sdr_db"], dials=[0.5], device="cpu",
    )  # fmt: skip
    systems = {"mixture", "stage_one", "dial_50", "cascade", "untuned_stage_one", "untuned_cascade"}
    assert set(found.scores["system"]) == systems
    means = found.scores.groupby("system")["sdr_db"].mean()
    assert means["cascade"] != means["untuned_cascade"]


def test_joint_losses_fall_on_one_excerpt(data, tmp_path):
    asked = configuration(optimiser={"learning_rate": 0.01, "warm_up": 0}, steps=100)
    torch.manual_seed(0)
    generator, regressor = Generator(asked.stage_one.network), Regressor(asked.stage_two.network)
    cache = prepare(data, "train", RATE, tmp_path / "train")
    stage = Joint(asked, generator, regressor, cache, HERE)
    numbers = [stage.train_step(0) for _ in range(30)]
    for name in ("loss", "waveform", "log_mel"):
        assert numbers[-1][name] < 0.8 * numbers[0][name]


def test_accumulated_parts_are_the_whole_batch_of_a_joint_step(data, tmp_path):
    cache = prepare(data, "train", RATE, tmp_path / "train")
    said = []
    for parts in (1, 2):
        asked = configuration(parts=parts, pairs=16)
        torch.manual_seed(0)
        networks = Generator(asked.stage_one.network), Regressor(asked.stage_two.network)
        said.append(Joint(asked, *networks, cache, HERE).train_step(0))
    assert said[0]["waveform"] == pytest.approx(said[1]["waveform"], rel=1e-4)
    assert said[0]["gradient_norm"] == pytest.approx(said[1]["gradient_norm"], rel=0.2)
