"""Lossy codecs: encoded and decoded in memory, of equal length and without delay.

Samples beyond full scale are brought down to it before the encoder and up again after the
decoder, so that no codec clips. The encoders hear the same whatever else runs: the decoded
samples are reproducible.
"""

import io
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...audio import Audio, decode
from ..dsp.boards import run_plugin
from ..dsp.rates import at_rate
from ..effect import Effect, Label

__all__ = ["Codec", "Mp3", "Mp3Vbr", "Opus", "Vorbis"]

MP3_DELAY_SAMPLES = 1105
"""What encoder (576) and decoder (529) add to an MP3 whose frames are too small for the tag
that would tell the decoder to drop it (below 64 kbps)."""


class Codec(Effect):
    """A way there and back: what all codecs share."""

    label: ClassVar[Label] = "codec"

    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Encode and decode at a rate that the codec knows, with headroom."""
        rate = self._rate(sample_rate)

        def there_and_back(audio: Audio) -> Audio:
            loudest = np.float32(max(1.0, float(np.abs(audio).max(initial=0.0))))
            return self._coded(np.ascontiguousarray(audio / loudest), rate) * loudest

        return at_rate(there_and_back, audio, sample_rate, rate)

    def _rate(self, sample_rate: int) -> int:
        """Return the rate at which the codec works."""
        return sample_rate if sample_rate in (32_000, 44_100, 48_000) else 48_000

    @abstractmethod
    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Encode and decode."""


class _FileCodec(Codec):
    """A codec that libsndfile writes."""

    @abstractmethod
    def _options(self, channels: int) -> dict[str, Any]:
        """Return the arguments of ``soundfile.write``."""

    def encoded(self, audio: Audio, sample_rate: int) -> bytes:
        """Return the file that is decoded again.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            In [-1, 1].
        sample_rate : int
            32000, 44100 or 48000 Hz; for Opus 48000.
        """
        import soundfile

        file = io.BytesIO()
        soundfile.write(file, audio.T, sample_rate, **self._options(audio.shape[0]))
        return file.getvalue()

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Write a file to memory and read it back."""
        return decode(self.encoded(audio, sample_rate), self.kind)[0]


class Mp3(_FileCodec, kind="mp3"):
    """MP3 of constant bit rate: smeared attacks, missing highs, warbling at low rates.

    Parameters
    ----------
    bitrate_kbps : int
        One of MPEG-1's fourteen, for all channels together, from 32 to 320 kbps.
    """

    bitrate_kbps: Literal[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]

    def _options(self, channels: int) -> dict[str, Any]:
        """Ask LAME for the bit rate; libsndfile maps 0..1 to 320..32 kbps and refuses 1."""
        return {
            "format": "MP3",
            "subtype": "MPEG_LAYER_III",
            "bitrate_mode": "CONSTANT",
            "compression_level": (320 - self.bitrate_kbps) / (320 - 32) * 0.9999,
        }

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Drop the delay where the file does not say so."""
        back = super()._coded(audio, sample_rate)
        late = MP3_DELAY_SAMPLES if back.shape[1] > audio.shape[1] else 0
        return back[:, late:]


class Mp3Vbr(Codec, kind="mp3_vbr"):
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


class Opus(_FileCodec, kind="opus"):
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

    def _options(self, channels: int) -> dict[str, Any]:
        """Ask libopus for the bit rate; libsndfile maps 1..0 to 6..256 kbps a channel."""
        level = 1 - (self.bitrate_kbps / channels - 6) / 250
        return {"format": "OGG", "subtype": "OPUS", "compression_level": level}


class Vorbis(_FileCodec, kind="vorbis"):
    """Ogg Vorbis, the codec of games and of older streaming.

    Parameters
    ----------
    quality : float
        Vorbis' q scale, from 0 (about 64 kbps for stereo) to 10 (about 500 kbps).
    """

    quality: Annotated[float, Field(ge=0, le=10)]

    def _options(self, channels: int) -> dict[str, Any]:
        """Ask libvorbis for the quality; libsndfile maps 1..0 to 0..10."""
        return {"format": "OGG", "subtype": "VORBIS", "compression_level": 1 - self.quality / 10}
