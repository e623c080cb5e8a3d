"""Three ways to serve eight classes: heads of one network, one that is told, one for each."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...audio import STEM_CLASSES

__all__ = ["Film", "class_by_class", "each_alone"]


class Film(nn.Module):
    """Scale and shift channels by the class (FiLM, Perez et al., arXiv 1709.07871).

    Parameters
    ----------
    channels : int
        A fresh one changes nothing.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.classes = nn.Embedding(len(STEM_CLASSES), 2 * channels)
        nn.init.zeros_(self.classes.weight)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        """Map (n, channels, ...), and n positions in ``STEM_CLASSES``, to the same shape."""
        told = self.classes(classes).reshape(len(x), 2, -1, *[1] * (x.ndim - 2))
        return x * (1 + told[:, 0]) + told[:, 1]


def class_by_class(classes: Tensor, samples: int, say: Callable[[int, Tensor], Tensor]) -> Tensor:
    """Gather what the network of each class says.

    Parameters
    ----------
    classes : int tensor, shape (n,)
        Positions in ``STEM_CLASSES``.
    samples : int
    say : callable
        Told a class and the places in ``classes`` where it stands; returns (places, samples).

    Returns
    -------
    float tensor, shape (n, samples)
    """
    out = torch.zeros(len(classes), samples, device=classes.device)
    for stem_class in range(len(STEM_CLASSES)):
        places = (classes == stem_class).nonzero()[:, 0]
        if len(places):
            out[places] = say(stem_class, places)
    return out


def each_alone(count: int, device: torch.device) -> Tensor:
    """Return the pairs of as many examples, each with the only class that there is."""
    places = torch.arange(count, device=device)
    return torch.stack([places, torch.zeros_like(places)])
