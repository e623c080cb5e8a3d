"""What a scan reads off one stem: all of it, in blocks, so that hours need no more memory."""

import hashlib
import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import CUT, LONGEST_FRAMES, LOUDEST, Audio, decibels
from ...degradations.assets import digest_of
from ...errors import AudioError
from ...mixing.loudness import gated_lufs, hop_energies
from ...mixing.peaks import TAPS, peak_between
from .listening import Heard, Listener
from .tally import Tally

__all__ = ["measure"]

BLOCK_SECONDS = 10
SHORTEST_SECONDS = 0.4
"""Loudness is not defined below one gating block."""

UNKNOWN_FRAMES = 2**63 - 1
"""What libsndfile says of a FLAC that was written to a pipe."""

SILENT_DBFS = -70.0
"""A peak below this is a track left empty: 11 bits would hold nothing of it."""

QUIETEST_DBFS = -120.0
"""Stands for the -inf of a silent second, which many tables cannot hold."""


def measure(path: Path) -> tuple[dict[str, Any], Heard]:
    """Read a stem from end to end and return what the catalog says about it.

    Parameters
    ----------
    path : Path
        A regular file; look before you call.

    Returns
    -------
    row : dict
        The catalog's columns ``sample_rate channels frames seconds loudness_lufs
        peak_dbfs true_peak_dbtp activity_dbfs dc_offset clipped_share sound_sha256 sha256``.
    heard : Heard
        What tempo and key of its song are found from.

    Raises
    ------
    AudioError
        If the file cannot be decoded, is not as long as it promises, or holds what no
        stem should; the message is "reason; cure", without the path.
    """
    import soundfile

    try:
        path.open("rb").close()  # libsndfile does not say why it may not
        with soundfile.SoundFile(path) as file, ThreadPoolExecutor(1) as reader:
            _check_header(file)
            digest = reader.submit(digest_of, path)
            levels, heard = _levels(file, reader, Tally(file, path))
            return {**levels, "sha256": digest.result()}, heard
    except (soundfile.LibsndfileError, AssertionError, RuntimeError) as error:
        if "start new thread" in str(error):
            raise MemoryError from None
        reason = getattr(error, "error_string", str(error)).rstrip(".")
        raise AudioError(f"cannot be decoded ({reason}); export it again") from None
    except OSError as error:
        if error.errno is None:  # a library could not be loaded
            raise MemoryError from None
        raise AudioError(
            f"cannot be opened ({error.strerror}); look at its permissions and the disk"
        ) from None


def _check_header(file: Any) -> None:
    """Refuse what the header alone shows to be unusable, before anything is allocated."""
    if file.channels not in (1, 2):
        raise AudioError(f"has {file.channels} channels, wanted 1 or 2; export it as stereo")
    if not 4_000 <= file.samplerate <= 384_000:
        raise AudioError(
            f"has a sample rate of {file.samplerate} Hz, wanted 4000 to 384000; export it again"
        )
    if file.frames == UNKNOWN_FRAMES:
        raise AudioError("does not say how long it is; export it again")
    if not 0 < file.frames < LONGEST_FRAMES:
        raise AudioError(
            f"promises {file.frames} frames, wanted 1 to {LONGEST_FRAMES - 1}; export it again"
        )
    if cut := CUT.search(file.extra_info):
        raise AudioError(f"is truncated ({cut[0].strip()}); export it again")


def _levels(file: Any, reader: ThreadPoolExecutor, tally: Tally) -> tuple[dict[str, Any], Heard]:
    """Measure block by block, while ``reader`` decodes the next, counts and finds true peaks.

    Blocks are whole seconds, so that the parts add up to the whole.
    """
    rate, frames, peak = int(file.samplerate), 0, 0.0
    state, energies = None, [np.zeros((2, 0))]
    listener, between = Listener(rate, int(file.frames)), _TruePeak(rate, int(file.channels))
    read = partial(file.read, BLOCK_SECONDS * rate, dtype=tally.dtype, always_2d=True)
    coming = reader.submit(read)
    while len(block := coming.result()):
        coming = reader.submit(read)
        counting = reader.submit(tally.add, block)
        audio = tally.sound(block)
        peak = max(peak, _checked_peak(audio))
        finding = reader.submit(between.add, audio, peak)
        listener.hear(audio)
        found, state = hop_energies(audio, rate, state)
        energies.append(found)
        frames += len(block)
        counting.result()
        finding.result()
    true_peak = between.found()
    weighted, plain = np.concatenate(energies, axis=1)
    lufs = gated_lufs(weighted, frames, rate)
    _check_content(frames, int(file.frames), rate, decibels(peak), lufs)
    levels = {
        "sample_rate": rate,
        "channels": int(file.channels),
        "frames": frames,
        "seconds": frames / rate,
        "loudness_lufs": lufs,
        "peak_dbfs": decibels(peak),
        "true_peak_dbtp": decibels(true_peak),
        "activity_dbfs": _activity(plain, frames // rate, rate * int(file.channels)),
        **tally.counted(),
        "sound_sha256": hashlib.sha256(plain.tobytes()).hexdigest(),  # the same upside down
    }
    return levels, listener.heard()


class _TruePeak:
    """Finds the true peak of audio that comes in blocks."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate, self.best = rate, 0.0
        self.tail: Audio = np.zeros((channels, TAPS - 1), np.float32)

    def add(self, audio: Audio, peak: float) -> None:
        """Look between the samples of a block and at its seam; ``peak`` is that of samples."""
        self.best = peak_between(audio, self.rate, max(self.best, peak))
        self._look(audio[:, : TAPS - 1])
        self.tail = np.concatenate([self.tail, audio[:, 1 - TAPS :]], axis=1)[:, 1 - TAPS :]

    def found(self) -> float:
        """Return the peak, once all has been added."""
        self._look(np.zeros_like(self.tail))
        return self.best

    def _look(self, following: Audio) -> None:
        seam = np.concatenate([self.tail, following], axis=1)
        self.best = peak_between(seam, self.rate, self.best)


def _checked_peak(audio: Audio) -> float:
    peak = float(max(audio.max(), -audio.min()))
    if not math.isfinite(peak):
        raise AudioError("holds NaN or infinite samples; export it again")
    if peak > LOUDEST:
        raise AudioError(f"has a peak of {peak:.3g}, wanted samples near [-1, 1]; export it again")
    return peak


def _check_content(frames: int, promised: int, rate: int, peak_dbfs: float, lufs: float) -> None:
    if frames != promised:
        raise AudioError(
            f"is truncated: it promises {promised} frames and holds {frames}; export it again"
        )
    if frames < SHORTEST_SECONDS * rate:
        raise AudioError(
            f"lasts {frames / rate:.4g} s, wanted {SHORTEST_SECONDS} s or more; remove it"
        )
    if peak_dbfs < SILENT_DBFS or lufs == float("-inf"):
        raise AudioError(f"is silent (its peak is {peak_dbfs:.1f} dBFS); remove it")


def _activity(hops: NDArray[np.float64], seconds: int, samples: int) -> list[float]:
    """Return the RMS of each whole second, over ``samples`` samples of all channels."""
    powers = hops[: 10 * seconds].reshape(seconds, 10).sum(axis=1) / samples
    return [max(QUIETEST_DBFS, decibels(math.sqrt(power))) for power in powers.tolist()]
