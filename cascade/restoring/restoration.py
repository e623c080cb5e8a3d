"""Restoration with a trained run: arrays of any rate, files of any length."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from ...audio import STEM_CLASSES, Audio, checked, resample
from ...errors import AudioError, CheckpointError, UsageError
from ..configuration import TrainConfiguration
from ..effect_labels import EffectLabels, Effects
from ..networks.generator import Generator
from ..networks.regressor import Regressor
from ..networks.windows import windowed
from ..training.awareness import built_generator
from ..training.checkpoints import load_checkpoint, load_weights
from ..training.joint import Cascade, Joint
from ..training.ranks import choose_device
from ..training.runs import read_run
from ..training.student import Student, student_size
from .dial import FAITHFUL, blended, checked_dial
from .heard_labels import HeardLabels

__all__ = ["Restorer"]

STAGES = ("stage_one", "cascade")


class Restorer:
    """Both stages of a trained run, or its student, ready to restore.

    Parameters
    ----------
    configuration : TrainConfiguration
    generator, regressor : torch.nn.Module
        A student is a generator alone: its regressor is None.
    device : torch.device
    labels : EffectLabels, optional
        Where stage one is told or predicts effects.

    Attributes
    ----------
    systems : tuple of str
        What it says: "stage_one" and "cascade", or "student".
    """

    def __init__(
        self,
        configuration: TrainConfiguration,
        generator: Generator,
        regressor: Regressor | None,
        device: torch.device,
        labels: EffectLabels | None = None,
    ) -> None:
        self.configuration = configuration
        self.labels = labels
        self.device = device
        self.generator = generator.to(device).eval()
        self.regressor = None if regressor is None else regressor.to(device).eval()
        self.systems = STAGES if regressor is not None else (Student.name,)

    @classmethod
    def load(
        cls, run: Path, device: str | None = None, *, tuned: bool = True, student: bool = False
    ) -> "Restorer":
        """Load a run that `train` completed.

        Parameters
        ----------
        run : Path
        device : str, optional
            "cpu", "cuda", ...; a GPU if there is one.
        tuned : bool
            Whether a run that tuned both stages together is taken as it was after that; false
            takes the stages as each of them learnt alone.
        student : bool
            Whether the run's student is taken in place of the stages.

        Raises
        ------
        CheckpointError
            If the run is incomplete, torn, or does not fit its own configuration, or has no
            student where that is asked for.
        """
        configuration, about = read_run(run)
        if student:
            generator = _student(run, configuration)
            return cls(configuration, generator, None, choose_device(device))
        labels = EffectLabels.of_run(about)
        generator = built_generator(configuration.stage_one, labels)
        regressor = Regressor(configuration.stage_two.network)
        if tuned and configuration.joint is not None:
            path = run / f"{Joint.name}.safetensors"
            load_weights(Cascade(generator, regressor), load_checkpoint(path)[0], str(path))
            return cls(configuration, generator, regressor, choose_device(device), labels)
        for name, network in (("stage_one", generator), ("stage_two", regressor)):
            path = run / f"{name}.safetensors"
            load_weights(network, load_checkpoint(path)[0], str(path))
        return cls(configuration, generator, regressor, choose_device(device), labels)

    @property
    def sample_rate(self) -> int:
        """Rate in Hz that the networks work at."""
        return self.configuration.sample_rate

    @property
    def grid(self) -> int:
        """Distance in samples at which the strides of all networks repeat."""
        second = 1 if self.regressor is None else self.regressor.grid
        return max(self.generator.grid, second)  # both are powers of two

    def checked_dial(self, dial: float) -> float:
        """Return a position of the dial.

        Raises
        ------
        UsageError
            If it is not within 0 to 1, or lies between two stages where there is a student alone.
        """
        if checked_dial(dial) != FAITHFUL and self.regressor is None:
            raise UsageError(
                f"dial: wanted two stages to stand between, found a student, and {dial:g}; "
                "leave out one of them"
            )
        return dial

    def restore(
        self,
        audio: Audio,
        sample_rate: int,
        *,
        dial: float = FAITHFUL,
        effects: Effects | None = None,
        heard: HeardLabels | None = None,
    ) -> dict[str, dict[str, Audio]]:
        """Estimate the dry stems of a mixture that is held in memory.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            Mono or stereo; the channels are restored one by one.
        sample_rate : int
            In Hz; other rates than the networks' are resampled there and back.
        dial : float
            Where the cascade stands between faithful (1) and plausible (0, stage one alone); a
            student has no dial.
        effects : mapping of str to collection of str, optional
            What was done, for a run that is told effects: labels by class, ``{"Vocals":
            ["space"], "all": ["dynamics"], "mix": ["codec"]}``. Who is missing is unknown.
        heard : HeardLabels, optional
            Receives what a run that predicts effects says of them.

        Returns
        -------
        dict of str to dict of str to float32 array
            Under "stage_one" and "cascade", or under "student", for each class an array of the
            input's shape.
        """
        checked(audio, "restore")
        self.checked_dial(dial)
        if audio.shape[1] == 0:
            raise AudioError("restore: wanted audio, found no samples")
        inner = resample(audio, sample_rate, self.sample_rate)
        parts = self.parts(
            lambda start, frames: inner[:, start : start + frames], inner.shape[1], effects, heard
        )
        whole = np.concatenate(list(parts), axis=-1)
        said = [*whole[:-1], blended(whole[0], whole[-1], dial)]
        return {
            stage: {
                name: _fit(resample(stem, self.sample_rate, sample_rate), audio.shape[1])
                for name, stem in zip(STEM_CLASSES, stems, strict=True)
            }
            for stage, stems in zip(self.systems, said, strict=True)
        }

    def parts(
        self,
        read: Callable[[int, int], Audio],
        frames: int,
        effects: Effects | None = None,
        heard: HeardLabels | None = None,
    ) -> Iterator[Audio]:
        """Estimate part by part, at the networks' rate, in the memory of one window.

        Parameters
        ----------
        read : callable
            Gives ``(start, frames)`` of the mixture, shape (channels, frames).
        frames : int
            Length of the mixture, in samples.
        effects, heard
            As of `restore`.

        Yields
        ------
        float32 array, shape (systems, 8, channels, samples)
            Stage one and cascade, or the student; all parts together are as long as the mixture.
        """
        size = self.configuration.restoration
        window = round(size.window_s * self.sample_rate)
        overlap = round(size.overlap_s * self.sample_rate)
        self.check(effects, heard is not None)
        known = self._known(effects)

        def estimate(mixture: Audio) -> Audio:
            channels = torch.from_numpy(mixture.copy())[:, None].to(self.device)
            told = None if known is None else known.expand(len(channels), -1, -1)
            out: Audio = self.hear(channels, told, heard).transpose(1, 2).cpu().numpy()
            return out

        return windowed(read, estimate, frames, window, overlap, self.grid)

    @torch.no_grad()
    def hear(
        self,
        mixture: torch.Tensor,
        told: torch.Tensor | None = None,
        heard: HeardLabels | None = None,
    ) -> torch.Tensor:
        """Return what all systems say at once of what fits into memory.

        Parameters
        ----------
        mixture : float tensor, shape (batch, 1, samples)
        told : int8 tensor, shape (batch, 8, labels), optional
            What is known of the effects, as `EffectLabels.states` writes it.
        heard : HeardLabels, optional
            As of `restore`.

        Returns
        -------
        float tensor, shape (systems, batch, 8, samples)
        """
        first, labels = self.generator.stems_and_labels(mixture, effects=told)
        if heard is not None:
            heard.add(labels.sigmoid().mean(0).cpu().numpy(), mixture.shape[2])
        if self.regressor is None:
            return first[None]
        share = self.configuration.restoration.mixture_share
        return torch.stack([first, self.regressor(mixture, first) + share * mixture])

    def check(self, effects: Effects | None, labels: bool) -> None:
        """Refuse effects or labels that are asked of who does not know them.

        Raises
        ------
        UsageError
            If ``effects`` are said to a run that is told none or no such ones, or ``labels`` are
            wanted of one that predicts none, or either of a student.
        """
        way = "none" if self.labels is None else self.configuration.stage_one.effects
        for asked, wanted, words in (
            (effects is not None, "told", "effects: wanted a run that is told effects"),
            (labels, "predicted", "labels: wanted a run that predicts effects"),
        ):
            if asked and self.regressor is None:
                raise UsageError(f"{words}, found a student, who knows none; ask the whole run")
            if asked and way != wanted:
                raise UsageError(
                    f"{words}, found one with 'effects: {way}'; leave it out, or train with "
                    f"stage_one: {{effects: {wanted}}}"
                )
        if effects is not None and self.labels is not None:
            self.labels.checked(effects)

    def _known(self, effects: Effects | None) -> torch.Tensor | None:
        """Return what stage one is told, shape (1, 8, labels)."""
        if effects is None or self.labels is None:
            return None
        states = self.labels.states(self.labels.checked(effects))
        return torch.from_numpy(states)[None].to(self.device)


def _student(run: Path, configuration: TrainConfiguration) -> Generator:
    """Load a run's student."""
    if configuration.student is None:
        raise CheckpointError(
            f"{run}: wanted a run with a student, found one without; add a part student: to its "
            "configuration and train on"
        )
    network = Generator(student_size(configuration))
    path = run / f"{Student.name}.safetensors"
    load_weights(network, load_checkpoint(path)[0], str(path))
    return network


def _fit(audio: Audio, frames: int) -> Audio:
    """Cut or pad what two roundings of a length may have left."""
    missing = max(frames - audio.shape[1], 0)
    return np.pad(audio, ((0, 0), (0, missing)))[:, :frames]
