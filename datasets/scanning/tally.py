"""What is counted over a whole stem: its mean, what of it is clipped, and the MD5 of its FLAC."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ...errors import AudioError

__all__ = ["Tally"]

FULL_SCALE = 1 - 2**-15
"""The largest sample of 16 bits; what lies from here to 1 is taken for clipped."""

MOST_OFFSET = 0.1
"""A mean beyond a tenth of full scale (-20 dBFS) is set aside: effects would be driven by it."""

MOST_CLIPPED = 0.05
"""More than one sample in twenty at full scale is set aside: the wave itself is lost."""

BITS = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}

Block = NDArray[np.int16] | NDArray[np.int32] | NDArray[np.float32]


class Tally:
    """Counts over the blocks of one file.

    Parameters
    ----------
    file : soundfile.SoundFile
    path : Path
        Where it lies: libsndfile does not tell the MD5 that a FLAC's header holds.
    """

    def __init__(self, file: Any, path: Path) -> None:
        self.bits = BITS.get(file.subtype, 0)
        self.dtype = {0: "float32", 24: "int32"}.get(self.bits, "int16")
        self.full = 1.0 if self.dtype == "float32" else -float(np.iinfo(self.dtype).min)
        self.sums = np.zeros(file.channels)
        self.clipped = self.frames = 0
        self.promised = _promised(path) if file.format == "FLAC" and self.bits else None
        self.md5 = hashlib.md5(usedforsecurity=False)

    def sound(self, block: Block) -> Audio:
        """Return a block as audio of shape (channels, samples): what a float decoder gives."""
        audio = np.ascontiguousarray(block.T, np.float32)  # exact: a float holds 24 bits
        return audio if self.full == 1 else np.multiply(audio, 1 / self.full, out=audio)

    def add(self, block: Block) -> None:
        """Count a block of shape (frames, channels), of what `dtype` says."""
        self.frames += len(block)
        exact = np.float64 if self.full == 1 else np.int64
        self.sums += block.sum(axis=0, dtype=exact) / self.full
        least = FULL_SCALE * self.full
        if max(float(block.max()), -float(block.min())) >= least:
            level = np.abs(block.astype(np.float64))
            self.clipped += int(np.count_nonzero((level >= least) & (level <= self.full)))
        if self.promised:
            self.md5.update(_pcm(block, self.bits).data)

    def counted(self) -> dict[str, float]:
        """Return the catalog's columns ``dc_offset`` and ``clipped_share``.

        Raises
        ------
        AudioError
            If one is beyond its limit, or the audio is not what its FLAC's MD5 says.
        """
        if self.promised not in (None, self.md5.digest()):
            raise AudioError("is not the audio that its FLAC's MD5 says; export it again")
        offset = float(np.abs(self.sums).max()) / self.frames
        clipped = self.clipped / (self.frames * len(self.sums))
        if offset > MOST_OFFSET:
            raise AudioError(
                f"has a DC offset of {offset:.2g}, wanted {MOST_OFFSET} or less; high-pass it"
            )
        if clipped > MOST_CLIPPED:
            raise AudioError(
                f"is clipped: {clipped:.1%} of its samples are at full scale, wanted "
                f"{MOST_CLIPPED:.0%} or less; export it at a lower level"
            )
        return {"dc_offset": offset, "clipped_share": clipped}


def _promised(path: Path) -> bytes | None:
    """Return the MD5 of a FLAC's STREAMINFO, which comes first; None if it holds none."""
    with path.open("rb") as data:
        head = data.read(42)
    return head[26:42] if head[:4] == b"fLaC" and any(head[26:42]) else None


def _pcm(block: Block, bits: int) -> NDArray[Any]:
    """Return what FLAC sums of the whole numbers that a decoder gives, which are left-aligned."""
    if bits == 16:
        return block.astype("<i2", copy=False)
    if bits == 8:
        return (block.astype(np.int16) >> 8).astype(np.int8)
    octets = block.astype("<i4", copy=False).view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(octets[:, 1:])
