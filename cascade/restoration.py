"""Restoration with a trained run: arrays of any rate, files of any length."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from ..audio import STEM_CLASSES, Audio, checked, resample
from ..errors import AudioError, UsageError
from .awareness import built_generator
from .checkpoints import load_checkpoint, load_weights
from .configuration import TrainConfiguration
from .dial import FAITHFUL, blended, checked_dial
from .effect_labels import EffectLabels, Effects
from .generator import Generator
from .heard_labels import HeardLabels
from .joint import Cascade, Joint
from .ranks import choose_device
from .regressor import Regressor
from .runs import read_run
from .windows import windowed

__all__ = ["Restorer"]

STAGES = ("stage_one", "cascade")


class Restorer:
    """Both stages of a trained run, ready to restore.

    Parameters
    ----------
    configuration : TrainConfiguration
    generator, regressor : torch.nn.Module
    device : torch.device
    labels : EffectLabels, optional
        Where stage one is told or predicts effects.
    """

    def __init__(
        self,
        configuration: TrainConfiguration,
        generator: Generator,
        regressor: Regressor,
        device: torch.device,
        labels: EffectLabels | None = None,
    ) -> None:
        self.configuration = configuration
        self.labels = labels
        self.device = device
        self._generator = generator.to(device).eval()
        self._regressor = regressor.to(device).eval()

    @classmethod
    def load(cls, run: Path, device: str | None = None, *, tuned: bool = True) -> "Restorer":
        """Load a run that `train` completed.

        Parameters
        ----------
        run : Path
        device : str, optional
            "cpu", "cuda", ...; a GPU if there is one.
        tuned : bool
            Whether a run that tuned both stages together is taken as it was after that; false
            takes the stages as each of them learnt alone.

        Raises
        ------
        CheckpointError
            If the run is incomplete, torn, or does not fit its own configuration.
        """
        configuration, about = read_run(run)
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
    def networks(self) -> tuple[Generator, Regressor]:
        """Stage one and stage two."""
        return self._generator, self._regressor

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
            Where the cascade stands between faithful (1) and plausible (0, stage one alone).
        effects : mapping of str to collection of str, optional
            What was done, for a run that is told effects: labels by class, ``{"Vocals":
            ["space"], "all": ["dynamics"], "mix": ["codec"]}``. Who is missing is unknown.
        heard : HeardLabels, optional
            Receives what a run that predicts effects says of them.

        Returns
        -------
        dict of str to dict of str to float32 array
            Under "stage_one" and "cascade", for each class an array of the input's shape.
        """
        checked(audio, "restore")
        checked_dial(dial)
        if audio.shape[1] == 0:
            raise AudioError("restore: wanted audio, found no samples")
        inner = resample(audio, sample_rate, self.sample_rate)
        parts = self.parts(
            lambda start, frames: inner[:, start : start + frames], inner.shape[1], effects, heard
        )
        whole = np.concatenate(list(parts), axis=-1)
        first, second = whole
        return {
            stage: {
                name: _fit(resample(stem, self.sample_rate, sample_rate), audio.shape[1])
                for name, stem in zip(STEM_CLASSES, stems, strict=True)
            }
            for stage, stems in zip(STAGES, (first, blended(first, second, dial)), strict=True)
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
        float32 array, shape (2, 8, channels, samples)
            Stage one and cascade; all parts together are as long as the mixture.
        """
        size = self.configuration.restoration
        window = round(size.window_s * self.sample_rate)
        overlap = round(size.overlap_s * self.sample_rate)
        grid = max(self._generator.grid, self._regressor.grid)  # both are powers of two
        self.check(effects, heard is not None)
        known = self._known(effects)
        return windowed(
            read, lambda part: self._estimate(part, known, heard), frames, window, overlap, grid
        )

    def check(self, effects: Effects | None, labels: bool) -> None:
        """Refuse effects or labels that are asked of a run which does not know them.

        Raises
        ------
        UsageError
            If ``effects`` are said to a run that is told none or no such ones, or ``labels`` are
            wanted of one that predicts none.
        """
        way = self.configuration.stage_one.effects
        for asked, wanted, words in (
            (effects is not None, "told", "effects: wanted a run that is told effects"),
            (labels, "predicted", "labels: wanted a run that predicts effects"),
        ):
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

    @torch.no_grad()
    def _estimate(
        self, mixture: Audio, known: torch.Tensor | None, heard: HeardLabels | None
    ) -> Audio:
        """Map one window (channels, samples) to (2, 8, channels, samples)."""
        channels = torch.from_numpy(mixture.copy())[:, None].to(self.device)
        told = None if known is None else known.expand(len(channels), -1, -1)
        first, labels = self._generator.stems_and_labels(channels, effects=told)
        if heard is not None:
            heard.add(labels.sigmoid().mean(0).cpu().numpy(), mixture.shape[1])
        share = self.configuration.restoration.mixture_share
        both = torch.stack([first, self._regressor(channels, first) + share * channels])
        out: Audio = both.transpose(1, 2).cpu().numpy()
        return out


def _fit(audio: Audio, frames: int) -> Audio:
    """Cut or pad what two roundings of a length may have left."""
    missing = max(frames - audio.shape[1], 0)
    return np.pad(audio, ((0, 0), (0, missing)))[:, :frames]
