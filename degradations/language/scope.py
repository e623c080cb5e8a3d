"""What is known where a chain is drawn: the numbers of the sample as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .random_values import Names

__all__ = ["Scope"]


@dataclass(frozen=True)
class Scope:
    """Names that expressions can refer to, and how severe the degradation is.

    Parameters
    ----------
    names : mapping of str to value
        Linked draws, and facts such as the class of the stem.
    severity : float
        From 0 (nothing is done) to 1 (the recipe as it is written). Amounts move in a straight
        line from their neutral values to those that were drawn; an effect that has no amount
        comes that much less often.
    """

    names: Names = field(default_factory=dict)
    severity: float = 1.0

    def knowing(self, names: Mapping[str, Any]) -> "Scope":
        """Return the scope with more names."""
        return replace(self, names={**self.names, **names})

    def full(self) -> "Scope":
        """Return the scope at full severity."""
        return replace(self, severity=1.0)

    def scaled(self, drawn: Any, neutral: float) -> Any:
        """Return an amount, or a list of them, on its way from neutral to what was drawn.

        >>> Scope(severity=0.25).scaled(-8.0, 0.0)
        -2.0
        """
        if self.severity == 1:
            return drawn
        if isinstance(drawn, tuple):
            return tuple(self.scaled(item, neutral) for item in drawn)
        low, high = min(drawn, neutral), max(drawn, neutral)
        scaled = min(max(neutral + (drawn - neutral) * self.severity, low), high)
        return round(scaled) if isinstance(drawn, int) else scaled


WHOLE = Scope()
"""The recipe as it is written, and no names."""
