"""Effects on what both channels share, and on what sets them apart."""

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ..chains import Chain, StoredChain
from ..effect import Effect, Label, Undoable

__all__ = ["MidSide"]


class MidSide(Effect, kind="mid_side"):
    """Middle and width are treated apart: an air shelf on the width, a compressor on the middle.

    m = (L + R) / 2 and s = (L - R) / 2 pass a chain each; L and R then change by what these
    changed: L + (m' - m) + (s' - s), R + (m' - m) - (s' - s). That is m' + s' and m' - s', and
    what no chain touches keeps its every bit. Each effect makes good its own delay, so that both
    stay in step. Mono audio is all mid: it passes that chain alone.

    Undone by the inverses of its parts, backwards, if all have one.

    Parameters
    ----------
    mid, side : chain
        Each effect hears one channel.

    Notes
    -----
    A. Blumlein, British patent 394325, 1931: sum and difference of two channels; B. Katz,
    "Mastering Audio", chapter on mid/side processing.

    Examples
    --------
    >>> from wetdry.degradations import Gain
    >>> print(MidSide(side=Chain((Gain(gain_db=-6.0206),))))
    mid_side: {mid: none, side: [{gain: {gain_db: -6.021}}]}
    >>> left_only = np.array([[1.0], [0.0]], np.float32)
    >>> MidSide(side=Chain((Gain(gain_db=-6.0206),)))(left_only, 48_000).round(3)
    array([[0.75],
           [0.25]], dtype=float32)
    """

    label: ClassVar[Label] = "stereo"
    undoable: ClassVar[Undoable] = "approximately"
    moves_time: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True
    adds_noise: ClassVar[bool] = True

    mid: StoredChain = Chain()
    side: StoredChain = Chain()

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.floating]:
        """Add what both chains change; in double precision, lest the zeros round."""
        if len(audio) == 1:
            return _processed(self.mid, audio, sample_rate)
        left, right = audio[:1].astype(np.float64), audio[1:].astype(np.float64)
        middle = self._change(self.mid, (left + right) / 2, sample_rate)
        width = self._change(self.side, (left - right) / 2, sample_rate)
        return np.concatenate([left + (middle + width), right + (middle - width)])

    @staticmethod
    def _change(chain: Chain, exact: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
        """Return by how much a chain changes one channel."""
        if not chain:
            return np.zeros_like(exact)
        return _processed(chain, exact.astype(np.float32), sample_rate) - exact

    def tail_s(self) -> float:
        """Return how long the chain that rings longest does."""
        return max(self.mid.tail_s(), self.side.tail_s())

    def located(self, folder: Path) -> Self:
        """Return the effect with the files of both chains looked for in ``folder``."""
        chains = {"mid": self.mid.located(folder), "side": self.side.located(folder)}
        return self.model_copy(update=chains)

    def inverse(self) -> "MidSide | None":
        """Return the inverses of both chains; None if any part has none."""
        mid, side = _undone(self.mid), _undone(self.side)
        return None if mid is None or side is None else MidSide(mid=mid, side=side)

    def __str__(self) -> str:
        """Show it as it is written in YAML."""
        return f"mid_side: {{mid: {self.mid}, side: {self.side}}}"


def _processed(chain: Chain, audio: Audio, sample_rate: int) -> Audio:
    """Send one channel through a chain, none of which makes it two."""
    for effect in chain:
        audio = effect(audio, sample_rate)
    return audio.copy() if not chain else audio


def _undone(chain: Chain) -> Chain | None:
    """Return the inverses of a chain's effects, last first."""
    inverses = [effect.inverse() for effect in reversed(chain.effects)]
    if any(inverse is None for inverse in inverses):
        return None
    return Chain(tuple(inverse for inverse in inverses if inverse is not None))
