"""What is judged: a dry stem beside what each system made of it.

Two systems stand beside the cascade's two stages, because a score says little alone: ``silence``
knows nothing, and ``mixture`` gives back what it was given.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..audio import STEM_CLASSES, Audio
from ..errors import AudioError

__all__ = ["SYSTEMS", "Case", "Restorer", "Sample", "cases_of"]

SYSTEMS = ("silence", "mixture", "stage_one", "cascade")
"""Who is compared, in the order of interest."""


class Sample(Protocol):
    """One clip of a dataset: what the cascade hears and what it should give back."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def sample_rate(self) -> int: ...  # noqa: D102
    @property
    def mixture(self) -> Audio: ...  # noqa: D102
    @property
    def dry(self) -> Mapping[str, Audio]: ...  # noqa: D102


class Restorer(Protocol):
    """A trained run: from a mixture to ``{"stage_one": {class: audio}, "cascade": {...}}``."""

    def restore(self, audio: Audio, sample_rate: int) -> Mapping[str, Mapping[str, Audio]]:
        """Return each system's stem of each class, as long as the mixture."""
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


def cases_of(restorer: Restorer, samples: Iterable[Sample]) -> Iterator[Case]:
    """Restore each sample and yield one case for each class, with all four ``SYSTEMS``.

    Raises
    ------
    AudioError
        If the restorer leaves out a system or a class.
    """
    for sample in samples:
        restored = restorer.restore(sample.mixture, sample.sample_rate)
        for stem_class in STEM_CLASSES:
            reference = sample.dry[stem_class]
            estimates = {"silence": np.zeros_like(reference), "mixture": sample.mixture}
            for system in ("stage_one", "cascade"):
                if stem_class not in restored.get(system, {}):
                    raise AudioError(
                        f"{sample.key}: wanted {stem_class} from {system}, found no such stem; "
                        "the restorer must return every class"
                    )
                estimates[system] = restored[system][stem_class]
            yield Case(sample.key, stem_class, reference, estimates, sample.sample_rate)
