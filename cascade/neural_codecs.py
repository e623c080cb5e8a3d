"""Neural codecs for the effect ``neural_codec``: public weights become an ONNX file.

EnCodec's and DAC's weights are read by ``transformers``, from the Hugging Face hub or from a folder
that holds a model as ``save_pretrained`` leaves it; only safetensors are read, never pickles.
"""

import math
from importlib import import_module
from pathlib import Path
from typing import Any

from ..degradations.assets import FETCHED, cache_folder
from ..degradations.dsp.codec_networks import METADATA, CodecFacts
from ..errors import AssetError
from ..manifests.files import write_atomically
from .graphs.codec_graphs import dac_graph, encodec_graph

__all__ = ["SOURCES", "codec_facts", "export_codec", "fetch_codec"]

SOURCES = {
    "dac_24khz": "descript/dac_24khz",
    "dac_44khz": "descript/dac_44khz",
    "encodec_24khz": "facebook/encodec_24khz",
    "encodec_48khz": "facebook/encodec_48khz",
}
"""Where each codec's authors have put it on the hub."""
assert tuple(SOURCES) == FETCHED

MODELS = {"dac": ("DacModel", dac_graph), "encodec": ("EncodecModel", encodec_graph)}
"""transformers' class and our graph, by what a model's configuration calls itself."""

LEAST_CODES = 32
"""Fewer would not fill the padding of the inmost layers."""

WINDOW_S = {"dac": (4.0, 0.5), "encodec": (16.0, 2.0)}
"""Length and overlap of windows: DAC's layers see 0.2 s to each side, EnCodec's recurrence needs
time to settle, and DAC holds 200 MB for each second of a window."""

FADE_S = 0.01
"""Should two windows disagree after all, there is no click."""


def fetch_codec(name: str, out: Path | None = None, source: str | Path | None = None) -> Path:
    """Make the ONNX file of a public codec.

    Parameters
    ----------
    name : str
        One of ``SOURCES``.
    out : Path, optional
        The file; by default ``cache_folder() / f"{name}.onnx"``, where recipes look. One that is
        there is left alone unless ``source`` is given.
    source : str or Path, optional
        A folder with the weights, or a model of the hub; by default that of the authors.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    AssetError
        If a package is not installed, or the weights cannot be had.
    """
    path = out or cache_folder() / f"{name}.onnx"
    if path.is_file() and source is None:
        return path
    data = export_codec(_pretrained(str(source or SOURCES[name]), name), name)
    write_atomically(path, data)
    return path


def export_codec(model: Any, name: str) -> bytes:
    """Return the ONNX file of a transformers' ``EncodecModel`` or ``DacModel``.

    The same weights give the same bytes, with any version of torch and transformers.
    """
    facts = codec_facts(model, name)
    graph, decoded = MODELS[model.config.model_type][1](model)
    return graph.saved(decoded, facts.channels, {METADATA: facts.model_dump_json()})


def codec_facts(model: Any, name: str) -> CodecFacts:
    """Return what the file of a codec has to say of itself."""
    config, hop = model.config, model.config.hop_length
    is_dac = config.model_type == "dac"
    chunk = None if is_dac else config.chunk_length
    window_s, overlap_s = WINDOW_S[config.model_type]
    second = config.sampling_rate / hop  # in codes
    overlap = chunk - config.chunk_stride if chunk else round(overlap_s * second) * hop
    return CodecFacts(
        name=name,
        sample_rate=config.sampling_rate,
        channels=1 if is_dac else config.audio_channels,
        codebooks=len(model.quantizer.quantizers if is_dac else model.quantizer.layers),
        kbps_per_codebook=math.log2(config.codebook_size) * config.sampling_rate / hop / 1000,
        hop_samples=hop,
        least_samples=chunk or LEAST_CODES * hop,
        window_samples=chunk or round(window_s * second) * hop,
        overlap_samples=overlap,
        fade_samples=overlap if chunk else round(FADE_S * config.sampling_rate),
    )


def _pretrained(source: str, name: str) -> Any:
    """Return a model with its weights, in full precision."""
    try:
        transformers = import_module("transformers")
    except ImportError:
        raise AssetError(
            f"{name}: wanted the package transformers, found none; "
            "run `pip install 'wetdry[neural]'`"
        ) from None
    kind = MODELS[name.partition("_")[0]][0]
    try:
        return getattr(transformers, kind).from_pretrained(source, use_safetensors=True).eval()
    except (OSError, ValueError) as error:
        said = (str(error).strip().splitlines() or ["nothing"])[0]
        raise AssetError(
            f"{name}: cannot be had from {source} ({said}); look to the network, or give a folder "
            "that holds the model's config.json and model.safetensors with --source"
        ) from None
