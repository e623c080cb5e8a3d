"""Musicnn's layers in torch, from log-mel patches to the 200 numbers before the tags.

A front end of wide kernels hears timbre (tall ones) and rhythm (long ones) and takes the loudest
band of each; a middle of three layers, two of them residual, hears how that goes on; means and
maxima over time are condensed by one dense layer. Pons & Serra, "musicnn: pre-trained
convolutional neural networks for music audio tagging", 2019.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...errors import AssetError

__all__ = ["MusicnnNetwork"]

TIMBRE = ((204, 7, 38), (204, 7, 67))
"""Kernels over 7 frames and 0.4 or 0.7 of the 96 bands: channels, frames, bands."""

RHYTHM = ((51, 128, 1), (51, 64, 1), (51, 32, 1))
"""Kernels over one band and 128, 64 or 32 frames."""

FRONT_CHANNELS = sum(channels for channels, _, _ in TIMBRE + RHYTHM)
MIDDLE_CHANNELS = 64
MIDDLE_FRAMES = 7
POINT_DIMS = 200
NORM_EPSILON = 1e-3
"""TensorFlow's default."""


class MusicnnNetwork(nn.Module):
    """The network; untrained until ``from_tensors`` fills it.

    Shape
    -----
    (patches, 187, 96) -> (patches, 200); any other number of frames will do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.input_norm = nn.BatchNorm2d(1, eps=NORM_EPSILON)
        self.front = nn.ModuleList(
            _Layer(1, channels, frames, bands) for channels, frames, bands in TIMBRE + RHYTHM
        )
        self.middle = nn.ModuleList(
            _Layer(1, MIDDLE_CHANNELS, MIDDLE_FRAMES, bands)
            for bands in (FRONT_CHANNELS, MIDDLE_CHANNELS, MIDDLE_CHANNELS)
        )
        pooled = 2 * (FRONT_CHANNELS + 3 * MIDDLE_CHANNELS)
        self.pooled_norm = nn.BatchNorm1d(pooled, eps=NORM_EPSILON)
        self.dense = nn.Linear(pooled, POINT_DIMS)
        self.dense_norm = nn.BatchNorm1d(POINT_DIMS, eps=NORM_EPSILON)

    def forward(self, patches: Tensor) -> Tensor:
        """Return one point for each patch."""
        image = self.input_norm(patches[:, None])
        front = torch.cat([layer(image) for layer in self.front], dim=2)
        first = self.middle[0](front[:, None])
        second = self.middle[1](first[:, None]) + first
        third = self.middle[2](second[:, None]) + second
        features = torch.cat([front, first, second, third], dim=2)
        pooled = torch.stack([features.amax(dim=1), features.mean(dim=1)], dim=-1).flatten(1)
        point: Tensor = self.dense_norm(functional.relu(self.dense(self.pooled_norm(pooled))))
        return point

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.float32]]) -> "MusicnnNetwork":
        """Return the network with the weights of a TensorFlow checkpoint.

        Parameters
        ----------
        tensors : mapping of str to float32 array
            Named as TensorFlow numbers its layers: ``conv2d/kernel``, ``conv2d_1/kernel``, ...

        Raises
        ------
        AssetError
            If a tensor is absent or has another shape.
        """
        network = cls().eval()
        state = {name: torch.from_numpy(tensor.copy()) for name, tensor in network._named(tensors)}
        try:
            network.load_state_dict(state, strict=False)  # torch's own counters stay
        except RuntimeError as error:
            raise AssetError(f"musicnn: weights of another network ({error})") from None
        return network

    def _named(
        self, tensors: Mapping[str, NDArray[np.float32]]
    ) -> list[tuple[str, NDArray[np.float32]]]:
        """Pair the names of torch with the tensors of TensorFlow, in the order of its graph."""
        layers = [f"front.{i}" for i in range(len(self.front))]
        layers += [f"middle.{i}" for i in range(len(self.middle))]
        norms = ["input_norm", *(f"{layer}.norm" for layer in layers), "pooled_norm", "dense_norm"]
        try:
            return [
                *_dense("dense", tensors),
                *(pair for i, layer in enumerate(layers) for pair in _kernel(layer, i, tensors)),
                *(pair for i, norm in enumerate(norms) for pair in _norm(norm, i, tensors)),
            ]
        except KeyError as error:
            raise AssetError(f"musicnn: wanted a tensor {error}, found none in the file") from None


class _Layer(nn.Module):
    """Convolution, ReLU and norm over as many frames as came in; the loudest band is kept.

    Shape: (batch, 1, frames, bands) -> (batch, frames, channels).
    """

    def __init__(self, inputs: int, channels: int, frames: int, bands: int) -> None:
        super().__init__()
        before = (frames - 1) // 2  # TensorFlow's "same" puts the odd frame last
        self.padding = nn.ZeroPad2d((0, 0, before, frames - 1 - before))
        self.convolution = nn.Conv2d(inputs, channels, (frames, bands))
        self.norm = nn.BatchNorm2d(channels, eps=NORM_EPSILON)

    def forward(self, image: Tensor) -> Tensor:
        """Return the strongest answer over the bands."""
        answer = self.norm(functional.relu(self.convolution(self.padding(image))))
        loudest: Tensor = answer.amax(dim=3).transpose(1, 2)
        return loudest


def _numbered(name: str, number: int) -> str:
    """Return TensorFlow's name of the layer of that number."""
    return f"{name}_{number}" if number else name


Pairs = list[tuple[str, NDArray[np.float32]]]


def _kernel(layer: str, number: int, tensors: Mapping[str, NDArray[np.float32]]) -> Pairs:
    name = _numbered("conv2d", number)
    return [
        (f"{layer}.convolution.weight", tensors[f"{name}/kernel"].transpose(3, 2, 0, 1)),
        (f"{layer}.convolution.bias", tensors[f"{name}/bias"]),
    ]


def _norm(norm: str, number: int, tensors: Mapping[str, NDArray[np.float32]]) -> Pairs:
    name = _numbered("batch_normalization", number)
    return [
        (f"{norm}.weight", tensors[f"{name}/gamma"]),
        (f"{norm}.bias", tensors[f"{name}/beta"]),
        (f"{norm}.running_mean", tensors[f"{name}/moving_mean"]),
        (f"{norm}.running_var", tensors[f"{name}/moving_variance"]),
    ]


def _dense(dense: str, tensors: Mapping[str, NDArray[np.float32]]) -> Pairs:
    return [
        (f"{dense}.weight", tensors["dense/kernel"].T),
        (f"{dense}.bias", tensors["dense/bias"]),
    ]
