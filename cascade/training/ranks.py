"""Several processes that train one network, started by torchrun; or one alone.

Each process learns from its own parts of a step's batch. Their gradients are added up before
the step, so that all take the same one; the first process writes, the others wait.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed

from ...errors import UsageError

__all__ = ["Ranks", "choose_device", "joined"]

PATIENCE = timedelta(days=1)
"""How long others wait while the first one decodes, caches or listens."""


@dataclass(frozen=True)
class Ranks:
    """The place of this process among those that train together.

    Parameters
    ----------
    device : torch.device
        Where this process computes.
    rank, world : int
        Its number from 0, and how many there are.
    """

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def own(self, parts: int) -> range:
        """Return which parts of a batch are this process's."""
        return range(self.rank, parts, self.world)

    def wait(self) -> None:
        """Go on when all have come here."""
        if self.world > 1:
            self.from_first(0.0)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their sums over all processes, in one message."""
        if self.world == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def from_first(self, number: float) -> float:
        """Return the number that the first process gave."""
        if self.world == 1:
            return number
        told = torch.tensor([number if self.is_first else 0.0], dtype=torch.float64)
        told = told.to(self.device)
        distributed.all_reduce(told)
        return float(told)


def choose_device(name: str | None = None) -> torch.device:
    """Return the device of that name; without a name a GPU if there is one, else the CPU.

    Under torchrun each process gets the GPU of its own number.

    Raises
    ------
    UsageError
        If this machine has no such device.
    """
    if name in (None, "cuda") and torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    if name is None:
        return torch.device("cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        raise UsageError(
            f"--device: wanted one that is here, found {name!r} ({why}); leave it out"
        ) from None
    return device


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """Join the other processes that torchrun started, if it did.

    Parameters
    ----------
    device : torch.device
        GPUs talk through NCCL, CPUs through Gloo.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Ranks(device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Ranks(device, distributed.get_rank(), world)
    finally:
        distributed.destroy_process_group()
