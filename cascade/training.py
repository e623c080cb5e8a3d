"""A whole training run: stage one, a cache of what it says, stage two; resumed exactly."""

import copy
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from .checkpoints import load_checkpoint, load_weights, save_checkpoint
from .configuration import StageOneConfiguration, StageTwoConfiguration, TrainConfiguration
from .generator import Generator
from .journal import Journal
from .loader import Batch, PcmCache, draw_batch, prepare
from .metrics import si_sdr_db
from .runs import begin_run
from .stage_one import StageOne
from .stage_two import StageTwo, cache_estimates

__all__ = ["choose_device", "train"]

VALIDATION_S = 4.0

Progress = Callable[[int, int], None]


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


def choose_device(name: str | None = None) -> torch.device:
    """Return the device of that name; without a name a GPU if there is one, else the CPU."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def train(
    configuration: TrainConfiguration,
    data: Path,
    out: Path,
    *,
    device: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train both stages; continue where an interrupted run of the same kind stopped.

    Parameters
    ----------
    configuration : TrainConfiguration
    data : Path
        A dataset with the splits "train" and "test".
    out : Path
        The run's folder. Receives ``run.json``, ``stage_one.safetensors``,
        ``stage_two.safetensors`` and ``log.jsonl``; ``cache/`` and ``*.state.safetensors``
        go when the run is complete.
    device : str, optional
        "cpu", "cuda", ...; a GPU if there is one.
    progress : callable, optional
        Told steps done and all steps of both stages.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    CheckpointError
        If ``out`` holds a run of another configuration or dataset, or a torn checkpoint.
    ShardError
        If the dataset cannot be read.
    """
    begin_run(out, configuration, data)
    if (out / "stage_two.safetensors").exists():
        return out
    return _Run(configuration, data, out, choose_device(device), progress).complete()


class _Run:
    """One call of `train`."""

    def __init__(
        self,
        configuration: TrainConfiguration,
        data: Path,
        out: Path,
        device: torch.device,
        progress: Progress | None,
    ) -> None:
        self.configuration = configuration
        self.data = data
        self.out = out
        self.device = device
        self.progress = progress or (lambda done, total: None)
        self.journal = Journal(out)
        self.total = configuration.stage_one.steps + configuration.stage_two.steps

    def complete(self) -> Path:
        """Do what is left to do."""
        rate, cache = self.configuration.sample_rate, self.out / "cache"
        train = prepare(self.data, "train", rate, cache / "train")
        limit = self.configuration.validation_excerpts
        held_out = self._held_out(prepare(self.data, "test", rate, cache / "test", limit))
        generator = self._stage_one(train, held_out)
        with torch.no_grad():
            held_out = Batch(held_out.mixture, held_out.dry, generator(held_out.mixture))
        estimates = cache_estimates(
            generator, self.configuration, train, cache / "stage_one", self.device
        )
        stage = StageTwo(self.configuration, estimates, self.device)
        self._fit(stage, held_out, self.configuration.stage_one.steps)
        for path in self.out.glob("*.state.safetensors"):
            path.unlink()
        shutil.rmtree(cache)
        return self.out

    def _held_out(self, cache: PcmCache) -> Batch:
        """Return the excerpts whose loss is logged; nothing is ever learnt from them."""
        frames = round(VALIDATION_S * self.configuration.sample_rate)
        count = self.configuration.validation_excerpts
        batch = draw_batch(cache, self.configuration.seed, "validation", 0, count, frames)
        return batch.to(self.device)

    def _stage_one(self, train: PcmCache, held_out: Batch) -> Generator:
        """Return the trained generator, after training it unless that was done before."""
        path = self.out / "stage_one.safetensors"
        if not path.exists():
            self._fit(StageOne(self.configuration, train, self.device), held_out, 0)
        generator = Generator(self.configuration.stage_one.network).to(self.device)
        load_weights(generator, load_checkpoint(path)[0], str(path))
        return generator.eval()

    def _fit(self, stage: Stage, held_out: Batch, before: int) -> None:
        """Train a stage until its steps or its minutes are spent."""
        state = self.out / f"{stage.name}.state.safetensors"
        step, seconds = _resume(stage, state)
        budget = stage.budget
        limit = 60 * (budget.minutes or float("inf"))
        while step < budget.steps and seconds < limit:
            began = time.monotonic()
            numbers = stage.train_step(step)
            step += 1
            seconds += time.monotonic() - began
            if step % budget.log_every == 0:
                self.journal.write(stage.name, step, {"seconds": seconds, **numbers})
            if step % budget.validate_every == 0 or step == budget.steps:
                heard = _validation(stage, held_out, self.configuration.sample_rate)
                self.journal.write(stage.name, step, {"seconds": seconds, **heard})
            if step % budget.save_every == 0:
                save_checkpoint(state, stage.state(), {"step": step, "seconds": seconds})
            self.progress(before + step, self.total)
        about = {"stage": stage.name, "step": step, "seconds": seconds}
        save_checkpoint(self.out / f"{stage.name}.safetensors", stage.average(), about)
        self.progress(before + budget.steps, self.total)


def _resume(stage: Stage, path: Path) -> tuple[int, float]:
    """Return the step to go on from, and the seconds of training behind it."""
    if not path.exists():
        return 0, 0.0
    tensors, about = load_checkpoint(path)
    stage.resume(tensors)
    return int(about["step"]), float(about["seconds"])


@torch.no_grad()
def _validation(stage: Stage, held_out: Batch, rate: int) -> dict[str, float]:
    """Return what the averaged weights make of held-out excerpts."""
    network = copy.deepcopy(stage.network)
    network.load_state_dict(stage.average())
    estimate = stage.estimate(network, held_out).cpu()
    active = held_out.active.cpu()
    error = (estimate - held_out.dry.cpu()).abs().mean(2)[active]
    heard = zip(held_out.dry.cpu()[active].numpy(), estimate[active].numpy(), strict=True)
    scores = [si_sdr_db(target[None], found[None], rate) for target, found in heard]
    return {"held_out_l1": float(error.mean()), "held_out_si_sdr_db": float(np.mean(scores))}
