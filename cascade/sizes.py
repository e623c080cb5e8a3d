"""Sizes of the networks, weights of the losses and settings of the optimiser."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Awareness",
    "CurriculumConfiguration",
    "DiscriminatorConfiguration",
    "GeneratorConfiguration",
    "LossWeights",
    "Model",
    "OptimiserConfiguration",
    "RegressorConfiguration",
    "VarietyConfiguration",
]

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]
Conditioning = Literal["shared", "film", "per_class"]
Awareness = Literal["none", "told", "predicted"]


class Model(BaseModel):
    """A frozen set of numbers that refuses names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class GeneratorConfiguration(Model):
    """Size of stage one (see `wetdry.cascade.Generator`).

    Parameters
    ----------
    conditioning : {"shared", "film", "per_class"}
        One network that hears a mixture once and has a head for each class; one that is told
        the class (FiLM) and hears the mixture for each; or eight, as in the paper.
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

    conditioning: Conditioning = "shared"
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


class DiscriminatorConfiguration(Model):
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


class LossWeights(Model):
    """Weights of stage one's losses (`training.losses`); the first three are DTT-BSR's.

    A loss of weight 0 is not computed.

    Parameters
    ----------
    log_mel, feature_matching, adversarial : float
        45, 4 and 2 in the paper, which has no others; without the last two, no adversary.
    error, mel_error : float
        Two relative errors that the metrics measure, that of the waveform (SI-SDR) and that of
        mel spectra (MMSNR). Neither hears gain.
    sdr : float
        The waveform's error at the gain it has (SDR).
    level : float
        Distance of the level from the target's, of stems that are heard.
    waveform : float
        L1.
    """

    log_mel: Weight = 45.0
    feature_matching: Weight = 4.0
    adversarial: Weight = 2.0
    error: Weight = 0.0
    mel_error: Weight = 0.0
    sdr: Weight = 0.0
    level: Weight = 0.0
    waveform: Weight = 0.0

    @model_validator(mode="after")
    def _something(self) -> "LossWeights":
        """Refuse a stage that would learn nothing."""
        if not any(self.model_dump().values()):
            raise ValueError("wanted a weight above 0, found none")
        return self


class OptimiserConfiguration(Model):
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


class RegressorConfiguration(Model):
    """Size of stage two (see `wetdry.cascade.Regressor`).

    Parameters
    ----------
    conditioning : {"shared", "film", "per_class"}
        One network that corrects all classes at once; one that is told which it corrects
        (FiLM); or eight.
    sees_mixture : bool
        Whether it hears the mixture, and may take from it what stage one lost. False is the
        paper's: it hears stage one's estimates alone, and where it corrects one class at a
        time that class's alone.
    layers, channels : int
        Depth of the U-Net and width of its first layer; 6 and 64 in the paper.
    growth : float
        Factor of the width from layer to layer; 2 in the paper.
    widest : int
        Where the width stops growing.
    spectral_channels, spectral_blocks : int
        Width and depth of the spectral branch; no channels, no branch, as in the paper.
    """

    conditioning: Conditioning = "shared"
    sees_mixture: bool = True
    layers: Annotated[int, Field(ge=1, le=8)] = 5
    channels: Count = 32
    growth: Annotated[float, Field(ge=1, le=4)] = 2.0
    widest: Count = 256
    spectral_channels: Annotated[int, Field(ge=0)] = 0
    spectral_blocks: Count = 2


class VarietyConfiguration(Model):
    """How much excerpts are changed before a network hears them; not at all in the paper.

    Parameters
    ----------
    speed : float
        Highest change of speed and pitch, as a share: 0.12 is two semitones.
    tone_db : float
        Standard deviation in dB of a random smooth equalizer.
    """

    speed: Share = 0.0
    tone_db: Weight = 0.0


class CurriculumConfiguration(Model):
    """From mild samples to severe ones, by the manifest's ``severity``; none in the paper.

    Parameters
    ----------
    begin : float
        Highest severity that comes as often as any at the first step; the rest are rarer by a
        factor of e for each tenth that they lie above.
    steps : int
        Until when that severity rises evenly to 1; then samples come in epochs.
    """

    begin: Share = 0.3
    steps: Count
