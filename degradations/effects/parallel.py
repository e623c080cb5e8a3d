"""Effects side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..chains import StoredChain
from ..effect import Effect, Label

__all__ = ["Parallel"]


class Parallel(Effect, kind="parallel"):
    """Several treatments of one sound at once, added up: parallel ("New York") compression.

    y = (1 - mix) x + mix (sum of branches). Each branch is a chain that hears x and gives its
    outcome without delay, so that branches add up in step; the empty chain is x itself. Two
    branches that do nothing are 6 dB louder than one: let branches end in a gain.

    Parameters
    ----------
    branches : one to eight chains
    mix : float
        From 0 (as it was) to 1 (the branches alone).

    Notes
    -----
    R. Izhaki, "Mixing Audio", chapter on compressors: the loud parts are the dry sound's, the
    quiet ones are raised by the compressed sound beside it.

    Examples
    --------
    >>> from wetdry.degradations import Chain, Gain
    >>> half = Chain((Gain(gain_db=-6.0206),))
    >>> print(Parallel(branches=(Chain(), half)))
    parallel: [none, [{gain: {gain_db: -6.021}}]]
    >>> Parallel(branches=(Chain(), half))(np.ones((1, 2), np.float32), 48_000).round(3)
    array([[1.5, 1.5]], dtype=float32)
    """

    label: ClassVar[Label] = "level"
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    moves_image: ClassVar[bool] = True
    adds_noise: ClassVar[bool] = True

    branches: Annotated[tuple[StoredChain, ...], Field(min_length=1, max_length=8)]
    mix: Annotated[float, Field(ge=0, le=1)] = 1.0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add the branches up, in their order; each effect makes good its own delay."""
        total = np.zeros_like(audio)
        for branch in self.branches:
            heard = audio
            for effect in branch:  # not the chain itself: it would widen, which is done already
                heard = effect(heard, sample_rate)
            total += heard
        mix = np.float32(self.mix)
        return total if self.mix == 1 else (1 - mix) * audio + mix * total

    def makes_stereo(self) -> bool:
        """Return whether any branch does."""
        return any(effect.makes_stereo() for branch in self.branches for effect in branch)

    def tail_s(self) -> float:
        """Return how long the branch that rings longest does."""
        return max(branch.tail_s() for branch in self.branches)

    def located(self, folder: Path) -> Self:
        """Return the effect with the files of all branches looked for in ``folder``."""
        branches = tuple(branch.located(folder) for branch in self.branches)
        return self.model_copy(update={"branches": branches})

    def __str__(self) -> str:
        """Show it as it is written in YAML."""
        mix = "" if self.mix == 1 else f", mix: {self.mix:.4g}"
        return f"parallel: [{', '.join(map(str, self.branches))}]{mix}"
