"""What is judged: a dry stem beside what each system made of it.

A *contestant* answers a sample with stems of one or several systems: a trained run, a folder of
somebody's estimates, or a baseline that a score says little without.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...audio import STEM_CLASSES, Audio
from ...errors import AudioError
from ..restoring.dial import blended, system_at

__all__ = [
    "BETWEEN",
    "ORACLES",
    "SYSTEMS",
    "TOLD",
    "UNTUNED",
    "Case",
    "Contestant",
    "Restorer",
    "Sample",
    "cases_of",
    "run_of",
]

ORACLES = ("oracle_ratio_mask", "oracle_complex_mask", "oracle_inversion")
"""Systems that know the answer: bounds of what could be reached."""

BETWEEN = tuple(system_at(place / 100) for place in range(1, 100))
"""Positions of the dial between the stages."""

UNTUNED = "untuned_"
"""Stands before the stages of a run that was tuned, as they were before."""

TOLD = "told_"
"""Stands before the stages of a run that is told, as they are told all effects of the manifest."""

STAGES = (*(f"{before}{stage}" for before in (UNTUNED, TOLD) for stage in ("stage_one", "cascade")),
          "stage_one", *BETWEEN, "cascade")  # fmt: skip

SYSTEMS = ("silence", "mixture", *ORACLES, "student", *STAGES)
"""Who is known, in the order of tables; others follow."""


class Sample(Protocol):
    """One clip: what a system hears and what it should give back."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def sample_rate(self) -> int: ...  # noqa: D102
    @property
    def mixture(self) -> Audio | None:
        """None where only stems are at hand."""
        ...

    @property
    def dry(self) -> Mapping[str, Audio]: ...  # noqa: D102


Contestant = Callable[[Sample], Mapping[str, Mapping[str, Audio]]]
"""From a sample to ``{system: {class: audio}}``, each of its reference's shape."""


class Restorer(Protocol):
    """A trained run: from a mixture to ``{"stage_one": {class: audio}, "cascade": {...}}``."""

    @property
    def systems(self) -> Sequence[str]:
        """Return the names of what it says."""
        ...

    @property
    def restore(self) -> Callable[..., Mapping[str, Mapping[str, Audio]]]:
        """Return what maps audio and sample rate to each system's stem of each class."""
        ...


@dataclass(frozen=True)
class Case:
    """One dry stem and what each system made of it.

    Attributes
    ----------
    key : str
        The sample's.
    stem_class : str
    reference : float32 array, shape (channels, samples)
    estimates : mapping of str to float32 array
        By system, each of the reference's shape.
    sample_rate : int
        In Hz.
    """

    key: str
    stem_class: str
    reference: Audio
    estimates: Mapping[str, Audio]
    sample_rate: int


def cases_of(contestants: Sequence[Contestant], samples: Iterable[Sample]) -> Iterator[Case]:
    """Let all contestants answer each sample and yield one case for each of its classes.

    A system that does not restore a class is missing from that class's cases.
    """
    for sample in samples:
        answers: dict[str, Mapping[str, Audio]] = {}
        for contestant in contestants:
            answers |= contestant(sample)
        for stem_class in [name for name in STEM_CLASSES if name in sample.dry]:
            estimates = {
                system: stems[stem_class]
                for system, stems in answers.items()
                if stem_class in stems
            }
            yield Case(
                sample.key, stem_class, sample.dry[stem_class], estimates, sample.sample_rate
            )


def run_of(
    restorer: Restorer,
    dials: Sequence[float] = (),
    prefix: str = "",
    about: Callable[[str], Mapping[str, Any]] | None = None,
) -> Contestant:
    """Return a trained run as a contestant: ``stage_one`` and ``cascade``, or ``student``.

    Parameters
    ----------
    restorer : Restorer
    dials : sequence of float
        Positions between the two that are systems as well (see ``dial``); a student has none.
    prefix : str
        Stands before the names of all of them.
    about : callable, optional
        From a sample's key to what else the restorer is given, by its arguments' names.

    Raises
    ------
    AudioError
        When it answers: if there is no mixture, or the restorer leaves out a system or a class.
    """

    def restored(sample: Sample) -> Mapping[str, Mapping[str, Audio]]:
        if sample.mixture is None:
            raise AudioError(f"{sample.key}: wanted a mixture to restore, found none beside it")
        more = {} if about is None else about(sample.key)
        made = restorer.restore(sample.mixture, sample.sample_rate, **more)
        systems = restorer.systems
        for system in systems:
            for stem_class in sample.dry:
                if stem_class not in made.get(system, {}):
                    raise AudioError(
                        f"{sample.key}: wanted {stem_class} from {system}, found no such stem; "
                        "the restorer must return every class"
                    )
        stages = {system: made[system] for system in systems}
        first, second = stages[systems[0]], stages[systems[-1]]
        between = {
            system_at(dial): {name: blended(first[name], second[name], dial) for name in first}
            for dial in dials
        }
        return {prefix + system: stems for system, stems in (stages | between).items()}

    return restored
