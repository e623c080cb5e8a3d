"""AAC, through FFmpeg's own encoder and decoder, in memory."""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ...audio import Audio
from .codecs import Codec

__all__ = ["Aac"]

FRAME_SAMPLES = 1024
"""What one packet holds; also what the encoder's first packet is late by (its MDCT overlaps)."""


class Aac(Codec, kind="aac"):
    """AAC-LC, the codec of video platforms, broadcasts and music stores.

    Fewer bits mean a lower bandwidth, smeared attacks, and highs that come and go. Mono and
    stereo, at 32, 44.1 and 48 kHz; other sound travels at 48 kHz. The packets are decoded as
    they are, in no container: no header can say a wrong delay.

    Parameters
    ----------
    bitrate_kbps : float
        Target for all channels together, from 24 to 256 kbps. What is written comes within
        13 % of it; FFmpeg's encoder needs no more than about 210 kbps for one channel.

    Notes
    -----
    ISO/IEC 14496-3. FFmpeg's native encoder with its two-loop search; one thread, so that
    the same samples give the same bits.
    """

    bitrate_kbps: Annotated[float, Field(ge=24, le=256)]

    def packets(self, audio: Audio, sample_rate: int) -> tuple[bytes, list[bytes]]:
        """Return the decoder's configuration, and the packets that are decoded again.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            In [-1, 1].
        sample_rate : int
            32000, 44100 or 48000 Hz.
        """
        import av

        encoder: Any = av.CodecContext.create("aac", "w")
        encoder.bit_rate = round(self.bitrate_kbps * 1000)
        _set_up(encoder, audio.shape[0], sample_rate)
        encoder.format = "fltp"
        encoder.open()
        written = [bytes(p) for f in _frames(audio, sample_rate) for p in encoder.encode(f)]
        written += [bytes(packet) for packet in encoder.encode(None)]
        return bytes(encoder.extradata), written

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Encode, decode, and drop the delay."""
        import av

        configuration, written = self.packets(audio, sample_rate)
        decoder: Any = av.CodecContext.create("aac", "r")
        decoder.extradata = configuration
        _set_up(decoder, audio.shape[0], sample_rate)
        read = [f.to_ndarray() for packet in written for f in decoder.decode(av.Packet(packet))]
        read += [frame.to_ndarray() for frame in decoder.decode(None)]
        return np.concatenate(read, axis=1)[:, FRAME_SAMPLES:]


def _set_up(context: Any, channels: int, sample_rate: int) -> None:
    """Tell an encoder or decoder what it deals with."""
    context.sample_rate = sample_rate
    context.layout = "mono" if channels == 1 else "stereo"
    context.thread_count = 1


def _frames(audio: Audio, sample_rate: int) -> Iterator[Any]:
    """Yield the frames that the encoder is fed with."""
    import av

    layout = "mono" if audio.shape[0] == 1 else "stereo"
    for start in range(0, audio.shape[1], FRAME_SAMPLES):
        part = np.ascontiguousarray(audio[:, start : start + FRAME_SAMPLES])
        frame: Any = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = sample_rate, start
        yield frame
