"""The parts of a step's batch that fall to this process, each drawn while it learns from another.

A batch is cut into as many parts as the configuration says. One process takes them one after
another and adds up their gradients; several share them. The numbers are the same either way,
because what a part holds follows from its address: the step and its place in the batch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import torch
from torch import Tensor

from ...errors import UsageError
from .ranks import Ranks

__all__ = ["Parts", "mean_numbers"]

Drawn = TypeVar("Drawn")


class Parts(Generic[Drawn]):
    """Draw the parts of each step, one ahead of their use.

    Parameters
    ----------
    draw : callable
        Draws the part that stands at ``(step, part)``, in a thread of its own.
    count : int
        Parts of a batch.
    ranks : Ranks

    Raises
    ------
    UsageError
        If the parts cannot be shared evenly.
    """

    def __init__(self, draw: Callable[[int, int], Drawn], count: int, ranks: Ranks) -> None:
        if count % ranks.world:
            raise UsageError(
                f"parts: wanted a multiple of the {ranks.world} processes that share a batch, "
                f"found {count}; set parts in the training configuration"
            )
        self.count = count
        self._draw = draw
        self._own = ranks.own(count)
        self._thread = ThreadPoolExecutor(1, "draw")
        self._ahead: tuple[tuple[int, int], Future[Drawn]] | None = None

    def of(self, step: int) -> Iterator[Drawn]:
        """Yield what a step learns from."""
        addresses = [(step, part) for part in self._own]
        for address, following in zip(
            addresses, [*addresses[1:], (step + 1, self._own[0])], strict=True
        ):
            if self._ahead is None or self._ahead[0] != address:
                self._ahead = address, self._thread.submit(self._draw, *address)
            drawn = self._ahead[1].result()
            self._ahead = following, self._thread.submit(self._draw, *following)
            yield drawn

    def close(self) -> None:
        """End the thread, after the part that it is drawing."""
        self._thread.shutdown(cancel_futures=True)


def mean_numbers(
    numbers: Sequence[Mapping[str, Tensor]], ranks: Ranks, parts: int
) -> dict[str, float]:
    """Return the means of what was said of each part, over all processes.

    Parameters
    ----------
    numbers : sequence of mapping
        For each part of this process, numbers by name: the same names everywhere.
    ranks : Ranks
    parts : int
        Of all processes.
    """
    sums = torch.stack([torch.stack([*part.values()]).detach() for part in numbers]).sum(0)
    ranks.add_up([sums])
    return dict(zip(numbers[0], (sums / parts).tolist(), strict=True))
