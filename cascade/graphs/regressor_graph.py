"""Stage two as ONNX: node for node what `wetdry.cascade.Regressor` computes."""

from typing import Any

from ...audio import STEM_CLASSES
from ..networks.generator import BINS
from ..networks.regressor import Regressor
from ..networks.spectral_branch import FLOOR, SpectralBranch
from .generator_graph import add_block, add_film
from .network_graph import NetworkGraph, numbers
from .spectrum_graph import istft, level_of, magnitude, stft

__all__ = ["add_regressor"]


def add_regressor(graph: NetworkGraph, network: Regressor, mixture: str, first: str) -> str:
    """Add stage two; return its stems.

    Parameters
    ----------
    graph : NetworkGraph
    network : Regressor
        Of any conditioning.
    mixture : str
        Shape (batch, 1, samples).
    first : str
        Stage one's stems, shape (batch, 8, samples).

    Returns
    -------
    str
        Shape (batch, 8, samples).
    """
    level = level_of(graph, mixture)
    own, loud = (graph.add("Div", x, level) for x in (first, mixture))
    if network.size.conditioning == "shared":
        heard = graph.add("Concat", loud, own, axis=1)
        said = _corrected(graph, network, heard, None)
    else:
        count = len(STEM_CLASSES)
        networks = network.networks if len(network.networks) else [network] * count
        total = graph.add("ReduceSum", own, graph.whole(1))
        corrections = []
        for stem_class, one in enumerate(networks):
            stem = graph.cut(own, 1, stem_class, stem_class + 1)
            heard = graph.add("Concat", loud, stem, graph.add("Sub", total, stem), axis=1)
            told = stem_class if len(network.films) else None
            corrections.append(_corrected(graph, one, heard, told))
        said = graph.add("Concat", *corrections, axis=1)
    return graph.add("Add", first, graph.add("Mul", said, level))


def _corrected(graph: NetworkGraph, network: Any, heard: str, stem_class: int | None) -> str:
    """Return what a network adds to estimates, (batch, places, samples)."""
    samples = graph.length(heard, 2)
    said = _u_net(graph, network, graph.filled(heard, 2, 3, network.grid), stem_class)
    said = graph.cut(said, 2, 0, samples)
    if network.spectral is None:
        return said
    return graph.add("Add", said, _gated(graph, network.spectral, heard))


def _u_net(graph: NetworkGraph, network: Any, x: str, stem_class: int | None) -> str:
    """Map (batch, channels, samples) to what is said; samples a multiple of the grid."""
    skips = []
    for level, (strided, _, mixed, _) in enumerate(network.down):
        x = graph.convolved(graph.add("Relu", graph.convolved(x, strided)), mixed)
        x = graph.gated(x, mixed.out_channels // 2)
        if stem_class is not None:
            x = add_film(graph, network.films[level], x, stem_class, 3)
        skips.append(x)
    for (gate, widen, _), skip in zip(network.up, reversed(skips[:-1]), strict=True):
        x = graph.add("Relu", graph.convolved(_gate(graph, gate, x), widen))
        x = graph.add("Add", x, skip)
    return graph.convolved(_gate(graph, network.gate, x), network.final)


def _gate(graph: NetworkGraph, gate: Any, x: str) -> str:
    """Add a convolution and its gate."""
    return graph.gated(graph.convolved(x, gate[0]), gate[0].out_channels // 2)


def _gated(graph: NetworkGraph, branch: SpectralBranch, heard: str) -> str:
    """Return what the spectral branch adds to estimates, (batch, places, samples)."""
    channels, places = branch.enter.in_channels, branch.leave.out_channels // 2
    samples, bins = graph.length(heard, 2), BINS + 1
    spectra = stft(graph, graph.shaped(heard, -1, 1, samples), bins)
    frames = graph.length(spectra, 3)
    spectra = graph.shaped(spectra, -1, channels, 2, bins, frames)
    parts = (graph.cut(spectra, 2, n, n + 1) for n in (0, 1))
    loud = graph.shaped(magnitude(graph, *parts), -1, channels, bins, frames)
    bands = graph.add("MatMul", graph.weight(numbers(branch.filters)), loud)
    x = graph.add("Log", graph.add("Add", bands, graph.scalar(FLOOR)))
    x = graph.convolved(graph.turned(x, 0, 1, 3, 2), branch.enter)
    for block in branch.blocks:
        x = add_block(graph, block, x)  # type: ignore[arg-type]
    x = graph.convolved(graph.leaky(x), branch.leave)
    said = graph.shaped(x, -1, places, 2, frames, len(branch.filters))
    gates = graph.add("MatMul", said, graph.weight(numbers(branch.spread)))
    gates = graph.turned(gates, 0, 1, 2, 4, 3)
    own, mixed = (graph.cut(gates, 2, n, n + 1) for n in (0, 1))
    sound = graph.add(
        "Add",
        graph.add("Mul", own, graph.cut(spectra, 1, 1, 1 + places)),
        graph.add("Mul", mixed, graph.cut(spectra, 1, 0, 1)),
    )
    flat = graph.shaped(sound, -1, 2, bins, frames)
    return graph.shaped(istft(graph, flat, bins, samples), -1, places, samples)
