"""Level: the plainest effects of all."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ..effect import Effect, Label, Undoable

__all__ = ["Gain"]


class Gain(Effect, kind="gain"):
    """Louder or softer, and nothing else: y = x * 10 ** (gain_db / 20).

    Parameters
    ----------
    gain_db : float
        In dB, from -60 to 60.

    Examples
    --------
    >>> import numpy as np
    >>> Gain(gain_db=-6.0)(np.ones((1, 2), np.float32), 48_000).round(3)
    array([[0.501, 0.501]], dtype=float32)
    """

    label: ClassVar[Label] = "level"
    undoable: ClassVar[Undoable] = "exactly"
    neutral: ClassVar[Mapping[str, float]] = {"gain_db": 0.0}

    gain_db: Annotated[float, Field(ge=-60, le=60)]

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Multiply."""
        return audio * np.float32(amplitude(self.gain_db))

    def inverse(self) -> "Gain":
        """Return the opposite gain."""
        return Gain(gain_db=-self.gain_db)
