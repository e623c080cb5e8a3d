"""Which songs choose the best weights, and how a stage does on excerpts of them.

They are songs of the training split that nothing is learnt from, or a split "validation" (or
"valid") that the dataset has. Never those of "test": what chose the weights cannot judge them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import STEM_CLASSES
from ...errors import ShardError
from ...manifests.tables import read_columns
from ...seeds import stream
from ..metrics.fidelity import mmsnr_db, si_sdr_db
from .loader import Batch

__all__ = ["CHOOSES", "Division", "divide", "scores_of"]

CHOOSES = "held_out_mmsnr_db"
"""The number of the log that says which weights are best: the higher, the better."""

OWN = ("validation", "valid")
"""Splits that choose where a dataset has them."""

METRICS = {"mmsnr_db": mmsnr_db, "si_sdr_db": si_sdr_db}


@dataclass(frozen=True)
class Division:
    """Which samples are learnt from and which choose.

    Parameters
    ----------
    split : str
        That the choosing samples stand in; "" where nothing is held out.
    songs : list of str
        That choose; none of them is heard in ``training``.
    training, validation : collections of str
        Keys of samples.
    """

    split: str
    songs: list[str]
    training: Collection[str]
    validation: Collection[str]

    def record(self) -> dict[str, Any]:
        """Return what stands in ``run.json``."""
        counts = {"samples": len(self.validation), "training_samples": len(self.training)}
        return {"split": self.split, "songs": self.songs, **counts}


def divide(data: Path, seed: int, share: float) -> Division:
    """Decide by address which songs choose.

    A sample of several songs is learnt from only if none of them was held out; those that
    choose are the ones with the fewest songs that are learnt from, best with none.

    Parameters
    ----------
    data : Path
        The dataset's folder.
    seed : int
    share : float
        Of the training songs, at least one; with 0 nothing is held out.

    Raises
    ------
    ShardError
        If there are too few songs, or every sample holds one that was held out.
    """
    table = read_columns(data / "manifest.parquet", ["key", "split", "songs"])
    rows = list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
    train = {key: set(songs) for key, split, songs in rows if split == "train"}
    if share == 0:
        return Division("", [], train, ())
    for name in OWN:
        own = {key: set(songs) for key, split, songs in rows if split == name}
        if own:
            return Division(name, sorted(set().union(*own.values())), train, own)
    songs = sorted(set().union(*train.values()))
    count = max(1, round(share * len(songs)))
    held = {songs[i] for i in stream(seed, "validation").permutation(len(songs))[:count]}
    training = [key for key, found in train.items() if not found & held]
    if not training:
        raise ShardError(
            f"{data}: wanted samples of the split 'train' without {count} of its {len(songs)} "
            "songs, to choose the best weights by these, found none; generate more songs or a "
            "split 'validation', or set validation_share: 0 to keep the last weights unheard"
        )
    foreign = {key: len(found - held) for key, found in train.items() if found & held}
    least = min(foreign.values())
    return Division("train", sorted(held), training, [k for k, n in foreign.items() if n == least])


def scores_of(estimate: NDArray[np.float32], held_out: Batch, sample_rate: int) -> dict[str, float]:
    """Return how estimates do where a stem is heard: means over classes, and each class.

    Parameters
    ----------
    estimate : float array, shape (excerpts, 8, samples)
    held_out : Batch
    sample_rate : int
        In Hz.

    Returns
    -------
    dict of str to float
        "held_out_l1", "held_out_mmsnr_db", "held_out_si_sdr_db", and the last two for each class
        that is heard, as "held_out_mmsnr_db/Bass".
    """
    dry, active = held_out.dry.cpu().numpy(), held_out.active.cpu().numpy()
    said = {"held_out_l1": float(np.abs(estimate - dry).mean(2)[active].mean())}
    for metric, score in METRICS.items():
        classes = {}
        for place in np.flatnonzero(active.any(0)):
            heard = np.flatnonzero(active[:, place])
            pairs = ((dry[i, place][None], estimate[i, place][None]) for i in heard)
            scores = [score(wanted, found, sample_rate) for wanted, found in pairs]
            known = [value for value in scores if np.isfinite(value)]  # below -100 dBFS is none
            if known:
                classes[f"held_out_{metric}/{STEM_CLASSES[place]}"] = float(np.mean(known))
        if classes:
            said |= {f"held_out_{metric}": float(np.mean(list(classes.values()))), **classes}
    return said
