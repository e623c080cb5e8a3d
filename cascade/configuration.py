"""What a training run is told: networks, losses and budgets."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from .sizes import (
    Awareness,
    CurriculumConfiguration,
    DiscriminatorConfiguration,
    GeneratorConfiguration,
    LossWeights,
    Model,
    OptimiserConfiguration,
    RegressorConfiguration,
    VarietyConfiguration,
)

__all__ = [
    "Budget",
    "JointConfiguration",
    "RestorationConfiguration",
    "StageOneConfiguration",
    "StageTwoConfiguration",
    "StudentConfiguration",
    "TrainConfiguration",
]

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class _Budget(Model):
    """How long a stage trains, on what, and how often it says so."""

    steps: Count
    minutes: Seconds | None = None
    batch: Count
    parts: Count = 1
    seconds: Seconds
    pairs: Count = 10
    log_every: Count = 20
    save_every: Count = 200
    validate_every: Count = 200
    patience: Count | None = None
    keep: Literal["best", "last"] = "best"
    curriculum: CurriculumConfiguration | None = None
    variety: VarietyConfiguration = VarietyConfiguration()

    @model_validator(mode="after")
    def _even(self) -> "_Budget":
        """Refuse a batch that cannot be cut evenly."""
        if self.batch % self.parts or self.pairs % self.parts:
            raise ValueError(f"wanted batch and pairs to be multiples of parts ({self.parts})")
        return self


class StageOneConfiguration(_Budget):
    """Training of the generative stage.

    Parameters
    ----------
    steps, minutes, batch, seconds
        Steps; minutes of training after which the stage ends early; excerpts in a batch;
        length of an excerpt.
    parts : int
        How many parts a batch is cut into: taken one after another by one process, which saves
        memory (gradient accumulation), or shared among several (torchrun).
    pairs : int
        (example, class) pairs that the losses hear in a step.
    log_every, save_every, validate_every : int
        Steps between lines of the log, checkpoints, and held-out scores.
    patience : int or None
        Held-out scores in a row without a better MMSNR after which the stage ends early.
    keep : {"best", "last"}
        Whether the stage's weights are those of the best held-out MMSNR, or the last ones.
    curriculum : CurriculumConfiguration or None
        None where severe samples come from the first step on.
    effects : {"none", "told", "predicted"}
        Whether the network hears the mixture alone, is told the labels of what was done, or
        predicts them beside the stems.
    label_weight : float
        Weight of the predicted labels' cross-entropy, which is 1 for who knows no more than how
        common each label is.
    variety, network, discriminator, weights, optimiser
        See their classes.
    """

    effects: Awareness = "none"
    label_weight: Annotated[float, Field(gt=0)] = 1.0
    network: GeneratorConfiguration = GeneratorConfiguration()
    discriminator: DiscriminatorConfiguration = DiscriminatorConfiguration()
    weights: LossWeights = LossWeights()
    optimiser: OptimiserConfiguration = OptimiserConfiguration()

    @model_validator(mode="after")
    def _weighed(self) -> "StageOneConfiguration":
        """Refuse a weight of labels that nobody predicts."""
        if "label_weight" in self.model_fields_set and self.effects != "predicted":
            raise ValueError("wanted label_weight with 'effects: predicted' alone")
        return self

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what does not apply, so that records are those of runs before."""
        found: dict[str, Any] = handler(self)
        gone = {"told": ("label_weight",), "none": ("effects", "label_weight")}
        return {k: v for k, v in found.items() if k not in gone.get(self.effects, ())}


class _Regression(_Budget):
    """Weights of what makes an estimate exact."""

    waveform: Weight = 10.0
    spectral: Weight = 1.0
    error: Weight = 0.0
    mel_error: Weight = 0.0
    embedding_mean: Weight = 0.0


class StageTwoConfiguration(_Regression):
    """Training of the regression stage on cached outputs of stage one.

    What both stages have is told at `StageOneConfiguration`.

    Parameters
    ----------
    steps : int
        With 0 the stage adds nothing, and the cascade is stage one.
    waveform, spectral, error, mel_error : float
        Weights of L1, of the multi-resolution STFT loss, and of two relative errors that the
        metrics measure, that of the waveform (SI-SDR) and that of mel spectra (MMSNR); 10, 1,
        0 and 0 in the paper.
    embedding_mean : float
        Weight of the squared distance between the mean embeddings (musicnn's) of estimates and
        targets, the mean term of a Frechet distance; 0 in the paper, and then not computed.
    phase_offset : float
        Highest random phase offset of the input, as a share of half a turn.
    clean_share : float
        How often the input is the clean target itself; 0.1 in the paper.
    lost_share : float
        How often an estimate is 10 to 40 dB too quiet, as where stage one does not know a
        stem when it hears it; 0 in the paper.
    cached_samples : int or None
        Samples whose stage-one outputs are cached; all where None.
    """

    steps: Annotated[int, Field(ge=0)]
    phase_offset: Share = 0.25
    clean_share: Share = 0.1
    lost_share: Share = 0.0
    cached_samples: Count | None = None
    network: RegressorConfiguration = RegressorConfiguration()
    optimiser: OptimiserConfiguration = OptimiserConfiguration(betas=(0.9, 0.999))


class JointConfiguration(_Regression):
    """Fine-tuning of both stages together, end to end, after stage two.

    What all stages have is told at `StageOneConfiguration`.

    Parameters
    ----------
    waveform, spectral, error, mel_error, embedding_mean : float
        Weights of stage two's losses, on what the cascade says.
    log_mel : float
        Weight of stage one's, on what stage one says, which keeps it plausible.
    optimiser
        Of both networks at once, by default with a low rate.
    """

    log_mel: Weight = 1.0
    optimiser: OptimiserConfiguration = OptimiserConfiguration(
        learning_rate=1e-4, betas=(0.9, 0.999)
    )


class StudentConfiguration(_Regression):
    """Training of the student: one network that says in one pass what the cascade says.

    What all stages have is told at `StageOneConfiguration`.

    Parameters
    ----------
    waveform, spectral, error, mel_error, embedding_mean : float
        Weights of stage two's losses, on what the student says.
    taught : float
        How much of a target is the cascade's output; the rest is the dry stem.
    cached_samples : int or None
        Samples whose outputs of the cascade are cached; all where None.
    network : GeneratorConfiguration or None
        None where it has stage one's network and begins with its weights; another begins anew.
    optimiser
        See its class.
    """

    taught: Share = 0.5
    cached_samples: Count | None = None
    network: GeneratorConfiguration | None = None
    optimiser: OptimiserConfiguration = OptimiserConfiguration(betas=(0.9, 0.999))


Budget = StageOneConfiguration | StageTwoConfiguration | JointConfiguration | StudentConfiguration


class RestorationConfiguration(Model):
    """How long audio is cut for the networks.

    Parameters
    ----------
    window_s : float
        Length of a window.
    overlap_s : float
        Length of the cross-fade between two windows.
    mixture_share : float
        How much of the mixture the cascade leaves in every stem, so that what both stages
        lost is not lost for good; 0.02 is 34 dB below the mixture, 0 in the paper.
    """

    window_s: Seconds = 6.0
    overlap_s: Seconds = 1.0
    mixture_share: Share = 0.0


class TrainConfiguration(Model):
    """A whole training run.

    Parameters
    ----------
    seed : int
        Every random draw of the run follows from it.
    sample_rate : int
        Rate in Hz that the networks work at; the dataset must have it.
    precision : {"float32", "bfloat16", "float16"}
        Numbers that the networks compute with while they learn; 16 bits pay on GPUs.
    compile : bool
        Whether blocks of the networks are compiled first (torch.compile).
    validation_share : float
        Share of the training songs that are held out to choose the best weights, at least one
        song; a dataset's own split "validation" takes their place. 0: nothing is held out.
    validation_excerpts : int
        Held-out excerpts of 4 s that are scored.
    validation_sounds : int
        Of these, how many are kept as FLAC files under ``samples/``.
    stage_one, stage_two, joint, student, restoration
        See their classes; without ``joint`` the stages are not tuned together, without
        ``student`` there is none.
    """

    seed: int = 0
    sample_rate: Annotated[int, Field(ge=8000, le=192_000)] = 44_100
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    compile: bool = False
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    validation_excerpts: Count = 8
    validation_sounds: Annotated[int, Field(ge=0)] = 1
    stage_one: StageOneConfiguration
    stage_two: StageTwoConfiguration
    joint: JointConfiguration | None = None
    student: StudentConfiguration | None = None
    restoration: RestorationConfiguration = RestorationConfiguration()
