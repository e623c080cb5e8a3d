"""Sound in the log: what a stage makes of held-out excerpts as it learns, as FLAC."""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...audio import STEM_CLASSES, encode_flac
from ...manifests.files import write_atomically
from .loader import Batch

__all__ = ["keep_sounds"]


def keep_sounds(
    estimate: NDArray[np.float32],
    held_out: Batch,
    sample_rate: int,
    folder: Path,
    step: int,
    number: int,
) -> None:
    """Write a few excerpts, and forget so many older ones that a long run stays small.

    Beside the last step, those are kept that lie at twice the step before them or more: a
    million steps leave about a dozen.

    Parameters
    ----------
    estimate : float array, shape (excerpts, 8, samples)
    held_out : Batch
        Its mixtures and targets are written once, to ``folder/targets``.
    sample_rate : int
        In Hz.
    folder : Path
        Each step gets a folder in it.
    step, number : int
        Only the first ``number`` excerpts are written, and of these the stems that are heard.
    """
    active = held_out.active.cpu().numpy()
    for excerpt in range(min(number, len(estimate))):
        dry, mixture = (x[excerpt].cpu().numpy() for x in (held_out.dry, held_out.mixture))
        stems = np.flatnonzero(active[excerpt])
        names = [f"{excerpt}.{STEM_CLASSES[stem].lower()}.flac" for stem in stems]
        files = {
            folder / f"{step:08d}" / name: estimate[excerpt, stem][None]
            for name, stem in zip(names, stems, strict=True)
        }
        targets = {
            f"{excerpt}.mixture.flac": mixture,
            **dict(zip(names, dry[stems, None], strict=True)),
        }
        files |= {folder / "targets" / name: audio for name, audio in targets.items()}
        for path, audio in files.items():
            if path.parent.name != "targets" or not path.exists():
                write_atomically(path, encode_flac(np.clip(audio, -1, 1), sample_rate))
    _thin(folder)


def _thin(folder: Path) -> None:
    """Delete the steps that lie too near to the one before them."""
    kept = 0
    for path in sorted(folder.glob("[0-9]*"))[:-1]:
        if int(path.name) >= 2 * kept:
            kept = int(path.name)
        else:
            shutil.rmtree(path)
