"""Networks that are told what was done, or say so: labels, training, restoration, scores."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import Restorer, judge, read_samples, sdr_db
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.effect_labels import EffectLabels, parse_effects, stated_effects
from wetdry.cascade.reports.run import write_run_report
from wetdry.cascade.sizes import OptimiserConfiguration
from wetdry.cascade.training.checkpoints import load_checkpoint
from wetdry.cascade.training.loader import prepare
from wetdry.cascade.training.stage_one import StageOne
from wetdry.cascade.training.training import train
from wetdry.cli import app
from wetdry.datasets import Order, generate, parse_splits
from wetdry.errors import ShardError, UsageError
from wetdry.mixing import load_recipe

from .small_training import HERE, PowerCut, log, sizes

RATE = 16_000
RECIPE = """
sample_rate: 16000
seconds: 1
songs: {coherent: 0, stems: [2, 3]}
stems:
  all:
    - saturation: {drive_db: 30}
      probability: 0.5
    - low_pass: {cutoff_hz: 400}
      probability: 0.5
master:
  - compressor: {threshold_db: -30, ratio: 3}
    probability: 0.5
"""
TWO = """
import json, os, sys
from pathlib import Path
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.training.training import train
asked = TrainConfiguration.model_validate(json.loads(sys.argv[1]))
child = os.fork()  # what torchrun does, but torch is imported once
os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": sys.argv[4], "WORLD_SIZE": "2"}
os.environ |= {"RANK": str(int(child > 0)), "OMP_NUM_THREADS": "1"}
train(asked, Path(sys.argv[2]), Path(sys.argv[3]), device="cpu")
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
LABELS = EffectLabels(("filter", "distortion"), ("dynamics",), np.full((8, 3), 0.5))


@pytest.fixture(scope="module")
def data(stems, catalog, tmp_path_factory) -> Path:
    """Return a dataset in which half of the stems are saturated, half are dull."""
    folder = tmp_path_factory.mktemp("labelled")
    (folder / "recipe.yaml").write_text(RECIPE)
    order = Order(
        load_recipe(folder / "recipe.yaml"), 12, 0,
        parse_splits(["train=birch,cedar", "test=alder"]),
    )  # fmt: skip
    generate(order, catalog, stems, folder / "data", workers=1)
    return folder / "data"


def configuration(effects: str) -> TrainConfiguration:
    steps = 1 if effects == "none" else 4  # nobody looks at what that one has learnt
    asked = sizes(batch=2, pairs=4, parts=2, validation_share=0, steps=steps)
    if effects != "none":
        asked["stage_one"] |= {"effects": effects}
        asked["joint"] = {
            k: asked["stage_two"][k] for k in ("steps", "batch", "pairs", "parts", "seconds")
        }
        asked["joint"] |= {"log_every": 1, "save_every": 2}
    return TrainConfiguration.model_validate(asked)


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("aware")
    ways = ("none", "told", "predicted")
    return {w: train(configuration(w), data, folder / w, device="cpu") for w in ways}


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("effects", "stop"), [("told", 3), ("told", 11), ("predicted", 3)])
def test_four_steps_are_two_steps_saved_loaded_and_two_more(data, runs, tmp_path, effects, stop):
    asked, whole = configuration(effects), runs[effects]

    def cut(done: int, total: int) -> None:
        if done == stop:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(asked, data, tmp_path / "cut", device="cpu", progress=cut)
    again = train(asked, data, tmp_path / "cut", device="cpu")
    for name in ("stage_one", "stage_two", "joint"):
        wanted, found = (load_checkpoint(r / f"{name}.safetensors")[0] for r in (whole, again))
        assert all(torch.equal(wanted[key], found[key]) for key in wanted)
    assert log(whole) == log(again)
    assert (whole / "run.json").read_bytes() == (again / "run.json").read_bytes()
    assert all(("labels" in x) == (effects == "predicted" and x["stage"] != "stage_two")
               for x in log(whole) if "loss" in x)  # fmt: skip


def test_a_run_writes_down_the_labels_it_knows_and_one_without_effects_nothing_new(runs):
    about = json.loads((runs["told"] / "run.json").read_text())
    assert about["effects"]["own"] == ["filter", "distortion"]
    assert about["effects"]["mix"] == ["dynamics"]
    assert all(0 < share < 1 for row in about["effects"]["shares"].values() for share in row)
    plain = json.loads((runs["none"] / "run.json").read_text())
    assert "effects" not in plain and not any(
        word in plain["configuration"]["stage_one"] for word in ("effects", "label_weight")
    )
    names = load_checkpoint(runs["none"] / "stage_one.safetensors")[0]
    assert not any("tellings" in name or "head." in name for name in names)
    told = load_checkpoint(runs["told"] / "stage_one.safetensors")[0]
    assert told["tellings.0.states"].any()  # it learnt something from them


def test_the_head_learns_what_was_done_to_one_batch(data, tmp_path):
    stated = stated_effects(data)
    labels = EffectLabels.found(data, [key for key in stated if key.startswith("train")])
    cache = prepare(data, "train", RATE, tmp_path / "train")
    cache = cache.knowing({x["key"]: labels.states(stated[x["key"]]) for x in cache.items})
    asked = configuration("predicted")
    eager = OptimiserConfiguration(learning_rate=0.01, warm_up=0)
    budget = asked.stage_one.model_copy(update={"optimiser": eager})
    stage = StageOne(asked.model_copy(update={"stage_one": budget}), cache, HERE, labels=labels)
    costs = [stage.train_step(0)["labels"] for _ in range(30)]
    assert costs[-1] < 0.3 * costs[0]


def test_a_dataset_without_labels_or_without_differences_is_refused(data, tmp_path):
    (tmp_path / "set").mkdir()
    manifest = pd.read_parquet(data / "manifest.parquet")
    manifest.drop(columns="labels").to_parquet(tmp_path / "set" / "manifest.parquet")
    with pytest.raises(ShardError, match="labels: wanted this column"):
        EffectLabels.found(tmp_path / "set", manifest["key"])
    with pytest.raises(ShardError, match="effects: none"):
        EffectLabels.found(data, [manifest["key"][0]][:0])


def test_the_user_says_labels_or_names_of_effects(runs):
    said = parse_effects(["low_pass, distortion", "vocals=nothing", "mix=compressor"])
    assert said == {"all": ["low_pass", "distortion"], "Vocals": [], "mix": ["compressor"]}
    assert LABELS.checked(said)["all"] == ["filter", "distortion"]
    audio = noise(2, 9_000).numpy()
    restorer = Restorer.load(runs["told"])
    unsaid, told = (restorer.restore(audio, RATE, effects=e)["stage_one"] for e in (None, said))
    assert any(not np.array_equal(unsaid[name], told[name]) for name in STEM_CLASSES)
    assert np.array_equal(
        restorer.restore(audio, RATE, effects={})["stage_one"]["Bass"], unsaid["Bass"]
    )


@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [("told", ["--effects", "reverb"], r"taught: filter, distortion; found 'reverb \(space\)'"),
     ("told", ["--effects", "Voices=filter"], "wanted one of Vocals"),
     ("none", ["--effects", "filter"], "found one with 'effects: none'"),
     ("predicted", ["--effects", "filter"], "effects: told"),
     ("told", ["--labels", "labels.csv"], "effects: predicted")],
)  # fmt: skip
def test_what_a_run_does_not_know_is_refused_before_anything_is_written(
    runs, tmp_path, kind, asked, words
):
    soundfile.write(tmp_path / "song.wav", noise(900).numpy(), RATE)
    command = ["restore", str(runs[kind]), str(tmp_path / "song.wav"), "--out", str(tmp_path / "o")]
    with pytest.raises(UsageError, match=words):
        CliRunner().invoke(app, [*command, *asked], catch_exceptions=False)
    assert not (tmp_path / "o").exists()


def test_predicted_labels_of_songs_are_written_and_nothing_else_changes(runs, tmp_path):
    for name in ("one", "two"):
        soundfile.write(tmp_path / f"{name}.wav", noise(30_000, 2, seed=len(name)).numpy(), RATE)
    command = ["restore", str(runs["predicted"]), str(tmp_path / "one.wav"),
               str(tmp_path / "two.wav"), "--out", str(tmp_path / "out")]  # fmt: skip
    done = CliRunner().invoke(app, [*command, "--labels", str(tmp_path / "labels.csv")])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "labels.csv")
    assert list(table) == ["song", "stem_class", "label", "probability"]
    assert len(table) == 2 * (8 * 2 + 1) and table["probability"].between(0, 1).all()
    assert set(table["song"]) == {"one", "two"} and set(table["stem_class"]) >= {"mix", "Bass"}


def test_evaluation_tells_the_manifests_effects_beside_telling_nothing(
    runs, data, tmp_path, monkeypatch
):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    found = judge(tmp_path / "out", data=data, run=runs["told"], metrics=["sdr_db"],
                  baselines=["mixture"])  # fmt: skip
    systems = ["mixture", "untuned_stage_one", "untuned_cascade", "told_stage_one", "told_cascade",
               "stage_one", "cascade"]  # fmt: skip
    assert list(dict.fromkeys(found.table["system"])) == systems
    assert "told_cascade were told the manifest's effects, of filter" in found.remark
    sample = next(iter(read_samples(data, "test")))
    said = LABELS.known(stated_effects(data)[sample.key])
    own = found.scores.set_index(["key", "system", "stem_class"])["sdr_db"].loc[sample.key]
    for system, effects in (("told_cascade", said), ("cascade", None)):
        made = Restorer.load(runs["told"]).restore(sample.mixture, RATE, effects=effects)
        for name in said.keys() - {"mix"}:
            wanted = sdr_db(sample.dry[name], made["cascade"][name], RATE)
            assert own[system, name] == pytest.approx(wanted)


def test_evaluation_scores_predicted_labels_and_the_report_shows_them(
    runs, data, tmp_path, monkeypatch
):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    command = ["evaluate", str(runs["predicted"]), "--data", str(data), "--out",
               str(tmp_path / "out"), "--metric", "sdr_db", "--workers", "1", "--baseline",
               "mixture"]  # fmt: skip
    done = CliRunner().invoke(app, command)
    assert done.exit_code in (0, 3), done.output
    assert "effect labels as predicted" in done.output
    table = pd.read_csv(tmp_path / "out" / "labels.csv")
    stated = stated_effects(data, "test")
    own = [labels for sample in stated.values() for of, labels in sample.items() if of != "mix"]
    line = table[(table["label"] == "filter") & (table["stem_class"] == "all")].iloc[0]
    assert line["count"] == len(own) and line["positives"] == sum("filter" in x for x in own)
    assert 0 < line["average_precision"] <= 1
    assert table["label"].iloc[-1] == "mean"
    page = write_run_report(tmp_path / "out", tmp_path / "page.html").read_text("utf-8")
    assert "Effect labels" in page and "without listening" in page


def test_on_a_folder_there_is_no_manifest_and_it_says_so(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    for place, seed in (("target/0", 0), ("mixture/0_DT0", 1)):
        path = tmp_path / "bench" / "Bass" / f"{place}.flac"
        path.parent.mkdir(parents=True)
        soundfile.write(path, noise(RATE, 2, seed=seed).numpy(), RATE)
    for kind in ("told", "predicted"):
        found = judge(tmp_path / "out", reference=tmp_path / "bench", run=runs[kind],
                      metrics=["sdr_db"])  # fmt: skip
        assert "no manifest here" in found.remark and found.labels is None


def test_two_processes_learn_labels_as_one_does_and_go_on_where_it_stopped(data, runs, tmp_path):
    asked, out = configuration("predicted"), tmp_path / "two"

    def cut(done: int, total: int) -> None:
        if done == 3:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(asked, data, out, device="cpu", progress=cut)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = (json.dumps(asked.model_dump(mode="json")), str(data), str(out), str(port))
    done = subprocess.run(
        [sys.executable, "-c", TWO, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for one, other in zip(log(runs["predicted"]), log(out), strict=True):
        assert one.keys() == other.keys()
        assert [*one.values()][1:] == pytest.approx([*other.values()][1:], rel=1e-3, abs=1e-4)
