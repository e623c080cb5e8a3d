"""Audio as arrays: the shape that everything shares, decibels, reading, writing, resampling."""

import io
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import AudioError

__all__ = [
    "STEM_CLASSES",
    "SUFFIXES",
    "Audio",
    "amplitude",
    "checked",
    "decibels",
    "decode",
    "decode_pcm",
    "encode_flac",
    "encode_pcm",
    "length",
    "quantise",
    "read",
    "read_padded",
    "resample",
    "resample_frames",
]

Audio: TypeAlias = NDArray[np.float32]
"""Samples as ``float32`` of shape ``(channels, samples)``, nominally in [-1, 1]."""

STEM_CLASSES = (
    "Vocals",
    "Guitars",
    "Keyboards",
    "Synthesizers",
    "Bass",
    "Drums",
    "Percussions",
    "Orchestral",
)
"""The eight classes of the task (arXiv 2505.21827), in the order used everywhere."""

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
"""File names that are read as audio."""

LOUDEST = 1e4
"""Magnitude beyond which samples are taken for damage: some codecs end the process at 1e7."""


def amplitude(level_db: float) -> float:
    """Return the factor that ``level_db`` decibels stand for.

    >>> round(amplitude(-6.0206), 4)
    0.5
    """
    return float(10.0 ** (level_db / 20.0))


def decibels(factor: float) -> float:
    """Return ``factor`` in decibels; -inf for 0.

    >>> round(decibels(0.5), 2)
    -6.02
    """
    return 20.0 * float(np.log10(factor)) if factor > 0 else float("-inf")


def checked(audio: NDArray[Any], where: str) -> Audio:
    """Return ``audio`` if it is what the whole package takes for audio.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        One or two channels.
    where : str
        Who asks; begins the message.

    Raises
    ------
    AudioError
        If the dtype, the axes, the number of channels, a non-finite or an absurd
        sample makes it something else.
    """
    if audio.dtype != np.float32 or audio.ndim != 2:
        raise AudioError(
            f"{where}: wanted float32 audio of shape (channels, samples), found {audio.dtype} "
            f"of shape {audio.shape}; convert it with np.atleast_2d(audio).astype(np.float32)"
        )
    if audio.shape[0] not in (1, 2):
        raise AudioError(
            f"{where}: wanted 1 or 2 channels, found {audio.shape[0]}; mix down or split first"
        )
    high, low = float(audio.max(initial=0.0)), float(audio.min(initial=0.0))  # no copy: every call
    if not (high < LOUDEST and low > -LOUDEST):  # NaN is neither
        peak = max(high, -low)
        what = f"a peak of {peak:.3g}" if np.isfinite(peak) else "NaN or infinite samples"
        raise AudioError(f"{where}: wanted finite samples near [-1, 1], found {what}")
    return audio


def read(path: Path, start: int = 0, frames: int | None = None) -> tuple[Audio, int]:
    """Read ``frames`` frames of an audio file from frame ``start`` on.

    Parameters
    ----------
    path : Path
        A wav, flac, ogg, mp3 or aiff file of one or two channels.
    start, frames : int
        In frames of the file; ``frames=None`` reads to the end.

    Returns
    -------
    audio : float32 array, shape (channels, frames)
    sample_rate : int
        In Hz.

    Raises
    ------
    AudioError
        If the file is not there, cannot be decoded, has no frames or more than two
        channels, ends before its header says, or holds non-finite samples.
    """
    with _opened(path) as file:
        return _frames(file, str(path), start, frames), int(file.samplerate)


def read_padded(path: Path, start: int, frames: int) -> tuple[Audio, int]:
    """Read frames that may lie before the beginning or past the end of a file: silence there.

    Parameters
    ----------
    path : Path
    start, frames : int
        In frames of the file; ``start`` may be negative.

    Returns
    -------
    audio : float32 array, shape (channels, frames)
    sample_rate : int
        In Hz.

    Raises
    ------
    AudioError
        As :func:`read` does.
    """
    first, last = max(start, 0), min(start + frames, length(path)[0])
    if last <= first:
        raise AudioError(f"{path}: wanted frames {start} to {start + frames}, found none of them")
    audio, sample_rate = read(path, first, last - first)
    return np.pad(audio, ((0, 0), (first - start, start + frames - last))), sample_rate


def length(path: Path) -> tuple[int, int]:
    """Return how many frames a file promises, and its sample rate in Hz.

    Raises
    ------
    AudioError
        If it is not there or no audio.
    """
    with _opened(path) as file:
        return int(file.frames), int(file.samplerate)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a sound file if it is one; looks before it opens, because a pipe would hang."""
    import soundfile

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise AudioError(f"{path}: wanted a regular file, found something else; remove it")
        with soundfile.SoundFile(path) as file:
            _check_header(file, path)
            yield file
    except OSError as error:
        raise AudioError(f"{path}: cannot be opened ({error.strerror})") from None
    except (soundfile.LibsndfileError, AssertionError) as error:
        raise AudioError(f"{path}: cannot be decoded ({error}); export it again") from None


CUT = re.compile(
    r"^ ?(?:data|SSND) : \d+ \(should be \d+\)|^Ogg: Last page lacks .*|^Ogg: Junk after .*",
    re.MULTILINE,
)
"""What libsndfile notes of a cut WAV, AIFF or OGG before it shortens the file in silence."""

LONGEST_FRAMES = 2**31
"""A forged header can promise 2**36 frames, which numpy would try to allocate."""


def _check_header(file: Any, path: Path | str) -> None:
    """Refuse what the header alone shows to be unusable."""
    if file.channels not in (1, 2):
        raise AudioError(
            f"{path}: wanted 1 or 2 channels, found {file.channels}; export it as stereo"
        )
    if not 0 < file.frames < LONGEST_FRAMES:
        raise AudioError(f"{path}: wanted audio, found {file.frames} frames; export it again")
    if not 4_000 <= file.samplerate <= 384_000:
        raise AudioError(f"{path}: wanted 4000 to 384000 Hz, found {file.samplerate} Hz")
    if cut := CUT.search(file.extra_info):
        raise AudioError(f"{path}: is truncated ({cut[0].strip()}); export it again")


def resample(audio: Audio, from_hz: float, to_hz: float) -> Audio:
    """Change the sample rate with soxr HQ: no delay, exact length, 133 dB of image rejection.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    from_hz, to_hz : float
        Sample rates.

    Returns
    -------
    float32 array, shape (channels, round(samples * to_hz / from_hz))
    """
    if from_hz == to_hz:
        return audio
    return np.ascontiguousarray(resample_frames(audio.T, from_hz, to_hz).T)


def resample_frames(frames: Audio, from_hz: float, to_hz: float) -> Audio:
    """Change the sample rate as soxr does it, without a copy into our own shape.

    Parameters
    ----------
    frames : float32 array, shape (samples, channels)
        Quickest if it is ``audio.T``: soxr takes whole channels as they lie, and returns such.
    from_hz, to_hz : float
        Sample rates.

    Returns
    -------
    float32 array, shape (round(samples * to_hz / from_hz), channels)
    """
    import soxr

    wanted = round(len(frames) * to_hz / from_hz)
    if len(frames) == 0:
        return np.zeros((0, frames.shape[1]), np.float32)
    made: Audio = soxr.resample(frames, from_hz, to_hz, quality="HQ")[:wanted]
    if len(made) == wanted:
        return made
    out = np.zeros((frames.shape[1], wanted), np.float32)
    out[:, : len(made)] = made.T
    return out.T


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


def decode(
    data: bytes, where: str, start: int = 0, frames: int | None = None, total: int | None = None
) -> tuple[Audio, int]:
    """Decode an audio file that is held in memory, or an excerpt of it.

    An excerpt costs the decoding of what it holds: FLAC and WAV are entered in their middle.

    Parameters
    ----------
    data : bytes
    where : str
        What it is; begins the message of an error.
    start, frames : int
        In frames of the file; ``frames=None`` decodes to the end.
    total : int, optional
        How many frames it must have in all; others are refused before memory is asked for.

    Returns
    -------
    audio : float32 array, shape (channels, frames)
    sample_rate : int
        In Hz.

    Raises
    ------
    AudioError
        As :func:`read` does.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _check_header(file, where)
            if total not in (None, file.frames):
                raise AudioError(f"{where}: wanted {total} frames, found {file.frames}")
            exact = file.format != "MP3"  # whose length libsndfile guesses at low bit rates
            return _frames(file, where, start, frames, exact), int(file.samplerate)
    except (soundfile.LibsndfileError, AssertionError, RuntimeError) as error:
        raise AudioError(f"{where}: cannot be decoded ({error}); export it again") from None


def _frames(file: Any, where: str, start: int, frames: int | None, exact: bool = True) -> Audio:
    """Return frames of an open sound file, all of them finite."""
    wanted = file.frames - start if frames is None else frames
    if start < 0 or wanted < 0 or start + wanted > file.frames:
        raise AudioError(
            f"{where}: wanted {wanted} frames from frame {start} on, found {file.frames} in all; "
            "ask for frames that are there"
        )
    file.seek(start)
    audio = file.read(wanted, dtype="float32", always_2d=True)
    if exact and len(audio) != wanted:
        raise AudioError(
            f"{where}: wanted {wanted} frames from frame {start} on, found {len(audio)}: "
            "the file is truncated; export it again"
        )
    turned = np.ascontiguousarray(audio.T)
    whole_numbers = file.subtype.startswith("PCM_")  # they are finite, and looking takes a tenth
    return turned if whole_numbers else checked(turned, where)


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
