"""Spectrograms in ONNX: convolutions there and back, with one constant and real numbers alone.

ONNX has operators of its own for it, which few runtimes have besides onnxruntime.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..networks.generator import BINS, HOP, WINDOW
from .network_graph import NetworkGraph

__all__ = ["istft", "level_of", "magnitude", "stft"]

POWER = 0.375 * WINDOW
"""The sum of the squared window, by whose root `wetdry.cascade.networks.spectra` divides."""


def level_of(graph: NetworkGraph, mixture: str) -> str:
    """Return ``mixture_level`` of (batch, 1, samples): (batch, 1, 1)."""
    power = graph.add("ReduceMean", graph.add("Mul", mixture, mixture), axes=[1, 2])
    return graph.add("Max", graph.add("Sqrt", power), graph.scalar(1e-5))


def stft(graph: NetworkGraph, audio: str, bins: int) -> str:
    """Return spectrograms of (n, 1, samples): (n, 2, bins, frames), real parts and imaginary."""
    basis = graph.weight(_basis(bins))
    frames = graph.add(
        "Conv", audio, basis, kernel_shape=[WINDOW], strides=[HOP], pads=[WINDOW // 2] * 2
    )
    return graph.shaped(frames, -1, 2, bins, graph.length(frames, 2))


def istft(graph: NetworkGraph, spectra: str, bins: int, samples: str) -> str:
    """Undo `stft`: (n, 2, bins, frames) becomes (n, 1, samples).

    Parameters
    ----------
    graph : NetworkGraph
    spectra : str
        Without the bin at half the sample rate where ``bins`` is 1024.
    bins : int
    samples : str
        A list of one: how long the audio is.
    """
    twice = np.full((1, bins, 1), 2, np.float32)  # bins that stand for negative frequencies, too
    twice[:, [0, *([BINS] if bins > BINS else [])]] = 1
    frames = graph.length(spectra, 3)
    weighted = graph.add("Mul", spectra, graph.weight(twice * np.float32(POWER / WINDOW)))
    flat = graph.shaped(weighted, -1, 2 * bins, frames)
    once = graph.shaped(graph.add("Expand", graph.scalar(1), frames), 1, 1, -1)
    windows = graph.weight(np.square(_hann()).astype(np.float32)[None, None])
    sound, weight = (
        graph.cut(graph.add("ConvTranspose", x, basis, kernel_shape=[WINDOW], strides=[HOP],
                            pads=[WINDOW // 2, 0]), 2, 0, samples)
        for x, basis in ((flat, graph.weight(_basis(bins))), (once, windows))
    )  # fmt: skip
    return graph.add("Div", sound, weight)


def magnitude(graph: NetworkGraph, real: str, imaginary: str) -> str:
    """Return `wetdry.cascade.networks.spectra.magnitude`."""
    squares = [graph.add("Mul", part, part) for part in (real, imaginary)]
    power = graph.add("Add", graph.add("Add", *squares), graph.scalar(1e-10))
    return graph.add("Sqrt", power)


def _hann() -> NDArray[np.float64]:
    """Return the periodic Hann window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


@cache
def _basis(bins: int) -> NDArray[np.float32]:
    """Return windowed cosines and negative sines, shape (2 bins, 1, window).

    An inverse transform differs by a factor for each bin, so that one constant serves both.
    """
    turns = np.outer(np.arange(bins), np.arange(WINDOW)) % WINDOW
    circle = np.exp(-2j * np.pi * np.arange(WINDOW) / WINDOW)[turns]
    both = np.concatenate([circle.real, circle.imag]) * _hann() / np.sqrt(POWER)
    basis: NDArray[np.float32] = both.astype(np.float32)[:, None]
    return basis
