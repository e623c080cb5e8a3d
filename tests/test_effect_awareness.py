"""Networks that are told what was done, or say so: labels, training, restoration, scores."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
import torchmetrics
from typer.testing import CliRunner

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import Restorer, judge, read_samples, sdr_db
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.effect_labels import EffectLabels, parse_effects, stated_effects
from wetdry.cascade.judging.label_scores import LabelTrial, average_precision, label_table_text
from wetdry.cascade.networks.effect_layers import forgotten, label_loss
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.reports.run import write_run_report
from wetdry.cascade.restoring.heard_labels import HeardLabels
from wetdry.cascade.sizes import GeneratorConfiguration, OptimiserConfiguration
from wetdry.cascade.training.checkpoints import load_checkpoint
from wetdry.cascade.training.loader import prepare
from wetdry.cascade.training.stage_one import StageOne
from wetdry.cascade.training.training import train
from wetdry.cli import app
from wetdry.datasets import Order, generate, parse_splits
from wetdry.errors import ShardError, UsageError
from wetdry.mixing import load_recipe
from wetdry.seeds import stream

from .small_training import HERE, PowerCut, log, sizes
from .test_training_engine import together

RATE = 16_000
SMALL = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
WAYS = ["shared", "film", "per_class"]
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
LABELS = EffectLabels(("filter", "distortion"), ("dynamics",), np.full((8, 3), 0.5))
WHOLE = {"Bass": ["filter"], "Drums": [], "mix": ["dynamics"]}


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
    asked = sizes(batch=2, pairs=4, parts=2, validation_share=0)
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


def network(way: str, effects: str) -> Generator:
    torch.manual_seed(1)
    found = Generator(GeneratorConfiguration(conditioning=way, **SMALL), False, effects, 3)
    for name, parameter in found.named_parameters():
        if "tellings" in name or "head." in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return found


def states(*said) -> torch.Tensor:
    return torch.from_numpy(np.stack([LABELS.states(x) for x in said]))


def test_labels_are_there_absent_or_unknown_and_who_is_not_named_is_unknown():
    found = dict(zip(STEM_CLASSES, LABELS.states(WHOLE).tolist(), strict=True))
    assert (found["Bass"], found["Drums"], found["Vocals"]) == ([2, 1, 2], [1, 1, 2], [0, 0, 2])
    of_all = LABELS.states({"all": ["distortion"], "Vocals": []})
    assert of_all.tolist() == [[1, 1, 0] if n == "Vocals" else [1, 2, 0] for n in STEM_CLASSES]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_told_of_a_class_changes_the_estimate_of_that_class_alone(way):
    one, mixture = network(way, "told"), noise(1, 1, 5_000)
    unsaid, bass = one(mixture), one(mixture, effects=states({"Bass": ["filter"]}))
    assert torch.equal(unsaid, one(mixture, effects=states({})))
    changed = [n for n, a, b in zip(STEM_CLASSES, unsaid[0], bass[0], strict=True)
               if not torch.allclose(a, b, atol=1e-5)]  # fmt: skip
    assert changed == ["Bass"]
    mix = one(mixture, effects=states({"mix": []}))
    assert all(not torch.allclose(mix[0, c], unsaid[0, c], atol=1e-5) for c in range(8))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("effects", ["told", "predicted"])
def test_pairs_are_picked_from_all_and_the_gradient_reaches_every_parameter(way, effects):
    one, mixture, known = network(way, effects), noise(2, 1, 5_000), states(WHOLE, {})
    pairs = torch.tensor([[1, 0, 0, 0], [7, 3, 4, 0]])
    stems, labels = one.stems_and_labels(mixture, effects=known)
    own, said = one.stems_and_labels(mixture, pairs, known)
    assert torch.allclose(own, stems[pairs[0], pairs[1]], atol=1e-5)
    assert torch.allclose(said, labels[pairs[0], pairs[1]], atol=1e-5)
    assert said.shape == (4, 3 if effects == "predicted" else 0)
    both = one.stems_and_labels(noise(2, 1, 5_000), effects=states(WHOLE, {"all": ["filter"]}))
    (both[0].square().sum() + both[1].square().sum()).backward()
    flat = {n for n, p in one.named_parameters() if p.grad is None or not p.grad.any()}
    assert flat <= {n for n in flat if "films" in n}  # which are zero in a fresh network


@pytest.mark.parametrize("way", WAYS)
def test_a_fresh_network_that_is_told_says_what_one_without_effects_says(way):
    made = []
    for effects in ("none", "told"):
        torch.manual_seed(5)
        size = GeneratorConfiguration(conditioning=way, **SMALL)
        made.append(Generator(size, effects=effects, labels=3))
    mixture = noise(1, 1, 5_000)
    assert torch.equal(made[0](mixture), made[1](mixture, effects=states(WHOLE)))


def test_half_of_what_is_known_is_left_unsaid_stems_and_mix_each_for_itself():
    known = torch.full((400, 8, 3), 2, dtype=torch.int8)
    left = forgotten(known, 2, stream(0)) > 0
    assert left.float().mean() == pytest.approx(0.5, abs=0.05)
    assert torch.equal(left[..., 0], left[..., 1])  # a stem's labels go together
    assert (left[:, :1, 2] == left[:, :, 2]).all()  # those of the mix for all classes
    assert 0.4 < (left[:, 0, 0] == left[:, 0, 2]).float().mean() < 0.6


def test_knowing_no_more_than_how_common_a_label_is_costs_one_however_rare_it_is():
    shares = np.array([[0.5, 0.1, 0.03]]).repeat(8, 0)
    there = np.arange(1000)[:, None] < 1000 * shares[0]
    known = torch.from_numpy(np.where(there, 2, 1).astype(np.int8))
    odds = torch.from_numpy(np.log(shares[0] / (1 - shares[0]))).float().expand(1000, 3)
    for place in range(3):
        alone = known.clone()
        alone[:, [n for n in range(3) if n != place]] = 0
        assert float(label_loss(odds, alone, shares)) == pytest.approx(1, abs=0.01)
    sure = torch.where(known == 2, 20.0, -20.0)
    assert float(label_loss(sure, known, shares)) < 1e-6
    assert float(label_loss(odds, torch.zeros_like(known), shares)) == 0


def test_average_precision_is_that_of_known_answers_and_of_torchmetrics():
    assert average_precision([1, 1, 0, 0], [4, 3, 2, 1]) == 1
    assert average_precision([0, 0, 0, 1], [4, 3, 2, 1]) == 0.25
    assert average_precision([0, 1, 0, 1], [1, 1, 1, 1]) == 0.5  # a constant has the prevalence
    assert np.isnan(average_precision([0, 0], [1, 2]))
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth, score = rng.random(50) < 0.2, rng.integers(0, 12, 50) / 12  # with ties
        truth[0] = True
        wanted = torchmetrics.functional.classification.binary_average_precision(
            torch.from_numpy(score), torch.from_numpy(truth.astype(int))
        )
        assert average_precision(truth, score) == pytest.approx(float(wanted), abs=1e-6)


def heard(chances) -> HeardLabels:
    found = HeardLabels()
    found.add(np.asarray(chances, np.float64), 10)
    return found


def test_the_table_has_the_precision_of_each_label_and_names_what_is_not_judged():
    stated = {
        "a": {"Bass": ["filter"], "Drums": ["modulation"], "mix": ["dynamics"]},
        "b": {"Bass": [], "Drums": [], "mix": ["dynamics"]},
    }
    trial = LabelTrial(LABELS, stated)
    for key, bass in (("a", 0.2), ("b", 0.4)):
        chances = np.full((8, 3), 0.5)
        chances[STEM_CLASSES.index("Bass"), 0] = bass
        chances[STEM_CLASSES.index("Drums"), 0] = 0.1
        trial.heard[key] = heard(chances)
    table = trial.table()
    found = table.set_index(["label", "stem_class"])
    assert found.loc[("filter", "all"), ["count", "positives"]].tolist() == [4, 1]
    assert found.loc[("filter", "all"), "prevalence"] == 0.25
    assert found.loc[("filter", "all"), "average_precision"] == 0.5  # second of four
    assert found.loc[("filter", "Bass"), "average_precision"] == 0.5
    assert ("filter", "Drums") not in found.index
    assert found.loc[("distortion", "all"), "remark"] == "not judged: none have it"
    assert found.loc[("mix dynamics", "all"), "remark"] == "not judged: all have it"
    assert table.set_index("label").loc["modulation", "remark"].startswith("not judged: the run")
    assert found.loc[("mean", "all"), ["count", "average_precision"]].tolist() == [1, 0.5]
    assert "modulation" in label_table_text(table)


def test_windows_count_by_their_length():
    found = heard(np.full((8, 3), 0.2))
    found.add(np.full((8, 3), 0.8), 30)
    assert np.allclose(found.chances, 0.65)


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


def test_a_weight_of_labels_that_nobody_predicts_is_refused():
    asked = sizes()
    asked["stage_one"] |= {"effects": "told", "label_weight": 2}
    with pytest.raises(ValueError, match="label_weight with 'effects: predicted' alone"):
        TrainConfiguration.model_validate(asked)


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


@pytest.mark.parametrize("texts", [["space", "filter"], ["space,nothing"], [""], ["Vocals="]])
def test_what_is_said_twice_or_not_at_all_is_refused(texts):
    with pytest.raises(UsageError, match="--effects: wanted labels such as"):
        parse_effects(texts)


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


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("effects", ["told", "predicted"])
def test_the_onnx_file_says_what_a_network_says_that_is_told_nothing(way, effects):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from wetdry.cascade.graphs.model_graphs import stage_one_graph

    one, mixture = network(way, effects).eval(), noise(2, 1, 7_000)
    session = onnxruntime.InferenceSession(
        stage_one_graph(one, {}), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {"mixture": mixture.numpy()})
    wanted = one(mixture).detach().numpy()
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_two_processes_learn_labels_as_one_does_and_go_on_where_it_stopped(data, runs, tmp_path):
    asked, out = configuration("predicted"), tmp_path / "two"

    def cut(done: int, total: int) -> None:
        if done == 3:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(asked, data, out, device="cpu", progress=cut)
    together(tmp_path, data, asked.model_dump(mode="json"), out)
    for one, other in zip(log(runs["predicted"]), log(out), strict=True):
        assert one.keys() == other.keys()
        assert [*one.values()][1:] == pytest.approx([*other.values()][1:], rel=1e-3, abs=1e-4)
