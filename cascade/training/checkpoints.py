"""Weights and training state on disk: safetensors with JSON in the header, never a pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import CheckpointError
from ...manifests.files import write_atomically

__all__ = ["load_checkpoint", "load_weights", "save_checkpoint"]

VERSION = 1
"""Format of checkpoints; a newer one than this code's is refused."""


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Save tensors and what there is to know about them.

    Parameters
    ----------
    path : Path
        Usually ends in ``.safetensors``.
    tensors : mapping of str to tensor
    about : mapping
        Anything that JSON can hold.
    """
    from safetensors.torch import save

    flat = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    header = {"wetdry": json.dumps({"version": VERSION, **about}, sort_keys=True)}
    write_atomically(path, save(flat, header))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Load what `save_checkpoint` saved.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tensors : dict of str to tensor
    about : dict

    Raises
    ------
    CheckpointError
        If the file is missing, torn, somebody else's, of a newer version, or holds
        weights that are not finite.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: wanted a whole safetensors file, found none ({error}); train again"
        ) from None
    about = _about(path, header)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckpointError(f"{path}: wanted finite numbers, found others in {name}")
    return tensors, about


def load_weights(network: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Put loaded tensors into a network.

    Parameters
    ----------
    network : torch.nn.Module
        Receives the weights.
    tensors : mapping of str to tensor
    where : str
        Begins the message of an error.

    Raises
    ------
    CheckpointError
        If a name or a shape is not the network's.
    """
    wanted = network.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        shapes = [tuple(d[name].shape) if name in d else None for d in (wanted, tensors)]
        if shapes[0] != shapes[1]:
            raise CheckpointError(
                f"{where}: {name}: wanted shape {shapes[0]}, found {shapes[1]}; "
                "the file was made for another configuration"
            )
    network.load_state_dict(dict(tensors))


def _about(path: Path, header: Mapping[str, str]) -> dict[str, Any]:
    """Read the JSON in a safetensors header."""
    try:
        about: dict[str, Any] = json.loads(header["wetdry"])
        version = int(about["version"])
    except (KeyError, TypeError, ValueError):
        raise CheckpointError(f"{path}: wanted a checkpoint of wetdry, found another's") from None
    if version > VERSION:
        raise CheckpointError(
            f"{path}: wanted version {VERSION} or older, found {version}; upgrade wetdry"
        )
    return about
