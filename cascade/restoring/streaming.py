"""Restoration of sound that is still arriving: blocks in, blocks out, at a stated latency."""

import numpy as np

from ...audio import STEM_CLASSES, Audio, checked
from ...errors import AudioError, UsageError
from ..networks.windows import CrossFade
from .restoration import Restorer

__all__ = ["Stream"]


class Stream:
    """Restore block by block, in constant memory.

    Windows of fixed length follow each other at a fixed distance and are cross-faded. Each is
    heard together with what came before it, so that short windows, which mean low latency, need
    not be heard out of context.

    Parameters
    ----------
    restorer : Restorer
    channels : int
        1 or 2.
    window_s : float
        Length of a window: the latency.
    overlap_s : float
        Length of the cross-fade between two windows, in which the networks hear ahead.
    context_s : float
        Sound before each window that the networks hear again; each second of a stream costs
        (context + window) / (window - overlap) seconds of restoration.

    Attributes
    ----------
    latency_samples : int
        A sample is given back at the latest when so many more have been pushed. All lengths are
        rounded up to multiples of the distance at which the networks' strides repeat.

    Examples
    --------
    ::

        stream = Stream(Restorer.load(run), channels=2)
        for block in blocks:            # float32, (2, any length), at restorer.sample_rate
            play(stream.push(block))    # (systems, 8, 2, samples): see `Restorer.systems`
        play(stream.finish())
    """

    def __init__(
        self,
        restorer: Restorer,
        channels: int,
        *,
        window_s: float = 0.5,
        overlap_s: float = 0.1,
        context_s: float = 1.5,
    ) -> None:
        grid = restorer.grid
        if channels not in (1, 2):
            raise AudioError(f"stream: wanted 1 or 2 channels, found {channels}")
        if not (0 < overlap_s < window_s < np.inf and 0 <= context_s < np.inf):
            raise UsageError(
                "stream: wanted 0 < overlap_s < window_s and context_s of 0 or more, found "
                f"{overlap_s:g}, {window_s:g} and {context_s:g}"
            )
        overlap, window, self._context = (
            int(np.ceil(seconds * restorer.sample_rate / grid)) * grid
            for seconds in (overlap_s, window_s, context_s)
        )
        self.latency_samples = max(window, overlap + grid)
        self._stride = self.latency_samples - overlap
        self._restorer = restorer
        self._cross_fade = CrossFade(overlap)
        self._heard = np.zeros((channels, 0), np.float32)
        self._first = 0  # place in the stream of the first sample that is kept
        self._start = 0  # place of the next window
        self._ended = False

    def push(self, audio: Audio) -> Audio:
        """Take what has arrived; return what can be said now.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            At the networks' rate; any number of samples.

        Returns
        -------
        float32 array, shape (systems, 8, channels, samples)
            Stage one and cascade, or a student; often no samples. It goes on where the last one
            ended.

        Raises
        ------
        AudioError
            If it is no such array.
        UsageError
            If the stream has ended.
        """
        if self._ended:
            raise UsageError("stream: wanted no more after finish(), found audio; begin another")
        checked(audio, "stream")
        if len(audio) != len(self._heard):
            raise AudioError(f"stream: wanted {len(self._heard)} channels, found {len(audio)}")
        self._heard = np.concatenate([self._heard, audio], axis=1)
        parts = [self._nothing()]
        while self._end - self._start >= self.latency_samples:
            estimate = self._estimated(self._start + self.latency_samples)
            parts.append(self._cross_fade.add(estimate, self._stride, self._start > 0, True))
            self._start += self._stride
            forgotten = max(self._start - self._context, 0) - self._first
            self._heard = self._heard[:, forgotten:]
            self._first += forgotten
        return np.concatenate(parts, axis=-1)

    def finish(self) -> Audio:
        """Return the rest; all parts together are as long as what was pushed.

        Returns
        -------
        float32 array, shape (systems, 8, channels, samples)
        """
        if self._ended or self._end == 0:
            self._ended = True
            return self._nothing()
        self._ended = True
        left, overlap = self._end - self._start, self.latency_samples - self._stride
        if self._start > 0 and left == overlap:  # the last window ended where the stream did
            return self._cross_fade.rest()
        return self._cross_fade.add(self._estimated(self._end), left, self._start > 0, False)

    @property
    def _end(self) -> int:
        """How much has been pushed."""
        return self._first + self._heard.shape[1]

    def _estimated(self, end: int) -> Audio:
        """Return what the networks say of the window from its start to ``end``."""
        heard = self._heard[:, : end - self._first]
        parts = self._restorer.parts(
            lambda start, frames: heard[:, start : start + frames], heard.shape[1]
        )
        return np.concatenate(list(parts), axis=-1)[..., self._start - self._first :]

    def _nothing(self) -> Audio:
        shape = len(self._restorer.systems), len(STEM_CLASSES), len(self._heard), 0
        return np.zeros(shape, np.float32)
