"""Collation: samples of numpy arrays become one batch of tensors."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import default_collate, get_worker_info

from ...errors import ShardError

__all__ = ["collated"]

BY_CLASS = ("dry", "wet", "wet_master")
"""Fields that have all classes in every sample."""


def collated(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Return samples of one length as a batch.

    Parameters
    ----------
    samples : list of dict
        As :func:`wetdry.datasets.read` gives them.

    Returns
    -------
    dict
        Of tensors (batch, channels, samples); of the fields by class (batch, 8, channels,
        samples); dicts of tensors where samples have dicts; of anything else lists. Without
        samples empty.

    Raises
    ------
    ShardError
        If they differ in length, channels or what they hold.
    """
    if not samples:
        return {}
    return {name: _field(name, [sample[name] for sample in samples]) for name in samples[0]}


def _field(name: str, values: list[Any]) -> Any:
    """Return one field of a batch."""
    if name == "row" or not isinstance(values[0], (dict, np.ndarray)):
        return values
    if isinstance(values[0], np.ndarray):
        return _stacked(name, values)
    if any(value.keys() != values[0].keys() for value in values):
        raise ShardError(f"field {name}: wanted the same names in every sample of a batch")
    if name in BY_CLASS:
        flat = _stacked(name, [audio for value in values for audio in value.values()])
        return flat.view(len(values), -1, *flat.shape[1:])
    return {part: _stacked(name, [value[part] for value in values]) for part in values[0]}


def _stacked(name: str, audios: list[Any]) -> Tensor:
    """Return arrays as one tensor; in a worker in memory that its parent sees, too."""
    shapes = sorted({audio.shape for audio in audios})
    if len(shapes) > 1:
        raise ShardError(
            f"field {name}: wanted samples of one length, found {shapes[0]} and {shapes[-1]}; "
            "cut excerpts with seconds"
        )
    if get_worker_info() is None:  # numpy asks for large pages: a third of the time
        return torch.from_numpy(np.stack(audios))
    batch: Tensor = default_collate(audios)
    return batch
