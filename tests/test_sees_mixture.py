"""Stage two with and without the mixture: the paper's hears stage one's estimates alone."""

import pytest
import torch

from wetdry.cascade.networks.regressor import Regressor
from wetdry.cascade.sizes import RegressorConfiguration


def noise(*shape: int, seed: int) -> torch.Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def taught(way: str, sees: bool, spectral: int) -> Regressor:
    """Return a network with opinions: a fresh one says nothing."""
    torch.manual_seed(1)
    size = {"layers": 2, "channels": 8, "spectral_channels": spectral, "sees_mixture": sees}
    network = Regressor(RegressorConfiguration(conditioning=way, **size))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


@pytest.mark.parametrize("spectral", [0, 4])
@pytest.mark.parametrize("way", ["shared", "film", "per_class"])
@pytest.mark.parametrize("sees", [True, False])
def test_the_mixture_has_a_say_only_where_it_is_seen(way, sees, spectral):
    network, first = taught(way, sees, spectral), noise(2, 8, 4_096, seed=0)
    with torch.no_grad():
        one, other = (network(noise(2, 1, 4_096, seed=seed), first) for seed in (1, 2))
        louder = network(9 * noise(2, 1, 4_096, seed=1), first)
    assert torch.equal(one, other) is not sees
    assert torch.equal(one, louder) is not sees
    assert not torch.allclose(one, first, atol=1e-4)


@pytest.mark.parametrize("way", ["film", "per_class"])
def test_one_class_at_a_time_hears_that_classs_estimate_alone(way):
    network, first = taught(way, False, 4), noise(1, 8, 4_096, seed=0)
    mixture, other = noise(1, 1, 4_096, seed=1), first.clone()
    other[:, 2:4] = first[:, [3, 2]]  # the sum, which sets the level, stays
    with torch.no_grad():
        before, after = (network(mixture, heard) for heard in (first, other))
    same = [torch.allclose(before[0, n], after[0, n], atol=1e-6) for n in range(8)]
    assert same == [n not in (2, 3) for n in range(8)]


def test_without_the_mixture_twice_as_loud_is_twice_as_loud():
    network, first = taught("shared", False, 4), noise(1, 8, 4_096, seed=0)
    with torch.no_grad():
        soft, loud = (network(noise(1, 1, 4_096, seed=1), gain * first) for gain in (1, 2))
    assert torch.allclose(2 * soft, loud, atol=1e-5)


def test_a_network_that_sees_less_is_smaller():
    sizes = [sum(p.numel() for p in taught("shared", s, 4).parameters()) for s in (True, False)]
    assert sizes[0] > sizes[1]
