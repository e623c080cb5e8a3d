"""Unpack MUSDB18: every ``.stem.mp4`` becomes a folder of FLAC files, once, in its own layout.

AAC is decoded from packets that lean on their neighbours: an excerpt read at random is not the
excerpt of the whole. So the whole is decoded, front to back, and kept without loss. The encoder's
padding at the end, less than 1024 samples and as long in all streams, stays.
"""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...audio import Audio, amplitude, decibels, quantise
from ...errors import AudioError, CatalogError, UsageError
from ...manifests.files import writing
from .musdb import MUSDB18, PACKED
from .tree import link_fault, root_of, shown, walk

__all__ = ["Unpacked", "unpack"]

STREAMS = ("mixture", "drums", "bass", "other", "vocals")
"""In the order of the file, as the dataset defines it."""

HEADROOM_DB = -0.01


@dataclass(frozen=True)
class Unpacked:
    """What came of unpacking.

    Parameters
    ----------
    songs : int
        How many stand there unpacked.
    lowered_db : dict of str to float
        Songs that overshot full scale, and by how much all their stems were lowered now.
    set_aside : list of dict
        What could not be read: ``what``, ``reason``, ``cure``.
    """

    songs: int
    lowered_db: dict[str, float]
    set_aside: list[dict[str, str]]


def unpack(
    stems: Path, out: Path, *, progress: Callable[[int, int], None] | None = None
) -> Unpacked:
    """Decode the stems of MUSDB18 to ``OUT/<split>/<song>/<stem>.flac``, 24 bits.

    What stands there already is kept, so that an interrupted run is finished by the same
    call. AAC can overshoot full scale: such a song is lowered as a whole, all its stems by
    the same gain.

    Parameters
    ----------
    stems : Path
        A folder of MUSDB18, with ``train`` and ``test`` or one of them.
    out : Path
        Outside of ``stems``.
    progress : callable, optional
        Told how many of how many songs are done.

    Raises
    ------
    CatalogError
        If there is no ``.stem.mp4``.
    UsageError
        If ``out`` lies inside ``stems``.
    """
    root = root_of(stems)
    if out.resolve().is_relative_to(root):
        raise UsageError(f"{out}: wanted a folder outside of {stems}; choose another")
    packed = ["/".join(f.parts) for f in walk(root) if f.parts[-1].endswith(PACKED)]
    if not packed:
        raise CatalogError(f"{stems}: wanted {MUSDB18.shape}, found none; look at the path")
    lowered: dict[str, float] = {}
    aside: list[dict[str, str]] = []
    for done, file in enumerate(packed, 1):
        try:
            if gain_db := _unpack_song(root, file, out / file.removesuffix(PACKED)):
                lowered[file] = -gain_db
        except AudioError as error:
            reason, _, cure = str(error).rpartition("; ")
            aside.append({"what": shown(file), "reason": reason, "cure": cure})
        if progress:
            progress(done, len(packed))
    return Unpacked(len(packed) - len(aside), lowered, aside)


def _unpack_song(root: Path, file: str, folder: Path) -> float:
    """Unpack one song and return the gain that all its stems had to have."""
    path = root / file
    if all((folder / f"{name}.flac").exists() for name in STREAMS):
        return 0.0
    _check(path, root)
    blocks = (block for number in range(len(STREAMS)) for block, _ in _blocks(path, number))
    peak = max((float(np.abs(block).max(initial=0.0)) for block in blocks), default=0.0)
    gain_db = HEADROOM_DB - decibels(peak) if peak > 1.0 else 0.0
    for number, name in enumerate(STREAMS):
        _write(path, number, folder / f"{name}.flac", gain_db)
    return gain_db


def _check(path: Path, root: Path) -> None:
    """Refuse what is no stem file, before anything is decoded."""
    if fault := link_fault(path, root):
        raise AudioError(fault)
    if not stat.S_ISREG(path.stat().st_mode):
        raise AudioError("is not a regular file; remove it")


def _write(path: Path, number: int, out: Path, gain_db: float) -> None:
    """Decode one stream to a FLAC file that is whole or absent."""
    import soundfile

    gain = np.float32(amplitude(gain_db))
    blocks = _blocks(path, number)
    first, rate = next(blocks, (None, 0))
    if first is None:
        raise AudioError(f"holds nothing in its stream {number}; download it again")
    with writing(out) as file:
        options = {"format": "FLAC", "subtype": "PCM_24"}
        with soundfile.SoundFile(file, "w", rate, first.shape[0], **options) as flac:
            flac.write(quantise(first * gain, 24))
            for block, _ in blocks:
                flac.write(quantise(block * gain, 24))


def _blocks(path: Path, number: int) -> Iterator[tuple[Audio, int]]:
    """Yield one stream and its rate, front to back, without the priming that the file declares."""
    import av

    try:
        with av.open(str(path)) as container:
            streams = container.streams.audio
            if len(streams) != len(STREAMS):
                raise AudioError(
                    f"holds {len(streams)} audio streams, wanted {len(STREAMS)}; download it again"
                )
            for frame in container.decode(streams[number]):
                yield _samples(frame), int(frame.sample_rate)
    except av.FFmpegError as error:
        raise AudioError(f"cannot be decoded ({error.strerror}); download it again") from None


def _samples(frame: Any) -> Audio:
    if frame.format.name != "fltp":
        raise AudioError(f"holds {frame.format.name} samples, wanted AAC; download it again")
    return np.ascontiguousarray(frame.to_ndarray(), np.float32)
