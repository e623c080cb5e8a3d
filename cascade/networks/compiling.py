"""Blocks of a network compiled by torch, where that pays."""

from torch import nn

from .bottleneck import Attention
from .generator import Block

__all__ = ["compile_blocks"]

WORTH_IT = (Attention, Block)
"""No complex numbers and no recurrences, which the compiler leaves as they are."""


def compile_blocks(network: nn.Module) -> None:
    """Compile a network's blocks in place; names and weights stay, so checkpoints do too.

    They are compiled when they are first called, which takes minutes.
    """
    for module in network.modules():
        if isinstance(module, WORTH_IT):
            module.compile(dynamic=False)
