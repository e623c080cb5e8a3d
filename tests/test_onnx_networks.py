"""Both stages as ONNX: onnxruntime says what torch says, for any length and batch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from wetdry.cascade.graphs.model_graphs import stage_one_graph, stage_two_graph  # noqa: E402
from wetdry.cascade.networks.generator import Generator  # noqa: E402
from wetdry.cascade.networks.regressor import Regressor  # noqa: E402
from wetdry.cascade.sizes import GeneratorConfiguration, RegressorConfiguration  # noqa: E402

SMALL = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
WAYS = ["shared", "film", "per_class"]
MARGIN = 1e-4
"""Highest error, relative to the peak."""


def taught(network):
    """Move every weight that begins at zero, as learning does."""
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


def generator(**more):
    torch.manual_seed(1)
    return taught(Generator(GeneratorConfiguration(**SMALL | more)))


def regressor(**more):
    torch.manual_seed(1)
    size = {"layers": 3, "channels": 8, "spectral_channels": 2} | more
    return taught(Regressor(RegressorConfiguration(**size)))


def session(data):
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def noise(batch, channels, samples, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal((batch, channels, samples), np.float32)


def error(network, running, *inputs):
    """Return the highest difference from torch, relative to torch's peak."""
    with torch.no_grad():
        wanted = network(*map(torch.from_numpy, inputs)).numpy()
    names = [i.name for i in running.get_inputs()]
    (found,) = running.run(None, dict(zip(names, inputs, strict=True)))
    assert found.shape == wanted.shape
    return np.abs(found - wanted).max() / np.abs(wanted).max()


SIZES_ONE = [
    *({"conditioning": way} for way in WAYS),
    {"output": "mapping"},
    {"fold": 1, "kernel": 5, "layers": 2, "channels": 2},
    {"depth": 2, "recurrent": 1, "levels": 1},
    {"depth": 0, "recurrent": 0, "levels": 3},
]
SIZES_TWO = [
    *({"conditioning": way} for way in WAYS),
    *({"conditioning": way, "spectral_channels": 0, "layers": 6} for way in WAYS),
    {"layers": 1},
]


@pytest.mark.parametrize("more", SIZES_ONE, ids=str)
def test_stage_one_in_onnxruntime_is_stage_one_in_torch(more):
    network = generator(**more)
    running = session(stage_one_graph(network, {}))
    for batch, samples in ((1, 4 * network.grid), (2, 9_999), (3, 300)):
        assert error(network, running, noise(batch, 1, samples)) < MARGIN


@pytest.mark.parametrize("more", SIZES_TWO, ids=str)
def test_stage_two_in_onnxruntime_is_stage_two_in_torch(more):
    network = regressor(**more)
    running = session(stage_two_graph(network, 0.0, {}))
    for batch, samples in ((1, 2 * network.grid), (2, 9_999), (3, 300)):
        inputs = noise(batch, 1, samples), noise(batch, 8, samples, seed=2)
        assert error(network, running, *inputs) < MARGIN


def test_silence_and_full_scale_are_said_alike():
    network = generator()
    running = session(stage_one_graph(network, {}))
    silent = np.zeros((1, 1, 8192), np.float32)
    (found,) = running.run(None, {"mixture": silent})
    assert np.abs(found).max() < 1e-6
    assert error(network, running, 10 * noise(1, 1, 8192)) < MARGIN


def test_stage_two_leaves_the_share_of_the_mixture_in_every_stem():
    network, inputs = regressor(), (noise(1, 1, 8192), noise(1, 8, 8192, seed=2))
    plain, keeps = (session(stage_two_graph(network, share, {})) for share in (0.0, 0.02))
    names = ("mixture", "stage_one")
    difference = np.subtract(
        *(s.run(None, dict(zip(names, inputs, strict=True)))[0] for s in (keeps, plain))
    )
    assert np.allclose(difference, 0.02 * inputs[0], atol=1e-6)


def test_equal_weights_make_equal_bytes():
    first, second = (stage_one_graph(generator(), {"a": "b"}) for _ in range(2))
    assert first == second
