"""Lossy codecs: encoded and decoded in memory, of equal length and without delay.

Samples beyond full scale are brought down to it before the encoder and up again after the
decoder, so that no codec clips. The encoders hear the same whatever else runs: the decoded
samples are reproducible.
"""

import io
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..audio import Audio, decode, resample
from .boards import run_plugin
from .effect import Effect

__all__ = ["Mp3", "Mp3Vbr", "Opus", "Vorbis"]

MP3_DELAY_SAMPLES = 1105
"""What encoder (576) and decoder (529) add to an MP3 whose frames are too small for the tag
that would tell the decoder to drop it (below 64 kbps)."""


class _Codec(Effect):
    """A way there and back."""

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Encode and decode at a rate that the codec knows, with headroom."""
        rate = self._rate(sample_rate)
        there = resample(audio, sample_rate, rate)
        loudest = max(1.0, float(np.abs(there).max(initial=0.0)))
        back = self._coded(np.ascontiguousarray(there / np.float32(loudest)), rate)
        back = back[:, : there.shape[1]] * np.float32(loudest)
        return resample(back, rate, sample_rate)[:, : audio.shape[1]]

    def _rate(self, sample_rate: int) -> int:
        """Return the rate at which the codec works."""
        return sample_rate if sample_rate in (32_000, 44_100, 48_000) else 48_000

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Encode and decode."""
        raise NotImplementedError


class Mp3(_Codec, kind="mp3"):
    """MP3 of constant bit rate: smeared attacks, missing highs, warbling at low rates.

    Parameters
    ----------
    bitrate_kbps : int
        One of MPEG-1's fourteen, for all channels together, from 32 to 320 kbps.
    """

    bitrate_kbps: Literal[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Go through LAME; drop its delay where the file does not say so."""
        back = _through_file(
            audio,
            sample_rate,
            format="MP3",
            subtype="MPEG_LAYER_III",
            bitrate_mode="CONSTANT",
            compression_level=(320 - self.bitrate_kbps) / (320 - 32) * 0.9999,
        )
        late = MP3_DELAY_SAMPLES if back.shape[1] > audio.shape[1] else 0
        return back[:, late:]


class Mp3Vbr(_Codec, kind="mp3_vbr"):
    """MP3 of variable bit rate, as most music files were.

    Parameters
    ----------
    quality : float
        LAME's V scale, from 0 (best, about 245 kbps) to 9 (worst, about 65 kbps).
    """

    quality: Annotated[float, Field(ge=0, le=9)]

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Go through LAME as pedalboard drives it: twice as fast as a file."""
        import pedalboard

        return run_plugin(pedalboard.MP3Compressor(self.quality), audio, sample_rate)


class Opus(_Codec, kind="opus"):
    """Opus, the codec of video platforms and calls; works at 48 kHz whatever comes in.

    Parameters
    ----------
    bitrate_kbps : float
        Target for all channels together, from 32 to 256 kbps; the bit rate varies with the
        music, about 10 % around it.
    """

    bitrate_kbps: Annotated[float, Field(ge=32, le=256)]

    def _rate(self, sample_rate: int) -> int:
        """Return 48 kHz."""
        return 48_000

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Go through libopus; libsndfile maps 1..0 to 6..256 kbps a channel."""
        per_channel = self.bitrate_kbps / audio.shape[0]
        return _through_file(
            audio,
            sample_rate,
            format="OGG",
            subtype="OPUS",
            compression_level=1 - (per_channel - 6) / 250,
        )


class Vorbis(_Codec, kind="vorbis"):
    """Ogg Vorbis, the codec of games and of older streaming.

    Parameters
    ----------
    quality : float
        Vorbis' q scale, from 0 (about 64 kbps for stereo) to 10 (about 500 kbps).
    """

    quality: Annotated[float, Field(ge=0, le=10)]

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Go through libvorbis."""
        level = 1 - self.quality / 10
        return _through_file(
            audio, sample_rate, format="OGG", subtype="VORBIS", compression_level=level
        )


def _through_file(audio: Audio, sample_rate: int, **options: Any) -> Audio:
    """Write a file to memory and read it back."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, audio.T, sample_rate, **options)
    return decode(file.getvalue(), str(options["subtype"]))[0]
