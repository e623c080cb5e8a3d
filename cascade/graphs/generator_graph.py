"""Stage one as ONNX: node for node what `wetdry.cascade.Generator` computes."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...audio import STEM_CLASSES
from ..networks.bottleneck import Attention, Bottleneck, Recurrence
from ..networks.effect_layers import one_hot
from ..networks.generator import BINS, COMPRESSION, Block, Generator
from .network_graph import NetworkGraph, numbers
from .spectrum_graph import istft, level_of, magnitude, stft

__all__ = ["add_block", "add_film", "add_generator"]


def add_generator(graph: NetworkGraph, network: Generator, mixture: str) -> str:
    """Add stage one; return its stems.

    Parameters
    ----------
    graph : NetworkGraph
    network : Generator
        Of any conditioning. One that could be told effects is told none, and labels that one
        predicts are left out: what a file says follows from the mixture alone.
    mixture : str
        Shape (batch, 1, samples).

    Returns
    -------
    str
        Shape (batch, 8, samples).
    """
    if network.size.conditioning == "shared":
        return _said(graph, network, mixture, None)
    classes = range(len(STEM_CLASSES))
    networks = network.networks if len(network.networks) else [network] * len(STEM_CLASSES)
    told = [c if len(network.films) else None for c in classes]
    said = [_said(graph, n, mixture, c) for n, c in zip(networks, told, strict=True)]
    return graph.add("Concat", *said, axis=1)


def add_film(graph: NetworkGraph, film: Any, x: str, stem_class: int, rank: int) -> str:
    """Tell a class to x of shape (batch, channels, ...)."""
    told = numbers(film.classes.weight)[stem_class].reshape(2, 1, -1, *[1] * (rank - 2))
    y = graph.add("Mul", x, graph.weight(1 + told[0]))
    return graph.add("Add", y, graph.weight(told[1]))


def add_block(graph: NetworkGraph, block: Block, x: str) -> str:
    """Add one block of the U-Net, x of shape (batch, channels, frames, bands)."""
    for norm, convolution in zip(block.norms, block.convolutions, strict=True):
        heard = graph.leaky(_frame_normed(graph, norm, x))
        x = graph.add("Add", x, graph.convolved(heard, convolution))
    narrow = graph.leaky(graph.linear(_frame_normed(graph, block.norm, x), block.squeeze))
    return graph.add("Add", x, graph.linear(narrow, block.widen))


def _frame_normed(graph: NetworkGraph, norm: Any, x: str) -> str:
    """Normalise each frame over channels and bands."""
    return graph.turned(graph.normed(graph.turned(x, 0, 2, 3, 1), norm, axes=2), 0, 3, 1, 2)


def _said(graph: NetworkGraph, network: Any, mixture: str, stem_class: int | None) -> str:
    """Add one network; return the stems it speaks for, (batch, heads, samples)."""
    size, heads = network.size, len(network.heads)
    level = level_of(graph, mixture)
    spectrum = stft(graph, graph.add("Div", mixture, level), BINS)
    real, imaginary = (graph.cut(spectrum, 1, part, part + 1) for part in (0, 1))
    frames = graph.length(spectrum, 3)
    features = _folded(graph, real, imaginary, network)
    x = _u_net(graph, network, features, stem_class)
    heard = graph.add("Concat", x, features, axis=1)
    out = _spoken(graph, network, graph.cut(heard, 2, 0, frames))
    a, b = (graph.cut(out, 2, part, part + 1) for part in (0, 1))
    if size.output == "mask":
        spectra = _masked(graph, a, b, [graph.add("Unsqueeze", part, graph.whole(1))
                                        for part in (real, imaginary)])  # fmt: skip
    else:
        loud = graph.power(magnitude(graph, a, b), 1 / COMPRESSION - 1)
        spectra = graph.add("Mul", out, loud)
    flat = graph.shaped(spectra, -1, 2, BINS, frames)
    sound = istft(graph, flat, BINS, graph.length(mixture, 2))
    stems = graph.shaped(sound, -1, heads, graph.length(mixture, 2))
    return graph.add("Mul", stems, level)


def _masked(graph: NetworkGraph, a: str, b: str, mixture: list[str]) -> str:
    """Return what complex masks leave of the mixture, (batch, heads, 2, 1024, frames)."""
    gain = graph.scaled(graph.add("Sigmoid", graph.add("Sub", a, graph.scalar(2))), 2)
    across = [graph.add("Mul", b, part) for part in mixture]
    real = graph.add("Sub", mixture[0], across[1])
    imaginary = graph.add("Add", mixture[1], across[0])
    return graph.add("Mul", gain, graph.add("Concat", real, imaginary, axis=2))


def _folded(graph: NetworkGraph, real: str, imaginary: str, network: Any) -> str:
    """Compress and fold (batch, 1, 1024, frames): (batch, 3 fold, frames, bands), padded."""
    fold = network.size.fold
    loud = magnitude(graph, real, imaginary)
    factor = graph.power(loud, COMPRESSION - 1)
    parts = [graph.add("Mul", part, factor) for part in (real, imaginary)]
    x = graph.add("Concat", *parts, graph.power(loud, COMPRESSION), axis=1)
    x = graph.turned(graph.reshaped(x, [0, 3, BINS // fold, fold, -1]), 0, 3, 1, 4, 2)
    x = graph.reshaped(x, [0, 3 * fold, -1, BINS // fold])
    return graph.filled(x, 2, 4, 1 << network.size.levels)


def _spoken(graph: NetworkGraph, network: Any, heard: str) -> str:
    """Apply all heads to (batch, channels, frames, bands): (batch, heads, 2, 1024, frames)."""
    fold, heads, biases = network.size.fold, numbers(network.heads), numbers(network.biases)
    if network.told and network.size.conditioning == "shared":
        scale, shift = _unsaid(network, 0)
        biases = biases + (shift @ heads)[:, None]
        heads = heads * (1 + scale[:, None])
    count, channels = heads.shape[:2]
    weights = graph.weight(heads.transpose(1, 0, 2).reshape(channels, -1))
    out = graph.add("MatMul", graph.turned(heard, 0, 2, 3, 1), weights)
    out = graph.add("Add", out, graph.weight(biases.reshape(-1)))
    out = graph.shaped(out, 0, 0, BINS // fold, count, fold, 2)
    out = graph.turned(out, 0, 3, 5, 2, 4, 1)
    return graph.shaped(out, 0, count, 2, BINS, graph.length(heard, 2))


def _unsaid(network: Any, level: int) -> list[NDArray[np.float32]]:
    """Return scale less one, and shift, of a network that could be told effects and is not."""
    unknown = one_hot(torch.zeros(1, network.told))
    return [numbers(part)[0] for part in network.tellings[level].numbers(unknown)]


def _u_net(graph: NetworkGraph, network: Any, features: str, stem_class: int | None) -> str:
    """Go down, through the bottleneck, and up again with the skips added."""

    def told(x: str, level: int) -> str:
        if stem_class is not None:
            x = add_film(graph, network.films[level], x, stem_class, 4)
        if network.told and network.size.conditioning != "shared":
            scale, shift = (part.reshape(-1, 1, 1) for part in _unsaid(network, level))
            x = graph.add("Mul", x, graph.weight(1 + scale))
            x = graph.add("Add", x, graph.weight(shift))
        return x

    x = told(graph.convolved(features, network.enter), 0)
    skips = []
    for level, (block, shrink) in enumerate(zip(network.down, network.shrink, strict=True)):
        skips.append(add_block(graph, block, x))
        x = told(graph.convolved(skips[-1], shrink), level + 1)
    x = _bottleneck(graph, network.bottleneck, x)
    for level in reversed(range(network.size.levels)):
        grown = graph.convolved(x, network.grow[level])
        x = add_block(graph, network.up[level], graph.add("Add", grown, skips[level]))
    return x


def _bottleneck(graph: NetworkGraph, bottleneck: Bottleneck, x: str) -> str:
    """Alternate over time and over bands, x of shape (batch, channels, frames, bands)."""
    x = graph.turned(x, 0, 2, 3, 1)
    for layers, add in ((bottleneck.recurrences, _recurrent), (bottleneck.attentions, _attentive)):
        for index, layer in enumerate(layers):
            way = (0, 1, 2, 3) if index % 2 else (0, 2, 1, 3)
            own = graph.turned(x, *way)
            lengths = [graph.length(own, axis) for axis in range(4)]
            said = add(graph, layer, graph.shaped(own, -1, *lengths[2:]))
            x = graph.turned(graph.shaped(said, *lengths), *way)
    return graph.turned(x, 0, 3, 1, 2)


def _recurrent(graph: NetworkGraph, layer: Recurrence | Any, x: str) -> str:
    """Add what an LSTM says to (sequences, length, channels)."""
    heard = graph.both_ways(graph.normed(x, layer.norm), layer.lstm)
    return graph.add("Add", x, graph.linear(heard, layer.leave))


def _attentive(graph: NetworkGraph, layer: Attention | Any, x: str) -> str:
    """Add what a transformer says to (sequences, length, channels)."""
    inner = layer.leave.in_features
    width = inner // layer.heads
    parts = graph.linear(graph.normed(x, layer.norm), layer.enter)
    query, key, value = (
        graph.turned(
            graph.reshaped(graph.cut(parts, 2, n * inner, (n + 1) * inner),
                           [0, 0, layer.heads, width]), 0, 2, 1, 3,
        )
        for n in range(3)
    )  # fmt: skip
    query, key = (_rotary(graph, part, width // 2) for part in (query, key))
    nearness = graph.add("MatMul", graph.scaled(query, width**-0.5), graph.turned(key, 0, 1, 3, 2))
    heard = graph.add("MatMul", graph.add("Softmax", nearness, axis=-1), value)
    heard = graph.reshaped(graph.turned(heard, 0, 2, 1, 3), [0, 0, inner])
    x = graph.add("Add", x, graph.linear(heard, layer.leave))
    norm, widen, _, narrow = layer.feed
    fed = graph.gelu(graph.linear(graph.normed(x, norm), widen))
    return graph.add("Add", x, graph.linear(fed, narrow))


def _rotary(graph: NetworkGraph, x: str, half: int) -> str:
    """Turn (sequences, heads, length, width) by angles that grow with position."""
    speed = graph.weight((10_000.0 ** (-np.arange(half) / half)).astype(np.float32))
    last = graph.add("Squeeze", graph.length(x, 2))
    ends = graph.weight(np.asarray(0, np.int64)), last, graph.weight(np.asarray(1, np.int64))
    place = graph.add("Cast", graph.shaped(graph.add("Range", *ends), -1, 1), to=1)
    angle = graph.add("Mul", place, speed)
    cosine, sine = graph.add("Cos", angle), graph.add("Sin", angle)
    a, b = graph.halves(x, 3, half)
    turned = [
        graph.add(sign, graph.add("Mul", a, own), graph.add("Mul", b, other))
        for sign, own, other in (("Sub", cosine, sine), ("Add", sine, cosine))
    ]
    return graph.add("Concat", *turned, axis=3)
