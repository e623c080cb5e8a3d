"""pedalboard's plugins, called safely."""

from typing import Any

import numpy as np

from ...audio import Audio

__all__ = ["run_plugin"]

FEWEST_SAMPLES = 64
"""pedalboard guesses which axis is time from which is longer, and refuses 2 by 2."""


def run_plugin(plugin: Any, audio: Audio, sample_rate: int) -> Audio:
    """Run a plugin over the whole of ``audio``: in chunks, plugins withhold their tails.

    Parameters
    ----------
    plugin : pedalboard.Plugin
        Without latency.
    audio : float32 array, shape (channels, samples)
        Anything finite and below 1e4: native code ends the process at 1e7 and on NaN.
    sample_rate : int
        In Hz.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    missing = max(0, FEWEST_SAMPLES - audio.shape[1])
    out: Audio = plugin(np.pad(audio, ((0, 0), (0, missing))) if missing else audio, sample_rate)
    return out[:, : audio.shape[1]]
