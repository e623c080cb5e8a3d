"""The loss that keeps the mean embedding in place, and musicnn as it hears with gradients."""

import numpy as np
import pytest
import torch

from wetdry.audio import STEM_CLASSES
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.metrics import musicnn
from wetdry.cascade.metrics.musicnn_network import MusicnnNetwork
from wetdry.cascade.metrics.musicnn_points import MusicnnPoints, musicnn_points
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.networks.regressor import Regressor
from wetdry.cascade.training.embedding_mean import EmbeddingMean
from wetdry.cascade.training.joint import Joint
from wetdry.cascade.training.pcm import PcmCache, write_cache
from wetdry.cascade.training.ranks import Ranks
from wetdry.cascade.training.stage_two import StageTwo
from wetdry.cascade.training.training import train
from wetdry.errors import AssetError

RATE = 16_000
HERE = Ranks(torch.device("cpu"))


class Levels:
    """A small embedding with known answers: mean magnitude and mean of the signal."""

    dims = 2

    def __call__(self, audio: torch.Tensor, sample_rate: int) -> torch.Tensor:
        return torch.stack([audio.abs().mean(-1), audio.mean(-1)], -1)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def tones(seconds: float, rate: int = RATE) -> np.ndarray:
    time_s = np.arange(round(seconds * rate)) / rate
    chirp = np.sin(2 * np.pi * (220 + 40 * time_s) * time_s) * (1 + np.sin(7 * time_s)) / 4
    return chirp[None].astype("f4")


@pytest.fixture(scope="module")
def untrained() -> MusicnnNetwork:
    torch.manual_seed(0)
    return MusicnnNetwork()


def test_what_has_the_right_mean_costs_nothing_and_a_shift_its_square():
    means, target, classes = (
        EmbeddingMean(Levels(), RATE, HERE),
        noise(4, 100),
        torch.tensor([0, 0, 4, 4]),
    )
    assert means.loss(target, target, classes) == 0
    swapped = target[[1, 0, 3, 2]]  # every clip is wrong, no mean is
    assert means.loss(swapped, target, classes) < 1e-12
    ones = torch.ones(4, 100)
    found = means.loss(ones + torch.tensor([[0.5], [0.5], [0.0], [0.0]]), ones, classes)
    assert float(found) == pytest.approx((2 * 0.5**2 + 0) / 2)


def test_silent_targets_have_no_say():
    means, classes = EmbeddingMean(Levels(), RATE, HERE), torch.tensor([0, 4])
    target = torch.cat([torch.ones(1, 100), torch.zeros(1, 100)])
    estimate = (target + torch.tensor([[0.1], [9.0]])).requires_grad_()
    means.loss(estimate, target, classes).backward()
    assert estimate.grad is not None
    assert estimate.grad[0].any() and not estimate.grad[1].any()
    nothing = means.loss(estimate, 0 * target, classes)
    assert nothing == 0 and nothing.requires_grad


def test_the_running_mean_remembers_other_batches_and_keeps_the_slope():
    means, classes, ones = EmbeddingMean(Levels(), RATE, HERE), torch.tensor([3]), torch.ones(1, 50)
    shifts = [0.4, 0.0, -0.1]
    for n, shift in enumerate(shifts, 1):
        estimate = (ones + shift).requires_grad_()
        loss = means.loss(estimate, ones, classes)
        loss.backward()
        mean = float(np.mean(shifts[:n]))
        assert float(loss.detach()) == pytest.approx(2 * mean**2, abs=1e-6)
        assert float(estimate.grad.sum()) == pytest.approx(2 * 2 * mean, abs=1e-5)
        means.step()
    assert means.seen.tolist() == [0, 0, 0, 3, 0, 0, 0, 0]
    again = EmbeddingMean(Levels(), RATE, HERE)
    again.resume(means.state())
    assert again.loss(ones + 0.2, ones, classes) == means.loss(ones + 0.2, ones, classes)


def test_parts_of_a_step_move_the_running_mean_as_the_whole_does():
    target, estimate = noise(6, 100), noise(6, 100, seed=1)
    classes = torch.tensor([0, 0, 0, 1, 1, 7])
    whole, parts = (EmbeddingMean(Levels(), RATE, HERE) for _ in range(2))
    whole.loss(estimate, target, classes)
    for part in ([0, 3], [1, 2, 4, 5]):
        parts.loss(estimate[part], target[part], classes[part])
    whole.step()
    parts.step()
    assert torch.allclose(whole.running, parts.running, atol=1e-6)
    assert torch.equal(whole.seen, parts.seen)


def test_a_batch_that_is_not_finite_is_not_remembered():
    means, classes = EmbeddingMean(Levels(), RATE, HERE), torch.tensor([0])
    means.loss(torch.full((1, 10), float("nan")), torch.ones(1, 10), classes)
    means.step()
    assert not means.running.any() and not means.seen.any()


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_the_points_are_those_by_which_outputs_are_judged(untrained, rate):
    audio = tones(3.1, rate)
    wanted = musicnn.Musicnn(untrained)(audio, rate)[0]
    found = MusicnnPoints(untrained)(torch.from_numpy(audio), rate)[0].numpy()
    other = musicnn.Musicnn(untrained)(np.sign(audio) * np.float32(0.2), rate)[0]
    assert np.abs(found - wanted).max() < 0.05 * np.abs(other - wanted).max()


def test_level_moves_no_point_and_silence_has_finite_slopes(untrained):
    points, audio = MusicnnPoints(untrained), torch.from_numpy(tones(1))
    assert torch.allclose(points(audio, RATE), points(8 * audio, RATE), atol=1e-4)
    quiet = torch.zeros(2, 8_000, requires_grad=True)
    points(quiet, RATE).square().sum().backward()
    assert quiet.grad is not None and torch.isfinite(quiet.grad).all()


def test_gradients_bring_the_mean_back_and_leave_the_network_alone(untrained):
    means = EmbeddingMean(MusicnnPoints(untrained), RATE, HERE)
    target, classes = torch.from_numpy(tones(0.5)).repeat(2, 1), torch.tensor([0, 0])
    bent = torch.sign(target).requires_grad_()
    before = [p.clone() for p in untrained.parameters()]
    adam = torch.optim.Adam([bent], 0.02)
    losses = []
    for _ in range(8):
        loss = means.loss(bent, target, classes)
        losses.append(float(loss.detach()))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert losses[-1] < 0.8 * losses[0]
    assert all(torch.equal(a, b) for a, b in zip(before, untrained.parameters(), strict=True))


def configuration(**changes: object) -> TrainConfiguration:
    network = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
    budget = {"steps": 4, "batch": 2, "seconds": 0.25}
    own = {**budget, "network": {"layers": 2, "channels": 4}, **changes}
    joint = {**budget, **changes}
    return TrainConfiguration.model_validate(
        {"sample_rate": RATE, "stage_one": {**budget, "network": network}, "stage_two": own,
         "joint": joint}
    )  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> PcmCache:
    rng = np.random.default_rng(0)
    signals = {f"{kind}/{name}": (0.1 * rng.standard_normal((1, RATE))).astype("f4")
               for kind in ("dry", "first") for name in STEM_CLASSES}  # fmt: skip
    mixture = sum(v for k, v in signals.items() if k.startswith("dry"))
    return write_cache(
        tmp_path_factory.mktemp("cache") / "c", iter([("k", {"mixture": mixture, **signals})])
    )


@pytest.mark.parametrize("joint", [False, True])
def test_a_stage_with_the_loss_goes_on_exactly_where_it_stopped(cache, joint):
    asked = configuration(embedding_mean=2.0)

    def begun():
        torch.manual_seed(0)
        if not joint:
            return StageTwo(asked, cache, HERE, points=Levels())
        networks = Generator(asked.stage_one.network), Regressor(asked.stage_two.network)
        return Joint(asked, *networks, cache, HERE, points=Levels())

    whole, half = begun(), begun()
    numbers = [whole.train_step(step) for step in range(4)]
    assert all("embedding_mean" in said for said in numbers)
    for step in range(2):
        half.train_step(step)
    resumed = begun()
    resumed.resume({name: tensor.clone() for name, tensor in half.state().items()})
    assert [resumed.train_step(step) for step in (2, 3)] == numbers[2:]
    wanted, found = whole.state(), resumed.state()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_without_a_weight_nothing_is_heard_or_needed(cache):
    stage = StageTwo(configuration(), cache, HERE)
    assert stage.means is None and "embedding_mean" not in stage.train_step(0)


@pytest.mark.parametrize("stage", ["stage_two", "joint"])
def test_without_musicnn_a_run_with_the_loss_does_not_begin(tmp_path, monkeypatch, stage):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    asked = configuration().model_dump()
    asked[stage]["embedding_mean"] = 1.0
    with pytest.raises(AssetError, match="wetdry fetch musicnn"):
        train(TrainConfiguration.model_validate(asked), tmp_path, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_trained_points_are_near_those_by_which_outputs_are_judged():
    try:
        points, judge = musicnn_points(), musicnn.load()
    except AssetError as error:
        pytest.skip(str(error))
    audio = tones(3.1, 44_100)
    wanted, other = judge(audio, 44_100)[0], judge(np.sign(audio) * np.float32(0.2), 44_100)[0]
    found = points(torch.from_numpy(audio), 44_100)[0].numpy()
    assert np.square(found - wanted).sum() < 0.01 * np.square(other - wanted).sum()
