"""Export: datasets in the layout of a benchmark, file by file."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..audio import STEM_CLASSES, Audio, decode, encode_flac
from ..errors import ShardError, UsageError
from ..manifests.files import write_atomically
from .folder import read_record
from .reading import Reader, read

__all__ = ["export_msrbench"]

MEDIA = 12
"""MSRBench numbers its media from DT0 (none) to DT12."""

ROUNDING = 2**-14
"""Two steps of 16 bits: what two roundings leave between targets that are the same."""


def export_msrbench(
    datasets: Sequence[Path],
    out: Path,
    *,
    split: str | None = None,
    medium: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write mixtures and targets as MSRBench lays them out.

    For each class that plays in a sample ``OUT/CLASS/KEY.flac`` is its dry stem, the target, and
    ``OUT/CLASS/KEY_DTk.flac`` the mixture, once for each dataset. One target serves all media of
    a key: the softest one stays, byte for byte, and the other mixtures are lowered as theirs
    would have to be. A single dataset's files are its own.

    Parameters
    ----------
    datasets : sequence of Path
        Made of the same stems with the same seed, by recipes ``dt1`` to ``dt12`` and ``clean``.
    out : Path
    split : str, optional
        Only this split.
    medium : int, optional
        The k of a single dataset; by default that of the recipe's name, and 0 for any other.
    progress : callable, optional
        Called with the number of samples done and in all.

    Returns
    -------
    int
        How many targets were written.

    Raises
    ------
    ShardError
        If a dataset is torn, targets of a key disagree, or other files stand there.
    UsageError
        If there is no such medium, or two datasets have the same.
    """
    numbers = [_medium(path, medium) for path in datasets]
    if len(set(numbers)) < len(numbers) or not numbers:
        raise UsageError(f"wanted datasets of different media, found {numbers}")
    readers = [_opened(path, n, split) for path, n in zip(datasets, numbers, strict=True)]
    keys = list(dict.fromkeys(key for one in readers for key in one.reader.keys))
    count = 0
    for done, key in enumerate(keys):
        count += _export_sample(key, [one for one in readers if key in one.reader], out)
        if progress:
            progress(done + 1, len(keys))
    return count


@dataclass(frozen=True)
class _Medium:
    """One dataset, the number of its medium, and the width of its samples."""

    reader: Reader
    number: int
    bits: int
    classes: dict[str, Sequence[str]]


def _opened(dataset: Path, number: int, split: str | None) -> _Medium:
    """Open a dataset."""
    reader = read(dataset, split=split)
    rows = reader.manifest
    classes = dict(zip(rows["key"], rows["classes"], strict=True))
    bits = int(read_record(dataset)["bits"])
    if bits == 32:
        raise UsageError(f"{dataset}: wanted FLAC of 16 or 24 bits, found floats; --bits 24")
    return _Medium(reader, number, bits, classes)


def _medium(dataset: Path, medium: int | None) -> int:
    """Return the number of a dataset's medium."""
    named = re.fullmatch(r"dt(\d+)(\.yaml)?", str(read_record(dataset)["recipe_name"]))
    number = medium if medium is not None else int(named[1]) if named else 0
    if not 0 <= number <= MEDIA:
        raise UsageError(f"--medium: wanted 0 to {MEDIA}, found {number}")
    return number


def _export_sample(key: str, media: list[_Medium], out: Path) -> int:
    """Write the files of one key; return how many targets it has."""
    playing = [name for name in STEM_CLASSES if name in media[0].classes[key]]
    files = [one.reader.files(key) for one in media]
    levels = _levels(key, media, files, [f"{name.lower()}.dry.flac" for name in playing])
    lowest = levels.index(min(levels))
    for one, own, level in zip(media, files, levels, strict=True):
        mixture = _scaled(own["mixture.flac"], levels[lowest] / level, one.bits, key)
        for name in playing:
            _write(out / name / f"{key}_DT{one.number}.flac", mixture)
    for name in playing:
        _write(out / name / f"{key}.flac", files[lowest][f"{name.lower()}.dry.flac"])
    return len(playing)


def _levels(
    key: str, media: list[_Medium], files: list[dict[str, bytes]], targets: list[str]
) -> list[float]:
    """Return the level of each dataset's targets against the first's; they differ in no more.

    Mixtures that a medium makes louder or softer have targets that follow.
    """
    if len(media) == 1 or not targets:
        return [1.0] * len(media)
    levels, first = [], np.concatenate([decode(files[0][t], key)[0] for t in targets])
    for one, own in zip(media, files, strict=True):
        where = f"{one.reader.dataset}: {key}"
        stems = [decode(own[name], where)[0] for name in targets if name in own]
        audio = np.concatenate(stems) if stems else first[:0]
        alike = audio.shape == first.shape and first.any()
        level = _energy(first * audio) / _energy(first * first) if alike else 0.0
        if level <= 0 or np.abs(audio - np.float32(level) * first).max() > ROUNDING:
            raise ShardError(
                f"{where}: its targets are not those of {media[0].reader.dataset}; make datasets "
                "of the same stems with the same seed, or export them to different folders"
            )
        levels.append(level)
    return levels


def _energy(products: Audio) -> float:
    """Add up in one way everywhere, which BLAS does not."""
    return float(products.sum(dtype=np.float64))


def _scaled(data: bytes, factor: float, bits: int, where: str) -> bytes:
    """Return a file at another level; the same file where that is its own."""
    if factor == 1:
        return data
    audio, rate = decode(data, where)
    return encode_flac(audio * np.float32(factor), rate, bits)


def _write(path: Path, data: bytes) -> None:
    """Write a file, or find the same one there."""
    if not path.exists():
        write_atomically(path, data)
    elif path.read_bytes() != data:
        raise ShardError(
            f"{path}: another file of that name stands there; export all datasets that belong "
            "together at once, into a new folder"
        )
