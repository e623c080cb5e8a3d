"""One stage trained until its steps or its minutes are spent, saved and heard on the way."""

import copy
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from .checkpoints import load_checkpoint, save_checkpoint
from .configuration import StageOneConfiguration, StageTwoConfiguration
from .journal import Journal
from .loader import Batch
from .metrics import si_sdr_db

__all__ = ["Stage", "fit"]


class Stage(Protocol):
    """What `train` asks of a stage."""

    name: str

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    @property
    def budget(self) -> StageOneConfiguration | StageTwoConfiguration:
        """How long to train."""

    def train_step(self, step: int) -> dict[str, float]:
        """Learn from one batch; return the losses."""

    def estimate(self, network: nn.Module, batch: Batch) -> Tensor:
        """Return a network's estimates, shape (batch, 8, samples)."""

    def average(self) -> dict[str, Tensor]:
        """Return the averaged weights."""

    def state(self) -> dict[str, Tensor]:
        """Return all that `resume` needs."""

    def resume(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what `state` returned."""


def fit(
    stage: Stage, held_out: Batch, sample_rate: int, out: Path, told: Callable[[int], None]
) -> None:
    """Train a stage, continuing from its last checkpoint, and save its averaged weights.

    Parameters
    ----------
    stage : Stage
    held_out : Batch
        Excerpts whose loss is logged; nothing is learnt from them.
    sample_rate : int
        In Hz.
    out : Path
        The run's folder.
    told : callable
        Told the number of steps done.
    """
    journal, state = Journal(out), out / f"{stage.name}.state.safetensors"
    step, seconds = _resume(stage, state)
    budget = stage.budget
    while step < budget.steps and seconds < 60 * (budget.minutes or float("inf")):
        began = time.monotonic()
        numbers = stage.train_step(step)
        step += 1
        seconds += time.monotonic() - began
        if step % budget.log_every == 0:
            journal.write(stage.name, step, {"seconds": seconds, **numbers})
        if step % budget.validate_every == 0 or step == budget.steps:
            heard = _validation(stage, held_out, sample_rate)
            journal.write(stage.name, step, {"seconds": seconds, **heard})
        if step % budget.save_every == 0:
            save_checkpoint(state, stage.state(), {"step": step, "seconds": seconds})
        told(step)
    about = {"stage": stage.name, "step": step, "seconds": seconds}
    save_checkpoint(out / f"{stage.name}.safetensors", stage.average(), about)
    told(budget.steps)


def _resume(stage: Stage, path: Path) -> tuple[int, float]:
    """Return the step to go on from, and the seconds of training behind it."""
    if not path.exists():
        return 0, 0.0
    tensors, about = load_checkpoint(path)
    stage.resume(tensors)
    return int(about["step"]), float(about["seconds"])


@torch.no_grad()
def _validation(stage: Stage, held_out: Batch, sample_rate: int) -> dict[str, float]:
    """Return what the averaged weights make of held-out excerpts."""
    network = copy.deepcopy(stage.network)
    network.load_state_dict(stage.average())
    estimate = stage.estimate(network, held_out).cpu()
    active = held_out.active.cpu()
    error = (estimate - held_out.dry.cpu()).abs().mean(2)[active]
    heard = zip(held_out.dry.cpu()[active].numpy(), estimate[active].numpy(), strict=True)
    scores = [si_sdr_db(target[None], found[None], sample_rate) for target, found in heard]
    return {"held_out_l1": float(error.mean()), "held_out_si_sdr_db": float(np.mean(scores))}
