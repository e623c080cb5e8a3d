"""What an effect is: a frozen value, made of numbers, that can be called on audio.

Laws that every effect keeps (``tests/test_every_effect.py`` finds them all and checks):
the same value on the same audio gives the same bytes; the input is left alone; the shape
stays; the output is finite, and stays aligned with the input to the sample.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from ..audio import Audio, checked
from ..errors import AudioError, RecipeError, WetdryError
from .blame import blamed

__all__ = [
    "Effect",
    "Label",
    "NameTaken",
    "Undoable",
    "did_you_mean",
    "effect_type",
    "find_effect",
    "is_house",
    "load_effect",
    "shown",
]

Label = Literal[
    "level",
    "equalizer",
    "filter",
    "dynamics",
    "distortion",
    "space",
    "modulation",
    "pitch",
    "stereo",
    "codec",
    "medium",
    "noise",
    "plugin",
]
"""What is done to the sound, in the words of a studio."""

Undoable = Literal["exactly", "approximately", "not"]
"""Whether mathematics gives back the input: to rounding, to a stated level, or not at all."""


class NameTaken(TypeError):
    """Two effects want one name; ``kind`` holds it."""

    def __init__(self, kind: str, one: type, other: type) -> None:
        super().__init__(
            f"two effects are named {kind!r}: {_home(one)} and {_home(other)}; rename one"
        )
        self.kind = kind


class Effect(BaseModel, ABC):
    """One piece of processing with its numbers filled in.

    A subclass states its name (``kind=``), its numbers with unit and bounds, how late its
    raw output is, how long it rings, and one method, :meth:`apply`.

    Attributes
    ----------
    kind : str
        The name in YAML and in manifests.
    label : Label
        What is done to the sound, in the words of a studio.
    undoable : Undoable
        What :meth:`inverse` can do.
    widens : bool
        Whether a mono recording leaves it as stereo; a chain then gives it two channels.
    moves_time : bool
        Whether it bends time or spreads its energy over time, so that no single lag
        describes it. All others stay within one sample of their input.
    moves_image : bool
        Whether it moves sound between left and right by design.
    adds_noise : bool
        Whether something sounds where the input is silent.
    foreign : bool
        Whether it is code of somebody else, of which no law can be promised.
    needs : str
        The package beyond wetdry's own that it cannot run without; empty if there is none.
    neutral : mapping of str to float
        The numbers that are amounts, and the values at which the effect does nothing, or the
        least it can: a recipe's severity moves them from there. Empty if it has no amount.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kinds: ClassVar[dict[str, type["Effect"]]] = {}
    kind: ClassVar[str]
    label: ClassVar[Label]
    undoable: ClassVar[Undoable] = "not"
    widens: ClassVar[bool] = False
    moves_time: ClassVar[bool] = False
    moves_image: ClassVar[bool] = False
    adds_noise: ClassVar[bool] = False
    foreign: ClassVar[bool] = False
    needs: ClassVar[str] = ""
    neutral: ClassVar[Mapping[str, float]] = {}

    def __init_subclass__(cls, *, kind: str | None = None, **kwargs: Any) -> None:
        """Enter the subclass in the registry; a base of a family has no ``kind``."""
        super().__init_subclass__(**kwargs)
        if kind is None:
            return
        other = Effect.kinds.get(kind, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise NameTaken(kind, other, cls)  # the same once more: a notebook's cell, run again
        if getattr(cls, "label", None) not in get_args(Label):
            raise TypeError(f"{kind}: wanted a label of {', '.join(get_args(Label))}")
        cls.kind = kind
        Effect.kinds[kind] = cls

    def __call__(self, audio: Audio, sample_rate: int) -> Audio:
        """Process ``audio``; latency is compensated.

        Parameters
        ----------
        audio : float32 array, shape (channels, samples)
            One or two channels, nominally in [-1, 1]. Left unchanged.
        sample_rate : int
            In Hz.

        Returns
        -------
        float32 array, shape (channels, samples)
            Aligned with ``audio``; what rings on past its end is cut.

        Raises
        ------
        AudioError
            If the audio is of another shape or dtype, not finite or absurdly loud, if a
            frequency lies above half the sample rate, or if the outcome is not finite.
        """
        checked(audio, self.kind)
        self._check_below_nyquist(sample_rate)
        if audio.shape[1] == 0:
            return audio.copy()  # native code divides by the number of frames
        late = self.latency_samples(sample_rate)
        padded = np.pad(audio, ((0, 0), (0, late))) if late else audio
        processed = self._applied(padded, sample_rate)
        aligned = np.ascontiguousarray(processed[:, late : late + audio.shape[1]], np.float32)
        if aligned.shape != audio.shape:
            raise AudioError(f"{self}: wanted shape {audio.shape}, made {aligned.shape}")
        checked(aligned, f"the outcome of {self}")
        return aligned

    def _applied(self, audio: Audio, sample_rate: int) -> NDArray[np.floating[Any]]:
        """Apply; what fails in code that is not ours is told by file and line."""
        try:
            processed = self.apply(audio, sample_rate)
        except Exception as error:
            if isinstance(error, WetdryError) or is_house(type(self)):
                raise
            raise AudioError(f"{self}: {blamed(error, _file(type(self)))}") from error
        made = np.asarray(processed)
        if made.ndim != 2:
            raise AudioError(
                f"{self}: wanted shape (channels, samples), made {type(processed).__name__} "
                f"of shape {made.shape}"
            )
        return made

    @abstractmethod
    def apply(self, audio: Audio, sample_rate: int) -> NDArray[np.floating[Any]]:
        """Process audio that was checked; the outcome may be late by the latency."""

    def latency_samples(self, sample_rate: int) -> int:
        """Return by how many samples the outcome of :meth:`apply` is late."""
        return 0

    def tail_s(self) -> float:
        """Return for how many seconds the effect rings on after its input falls silent."""
        return 0.0

    def makes_stereo(self) -> bool:
        """Return whether this one makes stereo of mono; those that hold others may not."""
        return self.widens

    def inverse(self) -> "Effect | None":
        """Return the effect that undoes this one; None where mathematics has none."""
        return None

    def located(self, folder: Path) -> Self:
        """Return the effect with the files that it names looked for in ``folder``."""
        return self

    def row(self) -> dict[str, Any]:
        """Return the effect as a manifest stores it; see :func:`load_effect`."""
        return {"effect": self.kind, **self.model_dump(mode="json")}

    def __str__(self) -> str:
        """Show it as it is written in YAML."""
        numbers = ", ".join(f"{k}: {shown(v)}" for k, v in self.model_dump(mode="json").items())
        return f"{self.kind}: {{{numbers}}}"

    def _check_below_nyquist(self, sample_rate: int) -> None:
        """Refuse frequencies that the sample rate cannot hold: filters answer with 1e38."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name.endswith("_hz") and isinstance(value, int | float) and value * 2 >= sample_rate:
                raise AudioError(
                    f"{self.kind}.{name}: {value:g} Hz is not below half the sample rate "
                    f"({sample_rate / 2:g} Hz); lower it or resample first"
                )


def is_house(effect: type) -> bool:
    """Tell whether a class is part of wetdry itself."""
    return effect.__module__.partition(".")[0] == __name__.partition(".")[0]


def _file(effect: type) -> str | None:
    """Return the file in which a class stands, if it stands in one."""
    return getattr(sys.modules.get(effect.__module__), "__file__", None)


def _home(effect: type) -> str:
    """Return a class's name and where it stands."""
    file = None if is_house(effect) else _file(effect)
    return f"{effect.__qualname__} of {Path(file).name if file else effect.__module__}"


def shown(value: Any) -> str:
    """Show a number with as many digits as help a reader."""
    if isinstance(value, float):
        return f"{float(f'{value:.4g}'):g}"  # 13780, not 1.378e+04
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value)


def did_you_mean(name: str, known: list[str]) -> str:
    """Return ``did you mean 'x'?``, or the list of what is known."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(sorted(known))}"


def find_effect(kind: str) -> type[Effect] | None:
    """Return the effect class named ``kind``, if need be from an installed package.

    Raises
    ------
    RecipeError
        If two packages have one.
    """
    if kind not in Effect.kinds:
        from .own_effects import find_installed  # it stands upon this module

        find_installed(kind)
    return Effect.kinds.get(kind)


def effect_type(kind: str) -> type[Effect]:
    """Return the effect class named ``kind``.

    Raises
    ------
    RecipeError
        With a suggestion, if there is none.
    """
    effect = find_effect(kind)
    if effect is None:
        from .own_effects import unknown

        raise RecipeError(f"no effect is named {kind!r}; {unknown(kind)}")
    return effect


def load_effect(row: Mapping[str, Any]) -> Effect:
    """Build the effect that ``row`` describes; the inverse of :meth:`Effect.row`.

    Raises
    ------
    RecipeError
        If the row names no known effect or its numbers do not fit.
    """
    numbers = {name: value for name, value in row.items() if name != "effect"}
    try:
        return effect_type(str(row.get("effect")))(**numbers)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (row["effect"], *first["loc"])))
        raise RecipeError(f"{where}: {first['msg']}, found {first['input']!r}") from None
