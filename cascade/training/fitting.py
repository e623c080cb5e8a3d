"""One stage trained until its steps, minutes or patience are spent; saved and heard on the way."""

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from ..configuration import Budget
from .checkpoints import load_checkpoint, save_checkpoint
from .journal import Journal
from .loader import Batch
from .ranks import Ranks
from .sounds import keep_sounds
from .validation import CHOOSES, scores_of

__all__ = ["Listener", "Stage", "fit"]

Told = Callable[[int, Mapping[str, float]], None]


class Stage(Protocol):
    """What `train` asks of a stage."""

    name: str
    ranks: Ranks

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    @property
    def budget(self) -> Budget:
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


@dataclass(frozen=True)
class Listener:
    """What a stage is heard on while it learns.

    Parameters
    ----------
    held_out : Batch
        Nothing is learnt from it, but it chooses the best weights.
    sample_rate : int
        In Hz.
    sounds : int
        Excerpts that are kept as files at each hearing.
    """

    held_out: Batch
    sample_rate: int
    sounds: int

    @torch.no_grad()
    def hear(self, stage: Stage, step: int, out: Path) -> dict[str, float]:
        """Return how the averaged weights do, and keep a few sounds below ``out``."""
        network = copy.deepcopy(stage.network)
        network.load_state_dict(stage.average())
        estimates = [stage.estimate(network, excerpt) for excerpt in self.held_out.each()]
        estimate = torch.cat(estimates).cpu().numpy()
        folder = out / "samples" / stage.name
        keep_sounds(estimate, self.held_out, self.sample_rate, folder, step, self.sounds)
        return scores_of(estimate, self.held_out, self.sample_rate)


@dataclass
class _Standing:
    """Where a stage stands; with the stage's tensors all that it needs to go on.

    Parameters
    ----------
    step : int
        Steps done.
    seconds : float
        Of training behind it.
    best_step : int
        Where the best weights are from; 0 before there are any.
    best_db : float
        Their held-out MMSNR.
    worse : int
        Hearings since then.
    """

    step: int = 0
    seconds: float = 0.0
    best_step: int = 0
    best_db: float = 0.0
    worse: int = 0

    def compare(self, found_db: float) -> bool:
        """Take note of a hearing; tell whether it is the best so far."""
        better = not self.best_step or found_db > self.best_db
        if better:
            self.best_step, self.best_db = self.step, found_db
        self.worse = 0 if better else self.worse + 1
        return better


def fit(stage: Stage, listener: Listener | None, out: Path, told: Told) -> None:
    """Train a stage, continuing from its last checkpoint, and save its averaged weights.

    Parameters
    ----------
    stage : Stage
    listener : Listener or None
        None where nothing is held out: then the last weights are the stage's.
    out : Path
        The run's folder. Receives ``<stage>.safetensors``, which is the best or the last as the
        configuration says, and ``<stage>.last.safetensors``.
    told : callable
        Told the number of steps done, and what the log last said.
    """
    _Fitting(stage, listener, out, told).complete()


class _Fitting:
    """One call of `fit`."""

    def __init__(self, stage: Stage, listener: Listener | None, out: Path, told: Told) -> None:
        self.stage = stage
        self.budget = stage.budget
        self.ranks = stage.ranks
        self.listener = listener
        self.out = out
        self.told = told
        self.standing = _Standing()
        self.best: dict[str, Tensor] = {}
        self.journal = Journal(out, writes=self.ranks.is_first)

    def complete(self) -> None:
        """Do what is left to do."""
        self._resume()
        budget, standing = self.budget, self.standing
        while not self._is_spent():
            began = time.monotonic()
            numbers = self.stage.train_step(standing.step)
            standing.step += 1
            standing.seconds += time.monotonic() - began
            if standing.step % budget.log_every == 0:
                self._write(numbers)
            if standing.step % budget.validate_every == 0 or standing.step == budget.steps:
                numbers = numbers | self._validate()
            if standing.step % budget.save_every == 0 and self.ranks.is_first:
                save_checkpoint(self._state_path, self._state(), asdict(standing))
            self.told(standing.step, numbers)
        if standing.step % budget.validate_every and standing.step != budget.steps:
            self._validate()  # the clock ended it in between
        if self.ranks.is_first:
            self._finish()
        self.ranks.wait()
        self.told(budget.steps, {})

    @property
    def _state_path(self) -> Path:
        """Return where the stage is saved on its way."""
        return self.out / f"{self.stage.name}.state.safetensors"

    def _is_spent(self) -> bool:
        """Tell whether to stop; all processes hear it from the first, whose clock counts."""
        budget, standing = self.budget, self.standing
        if standing.step >= budget.steps:
            return True
        late = standing.seconds >= 60 * (budget.minutes or float("inf"))
        tired = budget.patience is not None and standing.worse >= budget.patience
        return bool(self.ranks.from_first(float(late or tired)))

    def _validate(self) -> dict[str, float]:
        """Hear the stage where this is the process that does."""
        if self.listener is None or not self.ranks.is_first:
            return {}
        heard = self.listener.hear(self.stage, self.standing.step, self.out)
        if CHOOSES in heard and self.standing.compare(heard[CHOOSES]):
            self.best = {k: v.detach().clone() for k, v in self.stage.average().items()}
        self._write(heard)
        return heard

    def _write(self, numbers: Mapping[str, float]) -> None:
        """Write a line of the log."""
        line = {"seconds": self.standing.seconds, **numbers}
        self.journal.write(self.stage.name, self.standing.step, line)

    def _state(self) -> dict[str, Tensor]:
        """Return all tensors that going on needs."""
        return self.stage.state() | {f"best/{k}": v for k, v in self.best.items()}

    def _resume(self) -> None:
        """Go on from the last checkpoint, and forget what was logged after it."""
        if self._state_path.exists():
            tensors, about = load_checkpoint(self._state_path)
            self.best = {
                k.removeprefix("best/"): v for k, v in tensors.items() if k.startswith("best/")
            }
            self.stage.resume({k: v for k, v in tensors.items() if not k.startswith("best/")})
            self.standing = _Standing(**{k: about[k] for k in asdict(self.standing)})
        self.journal.rewind(self.stage.name, self.standing.step)

    def _finish(self) -> None:
        """Save the last weights, and those that are the stage's, which come to stand last."""
        stage, standing = self.stage, self.standing
        about = {"stage": stage.name, "seconds": standing.seconds, "steps": standing.step}
        last = self.out / f"{stage.name}.last.safetensors"
        save_checkpoint(last, stage.average(), about | {"step": standing.step})
        weights, step = stage.average(), standing.step
        if self.best and self.budget.keep == "best":
            weights, step = self.best, standing.best_step
            about["held_out_mmsnr_db"] = standing.best_db
        save_checkpoint(self.out / f"{stage.name}.safetensors", weights, about | {"step": step})
