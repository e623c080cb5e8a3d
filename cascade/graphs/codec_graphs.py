"""EnCodec and DAC as ONNX graphs: from transformers' modules, layer by layer.

Lengths are whole numbers of codes, so that the padding of each layer is known beforehand. All
codebooks are searched; those beyond the number asked for are left out of the sum.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .onnx_graph import Graph

__all__ = ["dac_graph", "encodec_graph"]

NORM_EPSILON = 1e-5


def encodec_graph(model: Any) -> tuple[Graph, str]:
    """Return the graph of an ``EncodecModel`` and the name of its decoded audio."""
    graph, audio = Graph(), "audio"
    if model.config.normalize:
        mono = graph.add("ReduceMean", audio, axes=[1])
        power = graph.add("ReduceMean", graph.add("Mul", mono, mono), axes=[2])
        level = graph.add("Add", graph.add("Sqrt", power), graph.scalar(1e-8))
        audio = graph.add("Div", audio, level)
    embeddings = _through(graph, audio, model.encoder.layers, _encodec_layer)
    embeddings = graph.add("Transpose", embeddings, perm=[0, 2, 1])
    codes = _sum_of_codes(graph, embeddings, model.quantizer.layers, _nearest_by_distance)
    codes = graph.add("Transpose", codes, perm=[0, 2, 1])
    decoded = _through(graph, codes, model.decoder.layers, _encodec_layer)
    return graph, graph.add("Mul", decoded, level) if model.config.normalize else decoded


def dac_graph(model: Any) -> tuple[Graph, str]:
    """Return the graph of a ``DacModel`` and the name of its decoded audio."""
    graph, encoder, decoder = Graph(), model.encoder, model.decoder
    layers = [encoder.conv1]
    for block in encoder.block:
        layers += [block.res_unit1, block.res_unit2, block.res_unit3, block.snake1, block.conv1]
    embeddings = _through(graph, "audio", [*layers, encoder.snake1, encoder.conv2], _dac_layer)
    embeddings = graph.add("Transpose", embeddings, perm=[0, 2, 1])
    codes = _sum_of_codes(graph, embeddings, model.quantizer.quantizers, _nearest_by_angle)
    codes = graph.add("Transpose", codes, perm=[0, 2, 1])
    layers = [decoder.conv1]
    for block in decoder.block:
        layers += [block.snake1, block.conv_t1, block.res_unit1, block.res_unit2, block.res_unit3]
    return graph, graph.add(
        "Tanh", _through(graph, codes, [*layers, decoder.snake1, decoder.conv2], _dac_layer)
    )


def _through(
    graph: Graph, x: str, layers: Iterable[Any], one: Callable[[Graph, str, Any], str]
) -> str:
    """Send ``x`` through layers, one after another."""
    for layer in layers:
        x = one(graph, x, layer)
    return x


def _values(tensor: Any) -> NDArray[Any]:
    values: NDArray[Any] = tensor.detach().cpu().numpy()
    return values


def _convolution(graph: Graph, x: str, module: Any, **more: Any) -> str:
    """Convolve as a torch module does, transposed or not."""
    operator = "ConvTranspose" if "Transpose" in type(module).__name__ else "Conv"
    weights = [graph.weight(_values(t)) for t in (module.weight, module.bias)]
    attributes = {
        "kernel_shape": list(module.kernel_size),
        "strides": list(module.stride),
        "dilations": list(module.dilation),
        "pads": list(module.padding) * 2,
    }
    return graph.add(operator, x, *weights, **{**attributes, **more})


def _encodec_layer(graph: Graph, x: str, layer: Any) -> str:
    """Add one layer of EnCodec."""
    match type(layer).__name__:
        case "EncodecConv1d":
            total = int(layer.padding_total)
            right = 0 if layer.causal else total // 2
            mode = "reflect" if layer.pad_mode == "reflect" else "constant"
            y = _convolution(graph, graph.padded(x, total - right, right, mode), layer.conv)
            return _normed(graph, y, layer)
        case "EncodecConvTranspose1d":
            total = layer.conv.kernel_size[0] - layer.conv.stride[0]
            right = -int(-total * layer.trim_right_ratio // 1) if layer.causal else total // 2
            if layer.norm_type != "time_group_norm":
                return _convolution(graph, x, layer.conv, pads=[total - right, right])
            return _trimmed(
                graph, _normed(graph, _convolution(graph, x, layer.conv), layer),
                total - right, right,
            )  # fmt: skip
        case "EncodecLSTM":
            return _recurrent(graph, x, layer.lstm)
        case "EncodecResnetBlock":
            y = _through(graph, x, layer.block, _encodec_layer)
            return graph.add("Add", _encodec_layer(graph, x, layer.shortcut), y)
        case "ELU":
            return graph.add("Elu", x, alpha=float(layer.alpha))
        case "Identity":
            return x
    raise TypeError(f"EnCodec has no layer {type(layer).__name__}")


def _normed(graph: Graph, x: str, layer: Any) -> str:
    """Bring all channels and times together to mean 0 and deviation 1, if the layer does."""
    if layer.norm_type != "time_group_norm":
        return x
    one, zero = (graph.weight(np.full(1, v, np.float32)) for v in (1, 0))
    flat = graph.reshaped(x, [0, 1, -1])
    flat = graph.add("InstanceNormalization", flat, one, zero, epsilon=NORM_EPSILON)
    normed = graph.add("Reshape", flat, graph.add("Shape", x))
    scale, offset = (_values(t)[:, np.newaxis] for t in (layer.norm.weight, layer.norm.bias))
    return graph.add("Add", graph.add("Mul", normed, graph.weight(scale)), graph.weight(offset))


def _trimmed(graph: Graph, x: str, left: int, right: int) -> str:
    """Cut samples off both ends."""
    ends = ([left], [-right or np.iinfo(np.int64).max], [2])
    return graph.add("Slice", x, *(graph.weight(np.asarray(e, np.int64)) for e in ends))


def _recurrent(graph: Graph, x: str, lstm: Any) -> str:
    """Add what an LSTM makes of ``x`` to it."""
    x = y = graph.add("Transpose", x, perm=[2, 0, 1])
    for number in range(lstm.num_layers):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        layer = {name: _values(getattr(lstm, f"{name}_l{number}")) for name in names}
        y = graph.lstm(y, layer, lstm.hidden_size)
    return graph.add("Transpose", graph.add("Add", y, x), perm=[1, 2, 0])


def _dac_layer(graph: Graph, x: str, layer: Any) -> str:
    """Add one layer of DAC."""
    match type(layer).__name__:
        case "Conv1d":
            return _convolution(graph, x, layer)
        case "ConvTranspose1d":  # an odd stride loses its last sample without output_padding
            return _convolution(graph, x, layer, output_padding=[layer.stride[0] % 2])
        case "Snake1d":
            alpha = _values(layer.alpha)
            wave = graph.add("Sin", graph.add("Mul", x, graph.weight(alpha)))
            share = graph.weight((1 / (alpha + np.float32(1e-9))).astype(np.float32))
            return graph.add("Add", x, graph.add("Mul", share, graph.add("Mul", wave, wave)))
        case "DacResidualUnit":
            inside = (layer.snake1, layer.conv1, layer.snake2, layer.conv2)
            return graph.add("Add", x, _through(graph, x, inside, _dac_layer))
    raise TypeError(f"DAC has no layer {type(layer).__name__}")


def _sum_of_codes(
    graph: Graph, x: str, codebooks: Iterable[Any], nearest: Callable[[Graph, str, Any], str]
) -> str:
    """Code what is left, codebook after codebook; x is of shape (batch, time, features)."""
    total = graph.scalar(0)
    for number, codebook in enumerate(codebooks):
        entry = nearest(graph, x, codebook)
        used = graph.add("Greater", "codebooks", graph.weight(np.asarray(number, np.int64)))
        share = graph.add("Cast", used, to=1)
        total = graph.add("Add", total, graph.add("Mul", entry, share))
        x = graph.add("Sub", x, entry)
    return total


def _nearest_by_distance(graph: Graph, x: str, layer: Any) -> str:
    """Return EnCodec's nearest entries: the largest of 2 x.e - e.e."""
    entries = _values(layer.codebook.embed)
    twice = graph.add("MatMul", x, graph.weight(2 * entries.T))
    nearness = graph.add("Sub", twice, graph.weight(np.square(entries).sum(axis=1)))
    indices = graph.add("ArgMax", nearness, axis=2, keepdims=0)
    return graph.add("Gather", graph.weight(entries), indices)


def _nearest_by_angle(graph: Graph, x: str, layer: Any) -> str:
    """Return DAC's nearest entries: projected to few dimensions, found by angle, and back."""
    entries = _values(layer.codebook.weight)
    there, back = (_values(p.weight)[:, :, 0].T for p in (layer.in_proj, layer.out_proj))
    offset, offset_back = (graph.weight(_values(p.bias)) for p in (layer.in_proj, layer.out_proj))
    projected = graph.add("Add", graph.add("MatMul", x, graph.weight(there)), offset)
    directions = entries / np.maximum(np.linalg.norm(entries, axis=1, keepdims=True), 1e-12)
    nearness = graph.add("MatMul", projected, graph.weight(directions.T.astype(np.float32)))
    indices = graph.add("ArgMax", nearness, axis=2, keepdims=0)
    found = graph.add("Gather", graph.weight(entries), indices)
    return graph.add("Add", graph.add("MatMul", found, graph.weight(back)), offset_back)
