"""How stages learn effects: the network that knows them, what it is told, what it pays."""

import numpy as np
import torch
from torch import Tensor

from ..configuration import StageOneConfiguration
from ..effect_labels import UNKNOWN, EffectLabels
from ..networks.effect_layers import forgotten, label_loss
from ..networks.generator import Generator
from .loader import Batch

__all__ = ["built_generator", "label_losses", "told_in_training"]


def built_generator(budget: StageOneConfiguration, labels: EffectLabels | None) -> Generator:
    """Return a fresh stage one, which begins with how common each label is.

    Parameters
    ----------
    budget : StageOneConfiguration
    labels : EffectLabels or None
        None where it knows no effects.
    """
    known = 0 if labels is None else len(labels)
    network = Generator(budget.network, effects=budget.effects, labels=known)
    if labels is not None:
        network.expect(labels.shares)
    return network


def told_in_training(
    network: Generator, batch: Batch, labels: EffectLabels | None, rng: np.random.Generator
) -> Tensor | None:
    """Return what a network is told of a batch, half of it left unsaid; None where nothing is."""
    if labels is None or batch.effects is None or not network.told:
        return None
    return forgotten(batch.effects, len(labels.own), rng)


def label_losses(
    predicted: Tensor, batch: Batch, pairs: Tensor, labels: EffectLabels | None
) -> dict[str, Tensor]:
    """Return the loss of predicted labels, if any are; stems that are not heard tell none.

    Parameters
    ----------
    predicted : float tensor, shape (n, labels)
        Log-odds.
    batch : Batch
    pairs : int tensor, shape (2, n)
    labels : EffectLabels or None
    """
    if labels is None or batch.effects is None or not predicted.shape[1]:
        return {}
    own = torch.arange(len(labels), device=pairs.device) < len(labels.own)
    unheard = ~batch.active[pairs[0], pairs[1]]
    states = batch.effects[pairs[0], pairs[1]].masked_fill(unheard[:, None] & own, UNKNOWN)
    return {"labels": label_loss(predicted, states, labels.shares)}
