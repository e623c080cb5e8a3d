"""What a training run is told: networks, losses and budgets, read from YAML."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import RecipeError

__all__ = [
    "DiscriminatorConfiguration",
    "GeneratorConfiguration",
    "LossWeights",
    "OptimiserConfiguration",
    "RegressorConfiguration",
    "RestorationConfiguration",
    "StageOneConfiguration",
    "StageTwoConfiguration",
    "TrainConfiguration",
    "load_configuration",
]

PRESETS = ("demo", "tiny", "small", "paper")

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class _Model(BaseModel):
    """A frozen set of numbers that refuses names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class GeneratorConfiguration(_Model):
    """Size of stage one (see `wetdry.cascade.Generator`).

    Parameters
    ----------
    output : {"mask", "mapping"}
        Whether a class is a complex mask on the mixture or mapped directly (DTT-BSR).
    fold : int
        Neighbouring frequency bins that share a position, as channels; 1 in the paper.
    channels, levels, layers, kernel, squeeze : int
        g, (blocks - 1) / 2, l, k and bn of the TFC-TDF U-Net.
    recurrent, hidden : int
        Number of alternating bidirectional LSTMs and their width per direction.
    depth, heads, head_width : int
        Transformer layers over time and as many over frequency, and their attention.
    """

    output: Literal["mask", "mapping"] = "mask"
    fold: Literal[1, 2, 4, 8] = 4
    channels: Count = 16
    levels: Annotated[int, Field(ge=1, le=5)] = 3
    layers: Count = 1
    kernel: Literal[3, 5] = 3
    squeeze: Count = 4
    recurrent: Annotated[int, Field(ge=0)] = 4
    hidden: Count = 32
    depth: Annotated[int, Field(ge=0)] = 1
    heads: Count = 4
    head_width: Annotated[int, Field(ge=2, multiple_of=2)] = 16


class DiscriminatorConfiguration(_Model):
    """Size and use of the discriminator (see `wetdry.cascade.Discriminator`).

    Parameters
    ----------
    windows : sequence of int
        One sub-discriminator for each STFT window, in samples.
    channels, layers : int
        Width and number of its convolutions.
    pairs : int
        (example, class) pairs judged in a step, drawn from the active ones.
    seconds : float
        Length of the excerpt that is judged.
    from_step : int
        First step of stage one at which it takes part.
    """

    windows: tuple[Annotated[int, Field(ge=64)], ...] = (2048, 1024, 512)
    channels: Count = 8
    layers: Count = 3
    pairs: Count = 2
    seconds: Seconds = 1.0
    from_step: Annotated[int, Field(ge=0)] = 0


class LossWeights(_Model):
    """Weights of stage one's loss; the first three are DTT-BSR's.

    Parameters
    ----------
    log_mel, feature_matching, adversarial : float
        45, 4 and 2 in the paper.
    error : float
        Level of the waveform's error (`wetdry.cascade.losses.error_loss`); 0 in the paper.
    """

    log_mel: Weight = 45.0
    feature_matching: Weight = 4.0
    adversarial: Weight = 2.0
    error: Weight = 0.0


class OptimiserConfiguration(_Model):
    """AdamW with warm-up and a cosine to a tenth, clipped gradients and averaged weights.

    Parameters
    ----------
    learning_rate : float
        Highest rate.
    warm_up : int
        Steps from zero to the highest rate.
    betas : two floats
    clip : float
        Highest norm of the gradient.
    average : float
        Decay per step of the averaged weights that evaluation uses.
    """

    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    warm_up: Annotated[int, Field(ge=0)] = 50
    betas: tuple[Share, Share] = (0.8, 0.99)
    clip: Annotated[float, Field(gt=0)] = 1.0
    average: Share = 0.995


class _Budget(_Model):
    """How long a stage trains, on what, and how often it says so."""

    steps: Count
    minutes: Seconds | None = None
    batch: Count
    seconds: Seconds
    log_every: Count = 20
    save_every: Count = 200
    validate_every: Count = 200


class StageOneConfiguration(_Budget):
    """Training of the generative stage.

    Parameters
    ----------
    steps, minutes, batch, seconds
        Steps; minutes of training after which the stage ends early; excerpts in a batch;
        length of an excerpt.
    log_every, save_every, validate_every : int
        Steps between lines of the log, checkpoints, and held-out losses.
    pairs : int
        (example, class) pairs that the losses hear in a step.
    network, discriminator, weights, optimiser
        See their classes.
    """

    pairs: Count = 10
    network: GeneratorConfiguration = GeneratorConfiguration()
    discriminator: DiscriminatorConfiguration = DiscriminatorConfiguration()
    weights: LossWeights = LossWeights()
    optimiser: OptimiserConfiguration = OptimiserConfiguration()


class RegressorConfiguration(_Model):
    """Size of stage two (see `wetdry.cascade.Regressor`).

    Parameters
    ----------
    layers, channels : int
        Depth of the U-Net and width of its first layer; 6 and 64 in the paper.
    growth : float
        Factor of the width from layer to layer; 2 in the paper.
    widest : int
        Where the width stops growing.
    """

    layers: Annotated[int, Field(ge=1, le=8)] = 5
    channels: Count = 32
    growth: Annotated[float, Field(ge=1, le=4)] = 2.0
    widest: Count = 256


class StageTwoConfiguration(_Budget):
    """Training of the regression stage on cached outputs of stage one.

    Parameters
    ----------
    waveform, spectral, error : float
        Weights of L1, of the multi-resolution STFT loss, and of the level of the waveform's
        error; 10, 1 and 0 in the paper.
    pairs : int
        (example, class) pairs for which the STFT loss is computed in a step.
    phase_offset : float
        Highest random phase offset of the input, as a share of half a turn.
    clean_share : float
        How often the input is the clean target itself; 0.1 in the paper.
    cached_samples : int or None
        Samples whose stage-one outputs are cached; all where None.
    """

    waveform: Weight = 10.0
    spectral: Weight = 1.0
    error: Weight = 0.0
    pairs: Count = 10
    phase_offset: Share = 0.25
    clean_share: Share = 0.1
    cached_samples: Count | None = None
    network: RegressorConfiguration = RegressorConfiguration()
    optimiser: OptimiserConfiguration = OptimiserConfiguration(betas=(0.9, 0.999))


class RestorationConfiguration(_Model):
    """How long audio is cut for the networks.

    Parameters
    ----------
    window_s : float
        Length of a window.
    overlap_s : float
        Length of the cross-fade between two windows.
    """

    window_s: Seconds = 6.0
    overlap_s: Seconds = 1.0


class TrainConfiguration(_Model):
    """A whole training run.

    Parameters
    ----------
    seed : int
        Every random draw of the run follows from it.
    sample_rate : int
        Rate in Hz that the networks work at; the dataset must have it.
    validation_excerpts : int
        Held-out excerpts whose loss is logged.
    stage_one, stage_two, restoration
        See their classes.
    """

    seed: int = 0
    sample_rate: Annotated[int, Field(ge=8000, le=192_000)] = 44_100
    validation_excerpts: Count = 8
    stage_one: StageOneConfiguration
    stage_two: StageTwoConfiguration
    restoration: RestorationConfiguration = RestorationConfiguration()


def load_configuration(name_or_path: str | Path) -> TrainConfiguration:
    """Read a training configuration from a preset's name or a YAML file.

    Parameters
    ----------
    name_or_path : str or Path
        ``demo``, ``tiny``, ``small``, ``paper``, or the path of a YAML 1.2 file.

    Raises
    ------
    RecipeError
        If there is no such preset or file, or it says something unknown or impossible;
        with the file, the place in it, what was wanted and what was found.

    Examples
    --------
    >>> load_configuration("paper").stage_one.weights.log_mel
    45.0
    """
    text, where = _text(name_or_path)
    try:
        return TrainConfiguration.model_validate(_parse(text, where))
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] == "missing")  # a typo explains a gap
        raise RecipeError(f"{where}: {_place(first['loc'])}: {_reason(first)}") from None


def _text(name_or_path: str | Path) -> tuple[str, str]:
    """Return a configuration's text and the name that errors give it."""
    if str(name_or_path) in PRESETS:
        file = resources.files(__package__) / "presets" / f"{name_or_path}.yaml"
        return file.read_text("utf-8"), f"{name_or_path}.yaml"
    path = Path(name_or_path)
    try:
        return path.read_text("utf-8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(
            f"{path}: wanted a YAML file or one of the presets {', '.join(PRESETS)}, "
            f"found neither ({error}); check the name"
        ) from None


def _parse(text: str, where: str) -> Any:
    """Parse YAML 1.2 without aliases, which a small file can blow up with."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.tokens import AliasToken

    try:
        yaml = YAML(typ="safe", pure=True)
        if any(isinstance(token, AliasToken) for token in yaml.scan(text)):
            raise RecipeError(f"{where}: wanted plain YAML, found an alias (*); write it out")
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise RecipeError(f"{where}: wanted YAML, found: {' '.join(str(error).split())}") from None


def _place(location: Sequence[int | str]) -> str:
    """Write a pydantic location the way a reader of YAML looks for it."""
    return ".".join(str(part) for part in location) or "the file"


def _reason(error: Any) -> str:
    """Say what was wanted and what was found."""
    if error["type"] == "extra_forbidden":
        return "wanted a known name, found this one; check its spelling or remove it"
    if error["type"] == "missing":
        return "wanted a value, found none; add it"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, found {str(error['input'])[:80]!r}"
