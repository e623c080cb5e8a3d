"""A student of the cascade: learnt, resumed, given to a run, restored with, judged and exported."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import Restorer, Stream, TrainConfiguration, judge, train
from wetdry.cascade.training.checkpoints import load_checkpoint
from wetdry.cascade.training.loader import Batch, prepare
from wetdry.cascade.training.pcm import PcmCache
from wetdry.cascade.training.student import Student
from wetdry.cli import app
from wetdry.errors import CheckpointError, UsageError
from wetdry.seeds import stream

from .small_training import HERE, RATE, SONGS, PowerCut, configuration, files, log, manifest, write
from .test_streaming import OVERLAP, TIMES, WINDOW, whole_file

BUDGET = {"steps": 4, "batch": 4, "pairs": 8, "seconds": 0.5, "log_every": 1, "save_every": 2}
BUDGET |= {"validate_every": 2}


def asked(joint: bool = False, **student: Any) -> TrainConfiguration:
    tuning = {"joint": {**BUDGET, "steps": 2}} if joint else {}
    own = {"student": {**BUDGET, **student}, "restoration": {"mixture_share": 0.1}}
    return configuration(**own, **tuning)


def alone(sizes: TrainConfiguration) -> TrainConfiguration:
    return sizes.model_copy(update={"student": None})


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("data")
    return manifest(folder, [*write(folder, SONGS), *write(folder, [["t"]], "test")])


@pytest.fixture(scope="module")
def run(data, tmp_path_factory) -> Path:
    return train(asked(), data, tmp_path_factory.mktemp("runs") / "run", device="cpu")


@pytest.fixture(scope="module")
def without(data, tmp_path_factory) -> Path:
    return train(alone(asked()), data, tmp_path_factory.mktemp("runs") / "run", device="cpu")


@pytest.fixture(scope="module")
def tuned(data, tmp_path_factory) -> Path:
    return train(alone(asked(True)), data, tmp_path_factory.mktemp("runs") / "run", device="cpu")


def given(without: Path, sizes: TrainConfiguration, data: Path, out: Path, stop: int = 0) -> Path:
    """Give a copy of a run a student, or begin to."""

    def cut(done: int, total: int) -> None:
        if done == stop:
            raise PowerCut

    shutil.copytree(without, out)
    if not stop:
        return train(sizes, data, out, device="cpu")
    with pytest.raises(PowerCut):
        train(sizes, data, out, device="cpu", progress=cut)
    return out


def same(one: Path, other: Path) -> bool:
    a, b = (load_checkpoint(path)[0] for path in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.fixture(scope="module")
def cache(data, tmp_path_factory) -> PcmCache:
    return prepare(data, "train", RATE, tmp_path_factory.mktemp("cache") / "train")


def noise(channels: int, frames: int, seed: int = 1) -> np.ndarray:
    return 0.1 * stream(seed).standard_normal((channels, frames), np.float32)


def test_a_run_with_a_student_leaves_its_weights_curves_and_sounds(run):
    assert {p.name for p in run.glob("student*")} == {
        "student.safetensors", "student.last.safetensors",
    }  # fmt: skip
    assert not (run / "cache").exists()
    lines = [line for line in log(run) if line["stage"] == "student"]
    assert [x["step"] for x in lines if "loss" in x] == [1, 2, 3, 4]
    assert [x["step"] for x in lines if "held_out_mmsnr_db" in x] == [2, 4]
    assert (run / "samples" / "student" / "00000004" / "0.bass.flac").exists()


def test_a_run_without_a_student_is_recorded_as_before(without):
    assert "student" not in json.loads((without / "run.json").read_text())["configuration"]
    assert not list(without.rglob("student*"))


@pytest.mark.parametrize("stop", [9, 11])
def test_a_student_that_was_interrupted_ends_with_the_same_weights(
    data, run, without, tmp_path, stop
):
    out = given(without, asked(), data, tmp_path / "run", stop)
    train(asked(), data, out, device="cpu")
    for name in ("student", "student.last"):
        assert same(run / f"{name}.safetensors", out / f"{name}.safetensors")
    assert [x for x in log(out) if x["stage"] == "student"] == [
        x for x in log(run) if x["stage"] == "student"
    ]


def test_a_complete_run_may_be_given_a_student_and_no_other(data, run, without, tmp_path):
    folder = given(without, asked(), data, tmp_path / "run")
    assert same(run / "student.safetensors", folder / "student.safetensors")
    assert (folder / "run.json").read_bytes() == (run / "run.json").read_bytes()
    with pytest.raises(CheckpointError, match=r"student\.taught was 0\.5, is now 1"):
        train(asked(taught=1.0), data, folder, device="cpu")
    with pytest.raises(CheckpointError, match=r"student was .*, is now None"):
        train(alone(asked()), data, folder, device="cpu")


def test_what_is_cached_is_what_restoring_with_the_tuned_cascade_gives(data, tuned, tmp_path):
    out = given(tuned, asked(True, cached_samples=2), data, tmp_path / "run", 11)
    cache = PcmCache.open(out / "cache" / "cascade")
    assert len(cache.items) == 2
    frames = cache.items[0]["frames"]
    mixture = cache.mono(0, "mixture", 0, frames, np.ones(1))[None]
    found = Restorer.load(out, "cpu").restore(mixture, RATE)["cascade"]
    for name in STEM_CLASSES:
        kept = cache.mono(0, f"first/{name}", 0, frames, np.ones(1))
        assert np.abs(kept - found[name]).max() < 1e-3


@pytest.mark.parametrize("taught", [0.0, 0.25, 1.0])
def test_a_target_is_so_much_of_the_cascade_and_the_rest_of_the_dry_stem(cache, taught):
    sizes = asked(taught=taught, network={"fold": 8, "channels": 4, "levels": 2})
    dry, first = torch.randn(1, 8, 10), torch.randn(1, 8, 10)
    found = Student(sizes, {}, cache, HERE).target(Batch(torch.randn(1, 1, 10), dry, first))
    assert torch.allclose(found, dry + taught * (first - dry), atol=1e-6)


def test_a_student_begins_as_stage_one_unless_it_has_a_network_of_its_own(cache, run):
    begin = load_checkpoint(run / "stage_one.safetensors")[0]
    own = Student(asked(), begin, cache, HERE).network.state_dict()
    assert all(torch.equal(own[key], begin[key]) for key in begin)
    network = asked().stage_one.network.model_dump()
    other = Student(asked(network=network), begin, cache, HERE).network.state_dict()
    assert any(not torch.equal(other[key], begin[key]) for key in begin)


def test_a_students_losses_fall_on_one_excerpt(cache, run):
    sizes = asked(optimiser={"learning_rate": 0.01, "warm_up": 0}, steps=100, taught=0.0)
    begin = load_checkpoint(run / "stage_one.safetensors")[0]
    stage = Student(sizes, begin, cache, HERE)
    numbers = [stage.train_step(0) for _ in range(12)]
    assert numbers[-1]["waveform"] < 0.8 * numbers[0]["waveform"]


def test_a_student_restores_arrays_and_files_alike_and_has_no_dial(run, tmp_path):
    audio = noise(2, RATE)
    restorer = Restorer.load(run, "cpu", student=True)
    found = restorer.restore(audio, RATE)
    assert list(found) == ["student"]
    soundfile.write(tmp_path / "song.wav", audio.T, RATE, "FLOAT")
    call = ["restore", str(run), str(tmp_path / "song.wav"), "--out", str(tmp_path), "--student"]
    done = CliRunner().invoke(app, [*call, "--residual", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    stems = {p.stem: soundfile.read(p)[0].T for p in (tmp_path / "song").glob("*.wav")}
    assert np.allclose(stems["bass"], found["student"]["Bass"], atol=1e-6)
    assert np.allclose(sum(stems.values()), audio, atol=1e-5)
    with pytest.raises(UsageError, match=r"found a student, and 0\.5"):
        restorer.restore(audio, RATE, dial=0.5)
    with pytest.raises(UsageError, match="found a student"):
        CliRunner().invoke(app, [*call, "--dial", "0.5"], catch_exceptions=False)


def test_a_run_without_a_student_cannot_restore_with_one(without, data, tmp_path):
    with pytest.raises(CheckpointError, match="add a part student"):
        Restorer.load(without, "cpu", student=True)
    out = given(without, asked(), data, tmp_path / "run", 9)
    assert Restorer.load(out, "cpu").systems == ("stage_one", "cascade")
    with pytest.raises(CheckpointError, match=r"student\.safetensors"):
        Restorer.load(out, "cpu", student=True)


def test_a_student_is_judged_beside_the_stages_and_refused_on_songs_it_knows(
    run, data, tmp_path, monkeypatch
):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    for name, file in (("Bass/0_DT0", "mixture"), ("Bass/target/0", "bass.dry")):
        path = tmp_path / "bench" / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files(9)[f"{file}.flac"])
    found = judge(
        tmp_path / "out", reference=tmp_path / "bench", run=run, baselines=["mixture"],
        metrics=["sdr_db"], dials=[0.5], device="cpu",
    )  # fmt: skip
    systems = list(dict.fromkeys(found.scores["system"]))
    assert set(systems) == {"mixture", "student", "stage_one", "dial_50", "cascade"}
    pairs = set(zip(found.paired["system"], found.paired["against"], strict=True))
    assert ("cascade", "student") in pairs
    with pytest.raises(CheckpointError, match="held-out songs"):
        judge(tmp_path, data=data, run=run, split="train", metrics=["sdr_db"])


@pytest.mark.parametrize("block", [999, 10**6])
def test_a_student_streams_at_the_latency_it_states(run, block):
    restorer = Restorer.load(run, "cpu", student=True)
    audio = noise(1, WINDOW + 2 * (WINDOW - OVERLAP))
    heard = Stream(restorer, 1, **TIMES)
    assert heard.latency_samples == WINDOW
    parts, pushed = [], 0
    for start in range(0, audio.shape[1], block):
        parts.append(heard.push(audio[:, start : start + block]))
        pushed = min(start + block, audio.shape[1])
        assert pushed - sum(p.shape[-1] for p in parts) <= heard.latency_samples
    found = np.concatenate([*parts, heard.finish()], axis=-1)
    wanted = whole_file(restorer, audio)
    assert found.shape == wanted.shape == (1, 8, *audio.shape)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_onnx_says_what_the_student_of_a_tuned_run_says(data, tuned, tmp_path):
    tuned = given(tuned, asked(True), data, tmp_path / "run")
    onnxruntime = pytest.importorskip("onnxruntime")
    from wetdry.cascade import export_model

    card = export_model(tuned, tmp_path / "model").read_text()
    assert (
        "--student" in card
        and "joint.safetensors" in card
        and "| student | conditioning shared" in card
    )
    audio = noise(2, 9_999)
    for student in (False, True):
        loads = (Restorer.load(f, "cpu", student=student) for f in (tuned, tmp_path / "model"))
        wanted, found = (x.restore(audio, RATE)[x.systems[-1]]["Bass"] for x in loads)
        assert np.array_equal(wanted, found)
    session = onnxruntime.InferenceSession(str(tmp_path / "model" / "student.onnx"))
    facts = json.loads(session.get_modelmeta().custom_metadata_map["wetdry_model"])
    assert facts["stage"] == "student"
    stems = session.run(None, {"mixture": audio[:, None]})[0]
    said = Restorer.load(tuned, "cpu", student=True).hear(torch.from_numpy(audio[:, None]))[0]
    assert np.abs(stems - said.numpy()).max() < 1e-4 * said.abs().max()
