"""A session's meter: loudness in the excerpt, measured once for each sound."""

import numpy as np

from ..audio import Audio
from .loudness import gated_lufs, integrated_lufs, k_weighting

__all__ = ["Meter"]

REMEMBERED = 4
"""What enters a chain, and what leaves it, is asked for again by who observes it."""


class Meter:
    """Measures sounds of one session.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    window : slice
        The excerpt, in which everything is measured.
    """

    def __init__(self, sample_rate: int, window: slice) -> None:
        self.sample_rate = sample_rate
        self.window = window
        self._known: list[tuple[Audio, float]] = []

    def excerpt(self, audio: Audio) -> Audio:
        """Return the excerpt of a sound with lead-in."""
        return audio[:, self.window]

    def lufs(self, audio: Audio) -> float:
        """Return the integrated loudness in the excerpt.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            With lead-in; the very array is remembered, and must not change.
        """
        for known, lufs in self._known:
            if known is audio:
                return lufs
        lufs = integrated_lufs(self.excerpt(audio), self.sample_rate)
        self._known = [(audio, lufs), *self._known[: REMEMBERED - 1]]
        return lufs

    def quick_lufs(self, audio: Audio) -> float:
        """Return the same to 0.0001 LU, in less time; nothing that is heard may depend on it."""
        from .quick_loudness import weighted_energies

        for known, lufs in self._known:
            if known is audio:
                return lufs
        excerpt, rate = self.excerpt(audio), self.sample_rate
        samples = excerpt.shape[1]
        hops = 10 * samples // rate
        bounds = np.arange(hops + 1) * rate // 10
        if bounds[-1] < samples:
            bounds = np.append(bounds, samples)
        energies = np.zeros(len(bounds) - 1)
        weighted_energies(excerpt, k_weighting(rate), bounds, energies)
        return gated_lufs(energies, samples, rate)
