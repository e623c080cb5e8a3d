"""Convolution with a recorded impulse response."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio
from ..assets import find
from ..dsp.impulses import convolved, impulse_file
from ..effect import Effect, Label

__all__ = ["Convolution"]


class Convolution(Effect, kind="convolution"):
    """The sound of a real room, plate, speaker cabinet or telephone.

    y = (1 - mix) x + mix (h * x). The response h is resampled, cut before its direct sound,
    whose peak then stands at time 0, and scaled to unit energy (white noise keeps its level).

    Parameters
    ----------
    impulse : str
        The audio file of the response; relative to the folder given to :meth:`located`.
    impulse_sha256 : str or None
        The digest that the file must have; None takes any.
    mix : float
        From 0 (dry) to 1 (convolved only).
    """

    label: ClassVar[Label] = "space"
    widens: ClassVar[bool] = True
    moves_time: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, float]] = {"mix": 0.0}

    impulse: str
    impulse_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    mix: Annotated[float, Field(ge=0, le=1)] = 1.0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Convolve; reads the file.

        Raises
        ------
        AssetError
            If the file is absent, changed or not audio.
        """
        response = impulse_file(Path(self.impulse), self.impulse_sha256, sample_rate)
        mix = np.float32(self.mix)
        return (1 - mix) * audio + mix * convolved(audio, response)

    def located(self, folder: Path) -> Self:
        """Return the effect with its file looked for in ``folder``."""
        return self.model_copy(update={"impulse": str(find(folder, self.impulse))})
