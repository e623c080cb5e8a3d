"""A whole training run: stage one, a cache of what it says, stage two; resumed exactly."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

from ..errors import UsageError
from .checkpoints import load_checkpoint, load_weights
from .configuration import TrainConfiguration
from .fitting import Stage, fit
from .generator import Generator
from .loader import Batch, draw_batch, prepare
from .pcm import PcmCache
from .runs import begin_run
from .stage_one import StageOne
from .stage_two import StageTwo, cache_estimates

__all__ = ["choose_device", "train"]

VALIDATION_S = 4.0

Progress = Callable[[int, int], None]


def choose_device(name: str | None = None) -> torch.device:
    """Return the device of that name; without a name a GPU if there is one, else the CPU.

    Raises
    ------
    UsageError
        If this machine has no such device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        raise UsageError(
            f"--device: wanted one that is here, found {name!r} ({why}); leave it out"
        ) from None
    return device


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
    UsageError
        If there is no such device.
    CheckpointError
        If ``out`` holds a run of another configuration or dataset, or a torn checkpoint.
    ShardError
        If the dataset cannot be read.
    """
    chosen = choose_device(device)
    begin_run(out, configuration, data)
    if (out / "stage_two.safetensors").exists():
        return out
    with _one_order() if chosen.type == "cpu" else nullcontext():
        return _Run(configuration, data, out, chosen, progress).complete()


@contextmanager
def _one_order() -> Iterator[None]:
    """Have torch's threads add up in the same order every time, else a resumed run differs.

    Gradients of what is picked by index are such sums. A GPU knows no order for some of them:
    there a resumed run may differ by rounding.
    """
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


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
        self._fit(stage, held_out, before=self.configuration.stage_one.steps)
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
            self._fit(StageOne(self.configuration, train, self.device), held_out, before=0)
        generator = Generator(self.configuration.stage_one.network).to(self.device)
        load_weights(generator, load_checkpoint(path)[0], str(path))
        return generator.eval()

    def _fit(self, stage: Stage, held_out: Batch, before: int) -> None:
        """Train a stage, ``before`` steps into the run."""
        rate = self.configuration.sample_rate
        fit(stage, held_out, rate, self.out, lambda step: self.progress(before + step, self.total))
