import pytest
import torch

from wetdry.cascade.configuration_files import load_configuration
from wetdry.cascade.metrics.fidelity import sdr_db
from wetdry.cascade.sizes import LossWeights
from wetdry.cascade.training.losses import error_loss, level_loss, sdr_loss


def noise(seed: int = 0) -> torch.Tensor:
    return torch.randn(3, 9_000, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("gain_db", [-30.0, -6.0, 0.0, 12.0])
def test_the_level_error_is_the_gain_in_tens_of_decibels(gain_db):
    target = noise()
    assert float(level_loss(10 ** (gain_db / 20) * target, target)) == pytest.approx(
        abs(gain_db) / 10, abs=0.01
    )


def test_only_the_losses_that_know_gain_pull_up_a_stem_that_is_too_quiet():
    target = noise()
    slopes = {}
    for loss in (level_loss, sdr_loss, error_loss):
        gain = torch.tensor(0.03, requires_grad=True)
        loss(gain * (target + 0.3 * noise(1)), target).backward()
        slopes[loss.__name__] = gain.grad.item() * gain.item()
    assert slopes["level_loss"] < -0.8
    assert slopes["sdr_loss"] < -0.02
    assert abs(slopes["error_loss"]) < 0.01


def test_the_sdr_loss_is_the_metric_with_its_sign_turned():
    target = noise()[:1]
    estimate = 0.7 * target + 0.1 * noise(1)[:1]
    wanted = sdr_db(target.numpy(), estimate.numpy(), 48_000)
    assert -10 * float(sdr_loss(estimate, target)) == pytest.approx(wanted, abs=0.1)
    assert float(sdr_loss(torch.zeros_like(target), target)) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("loss", [level_loss, sdr_loss])
def test_silent_targets_have_no_say_and_silent_estimates_no_infinite_slope(loss):
    target = noise()
    target[1:] = 0
    estimate = torch.zeros_like(target).requires_grad_()
    assert float(loss(noise(1), target)) == pytest.approx(float(loss(noise(1)[:1], target[:1])))
    loss(estimate, target).backward()
    assert torch.isfinite(estimate.grad).all()


def test_the_paper_has_its_three_losses_alone():
    weights = load_configuration("paper").stage_one.weights.model_dump()
    assert {k for k, v in weights.items() if v} == {"log_mel", "feature_matching", "adversarial"}


def test_a_stage_without_a_loss_is_refused():
    with pytest.raises(ValueError, match="wanted a weight above 0"):
        LossWeights(log_mel=0, feature_matching=0, adversarial=0)
