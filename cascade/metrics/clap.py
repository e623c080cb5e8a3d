"""CLAP, the embedding of the challenge's FAD, where its weights can be had.

``transformers`` is no dependency of wetdry and the weights are 600 MB: both are used when they
are there already, and neither is ever downloaded from here.
"""

from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...audio import Audio, checked, resample
from ...errors import AssetError

__all__ = ["Clap", "load_clap"]

MODEL = "laion/clap-htsat-unfused"
SAMPLE_RATE = 48_000
WINDOW_SAMPLES = 10 * SAMPLE_RATE
"""The network's window; transformers would pick one at random out of a longer clip."""


class Clap:
    """The 512 numbers of CLAP's audio side, for each channel and each 10 s of it.

    One item is one channel, as in the challenge. A last window of less than 10 s is repeated
    until it is full.

    Parameters
    ----------
    network, extractor
        ``ClapAudioModelWithProjection`` and ``ClapFeatureExtractor``; ``load_clap`` brings them.
    """

    name = "clap"
    sample_rate = SAMPLE_RATE

    def __init__(self, network: Any, extractor: Any) -> None:
        self._network = network.eval()
        self._extractor = extractor

    def __call__(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the points of one clip.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
        sample_rate : int
            In Hz.

        Returns
        -------
        float32 array, shape (channels * windows, 512)
        """
        heard = resample(checked(audio, "clap"), sample_rate, SAMPLE_RATE)
        starts = range(0, heard.shape[1], WINDOW_SAMPLES)
        windows = [channel[s : s + WINDOW_SAMPLES] for channel in heard for s in starts]
        features = self._extractor(windows, sampling_rate=SAMPLE_RATE, return_tensors="pt")
        with torch.no_grad():
            points: NDArray[np.float32] = self._network(**features).audio_embeds.numpy()
        return points


def load_clap(source: str = MODEL) -> Clap:
    """Return CLAP from the local cache of the Hugging Face hub.

    Parameters
    ----------
    source : str
        A model of the hub, or a folder that holds one.

    Raises
    ------
    AssetError
        If ``transformers`` is not installed or the weights are not in the cache as safetensors;
        pickled ones are never read.
    """
    try:
        transformers = import_module("transformers")
    except ImportError:
        raise AssetError(
            "clap: wanted the package transformers, found none; run `pip install transformers`, "
            "or use musicnn"
        ) from None
    try:
        extractor = transformers.ClapFeatureExtractor.from_pretrained(source, local_files_only=True)
        network = transformers.ClapAudioModelWithProjection.from_pretrained(
            source, local_files_only=True, use_safetensors=True
        )
    except (OSError, ValueError):
        raise AssetError(
            f"clap: wanted {source} as safetensors in the hub's local cache, found none; run "
            f"`hf download {source}`, or where that brings only a pickle, convert it once with "
            "transformers' save_pretrained and give that folder; or use musicnn"
        ) from None
    return Clap(network, extractor)
