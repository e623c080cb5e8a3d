"""Export: a dataset in the layout of a benchmark, file by file."""

import re
from collections.abc import Callable
from pathlib import Path

from ..audio import STEM_CLASSES
from ..errors import ShardError, UsageError
from ..manifests.files import write_atomically
from .folder import read_record
from .reading import read

__all__ = ["export_msrbench"]

MEDIA = 12
"""MSRBench numbers its media from DT0 (none) to DT12."""


def export_msrbench(
    dataset: Path,
    out: Path,
    *,
    split: str | None = None,
    medium: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write mixtures and targets as MSRBench lays them out.

    For each class that plays in a sample ``OUT/CLASS/KEY.flac`` is its dry stem, the target, and
    ``OUT/CLASS/KEY_DTk.flac`` the mixture. Datasets of the same stems and seed with the recipes
    ``dt1`` to ``dt12`` go into one folder: they share keys, and targets must agree.

    Parameters
    ----------
    dataset, out : Path
    split : str, optional
        Only this split.
    medium : int, optional
        The k of DTk; by default that of the recipe's name, and 0 where it is another.
    progress : callable, optional
        Called with the number of samples done and in all.

    Returns
    -------
    int
        How many targets stand there now.

    Raises
    ------
    ShardError
        If the dataset is torn, or a target is there already and differs.
    UsageError
        If there is no such medium.
    """
    named = re.fullmatch(r"dt(\d+)(\.yaml)?", str(read_record(dataset)["recipe_name"]))
    number = int(named[1]) if named and medium is None else medium or 0
    if not 0 <= number <= MEDIA:
        raise UsageError(f"--medium: wanted 0 to {MEDIA}, found {number}")
    reader, count = read(dataset, split=split), 0
    for index, playing in enumerate(reader.manifest["classes"]):
        key, files = reader.keys[index], reader.files(index)
        for name in (name for name in STEM_CLASSES if name in playing):
            _write_target(out / name / f"{key}.flac", files[f"{name.lower()}.dry.flac"])
            write_atomically(out / name / f"{key}_DT{number}.flac", files["mixture.flac"])
            count += 1
        if progress:
            progress(index + 1, len(reader))
    return count


def _write_target(path: Path, data: bytes) -> None:
    """Write a target, or find the same one there."""
    if path.exists():
        if path.read_bytes() != data:
            raise ShardError(
                f"{path}: another target of that key stands there; export datasets of the same "
                "stems, seed and levels into one folder, others into another"
            )
        return
    write_atomically(path, data)
