"""What both stages are made of, as ONNX: layers of torch's, and lengths known when sound comes."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .onnx_graph import Graph

__all__ = ["NetworkGraph", "numbers"]

END = np.iinfo(np.int64).max


def numbers(tensor: Any) -> NDArray[np.float32]:
    """Return a tensor's values as an array."""
    values: NDArray[np.float32] = tensor.detach().cpu().float().numpy()
    return values


class NetworkGraph(Graph):
    """A graph in which what is said twice stands once: equal nodes, equal weights.

    So networks that run once for each class share whatever does not depend on it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Any, str] = {}

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node unless there is one like it; return the name of its output."""
        key = operator, inputs, repr(sorted(attributes.items()))
        if key not in self._known:
            self._known[key] = super().add(operator, *inputs, **attributes)
        return self._known[key]

    def weight(self, values: NDArray[Any]) -> str:
        """Add a constant unless there is one like it; return its name."""
        array = np.ascontiguousarray(values)
        key = array.dtype.str, np.shape(values), hashlib.sha256(array.tobytes()).digest()
        if key not in self._known:
            self._known[key] = super().weight(values)
        return self._known[key]

    def whole(self, *values: int) -> str:
        """Add a list of whole numbers; return its name."""
        return self.weight(np.asarray(values, np.int64))

    def length(self, x: str, axis: int) -> str:
        """Return the length of an axis, as a list of one."""
        return self.add("Shape", x, start=axis, end=axis + 1)

    def shaped(self, x: str, *lengths: int | str) -> str:
        """Return ``x`` in another shape: numbers as in `reshaped`, or lists of one by name."""
        parts = [part if isinstance(part, str) else self.whole(part) for part in lengths]
        return self.add("Reshape", x, self.add("Concat", *parts, axis=0))

    def cut(self, x: str, axis: int, start: int = 0, end: int | str = END) -> str:
        """Return part of an axis; ``end`` may be a list of one by name."""
        last = end if isinstance(end, str) else self.whole(end)
        return self.add("Slice", x, self.whole(start), last, self.whole(axis))

    def filled(self, x: str, axis: int, rank: int, multiple: int) -> str:
        """Append zeros until an axis is a multiple of something long."""
        found = self.add("Neg", self.length(x, axis))
        missing = self.add("Mod", found, self.whole(multiple))  # of the divisor's sign
        before = self.whole(*[0] * (rank + axis))
        pads = [
            before,
            missing,
            *([self.whole(*[0] * (rank - 1 - axis))] if axis + 1 < rank else []),
        ]
        return self.add("Pad", x, self.add("Concat", *pads, axis=0), mode="constant")

    def scaled(self, x: str, factor: float) -> str:
        """Multiply by a number."""
        return self.add("Mul", x, self.scalar(factor))

    def power(self, x: str, exponent: float) -> str:
        """Raise to a power."""
        return self.add("Pow", x, self.scalar(exponent))

    def leaky(self, x: str) -> str:
        """Rectify, with a slope of 0.1 below zero."""
        return self.add("LeakyRelu", x, alpha=0.1)

    def turned(self, x: str, *order: int) -> str:
        """Order the axes anew."""
        return self.add("Transpose", x, perm=list(order))

    def halves(self, x: str, axis: int, width: int) -> tuple[str, str]:
        """Cut an axis of twice ``width`` in two."""
        return self.cut(x, axis, 0, width), self.cut(x, axis, width, 2 * width)

    def gated(self, x: str, channels: int) -> str:
        """Return the first half of the channels, gated by the second (GLU)."""
        sound, gate = self.halves(x, 1, channels)
        return self.add("Mul", sound, self.add("Sigmoid", gate))

    def gelu(self, x: str) -> str:
        """Return the exact GELU."""
        share = self.add("Erf", self.scaled(x, 0.5**0.5))
        return self.add("Mul", self.scaled(x, 0.5), self.add("Add", share, self.scalar(1)))

    def linear(self, x: str, layer: Any) -> str:
        """Apply a torch ``Linear`` to the last axis."""
        y = self.add("MatMul", x, self.weight(numbers(layer.weight).T))
        return y if layer.bias is None else self.add("Add", y, self.weight(numbers(layer.bias)))

    def convolved(self, x: str, layer: Any) -> str:
        """Apply a torch convolution, transposed or not, of one dimension or two."""
        operator = "ConvTranspose" if "Transpose" in type(layer).__name__ else "Conv"
        weights = [self.weight(numbers(t)) for t in (layer.weight, layer.bias)]
        return self.add(
            operator,
            x,
            *weights,
            kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride),
            pads=list(layer.padding) * 2,
        )

    def normed(self, x: str, layer: Any, axes: int = 1) -> str:
        """Bring the last ``axes`` axes to mean 0 and deviation 1, then scale and shift."""
        weights = [self.weight(numbers(t)) for t in (layer.weight, layer.bias)]
        return self.add("LayerNormalization", x, *weights, axis=-axes, epsilon=1e-5)

    def both_ways(self, x: str, lstm: Any) -> str:
        """Apply a bidirectional torch LSTM, x of shape (sequences, length, features)."""
        ways = [_gates(lstm, ending) for ending in ("_l0", "_l0_reverse")]
        weights = [self.weight(np.stack(parts)) for parts in zip(*ways, strict=True)]
        units = int(lstm.hidden_size)
        states = self.add(
            "LSTM", self.turned(x, 1, 0, 2), *weights, hidden_size=units, direction="bidirectional"
        )  # (length, directions, sequences, units)
        return self.reshaped(self.turned(states, 2, 0, 1, 3), [0, 0, 2 * units])


def _gates(lstm: Any, ending: str) -> Sequence[NDArray[np.float32]]:
    """Return one direction's weights in ONNX's order of gates."""

    def ordered(name: str) -> NDArray[np.float32]:
        i, f, g, o = np.split(numbers(getattr(lstm, name + ending)), 4)  # torch's order
        return np.concatenate([i, o, f, g])

    bias = np.concatenate([ordered("bias_ih"), ordered("bias_hh")])
    return ordered("weight_ih"), ordered("weight_hh"), bias
