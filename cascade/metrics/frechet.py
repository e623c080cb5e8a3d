"""The Frechet distance between two clouds of embeddings, its two halves kept apart."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ...errors import AudioError

__all__ = ["Embedding", "FrechetDistance", "frechet_distance"]

Items: TypeAlias = NDArray[np.floating[Any]]
"""Points, shape (items, dims)."""


class Embedding(Protocol):
    """What turns audio into points whose clouds can be compared.

    Attributes
    ----------
    name : str
        As it stands in tables.
    sample_rate : int
        What it hears, in Hz; audio at another rate is resampled by it.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def sample_rate(self) -> int: ...  # noqa: D102

    def __call__(self, audio: Audio, sample_rate: int) -> NDArray[np.float32]:
        """Return the points of one clip, shape (items, dims); one item or more."""
        ...


@dataclass(frozen=True)
class FrechetDistance:
    """How far one cloud lies from another.

    The mean term says that all of a system's outputs are off in the same direction; the
    covariance term says that they vary too little, too much or otherwise.

    Attributes
    ----------
    mean_term, covariance_term : float
        Both at least 0 and in the embedding's own squared units.
    count_reference, count_estimate : int
        How many items the clouds hold. The distance of finite clouds is biased upwards, the
        more so the fewer items there are: compare only distances of equal counts.
    """

    mean_term: float
    covariance_term: float
    count_reference: int
    count_estimate: int

    @property
    def total(self) -> float:
        """Return the Frechet distance."""
        return self.mean_term + self.covariance_term


def frechet_distance(reference: Items, estimate: Items) -> FrechetDistance:
    """Return |mu1 - mu2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)) of two clouds.

    With S1 = A^T A and S2 = B^T B, the trace of the root is the sum of the singular values of
    A B^T. The factors are the centred items themselves, so no covariance is ever formed or
    rooted, and clouds of fewer items than dimensions are no special case (``sqrtm`` of their
    singular product answers with complex numbers or none). Heusel et al. 2017; for audio,
    Kilgour et al. 2019; covariances divide by items - 1, as there.

    Parameters
    ----------
    reference, estimate : array, shape (items, dims)
        Two items or more in each.

    Returns
    -------
    FrechetDistance

    Raises
    ------
    AudioError
        If a cloud has fewer than two items, non-finite numbers or other dimensions.

    Examples
    --------
    >>> cloud = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> distance = frechet_distance(cloud, cloud + 3.0)
    >>> distance.mean_term, round(distance.covariance_term, 9)
    (18.0, 0.0)
    """
    first, second = _checked(reference, "reference"), _checked(estimate, "estimate")
    if first.shape[1] != second.shape[1]:
        raise AudioError(
            f"estimate: wanted {first.shape[1]} dimensions as in the reference, found "
            f"{second.shape[1]}; use one embedding for both"
        )
    shift = first.mean(axis=0) - second.mean(axis=0)
    factor_first, factor_second = _factor(first), _factor(second)
    spread = np.sum(factor_first**2) + np.sum(factor_second**2)
    overlap = np.linalg.svd(factor_first @ factor_second.T, compute_uv=False).sum()
    return FrechetDistance(
        mean_term=float(shift @ shift),
        covariance_term=max(0.0, float(spread - 2.0 * overlap)),
        count_reference=len(first),
        count_estimate=len(second),
    )


def _checked(items: Items, where: str) -> NDArray[np.float64]:
    """Return the cloud as float64 if it is one."""
    if items.ndim != 2 or len(items) < 2 or not np.isfinite(items).all():
        raise AudioError(
            f"{where}: wanted two or more finite items of shape (items, dims), found shape "
            f"{items.shape}; embed more clips"
        )
    return items.astype(np.float64)


def _factor(items: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return some A with A^T A = the covariance, of at most as many rows as dimensions."""
    centred = (items - items.mean(axis=0)) / np.sqrt(len(items) - 1)
    if len(centred) > centred.shape[1]:
        centred = np.linalg.qr(centred).R
    factor: NDArray[np.float64] = centred
    return factor
