"""Laws that every effect keeps: statements about one call of it, or about its declaration.

A law says what is wrong, in the manner "wanted, found", or nothing. The tests run these laws
over all of wetdry's effects, ``wetdry effects check`` over those of a user.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..audio import Audio, decibels
from ..degradations import Effect, load_effect
from ..degradations.blame import blamed
from ..errors import AudioError
from .alignment import lag_samples

__all__ = [
    "ANY_SOUND",
    "ANY_SOUND_LAWS",
    "SILENCE_LAW",
    "TAKES_NUMBERS",
    "TYPICAL_LAWS",
    "Law",
    "Trial",
    "left_over_db",
]

EXACTLY_DB = -90.0
"""What is left of an effect that is undone exactly, against its input."""
NOTHING_DB = -50.0
"""What an effect may still do whose amounts are neutral, against its input."""
SILENT = 1e-6
ANY_SOUND = "any sound"


@dataclass(frozen=True)
class Trial:
    """One call of an effect.

    Parameters
    ----------
    effect : Effect
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.
    """

    effect: Effect
    audio: Audio
    sample_rate: int

    @cached_property
    def given(self) -> Audio:
        """The array that the effect gets; it should leave it alone."""
        return self.audio.copy()

    @cached_property
    def result(self) -> Audio | Exception:
        """What came of the call."""
        try:
            return self.effect(self.given, self.sample_rate)
        except Exception as error:
            return error

    @property
    def refused_the_rate(self) -> bool:
        """Whether it says that the sample rate cannot hold what it is to do: that is no fault."""
        return isinstance(self.result, AudioError) and "half the sample rate" in str(self.result)

    @cached_property
    def wet(self) -> Audio | None:
        """What came out, if anything did."""
        return None if isinstance(self.result, Exception) else self.result

    @cached_property
    def raw_shape(self) -> tuple[int, ...] | None:
        """The shape of what the effect made before latency was cut off; None if it fails."""
        try:
            late = self.effect.latency_samples(self.sample_rate)
            padded = np.pad(self.audio, ((0, 0), (0, late)))
            return np.shape(self.effect.apply(padded, self.sample_rate))
        except Exception:
            return None

    @cached_property
    def has_shape(self) -> bool:
        """Whether what was made is as long and has as many channels as what was given."""
        if self.wet is not None or self.raw_shape is None:
            return True
        late = self.effect.latency_samples(self.sample_rate)
        channels, samples = self.audio.shape
        fits = len(self.raw_shape) == 2 and self.raw_shape[0] == channels
        return fits and self.raw_shape[1] >= samples + late


def it_answers(trial: Trial) -> str:
    """Answer whatever is audio."""
    error = trial.result
    if not isinstance(error, Exception) or trial.raw_shape is not None or trial.refused_the_rate:
        return ""
    return str(error) if isinstance(error, AudioError) else blamed(error, None)


def the_shape_stays(trial: Trial) -> str:
    """Give back as many channels and samples as came, in float32."""
    if not trial.has_shape:
        late = trial.effect.latency_samples(trial.sample_rate)
        raw = f" and {late} samples of latency" if late else ""
        return f"wanted shape {trial.audio.shape}{raw}, made {trial.raw_shape}"
    if trial.wet is None:
        return ""
    if trial.wet.shape == trial.audio.shape and trial.wet.dtype == np.float32:
        return ""
    return f"wanted float32 {trial.audio.shape}, found {trial.wet.dtype} {trial.wet.shape}"


def it_stays_finite(trial: Trial) -> str:
    """Make no NaN, no infinity and no absurd level of any sound."""
    if isinstance(trial.result, Exception):
        broken = trial.raw_shape is not None and trial.has_shape and not trial.refused_the_rate
        return str(trial.result).partition("}: ")[2] or str(trial.result) if broken else ""
    return "" if np.isfinite(trial.result).all() else "wanted finite samples, found others"


def the_same_bytes_come_twice(trial: Trial) -> str:
    """Give the same bytes for the same sound."""
    if trial.wet is None:
        return ""
    again = trial.effect(trial.audio.copy(), trial.sample_rate)
    if trial.wet.tobytes() == again.tobytes():
        return ""
    far = float(np.abs(trial.wet - again).max())
    return (
        f"two calls differ by up to {far:.3g}; take randomness from a field "
        "'seed' by wetdry.seeds.stream, and keep nothing from call to call"
    )


def the_input_is_left_alone(trial: Trial) -> str:
    """Leave what was handed in as it was, and hand out something else."""
    if trial.wet is None:
        return ""
    if trial.given.tobytes() != trial.audio.tobytes():
        return "the array that was handed in has been changed; work on a copy"
    if np.shares_memory(trial.wet, trial.given):
        return "the array that was handed in is handed out; return a copy"
    return ""


def it_reads_back_from_its_row(trial: Trial) -> str:
    """Read back equal from what a manifest stores."""
    try:
        again = load_effect(json.loads(json.dumps(trial.effect.row())))
    except (ValueError, TypeError) as error:
        return f"its row {trial.effect.row()} cannot be read back: {error}"
    return "" if again == trial.effect else f"its row reads back as {again}"


def latency_and_tail_are_lengths(trial: Trial) -> str:
    """Declare a whole number of samples as latency, and a time as tail."""
    if trial.refused_the_rate:
        return ""
    late, tail = trial.effect.latency_samples(trial.sample_rate), trial.effect.tail_s()
    if not isinstance(late, int | np.integer) or late < 0:
        return f"latency_samples(): wanted a whole number from 0 on, found {late!r}"
    return "" if 0 <= tail < float("inf") else f"tail_s(): wanted seconds from 0 on, found {tail!r}"


def silence_stays(trial: Trial) -> str:
    """Keep silence silent, unless ``adds_noise``."""
    most = 2.0 if trial.effect.adds_noise else SILENT
    if trial.wet is None or np.abs(trial.wet).max(initial=0.0) <= most:
        return ""
    level = decibels(float(np.abs(trial.wet).max()))
    wanted = "at most 6 dBFS" if trial.effect.adds_noise else "silence (or adds_noise = True)"
    return f"wanted {wanted}, found a peak of {level:.1f} dBFS"


def the_image_stays(trial: Trial) -> str:
    """Keep on the left what is on the left, unless ``moves_image``."""
    if trial.wet is None or trial.effect.moves_image:
        return ""
    left, right = (decibels(float(channel.std())) for channel in trial.wet)
    if left > right:
        return ""
    return (
        f"wanted more on the left (or moves_image = True), found {left:.1f} dBFS on the left, "
        f"{right:.1f} dBFS on the right"
    )


def time_is_kept(trial: Trial) -> str:
    """Stay within a sample of the input, unless ``moves_time``."""
    if trial.wet is None or trial.effect.moves_time:
        return ""
    lag = lag_samples(trial.audio, trial.wet, trial.sample_rate)
    if abs(lag) < 1:
        return ""
    late = trial.effect.latency_samples(trial.sample_rate)
    return (
        f"latency_samples(): {late} declared, {late + lag:.1f} measured; declare it, or say "
        "moves_time = True if it bends time or smears it"
    )


def an_inverse_undoes(trial: Trial) -> str:
    """Have an inverse where one is declared; exactly means to 90 dB."""
    inverse, undoable = trial.effect.inverse(), trial.effect.undoable
    if (inverse is None) != (undoable == "not"):
        return f"undoable = {undoable!r}, but inverse() returns {inverse}"
    if inverse is None or undoable != "exactly" or trial.wet is None:
        return ""
    rest_db = left_over_db(trial.audio, inverse(trial.wet, trial.sample_rate))
    if rest_db < EXACTLY_DB:
        return ""
    return f"wanted the input back to {EXACTLY_DB:g} dB, found it to {rest_db:.1f} dB"


def neutral_does_nothing(trial: Trial) -> str:
    """Do next to nothing where amounts are neutral."""
    if not trial.effect.neutral or trial.wet is None:
        return ""
    change_db = left_over_db(trial.audio, trial.wet)
    if change_db < NOTHING_DB:
        return ""
    return f"wanted a change below {NOTHING_DB:g} dB of the input, found {change_db:.1f} dB"


def what_is_no_audio_is_refused(trial: Trial) -> str:
    """Refuse three channels, float64, NaN and absurd levels by the name of the effect."""
    audio = np.zeros((2, 100), np.float32)
    wrongs = {
        "three channels": np.zeros((3, 100), np.float32),
        "float64": audio.astype(np.float64),
        "NaN": audio + np.float32("nan"),
        "a peak of 1e7": audio + np.float32(1e7),
    }
    for what, wrong in wrongs.items():
        try:
            trial.effect(wrong, trial.sample_rate)  # type: ignore[arg-type]
        except AudioError as error:
            if trial.effect.kind in str(error):
                continue
        except Exception as error:
            return f"{what}: wanted an AudioError, found {blamed(error, None)}"
        return f"{what}: wanted an AudioError that names {trial.effect.kind}, found none"
    return ""


def left_over_db(dry: Audio, wet: Audio) -> float:
    """Return the level of a difference against what it should have been."""
    return decibels(float((wet - dry).std()) / float(dry.std()))


@dataclass(frozen=True)
class Law:
    """A statement, and what it is about.

    Parameters
    ----------
    name : str
    broken : callable
        Takes a trial, returns what is wrong or "".
    sound : str
        A name of :data:`wetdry.mixing.trials.SOUNDS`, or :data:`ANY_SOUND`.
    neutral : bool
        Whether it is about an effect whose amounts are neutral.
    applies : callable
        Takes an effect class; tells whether the law is one for it.
    """

    name: str
    broken: Callable[[Trial], str]
    sound: str = ANY_SOUND
    neutral: bool = False
    applies: Callable[[type[Effect]], bool] = lambda effect: True


TAKES_NUMBERS = Law("takes every number within its bounds", lambda trial: "")
"""Broken where no effect can be built to try."""
ANY_SOUND_LAWS = (
    Law("answers any sound", it_answers),
    Law("keeps the shape", the_shape_stays),
    Law("stays finite", it_stays_finite),
    Law("gives the same bytes twice", the_same_bytes_come_twice),
    Law("leaves its input alone", the_input_is_left_alone),
    Law("reads back from its row", it_reads_back_from_its_row),
    Law("declares lengths of latency and tail", latency_and_tail_are_lengths),
)
"""What holds for all numbers and all sounds."""
SILENCE_LAW = Law("keeps silence silent", silence_stays, "silence")
TYPICAL_LAWS = (
    Law("refuses what is no audio", what_is_no_audio_is_refused, "silence"),
    Law(
        "keeps left on the left",
        the_image_stays,
        "noise on the left",
        applies=lambda effect: not effect.moves_image,
    ),
    Law("keeps time", time_is_kept, "music", applies=lambda effect: not effect.moves_time),
    Law("is undone as it declares", an_inverse_undoes, "noise"),
    Law(
        "does nothing at neutral",
        neutral_does_nothing,
        "quiet noise",
        neutral=True,
        applies=lambda effect: bool(effect.neutral),
    ),
)
"""What is looked at with typical numbers, or neutral ones."""
