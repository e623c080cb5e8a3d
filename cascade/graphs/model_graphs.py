"""Each stage as an ONNX file: from waveform to waveform, of any length and any batch."""

from collections.abc import Mapping

from ...audio import STEM_CLASSES
from ..networks.generator import Generator
from ..networks.regressor import Regressor
from .generator_graph import add_generator
from .network_graph import NetworkGraph
from .onnx_graph import Shape
from .regressor_graph import add_regressor

__all__ = ["stage_one_graph", "stage_two_graph"]

MIXTURE: Shape = ["batch", 1, "samples"]
STEMS: Shape = ["batch", len(STEM_CLASSES), "samples"]


def stage_one_graph(
    network: Generator, metadata: Mapping[str, str], name: str = "stage_one"
) -> bytes:
    """Return stage one's file: from ``mixture`` (batch, 1, samples) to ``stems`` (batch, 8, ...).

    Parameters
    ----------
    network : Generator
    metadata : mapping of str to str
    name : str
        A student's file is of the same kind, and called "student".

    Raises
    ------
    AssetError
        If the package onnx is not installed.
    """
    graph = NetworkGraph()
    stems = add_generator(graph, network, "mixture")
    inputs: dict[str, Shape] = {"mixture": MIXTURE}
    return graph.model(name, inputs, {"stems": (stems, STEMS)}, metadata)


def stage_two_graph(network: Regressor, mixture_share: float, metadata: Mapping[str, str]) -> bytes:
    """Return stage two's file: from ``mixture`` and ``stage_one`` to ``stems``.

    Parameters
    ----------
    network : Regressor
    mixture_share : float
        How much of the mixture stays in every stem (`RestorationConfiguration`).
    metadata : mapping of str to str

    Raises
    ------
    AssetError
        If the package onnx is not installed.
    """
    graph = NetworkGraph()
    stems = add_regressor(graph, network, "mixture", "stage_one")
    if mixture_share:
        stems = graph.add("Add", stems, graph.scaled("mixture", mixture_share))
    inputs: dict[str, Shape] = {"mixture": MIXTURE, "stage_one": STEMS}
    return graph.model("stage_two", inputs, {"stems": (stems, STEMS)}, metadata)
