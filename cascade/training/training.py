"""A whole training run: stage one, a cache of what it says, stage two, both, a student; resumed."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...audio import Audio
from ...errors import ShardError
from ...seeds import stream
from ..configuration import Budget, StudentConfiguration, TrainConfiguration
from ..effect_labels import EffectLabels, stated_effects
from ..metrics.musicnn_points import Points, musicnn_points
from ..networks.effect_layers import forgotten
from ..networks.generator import Generator
from ..networks.regressor import Regressor
from ..restoring.restoration import Restorer
from .awareness import built_generator
from .checkpoints import load_checkpoint, load_weights
from .fitting import Listener, Stage, fit
from .joint import Joint
from .loader import Batch, draw_batch, prepare
from .on_the_fly import Flow, OnTheFly, Rendered
from .pcm import PcmCache
from .ranks import Ranks, choose_device, joined
from .runs import begin_run, read_run
from .severities import severities_of
from .stage_one import StageOne
from .stage_two import StageTwo, cache_estimates, estimate_whole
from .student import Student
from .validation import CHOOSES, Division, divide

__all__ = ["choose_device", "train"]

VALIDATION_S = 4.0

Progress = Callable[[int, int], None]
Note = Callable[[str], None]


def train(
    configuration: TrainConfiguration,
    data: Path,
    out: Path,
    *,
    fresh: OnTheFly | None = None,
    device: str | None = None,
    progress: Progress | None = None,
    note: Note | None = None,
) -> Path:
    """Train both stages, and a student of them where one is asked for; continue where it stopped.

    Under torchrun every process calls it alike; they share each batch (see `Ranks`).

    Parameters
    ----------
    configuration : TrainConfiguration
    data : Path
        A dataset with the split "train"; songs of it, or of a split "validation", choose the
        best weights.
    out : Path
        The run's folder. Receives ``run.json``, ``log.jsonl``, ``samples/`` and for each stage
        ``stage_one.safetensors`` (the best weights) and ``stage_one.last.safetensors``; where
        both are tuned together, ``joint.safetensors`` holds both and counts in their place;
        ``student.safetensors`` is the student;
        ``cache/`` and ``*.state.safetensors`` go when the run is complete.
    fresh : OnTheFly, optional
        Stage one then learns from samples of the dataset's recipe that are rendered meanwhile,
        without end, instead of those of its shards; ``set_aside.jsonl`` tells which could not be.
    device : str, optional
        "cpu", "cuda", ...; a GPU if there is one.
    progress : callable, optional
        Told steps done and all steps of all stages.
    note : callable, optional
        Told in a few words how it goes.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    AssetError
        If a loss needs musicnn's weights, and they were not fetched.
    AudioError
        If fresh samples cannot be rendered.
    CatalogError
        If ``fresh`` is of other stems than the dataset.
    UsageError
        If there is no such device, or the parts of a batch cannot be shared evenly.
    CheckpointError
        If ``out`` holds a run of another configuration or dataset, or a torn checkpoint.
    ShardError
        If the dataset cannot be read, or has too few songs to hold some out.
    """
    chosen = choose_device(device)
    points = _points(configuration)
    division = divide(data, configuration.seed, configuration.validation_share)
    samples = None if fresh is None else fresh.open(data, configuration)
    with joined(chosen) as ranks, _one_order() if chosen.type == "cpu" else nullcontext():
        if ranks.is_first:
            begin_run(out, configuration, data, division, samples)
        ranks.wait()
        begin_run(out, configuration, data, division, samples)
        if not (out / f"{_last(configuration)}.safetensors").exists():
            _Run(
                configuration, data, out, ranks, division, points, samples, progress, note
            ).complete()
        return out


def _last(configuration: TrainConfiguration) -> str:
    """Return the stage with which a run is complete."""
    if configuration.student is not None:
        return Student.name
    return StageTwo.name if configuration.joint is None else Joint.name


def _points(configuration: TrainConfiguration) -> Points | None:
    """Load what a loss will hear with: else a run would learn for hours before it is missed."""
    budgets = (configuration.stage_two, configuration.joint, configuration.student)
    wanted = any(budget is not None and budget.embedding_mean for budget in budgets)
    return musicnn_points() if wanted else None


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
        ranks: Ranks,
        division: Division,
        points: Points | None,
        samples: Rendered | None,
        progress: Progress | None,
        note: Note | None,
    ) -> None:
        self.configuration = configuration
        self.data = data
        self.out = out
        self.ranks = ranks
        self.division = division
        self.points = points
        self.samples = samples
        self.labels = EffectLabels.of_run(read_run(out)[1])
        self.progress = progress or (lambda done, total: None)
        self.note = note or (lambda words: None)
        self.alone = configuration.stage_one.steps + configuration.stage_two.steps
        self.taught = self.alone + (configuration.joint.steps if configuration.joint else 0)
        self.total = self.taught + (configuration.student.steps if configuration.student else 0)

    def complete(self) -> None:
        """Do what is left to do."""
        whole = self._knowing(self._prepare("train"))
        cache = whole.of(frozenset(self.division.training))
        held_out = self._held_out(whole)
        generator = self._stage_one(cache, held_out)
        regressor = self._stage_two(generator, cache, held_out)
        joint, path = self.configuration.joint, self.out / f"{Joint.name}.safetensors"
        if joint is not None and not path.exists():
            severities = self._severities(joint, cache)
            stages = (generator, regressor)
            stage = Joint(
                self.configuration, *stages, cache, self.ranks, severities, self.points,
                self.labels,
            )  # fmt: skip
            self._fit(stage, held_out, before=self.alone)
        if self.configuration.student is not None:
            self._student(self.configuration.student, cache, held_out)
        if self.ranks.is_first:
            for path in self.out.glob("*.state.safetensors"):
                path.unlink()
            shutil.rmtree(self.out / "cache")
        self.ranks.wait()

    def _first(self, make: Callable[[], PcmCache]) -> PcmCache:
        """Have one process write what all of them open."""
        if self.ranks.is_first:
            make()
        self.ranks.wait()
        return make()

    def _estimates(self, generator: Generator, cache: PcmCache) -> PcmCache:
        """Cache what stage one says of the samples that are learnt from."""
        size, device = self.configuration, self.ranks.device

        def estimate(mixture: Audio, about: Mapping[str, Any]) -> Audio:
            told = None
            if self.labels is not None and generator.told:  # half of it is left unsaid
                states = torch.from_numpy(np.stack([about["effects"]]))
                rng = stream(size.seed, "unsaid", about["key"])
                told = forgotten(states, len(self.labels.own), rng).to(device)
            return estimate_whole(generator, mixture, size, device, told)

        folder, most = self.out / "cache" / "stage_one", size.stage_two.cached_samples
        return self._first(lambda: cache_estimates(estimate, cache, folder, size.seed, most))

    def _prepare(self, split: str, limit: int | None = None) -> PcmCache:
        """Decode a split once."""
        rate, folder = self.configuration.sample_rate, self.out / "cache" / split
        return self._first(lambda: prepare(self.data, split, rate, folder, limit))

    def _knowing(self, cache: PcmCache) -> PcmCache:
        """Return a cache that knows the effects, where they are to be known."""
        if self.labels is None:
            return cache
        stated = stated_effects(self.data)
        return cache.knowing({x["key"]: self.labels.states(stated[x["key"]]) for x in cache.items})

    def _held_out(self, train: PcmCache) -> Batch | None:
        """Return the excerpts that choose the best weights; nothing is ever learnt from them."""
        count, split = self.configuration.validation_excerpts, self.division.split
        if not split:
            return None
        cache = train if split == "train" else self._knowing(self._prepare(split, count))
        cache = cache.of(frozenset(self.division.validation))
        frames = round(VALIDATION_S * self.configuration.sample_rate)
        batch = draw_batch(cache, self.configuration.seed, "validation", 0, count, frames)
        if not batch.active.any():
            raise ShardError(
                f"{self.data}: wanted sound in {count} held-out excerpts, found none; set "
                "validation_excerpts higher, or validation_share: 0"
            )
        return batch.to(self.ranks.device)

    def _severities(self, budget: Budget, cache: PcmCache) -> NDArray[np.float64] | None:
        """Return how severely the samples were treated, where that says what is learnt when."""
        if budget.curriculum is None:
            return None
        return severities_of(self.data, [item["key"] for item in cache.items])

    def _stage_one(self, cache: PcmCache, held_out: Batch | None) -> Generator:
        """Return the trained generator, after training it unless that was done before."""
        path = self.out / "stage_one.safetensors"
        if not path.exists():
            severities = self._severities(self.configuration.stage_one, cache)
            flow = None
            if self.samples is not None:
                flow = Flow(
                    self.samples, self.division.songs, self.configuration, self.ranks,
                    self.labels, self.out,
                )  # fmt: skip
            stage = StageOne(self.configuration, cache, self.ranks, severities, self.labels, flow)
            with closing(stage):
                self._fit(stage, held_out, before=0)
        generator = built_generator(self.configuration.stage_one, self.labels)
        generator = generator.to(self.ranks.device)
        load_weights(generator, load_checkpoint(path)[0], str(path))
        return generator.eval()

    def _stage_two(
        self, generator: Generator, cache: PcmCache, held_out: Batch | None
    ) -> Regressor:
        """Return the trained regressor, after training it unless that was done before."""
        path, budget = self.out / "stage_two.safetensors", self.configuration.stage_two
        if not path.exists():
            if held_out is not None:
                with torch.no_grad():
                    said = [generator(x.mixture, effects=x.effects) for x in held_out.each()]
                first = torch.cat(said)
                held_out = Batch(held_out.mixture, held_out.dry, first)
            estimates = cache
            if budget.steps:
                estimates = self._estimates(generator, cache)
            severities = self._severities(budget, estimates)
            stage = StageTwo(self.configuration, estimates, self.ranks, severities, self.points)
            self._fit(stage, held_out, before=self.configuration.stage_one.steps)
        regressor = Regressor(budget.network).to(self.ranks.device)
        load_weights(regressor, load_checkpoint(path)[0], str(path))
        return regressor.eval()

    def _student(
        self, budget: StudentConfiguration, cache: PcmCache, held_out: Batch | None
    ) -> None:
        """Train the student on what the whole cascade, which is complete by now, says."""
        size, teacher = self.configuration, Restorer.load(self.out, str(self.ranks.device))

        def estimate(mixture: Audio, about: Mapping[str, Any]) -> Audio:
            parts = teacher.parts(lambda start, n: mixture[:, start : start + n], mixture.shape[1])
            stems: Audio = np.concatenate([part[-1] for part in parts], axis=-1)[:, 0]
            return stems

        folder, most = self.out / "cache" / "cascade", budget.cached_samples
        estimates = self._first(lambda: cache_estimates(estimate, cache, folder, size.seed, most))
        begin, severities = teacher.generator.state_dict(), self._severities(budget, estimates)
        stage = Student(size, begin, estimates, self.ranks, severities, self.points)
        self._fit(stage, held_out, before=self.taught)

    def _fit(self, stage: Stage, held_out: Batch | None, before: int) -> None:
        """Train a stage, ``before`` steps into the run."""
        size, heard = self.configuration, {}

        def told(step: int, numbers: Mapping[str, float]) -> None:
            heard.update({k: v for k, v in numbers.items() if k in ("loss", CHOOSES)})
            words = [f"loss {heard['loss']:.3g}"] if "loss" in heard else []
            words += [f"held-out MMSNR {heard[CHOOSES]:.2f} dB"] if CHOOSES in heard else []
            self.note(", ".join([stage.name.replace("_", " "), *words]))
            self.progress(before + step, self.total)

        listener = None
        if held_out is not None:
            listener = Listener(held_out, size.sample_rate, size.validation_sounds)
        fit(stage, listener, self.out, told)
