"""Whole numbers: from samples to the 16 or 24 bits of a file, and back."""

import io

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError
from .arrays import Audio

__all__ = ["as_read", "decode_pcm", "encode_flac", "encode_pcm", "quantise"]


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


def as_read(pcm: NDArray[np.int16] | NDArray[np.int32]) -> Audio:
    """Return whole numbers as :func:`wetdry.audio.decode` gives them once they stand in a file.

    Parameters
    ----------
    pcm : int16 or int32 array, shape (samples, channels)
        Of :func:`quantise`.

    Returns
    -------
    float32 array, shape (channels, samples)

    Examples
    --------
    >>> as_read(quantise(np.float32([[0.5, 0.00001]]), 16))
    array([[0.5, 0. ]], dtype=float32)
    """
    full = np.float32(2.0 ** (8 * pcm.itemsize - 1))
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


def decode_pcm(data: bytes, where: str) -> tuple[NDArray[np.int16] | NDArray[np.int32], int]:
    """Decode a file of :func:`encode_pcm` to the whole numbers that it holds.

    Parameters
    ----------
    data : bytes
    where : str
        What it is; begins the message of an error.

    Returns
    -------
    pcm : int16 or int32 array, shape (samples, channels)
        As :func:`quantise` returned it.
    sample_rate : int
        In Hz.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            width = "int16" if file.subtype == "PCM_16" else "int32"
            return file.read(dtype=width, always_2d=True), int(file.samplerate)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise AudioError(f"{where}: cannot be decoded ({error})") from None
