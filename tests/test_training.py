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
from wetdry.cascade.metrics.fidelity import si_sdr_db
from wetdry.cascade.restoring.restoration import Restorer
from wetdry.cascade.sizes import OptimiserConfiguration
from wetdry.cascade.training.checkpoints import load_checkpoint
from wetdry.cascade.training.loader import Batch, prepare
from wetdry.cascade.training.optimisation import Optimisation
from wetdry.cascade.training.ranks import Ranks
from wetdry.cascade.training.runs import read_run
from wetdry.cascade.training.stage_one import StageOne
from wetdry.cascade.training.stage_two import StageTwo
from wetdry.cascade.training.training import train
from wetdry.errors import CheckpointError
from wetdry.seeds import stream

RATE = 16_000
HERE = Ranks(torch.device("cpu"))
EAGER = OptimiserConfiguration(learning_rate=0.01, warm_up=0)


def configuration(**changes: object) -> TrainConfiguration:
    regressor = {"layers": 2, "channels": 8, "spectral_channels": 2}
    network = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
    budget = {"steps": 4, "batch": 2, "seconds": 0.5, "log_every": 1, "save_every": 2}
    adversary = {"channels": 2, "seconds": 0.25, "from_step": 1}
    return TrainConfiguration.model_validate(
        {
            "sample_rate": RATE,
            "validation_excerpts": 2,
            "stage_one": {**budget, "network": network, "discriminator": adversary},
            "stage_two": {
                **budget,
                "network": regressor,
            },
            **changes,
        }
    )


def stems(index: int) -> dict[str, Audio]:
    """Return a bass tone and drum noise, as the dry stems of a sample."""
    out = {name: np.zeros((2, 2 * RATE), np.float32) for name in STEM_CLASSES}
    tone = 0.2 * np.sin(np.arange(2 * RATE) * 0.02 * (index + 1))
    out["Bass"] = np.stack([tone, tone]).astype(np.float32)
    out["Drums"] = (0.1 * stream(0, index).standard_normal((2, 2 * RATE))).astype(np.float32)
    return out


def members(index: int) -> dict[str, bytes]:
    dry = stems(index)
    files = {f"{n.lower()}.dry.flac": encode_flac(a, RATE) for n, a in dry.items()}
    mixture = np.tanh(2 * sum(dry.values())).astype(np.float32)
    return {**files, "mixture.flac": encode_flac(mixture, RATE)}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("data")
    (folder / "data").mkdir()
    rows = []
    for split, count in (("train", 4), ("test", 2)):
        with tarfile.open(folder / "data" / f"{split}-000000.tar", "w") as tar:
            for index in range(count):
                key = f"{split}-{index:08d}"
                row = {"key": key, "split": split, "shard": f"{split}-000000"}
                audio = {"sample_rate": RATE, "seconds": 2.0, "songs": [f"{split} {index // 2}"]}
                rows.append({**row, **audio})
                for name, content in sorted(members(index).items()):
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


def interrupted_at(stop: int):
    def progress(done: int, total: int) -> None:
        if done == stop:
            raise PowerCut

    return progress


def test_a_run_tells_what_it_was_and_keeps_no_scaffolding(run):
    assert sorted(p.name for p in run.iterdir() if p.name != "tensorboard") == [
        "log.jsonl",
        "run.json",
        "samples",
        "stage_one.last.safetensors",
        "stage_one.safetensors",
        "stage_two.last.safetensors",
        "stage_two.safetensors",
    ]
    configured, about = read_run(run)
    assert configured == configuration()
    assert about["songs"] == ["train 0", "train 1"]
    assert about["validation"]["songs"] in (["train 0"], ["train 1"])
    assert about["held_out"] == ["test 0"]


def test_the_log_has_a_line_for_every_step_of_both_stages(run):
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    for stage in ("stage_one", "stage_two"):
        assert [x["step"] for x in lines if x["stage"] == stage and "loss" in x] == [1, 2, 3, 4]
        heard = [x for x in lines if x["stage"] == stage and "held_out_mmsnr_db" in x]
        assert [x["step"] for x in heard] == [4]
        assert {"held_out_si_sdr_db", "held_out_mmsnr_db/Bass"} <= heard[0].keys()


@pytest.mark.parametrize("stop", [2, 3, 6, 7])
def test_an_interrupted_run_ends_with_the_same_weights(data, run, tmp_path, stop):
    out = tmp_path / "run"
    with pytest.raises(PowerCut):
        train(configuration(), data, out, device="cpu", progress=interrupted_at(stop))
    train(configuration(), data, out, device="cpu")
    for name in ("stage_one.safetensors", "stage_two.safetensors"):
        (wanted, _), (found, _) = (load_checkpoint(folder / name) for folder in (run, out))
        assert all(torch.equal(wanted[key], found[key]) for key in wanted)


def test_a_complete_run_is_left_alone(data, run):
    before = (run / "stage_two.safetensors").stat().st_mtime_ns
    assert train(configuration(), data, run, device="cpu") == run
    assert (run / "stage_two.safetensors").stat().st_mtime_ns == before


def test_a_run_can_restore(run):
    audio = 0.1 * stream(1).standard_normal((2, 5_000), np.float32)
    restored = Restorer.load(run).restore(audio, 44_100)
    assert restored["cascade"]["Bass"].shape == audio.shape


def test_another_configuration_is_refused_with_the_difference(data, run):
    with pytest.raises(CheckpointError, match=r"configuration\.seed was 0, is now 5"):
        train(configuration(seed=5), data, run)


def test_a_run_goes_on_under_a_version_whose_configuration_says_more(data, run):
    about = json.loads((run / "run.json").read_text())
    del about["configuration"]["stage_two"]["network"]["sees_mixture"]
    (run / "run.json").write_text(json.dumps(about))
    assert train(configuration(), data, run, device="cpu") == run


def test_a_budget_of_minutes_ends_a_stage_early(data, tmp_path):
    short = configuration().model_dump()
    short["stage_one"] |= {"steps": 10_000, "minutes": 1e-6}
    short["stage_two"] |= {"steps": 10_000, "minutes": 1e-6}
    out = train(TrainConfiguration.model_validate(short), data, tmp_path / "run", device="cpu")
    assert load_checkpoint(out / "stage_two.safetensors")[1]["step"] == 1


def test_stage_one_learns_one_excerpt(data, tmp_path):
    cache = prepare(data, "train", RATE, tmp_path / "train")
    part = configuration().stage_one.model_copy(update={"optimiser": EAGER})
    size = configuration().model_copy(update={"stage_one": part})
    stage = StageOne(size, cache, HERE)
    losses = [stage.train_step(0)["log_mel"] for _ in range(25)]
    assert losses[-1] < 0.8 * losses[0]


def test_stage_two_learns_one_excerpt_past_its_input(data, tmp_path):
    cache = prepare(data, "train", RATE, tmp_path / "train")
    part = configuration().stage_two.model_copy(update={"optimiser": EAGER})
    size = configuration().model_copy(update={"stage_two": part})
    stage = StageTwo(size, cache, HERE)
    losses = [stage.train_step(0)["waveform"] for _ in range(40)]
    assert losses[-1] < 0.7 * losses[0]


def test_augmentation_turns_phases_but_not_levels(data, tmp_path):
    changes = {"clean_share": 0.0, "phase_offset": 0.5}
    part = configuration().stage_two.model_copy(update=changes)
    stage = StageTwo(
        configuration().model_copy(update={"stage_two": part}),
        prepare(data, "train", RATE, tmp_path / "train"),
        HERE,
    )
    tone = torch.sin(torch.arange(8_000) * 2 * torch.pi / 80).expand(2, 8, -1).contiguous()
    batch = Batch(tone[:, :1], torch.zeros_like(tone), tone)
    turned = stage.augment(batch, stream(0)).first
    assert not torch.allclose(turned, tone, atol=0.1)
    assert torch.allclose(turned.square().mean(2), tone.square().mean(2), rtol=1e-3)
    assert si_sdr_db(tone[0, :1].numpy(), turned[0, :1].numpy(), RATE) < 60


def test_lost_estimates_are_quieter_by_10_to_40_db(data, tmp_path):
    changes = {"clean_share": 0.0, "phase_offset": 0.0, "lost_share": 0.5}
    part = configuration().stage_two.model_copy(update=changes)
    stage = StageTwo(
        configuration().model_copy(update={"stage_two": part}),
        prepare(data, "train", RATE, tmp_path / "train"),
        HERE,
    )
    tone = torch.sin(torch.arange(800) * 0.1).expand(50, 8, -1).contiguous()
    quieter = stage.augment(Batch(tone[:, :1], torch.zeros_like(tone), tone), stream(0)).first
    gain_db = 10 * torch.log10(quieter.square().mean(2) / tone.square().mean(2))
    kept = gain_db > -0.01
    assert 0.4 < kept.float().mean() < 0.6
    assert -40.1 < gain_db[~kept].min() < -35 and -15 < gain_db[~kept].max() < -9.9


def test_the_learning_rate_warms_up_and_falls_to_a_tenth():
    size = OptimiserConfiguration(learning_rate=1e-3, warm_up=10)
    rates = Optimisation(torch.nn.Linear(1, 1), size, 100, HERE).learning_rate
    assert rates(0) < rates(5) < rates(10) > rates(50) > rates(100)
    assert rates(100) == pytest.approx(1e-4)


def test_a_batch_that_is_not_finite_changes_nothing():
    network = torch.nn.Linear(1, 1)
    before = [p.detach().clone() for p in network.parameters()]
    way = Optimisation(network, OptimiserConfiguration(), 10, HERE)
    way.gather(network(torch.tensor([[float("nan")]])).sum())
    way.descend(0)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
