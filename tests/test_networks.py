import math

import numpy as np
import pytest
import torch

from wetdry.cascade.metrics.fidelity import mmsnr_db
from wetdry.cascade.networks.bottleneck import _rotary
from wetdry.cascade.networks.discriminator import Discriminator
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.networks.regressor import Regressor
from wetdry.cascade.networks.spectra import istft, mel_filterbank, stft
from wetdry.cascade.sizes import (
    DiscriminatorConfiguration,
    GeneratorConfiguration,
    RegressorConfiguration,
)
from wetdry.cascade.training.losses import (
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
    log_mel_loss,
    magnitudes,
    mel_error_loss,
    multi_resolution_stft_loss,
)

RATE = 44_100
SMALL = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def generator(output: str = "mask") -> Generator:
    torch.manual_seed(1)
    return Generator(GeneratorConfiguration.model_validate({"output": output, **SMALL}))


def regressor() -> Regressor:
    torch.manual_seed(1)
    return Regressor(RegressorConfiguration(layers=3, channels=8, spectral_channels=4))


def test_a_spectrogram_goes_back_to_its_waveform():
    audio = noise(2, 10_001)
    assert torch.allclose(istft(stft(audio, 1024, 256), 1024, 256, 10_001), audio, atol=1e-6)


def test_white_noise_of_power_one_has_power_one_in_every_bin():
    power = stft(10 * noise(400_000), 512, 128).abs().square().mean(-1)
    assert power[1:-1].mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("window", "mels"), [(2048, 160), (1024, 80), (512, 40)])
def test_every_mel_filter_has_sum_one_and_every_bin_is_heard(window, mels):
    filters = mel_filterbank(window, mels, RATE)
    assert torch.allclose(filters.sum(1), torch.ones(mels))
    assert (filters.sum(0)[1:-1] > 0).all()


@pytest.mark.parametrize("output", ["mask", "mapping"])
@pytest.mark.parametrize("samples", [1, 700, 9_001])
def test_stage_one_gives_eight_stems_of_the_length_of_the_mixture(output, samples):
    assert generator(output)(noise(2, 1, samples)).shape == (2, 8, samples)


@pytest.mark.parametrize("samples", [1, 63, 9_001])
def test_stage_two_gives_eight_stems_of_the_length_of_the_mixture(samples):
    assert regressor()(noise(2, 1, samples), noise(2, 8, samples)).shape == (2, 8, samples)


def test_pairs_are_the_same_as_picking_from_all_estimates():
    network, mixture = generator(), noise(3, 1, 5_000)
    pairs = torch.tensor([[2, 0, 1], [7, 3, 3]])
    first = network(mixture)
    assert torch.allclose(network(mixture, pairs), first[pairs[0], pairs[1]])
    second = regressor()
    torch.nn.init.normal_(second.final.weight)
    whole = second(mixture, first)[pairs[0], pairs[1]]
    assert torch.allclose(second(mixture, first, pairs), whole, atol=1e-6)


def test_a_fresh_stage_two_returns_stage_ones_estimate():
    first = noise(1, 8, 5_000, seed=2)
    assert torch.equal(regressor()(noise(1, 1, 5_000), first), first)


@pytest.mark.parametrize("output", ["mask", "mapping"])
def test_twice_the_input_is_twice_the_output(output):
    network, mixture = generator(output), noise(1, 1, 9_000)
    assert torch.allclose(network(2 * mixture), 2 * network(mixture), rtol=1e-3, atol=1e-6)


def test_silence_in_is_silence_out_and_finite_gradients():
    network = generator()
    out = network(torch.zeros(1, 1, 9_000))
    out.square().sum().backward()
    assert out.abs().max() < 1e-5
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def unreached(network: torch.nn.Module) -> list[str]:
    return [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]


@pytest.mark.parametrize("output", ["mask", "mapping"])
def test_the_gradient_reaches_every_parameter_of_stage_one(output):
    network = generator(output)
    log_mel_loss(network(noise(2, 1, 9_000)).flatten(0, 1), noise(16, 9_000), RATE).backward()
    assert unreached(network) == []


def test_the_gradient_reaches_every_parameter_of_stage_two_once_it_speaks():
    network = regressor()
    torch.nn.init.normal_(network.final.weight)
    assert network.spectral is not None
    torch.nn.init.normal_(network.spectral.leave.weight)
    network(noise(2, 1, 9_000), noise(2, 8, 9_000)).square().sum().backward()
    assert unreached(network) == []


def test_the_gradient_reaches_every_parameter_of_the_discriminator():
    network = Discriminator(DiscriminatorConfiguration(channels=2))
    classes = torch.arange(8)
    verdicts = network(noise(8, 9_000), classes), network(noise(8, 9_000, seed=1), classes)
    discriminator_loss(*verdicts).backward()
    assert unreached(network) == []


def test_the_discriminator_is_told_which_class_it_hears():
    network, audio = Discriminator(DiscriminatorConfiguration()), noise(1, 9_000)
    with torch.no_grad():
        said = [network(audio, torch.tensor([c])).scores[0] for c in (0, 5)]
    assert not torch.allclose(*said)


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, b: log_mel_loss(a, b, RATE),
        lambda a, b: multi_resolution_stft_loss(magnitudes(a, b)),
    ],
)
def test_a_spectral_loss_is_nothing_for_equals_and_finite_for_silence(loss):
    audio, silence = noise(2, 9_000), torch.zeros(2, 9_000)
    assert loss(audio, audio) < 1e-3
    silence.requires_grad_()
    loss(silence, torch.zeros(2, 9_000)).backward()
    assert silence.grad is not None
    assert torch.isfinite(silence.grad).all()
    assert 0 < loss(silence, audio) < math.inf


def test_the_mel_error_is_the_metric_with_its_sign_turned():
    target = noise(1, 48_000)
    estimate = 0.5 * target + 0.2 * noise(1, 48_000, seed=1)
    loss = mel_error_loss(magnitudes(estimate, target), estimate, target, 48_000)
    wanted = mmsnr_db(target.numpy(), estimate.numpy(), 48_000)
    assert -10 * float(loss) == pytest.approx(wanted, abs=1.0)  # other mel bands


def test_the_mel_error_hears_neither_gain_nor_polarity_nor_what_is_silent():
    target, other = noise(1, 9_000), noise(1, 9_000, seed=1)
    mixed = target + other

    def error(estimate, target):
        return float(mel_error_loss(magnitudes(estimate, target), estimate, target, RATE))

    assert error(-3 * mixed, target) == pytest.approx(error(mixed, target), abs=1e-3)
    assert error(mixed, torch.zeros_like(target)) == 0
    assert error(target, target) < error(mixed, target) < error(other, target) < 0.01


def test_nothing_below_the_floor_is_worth_much():
    silence = torch.zeros(1, 9_000)
    faint, loud = (log_mel_loss(level * noise(1, 9_000), silence, RATE) for level in (1e-4, 1.0))
    assert faint < 0.01 * loud


def test_a_perfect_forgery_costs_nothing_but_the_judgement():
    network, classes = Discriminator(DiscriminatorConfiguration(channels=2)).eval(), torch.arange(2)
    verdict = network(noise(2, 9_000), classes)
    assert feature_matching_loss(verdict, verdict) == 0
    assert adversarial_loss(verdict) >= 0


def test_rotary_attention_hears_distances_rather_than_positions():
    same = torch.ones(1, 1, 12, 8)
    scores = (_rotary(same) @ _rotary(same).mT)[0, 0].numpy()
    assert np.allclose(np.diagonal(scores, 3), scores[0, 3], atol=1e-5)
