"""A session's meter: loudness in the excerpt, measured once for each sound."""

from ..audio import Audio
from .loudness import integrated_lufs

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
