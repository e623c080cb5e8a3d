"""Redraws: how many chains were refused, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Redraws", "count_redraws"]


@dataclass(frozen=True)
class Redraws:
    """What became of the chains of some tracks.

    Parameters
    ----------
    tracks, redrawn : int
        How many there are, and how many of them have another chain than the first.
    reasons : mapping of str to int
        How many chains were refused because of what.
    kept : int
        Tracks whose last chain deserved it, too, and stayed.
    """

    tracks: int = 0
    redrawn: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    kept: int = 0

    def __add__(self, more: "Redraws") -> "Redraws":
        """Return both together."""
        return Redraws(
            self.tracks + more.tracks,
            self.redrawn + more.redrawn,
            dict(Counter(self.reasons) + Counter(more.reasons)),
            self.kept + more.kept,
        )

    def __str__(self) -> str:
        """Say it in a sentence; nothing if nothing was refused."""
        if not self.reasons:
            return ""
        why = ", ".join(f"{number} {reason}" for reason, number in sorted(self.reasons.items()))
        share = 100 * self.redrawn / self.tracks
        stayed = f"; {self.kept} stayed after the last spare" if self.kept else ""
        return (
            f"{self.redrawn} of {self.tracks} track chains drawn again ({share:.1f} %; "
            f"refused: {why}{stayed})"
        )


def count_redraws(tracks: Iterable[Mapping[str, Any]]) -> Redraws:
    """Count the redraws of the tracks of a manifest."""
    number = redrawn = kept = 0
    reasons: Counter[str] = Counter()
    for track in tracks:
        again, found = int(track.get("redraws") or 0), track.get("refusals")
        refusals = [] if found is None else [str(refusal["reason"]) for refusal in found]
        number += 1
        redrawn += again > 0
        kept += len(refusals) > again
        reasons.update(refusals or ["destroyed"] * again)  # the only rule of earlier versions
    return Redraws(number, redrawn, dict(reasons), kept)
