"""ONNX graphs, node by node.

Written by hand rather than by torch's exporter: the same weights give the same bytes with any
version of torch, so that a file's digest names its codec, and sound may be of any length.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import AssetError, UsageError

__all__ = ["Graph", "Shape"]

OPSET = 17
IR_VERSION = 8
"""Of 2022, which every onnxruntime of these years reads."""

LARGEST_BYTES = 2**31 - 2**20
"""What one file of protocol buffers holds, less room for the nodes."""

Shape = Sequence[int | str] | None
"""Lengths, or words for those that may be any; None is one whole number."""


class Graph:
    """A graph in the making; values go by the names that its methods return."""

    def __init__(self) -> None:
        try:
            self._onnx: Any = import_module("onnx")
        except ImportError:
            raise AssetError(
                "wanted the package onnx, found none; run `pip install 'wetdry[neural]'`"
            ) from None
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return the name of its output."""
        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    def weight(self, values: NDArray[Any]) -> str:
        """Add a constant; return its name."""
        name = f"weight_{len(self._weights)}"
        array = np.ascontiguousarray(values)
        self._weights.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def scalar(self, value: float) -> str:
        """Add a float32 constant; return its name."""
        return self.weight(np.asarray(value, np.float32))

    def reshaped(self, x: str, shape: Sequence[int]) -> str:
        """Return ``x`` in another shape; 0 keeps a length, -1 takes what is left."""
        return self.add("Reshape", x, self.weight(np.asarray(shape, np.int64)))

    def padded(self, x: str, left: int, right: int, mode: str) -> str:
        """Return ``x`` of shape (batch, channels, time) continued at its ends."""
        if left == right == 0:
            return x
        pads = self.weight(np.asarray([0, 0, left, 0, 0, right], np.int64))
        return self.add("Pad", x, pads, mode=mode)

    def lstm(self, x: str, layer: Mapping[str, NDArray[np.float32]], units: int) -> str:
        """Return the states of one LSTM layer of torch's, x of shape (time, batch, features)."""

        def ordered(name: str) -> NDArray[np.float32]:
            i, f, g, o = np.split(layer[name], 4)  # torch's order of gates
            return np.concatenate([i, o, f, g])[np.newaxis]

        bias = np.concatenate([ordered("bias_ih"), ordered("bias_hh")], axis=1)
        names = [self.weight(ordered(n)) for n in ("weight_ih", "weight_hh")]
        states = self.add("LSTM", x, *names, self.weight(bias), hidden_size=units)
        return self.add("Squeeze", states, self.weight(np.asarray([1], np.int64)))

    def saved(self, output: str, channels: int, metadata: Mapping[str, str]) -> bytes:
        """Return the file of a codec: from ``audio`` and ``codebooks`` to ``decoded``.

        Parameters
        ----------
        output : str
            The decoded audio.
        channels : int
        metadata : mapping of str to str
        """
        shape: Shape = [1, channels, "samples"]
        inputs: dict[str, Shape] = {"audio": shape, "codebooks": None}
        return self.model("codec", inputs, {"decoded": (output, shape)}, metadata)

    def model(
        self,
        name: str,
        inputs: Mapping[str, Shape],
        outputs: Mapping[str, tuple[str, Shape]],
        metadata: Mapping[str, str],
    ) -> bytes:
        """Return the file of a model.

        Parameters
        ----------
        name : str
            What the graph calls itself.
        inputs : mapping of str to shape
            Lengths are numbers, or words where they may be any; None is one int64.
        outputs : mapping of str to (str, shape)
            By name, the value that becomes it, and its shape.
        metadata : mapping of str to str

        Raises
        ------
        UsageError
            If one file cannot hold the weights.
        """
        size = sum(len(weight.raw_data) for weight in self._weights)
        if size > LARGEST_BYTES:
            raise UsageError(
                f"{name}: wanted at most {LARGEST_BYTES / 1e9:.2f} GB of weights, which is what "
                f"one ONNX file holds, found {size / 1e9:.2f}; use the safetensors, or train a "
                "smaller network"
            )
        make, types = self._onnx.helper, self._onnx.TensorProto

        def info(value: str, shape: Shape) -> Any:
            kind = types.INT64 if shape is None else types.FLOAT
            return make.make_tensor_value_info(value, kind, [] if shape is None else shape)

        last = [make.make_node("Identity", [v], [n]) for n, (v, _) in outputs.items()]
        ends = [
            [info(n, s) for n, s in inputs.items()],
            [info(n, s) for n, (_, s) in outputs.items()],
        ]
        graph = make.make_graph([*self._nodes, *last], name, *ends, self._weights)
        opset = make.make_opsetid("", OPSET)
        model = make.make_model(graph, opset_imports=[opset], producer_name="wetdry")
        model.ir_version = IR_VERSION
        make.set_model_props(model, dict(metadata))
        data: bytes = model.SerializeToString(deterministic=True)
        return data
