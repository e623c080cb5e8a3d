"""Audio files: reading them, whole or in part, and refusing what is none."""

import io
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AudioError
from .arrays import Audio, checked

__all__ = ["CUT", "LONGEST_FRAMES", "SUFFIXES", "decode", "length", "read", "read_padded"]

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
"""File names that are read as audio."""

CUT = re.compile(
    r"^ ?(?:data|SSND) : \d+ \(should be \d+\)|^Ogg: Last page lacks .*|^Ogg: Junk after .*",
    re.MULTILINE,
)
"""What libsndfile notes of a cut WAV, AIFF or OGG before it shortens the file in silence."""

LONGEST_FRAMES = 2**31
"""A forged header can promise 2**36 frames, which numpy would try to allocate."""


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
    with _opened(path) as file:
        first, last = max(start, 0), min(start + frames, int(file.frames))
        if last <= first:
            raise AudioError(
                f"{path}: wanted frames {start} to {start + frames}, found none of them"
            )
        audio, rate = _frames(file, str(path), first, last - first), int(file.samplerate)
    beside = (first - start, start + frames - last)
    return np.pad(audio, ((0, 0), beside)) if any(beside) else audio, rate


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
