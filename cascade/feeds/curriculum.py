"""Curricula: what a manifest, or a drawn session, says of how hard a sample is, as weights."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import UsageError
from ...manifests import step_table
from ...mixing.sessions import Session

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["EasyFirst", "RisingSeverity", "hardness"]

BY_ORACLE = {"inverse": 1, "gain_curve": 2, "none": 4}
"""How much harder a step is to undo than to hear."""


def hardness(manifest: "DataFrame") -> "Series[float]":
    """Return how much there is to undo in each sample, and how hard: the sum over its steps.

    A step on a stem counts by its audibility (``stft_distance``), once where an inverse undoes
    it, twice where its gain curve would, four times where nothing does. What is kept in the
    target does not count, nor do buses, sends, master and medium.

    Parameters
    ----------
    manifest : DataFrame
        Such as ``reader.manifest``.

    Returns
    -------
    Series of float
        By key, in the manifest's order; from 0, untouched, without an upper limit.
    """
    steps = step_table(manifest)
    stems = steps[steps["place"].str.startswith("stem.") & ~steps["keep"]]
    hard = stems["stft_distance"] * stems["oracle"].map(BY_ORACLE)
    found: Series[float] = hard.groupby(stems["key"]).sum()
    return found.reindex(manifest["key"], fill_value=0.0)


@dataclass(frozen=True)
class EasyFirst:
    """Weights for a :class:`Playlist`: the easiest samples alone at first, all at last.

    In epoch ``e`` the easiest ``begin + (1 - begin) * e / epochs`` of the samples come, all
    equally often (Platanios et al. 2019, arXiv 1903.09848, linear); from ``epochs`` on all do.

    Parameters
    ----------
    hardness : array, shape (samples,)
        One number for each sample, such as :func:`hardness` or ``manifest["severity"]``.
    epochs : int
        When all have joined.
    begin : float
        Share that comes in epoch 0; above 0, up to 1.

    Raises
    ------
    UsageError
        If a number is missing or no number.

    Examples
    --------
    >>> EasyFirst([0.3, 0.1, 0.2, 0.9], epochs=2, begin=0.5)(1)
    array([1., 1., 1., 0.])
    """

    hardness: ArrayLike
    epochs: int
    begin: float = 0.25
    _ranks: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Rank the samples once."""
        hard = np.asarray(self.hardness, np.float64)
        if hard.ndim != 1 or not np.isfinite(hard).all():
            raise UsageError("EasyFirst: wanted a finite number for each sample; fill the others")
        if not (0 < self.begin <= 1 and self.epochs >= 1):
            raise UsageError(
                "EasyFirst: wanted begin above 0 and up to 1, and one epoch or more, found "
                f"{self.begin} and {self.epochs}"
            )
        object.__setattr__(self, "_ranks", hard.argsort(kind="stable").argsort(kind="stable"))

    def __call__(self, epoch: int) -> NDArray[np.float64]:
        """Return the weights of an epoch."""
        share = self.begin + (1 - self.begin) * min(epoch / self.epochs, 1.0)
        return np.where(self._ranks < np.ceil(share * len(self._ranks)), 1.0, 0.0)


@dataclass(frozen=True)
class RisingSeverity:
    """A chance for :func:`wetdry.datasets.fresh`: severity up to a limit that rises to 1.

    Judged before anything is rendered. The recipe must draw its severity, as with
    ``severity: [0, 1]``.

    Parameters
    ----------
    samples : int
        Samples after which all come.
    begin : float
        The limit at the beginning, from 0 to 1.
    """

    samples: int
    begin: float = 0.1

    def __call__(self, session: Session, index: int) -> float:
        """Return whether a session may stand at an index: 1 or 0."""
        limit = self.begin + (1 - self.begin) * min(index / self.samples, 1.0)
        return float(session.severity <= limit)
