"""Side-chains: the detector of one track's dynamics listens to another track."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import SerializeAsAny

from ..audio import Audio
from .dynamics import Dynamics
from .effect import Effect, Label

__all__ = ["Keyed"]


class Keyed(Effect):
    """Another track moves this effect's gain, as the kick that ducks the bass.

    Not written as an effect of its own but by ``key:`` beside one; in a manifest, ``key``
    stands among the effect's numbers. Who runs it hands it the sound of the key; where there
    is none, such as for a class that a session has no track of, it is left out.

    Parameters
    ----------
    effect : Dynamics
    key : str
        Whom its detector hears: a class, or ``bus.`` and the name of a bus.
    """

    kind: ClassVar[str] = "keyed"
    label: ClassVar[Label] = "dynamics"

    effect: SerializeAsAny[Dynamics]
    key: str

    def apply(self, audio: Audio, sample_rate: int) -> Audio:
        """Return a copy: without a key nothing happens."""
        return audio.copy()

    def by(self, keys: Mapping[str, Audio], audio: Audio, sample_rate: int) -> Audio:
        """Process ``audio`` while its key sounds.

        Parameters
        ----------
        keys : mapping of str to float32 array, shape (1, samples)
            The sound of each key that there is.
        audio : float32 array, shape (channels, samples)
        sample_rate : int
            In Hz.
        """
        if self.key not in keys:
            return audio
        return self.effect.keyed(audio, keys[self.key], sample_rate)

    def row(self) -> dict[str, Any]:
        """Return the effect as a manifest stores it, with its key."""
        return {**self.effect.row(), "key": self.key}

    def __str__(self) -> str:
        """Show it as it is written in YAML."""
        return f"{self.effect}, key: {self.key}"
