"""Previews: small files to listen to on a page, beside those that nothing is lost from."""

import io
import struct
import zlib

from .arrays import Audio
from .resampling import resample

__all__ = ["PREVIEWS", "encode_preview"]

PREVIEWS = ("opus", "mp3")

SETTINGS = {
    "opus": {"format": "OGG", "subtype": "OPUS", "compression_level": 0.9},
    "mp3": {
        "format": "MP3",
        "subtype": "MPEG_LAYER_III",
        "bitrate_mode": "VARIABLE",
        "compression_level": 0.6,
    },
}
"""About 64 kbit/s of stereo as Opus, and 110 as MP3, which all browsers play."""

RATES_HZ = {"opus": (48_000,), "mp3": (44_100, 48_000)}

SERIAL = 1
"""Number of an Ogg stream, for which encoders take the time of day."""

MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def encode_preview(audio: Audio, sample_rate: int, kind: str) -> bytes:
    """Encode audio to be listened to; the same samples give the same bytes.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz; what the format does not know is resampled.
    kind : {"opus", "mp3"}
    """
    import soundfile

    if sample_rate not in RATES_HZ[kind]:
        audio, sample_rate = resample(audio, sample_rate, RATES_HZ[kind][0]), RATES_HZ[kind][0]
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.T.clip(-1, 1), sample_rate, **SETTINGS[kind])
    data = buffer.getvalue()
    return _renumbered(data) if kind == "opus" else data


def _renumbered(data: bytes) -> bytes:
    """Give all pages of an Ogg stream one number, and the sums that follow from it."""
    pages, start = [], 0
    while start < len(data):
        sizes = data[start + 27 :][: data[start + 26]]
        end = start + 27 + len(sizes) + sum(sizes)
        head = data[start : start + 14] + struct.pack("<I", SERIAL) + data[start + 18 : start + 22]
        rest = data[start + 26 : end]
        pages.append(head + struct.pack("<I", _sum(head + bytes(4) + rest)) + rest)
        start = end
    return b"".join(pages)


def _sum(page: bytes) -> int:
    """Return Ogg's CRC of a page: that of zlib with every byte, and the result, mirrored."""
    mirrored = zlib.crc32(page.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
