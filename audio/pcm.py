"""Whole numbers: from samples to the 16 or 24 bits of a file, and back; and floats as they are."""

import io
import struct
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError
from .arrays import Audio

__all__ = [
    "Pcm",
    "as_read",
    "decode_pcm",
    "encode_flac",
    "encode_float",
    "encode_pcm",
    "quantise",
    "suffix_of",
]

Pcm: TypeAlias = NDArray[np.int16] | NDArray[np.int32] | NDArray[np.float32]
"""Samples as a file holds them."""

WIDTHS = {"PCM_16": "int16", "FLOAT": "float32"}


def suffix_of(bits: int) -> str:
    """Return the suffix of lossless files: FLAC of 16 or 24 bits, WAV of 32-bit floats.

    >>> suffix_of(16), suffix_of(32)
    ('flac', 'wav')
    """
    return "wav" if bits == 32 else "flac"


def quantise(audio: Audio, bits: int) -> NDArray[np.int16] | NDArray[np.int32]:
    """Return audio as the whole numbers that a file of ``bits`` per sample holds.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        In [-1, 1]; rounded to the nearest step, never dithered.
    bits : {16, 24}

    Returns
    -------
    int16 or int32 array, shape (samples, channels)
        24 bits stand in the upper three bytes of 32.

    Raises
    ------
    AudioError
        If a sample lies outside [-1, 1]: it would be clipped in silence.
    """
    peak = float(np.abs(audio).max(initial=0.0))
    if not peak <= 1.0:
        raise AudioError(f"wanted samples in [-1, 1] to write, found {peak:.3f}; lower them")
    full = np.float32(2 ** (bits - 1))  # readers divide by this, so that levels come back exactly
    whole = np.minimum(np.rint(audio * full), full - 1)
    if bits == 16:
        return np.ascontiguousarray(whole.astype(np.int16).T)
    return np.ascontiguousarray(whole.astype(np.int32).T << 8)


def as_read(pcm: Pcm) -> Audio:
    """Return numbers as :func:`wetdry.audio.decode` gives them once they stand in a file.

    Parameters
    ----------
    pcm : int16, int32 or float32 array, shape (samples, channels)
        Of :func:`quantise`, or floats.

    Returns
    -------
    float32 array, shape (channels, samples)

    Examples
    --------
    >>> as_read(quantise(np.float32([[0.5, 0.00001]]), 16))
    array([[0.5, 0. ]], dtype=float32)
    """
    full = np.float32(1 if pcm.dtype == np.float32 else 2.0 ** (8 * pcm.itemsize - 1))
    return np.ascontiguousarray(pcm.T.astype(np.float32) / full)


def encode_flac(audio: Audio, sample_rate: int, bits: int = 16) -> bytes:
    """Encode audio as FLAC; the same samples give the same bytes.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        In [-1, 1].
    sample_rate : int
        In Hz.
    bits : {16, 24}

    Raises
    ------
    AudioError
        If a sample lies outside [-1, 1].
    """
    return encode_pcm(quantise(audio, bits), sample_rate)


def encode_pcm(
    pcm: NDArray[np.int16] | NDArray[np.int32], sample_rate: int, container: str = "FLAC"
) -> bytes:
    """Encode what :func:`quantise` returns, without loss.

    Parameters
    ----------
    pcm : int16 or int32 array, shape (samples, channels)
    sample_rate : int
        In Hz.
    container : {"FLAC", "WAV"}

    Raises
    ------
    AudioError
        If the container is another.
    """
    import soundfile

    if container not in ("FLAC", "WAV"):
        raise AudioError(f"wanted a .flac or .wav file to write, found {container!r}; rename it")
    buffer = io.BytesIO()
    subtype = "PCM_16" if pcm.dtype == np.int16 else "PCM_24"
    soundfile.write(buffer, pcm, sample_rate, format=container, subtype=subtype)
    return buffer.getvalue()


def encode_float(audio: Audio, sample_rate: int) -> bytes:
    """Encode floats as they are, as WAV; the same samples give the same bytes.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.
    """
    channels, frames = audio.shape  # libsndfile would add the time of day
    data = audio.T.astype("<f4").tobytes()
    form = struct.pack("<HHIIHHH", 3, channels, sample_rate, 4 * channels * sample_rate,
                       4 * channels, 32, 0)  # fmt: skip
    chunks = ((b"fmt ", form), (b"fact", struct.pack("<I", frames)), (b"data", data))
    body = b"".join(name + struct.pack("<I", len(part)) + part for name, part in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def decode_pcm(data: bytes, where: str) -> tuple[Pcm, int]:
    """Decode a file of :func:`encode_pcm` or :func:`encode_float` to the numbers that it holds.

    Parameters
    ----------
    data : bytes
    where : str
        What it is; begins the message of an error.

    Returns
    -------
    pcm : int16, int32 or float32 array, shape (samples, channels)
        As :func:`quantise` returned it, or the floats.
    sample_rate : int
        In Hz.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            width = WIDTHS.get(file.subtype, "int32")
            return file.read(dtype=width, always_2d=True), int(file.samplerate)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise AudioError(f"{where}: cannot be decoded ({error})") from None
