"""Rejection: what makes the chain of a stem be drawn again.

In YAML::

    reject: {inaudible_below: 0.02, destroyed_above: 20}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..degradations import Scope
from ..degradations.language.distributions import Constant, parse_distribution
from ..degradations.language.slots import Slot
from ..degradations.language.yaml_tree import Node

__all__ = ["REJECT_SLOTS", "Refusal", "Rejection", "read_rejection"]

REJECT_SLOTS = {
    "inaudible_below": Slot("inaudible_below", "number", 0, 2),
    "destroyed_above": Slot("destroyed_above", "number", 3, 60),
}


@dataclass(frozen=True)
class Refusal:
    """Why a chain was refused.

    Parameters
    ----------
    reason : {"inaudible", "destroyed"}
    measured : float
        The STFT distance that was too small, or the loss of loudness in dB that was too large.
    """

    reason: Literal["inaudible", "destroyed"]
    measured: float


@dataclass(frozen=True)
class Rejection:
    """The rules of a recipe; None where there is none.

    Parameters
    ----------
    inaudible_below : float or None
        Smallest STFT distance between a stem before and after its chain, equally loud.
    destroyed_above : float or None
        Largest loss of loudness by a chain, in dB.
    """

    inaudible_below: float | None = None
    destroyed_above: float | None = None

    def limits(self, scope: Scope) -> dict[str, Any]:
        """Return the limits of a track: what is done less severely may be heard less."""
        inaudible = self.inaudible_below
        return {
            "inaudible_below": None if inaudible is None else scope.scaled(inaudible, 0.0),
            "destroyed_above_db": self.destroyed_above,
        }

    def __bool__(self) -> bool:
        """Tell whether there is any rule."""
        return self != Rejection()


def read_rejection(pairs: Mapping[str, Node]) -> Rejection:
    """Read the rules of a recipe; their limits are not drawn."""
    if "reject" not in pairs:
        return Rejection()
    limits: dict[str, Any] = {}
    for name, node in pairs["reject"].mapping("reject", list(REJECT_SLOTS)).items():
        distribution = parse_distribution(node, REJECT_SLOTS[name], Path())
        if not isinstance(distribution, Constant):
            raise node.error(REJECT_SLOTS[name].bounds(), cure="this one is not drawn")
        limits[name] = float(distribution.value)
    return Rejection(**limits)
