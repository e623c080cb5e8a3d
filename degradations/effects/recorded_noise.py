"""Noise that somebody recorded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, amplitude
from ...seeds import stream
from ..assets import Assets, find, sound_of
from ..effect import Effect, Label
from .noise import Seed

__all__ = ["RecordedNoise"]

SEAM_S = 0.05
"""The recording's end is faded into its beginning for this long, so that its loop has no seam."""


class RecordedNoise(Effect, kind="recorded_noise"):
    """A recording plays along: a crowd, rain, a street, a ventilator, the groove of a record.

    It starts anywhere, goes on in a loop without a seam, and is resampled where its rate is
    another. A mono recording is heard in both channels; mono sound hears the mean of a
    stereo recording.

    Parameters
    ----------
    recording : str
        The audio file; relative to the folder given to :meth:`located`.
    recording_sha256 : str or None
        The digest that the file must have; None takes any.
    snr_db : float
        RMS of the whole signal over RMS of what is heard of the recording, from -20 to
        100 dB. Silence stays silent, and so does a silent stretch of the recording.
    seed : int
        Where it starts, from 0 to 2**32 - 1.
    """

    label: ClassVar[Label] = "noise"
    neutral: ClassVar[Mapping[str, float]] = {"snr_db": 100.0}

    recording: str
    recording_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    snr_db: Annotated[float, Field(ge=-20, le=100)]
    seed: Seed = 0

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Add what is heard of the recording.

        Raises
        ------
        AssetError
            If the file is absent, changed, silent or not audio.
        """
        loop = _recordings(Path(self.recording), self.recording_sha256, sample_rate)
        if loop.shape[0] > audio.shape[0]:
            loop = loop.mean(axis=0, keepdims=True)
        start = int(stream(self.seed, "recorded_noise").random() * loop.shape[1])
        heard = np.take(loop, np.arange(start, start + audio.shape[1]), axis=1, mode="wrap")
        rms = _rms(heard)
        if rms == 0:
            return audio.copy()
        return audio + heard * np.float32(_rms(audio) / rms * amplitude(-self.snr_db))

    def located(self, folder: Path) -> Self:
        """Return the effect with its file looked for in ``folder``."""
        return self.model_copy(update={"recording": str(find(folder, self.recording))})


def _rms(audio: Audio) -> float:
    """Return the RMS over all channels."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def _read(path: Path, sample_rate: int) -> Audio:
    """Read a recording as a loop, at the rate given in Hz."""
    return _without_seam(sound_of("recording", path, sample_rate), sample_rate)


def _without_seam(audio: Audio, sample_rate: int) -> Audio:
    """Fade the end into the beginning, at equal power."""
    seam = min(round(SEAM_S * sample_rate), audio.shape[1] // 4)
    turn = (np.arange(seam) + 0.5) / max(seam, 1) * np.pi / 2
    loop = audio[:, : audio.shape[1] - seam].copy()
    end = audio[:, audio.shape[1] - seam :]
    loop[:, :seam] = audio[:, :seam] * np.sin(turn) + end * np.cos(turn)
    return loop


_recordings = Assets("recording", "an audio file", _read, keep=8)  # a minute of stereo is 21 MB
