"""Labels of effects: what is known of them, what networks do with them, and how they are scored."""

import numpy as np
import pytest
import torch
import torchmetrics

from wetdry.audio import STEM_CLASSES
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.effect_labels import parse_effects
from wetdry.cascade.judging.label_scores import LabelTrial, average_precision, label_table_text
from wetdry.cascade.networks.effect_layers import forgotten, label_loss
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.restoring.heard_labels import HeardLabels
from wetdry.cascade.sizes import GeneratorConfiguration
from wetdry.errors import UsageError
from wetdry.seeds import stream

from .small_training import sizes
from .test_effect_awareness import LABELS, noise

SMALL = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
WAYS = ["shared", "film", "per_class"]
WHOLE = {"Bass": ["filter"], "Drums": [], "mix": ["dynamics"]}


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


def test_a_weight_of_labels_that_nobody_predicts_is_refused():
    asked = sizes()
    asked["stage_one"] |= {"effects": "told", "label_weight": 2}
    with pytest.raises(ValueError, match="label_weight with 'effects: predicted' alone"):
        TrainConfiguration.model_validate(asked)


@pytest.mark.parametrize("texts", [["space", "filter"], ["space,nothing"], [""], ["Vocals="]])
def test_what_is_said_twice_or_not_at_all_is_refused(texts):
    with pytest.raises(UsageError, match="--effects: wanted labels such as"):
        parse_effects(texts)


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
