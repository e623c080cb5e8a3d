import pytest
import torch

from wetdry.cascade.configuration_files import load_configuration
from wetdry.cascade.networks.conditioning import Film
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.networks.regressor import Regressor
from wetdry.cascade.restoring.restoration import Restorer
from wetdry.cascade.sizes import GeneratorConfiguration, RegressorConfiguration

SMALL = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
WAYS = ["shared", "film", "per_class"]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def generator(way: str) -> Generator:
    torch.manual_seed(1)
    return taught(Generator(GeneratorConfiguration(conditioning=way, **SMALL)))


def regressor(way: str) -> Regressor:
    torch.manual_seed(1)
    size = {"layers": 2, "channels": 8, "spectral_channels": 2}
    return taught(Regressor(RegressorConfiguration(conditioning=way, **size)))


def taught(network):
    """Move every weight that begins at zero, as learning does."""
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.mark.parametrize("way", WAYS)
def test_pairs_are_the_same_as_picking_from_all_estimates(way):
    mixture = noise(3, 1, 5_000)
    pairs = torch.tensor([[2, 0, 1, 2], [7, 3, 3, 0]])
    one, two = generator(way), regressor(way)
    first = one(mixture)
    assert first.shape == (3, 8, 5_000)
    assert torch.allclose(one(mixture, pairs), first[pairs[0], pairs[1]], atol=1e-6)
    second = two(mixture, first)
    assert second.shape == (3, 8, 5_000)
    assert torch.allclose(two(mixture, first, pairs), second[pairs[0], pairs[1]], atol=1e-6)


@pytest.mark.parametrize("way", WAYS)
def test_every_class_is_answered_in_its_own_way(way):
    mixture = noise(1, 1, 5_000)
    first = noise(1, 1, 5_000, seed=2).expand(1, 8, -1)
    for stems in (generator(way)(mixture), regressor(way)(mixture, first) - first):
        assert not any(torch.allclose(stems[:, 0], stems[:, c], rtol=0.01) for c in range(1, 8))


@pytest.mark.parametrize("way", WAYS)
def test_the_gradient_reaches_every_parameter(way):
    for network, heard in ((generator(way), ()), (regressor(way), (noise(2, 8, 9_000),))):
        network(noise(2, 1, 9_000), *heard).square().sum().backward()
        assert [
            n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()
        ] == []


@pytest.mark.parametrize("way", WAYS)
def test_a_fresh_stage_two_returns_stage_ones_estimate(way):
    size = RegressorConfiguration(conditioning=way, layers=2, channels=8, spectral_channels=2)
    first = noise(1, 8, 5_000, seed=2)
    assert torch.equal(Regressor(size)(noise(1, 1, 5_000), first), first)


def test_a_network_that_was_told_nothing_yet_treats_all_classes_alike():
    x = noise(8, 4, 5, 6)
    assert torch.equal(Film(4)(x, torch.arange(8)), x)


@pytest.mark.parametrize("way", ["film", "per_class"])
def test_restoration_is_the_same_call(way):
    sizes = load_configuration("tiny")
    restorer = Restorer(sizes, generator(way), regressor(way), torch.device("cpu"))
    audio = noise(2, 20_000).numpy()
    assert restorer.restore(audio, 44_100)["cascade"]["Bass"].shape == audio.shape
