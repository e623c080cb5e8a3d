"""Restoration from file to file, in the memory of one window however long the song is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ...audio import STEM_CLASSES, Audio, checked
from ...errors import AudioError
from ..effect_labels import Effects
from .dial import FAITHFUL, blended, checked_dial
from .heard_labels import HeardLabels
from .restoration import Restorer

__all__ = ["restore_file"]

SUBTYPE = "FLOAT"
"""Samples of the files written: estimates may exceed full scale, and must not clip."""

BLOCK_FRAMES = 1 << 18
"""Frames that are subtracted at a time: a few megabytes."""


def restore_file(
    run: Path | Restorer,
    song: Path,
    out: Path,
    *,
    residual: bool = False,
    dial: float = FAITHFUL,
    effects: Effects | None = None,
    heard: HeardLabels | None = None,
    device: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Restore a mixture on disk into one file for each class.

    Parameters
    ----------
    run : Path or Restorer
        A complete run of `train`, or one that was loaded before, or its student.
    song : Path
        An audio file of one or two channels, of any rate and length.
    out : Path
        Receives the folder ``{song's stem}/`` with ``vocals.wav``, ``guitars.wav``, ...:
        32-bit float, of the song's rate, channels and length. The stems have the level that
        they have in the song.
    residual : bool
        Also write ``residual.wav``: the song less its stems, so that all nine files sum to it.
    dial : float
        From faithful (1) to plausible (0, what stage one says); a student has none.
    effects, heard
        What is known of the effects, and what is found out, as of `Restorer.restore`.
    device : str, optional
        "cpu", "cuda", ...; a GPU if there is one.
    progress : callable, optional
        Told frames done and all frames.

    Returns
    -------
    Path
        The folder written.

    Raises
    ------
    AudioError
        If the song cannot be read to its end.
    CheckpointError
        If the run cannot be loaded.
    """
    import soundfile

    checked_dial(dial)
    restorer = run if isinstance(run, Restorer) else Restorer.load(run, device)
    restorer.checked_dial(dial)
    folder = out / song.stem
    try:
        with soundfile.SoundFile(song) as file:
            source = _Source(file, song, restorer.sample_rate)
            folder.mkdir(parents=True, exist_ok=True)
            inner = restorer.parts(source.read, source.frames, effects, heard)
            parts = _stems(inner, restorer.sample_rate, source, dial)
            _write(parts, source, folder, progress or (lambda done, total: None))
        if residual:
            _write_residual(song, folder)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{song}: cannot be decoded ({error}); export it again") from None
    return folder


class _Source:
    """A sound file read front to back, resampled on the way, with a window's memory."""

    def __init__(self, file: Any, path: Path, sample_rate: int) -> None:
        if file.channels not in (1, 2) or file.frames <= 0:
            raise AudioError(
                f"{path}: wanted 1 or 2 channels and some frames, found {file.channels} "
                f"and {file.frames}; export it again"
            )
        self.file = file
        self.path = path
        self.frames = round(file.frames * sample_rate / file.samplerate)
        self._resampled = _Resampled(file.channels, file.samplerate, sample_rate)
        self._start = 0
        self._kept = np.zeros((file.channels, 0), np.float32)
        self._read = 0

    def read(self, start: int, frames: int) -> Audio:
        """Return part of the song at the networks' rate; earlier parts are forgotten."""
        while self._start + self._kept.shape[1] < start + frames:
            self._kept = np.concatenate([self._kept, self._more()], axis=1)
        self._kept = self._kept[:, start - self._start :]
        self._start = start
        return self._kept[:, :frames]

    def _more(self) -> Audio:
        """Read the next second of the file."""
        wanted = min(self.file.samplerate, self.file.frames - self._read)
        block = self.file.read(wanted, dtype="float32", always_2d=True).T
        if block.shape[1] != wanted:
            raise AudioError(
                f"{self.path}: wanted {self.file.frames} frames, found "
                f"{self._read + block.shape[1]}: the file is truncated; export it again"
            )
        self._read += wanted
        last = self._read == self.file.frames
        out = self._resampled.push(checked(np.ascontiguousarray(block), str(self.path)), last)
        if last:  # rounding may ask for one sample more than the resampler has
            out = np.pad(out, ((0, 0), (0, 2)))
        return out


class _Resampled:
    """A stream of audio from one sample rate to another."""

    def __init__(self, channels: int, from_hz: int, to_hz: int) -> None:
        import soxr

        same = from_hz == to_hz
        self._stream = None if same else soxr.ResampleStream(from_hz, to_hz, channels)

    def push(self, audio: Audio, last: bool) -> Audio:
        """Return what the samples so far have made possible; all of it at the last."""
        if self._stream is None:
            return audio
        out = self._stream.resample_chunk(np.ascontiguousarray(audio.T), last=last)
        return np.ascontiguousarray(out.T, np.float32)


def _write(
    parts: Iterator[tuple[int, list[Audio]]],
    source: _Source,
    folder: Path,
    progress: Callable[[int, int], None],
) -> None:
    """Write each class under a temporary name; rename them all when all are complete."""
    import soundfile

    file = source.file
    paths = [folder / f"{name.lower()}.wav" for name in STEM_CLASSES]
    partial = [path.with_name(f".{path.name}.partial") for path in paths]
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                soundfile.SoundFile(
                    path, "w", file.samplerate, file.channels, SUBTYPE, format="WAV"
                )
            )
            for path in partial
        ]
        for done, stems in parts:
            for writer, stem in zip(writers, stems, strict=True):
                writer.write(stem.T)
            progress(done, file.frames)
    for temporary, path in zip(partial, paths, strict=True):
        temporary.replace(path)


def _write_residual(song: Path, folder: Path) -> None:
    """Write what is in no stem: the difference, in samples as they stand in the files."""
    import soundfile

    path = folder / "residual.wav"
    partial = path.with_name(f".{path.name}.partial")
    with ExitStack() as stack:
        whole = stack.enter_context(soundfile.SoundFile(song))
        names = [folder / f"{name.lower()}.wav" for name in STEM_CLASSES]
        stems = [stack.enter_context(soundfile.SoundFile(name)) for name in names]
        rate, channels = whole.samplerate, whole.channels
        writer = stack.enter_context(
            soundfile.SoundFile(partial, "w", rate, channels, SUBTYPE, format="WAV")
        )
        while len(block := whole.read(BLOCK_FRAMES, dtype="float64", always_2d=True)):
            for stem in stems:
                block -= stem.read(len(block), dtype="float64", always_2d=True)
            writer.write(block)
    partial.replace(path)


def _stems(
    parts: Iterator[Audio], rate: int, source: _Source, dial: float
) -> Iterator[tuple[int, list[Audio]]]:
    """Yield frames done and the next part of each class, at the file's rate."""
    file = source.file
    back = [_Resampled(file.channels, rate, file.samplerate) for _ in STEM_CLASSES]
    inner, done = 0, 0
    for part in parts:
        inner += part.shape[-1]
        last = inner == source.frames
        inside = blended(part[0], part[-1], dial)
        stems = [stream.push(stem, last) for stream, stem in zip(back, inside, strict=True)]
        wanted = file.frames - done if last else min(stems[0].shape[1], file.frames - done)
        missing = max(wanted - stems[0].shape[1], 0)
        done += wanted
        yield done, [np.pad(s, ((0, 0), (0, missing)))[:, :wanted] for s in stems]
