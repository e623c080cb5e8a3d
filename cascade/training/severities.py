"""A curriculum: which samples a step draws from, by how severely they were treated."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import ShardError
from ...manifests.tables import read_columns
from ..sizes import CurriculumConfiguration

__all__ = ["severities_of", "severity_weights"]

SOFTNESS = 0.1
"""Severity above the limit at which a sample is rarer by a factor of e."""


def severities_of(data: Path, keys: Sequence[str]) -> NDArray[np.float64]:
    """Return the severity of samples, from a dataset's manifest.

    Parameters
    ----------
    data : Path
    keys : sequence of str

    Returns
    -------
    float array, shape (samples,)

    Raises
    ------
    ShardError
        If the manifest does not tell it, or all samples have the same.
    """
    table = read_columns(data / "manifest.parquet", ["key", "severity"])
    known = dict(zip(table["key"].to_pylist(), table["severity"].to_pylist(), strict=True))
    found = np.array([known[key] for key in keys], np.float64)  # None becomes NaN
    if not np.ptp(found) > 0:
        raise ShardError(
            f"{data / 'manifest.parquet'}: severity: wanted samples of several severities for the "
            f"curriculum, found {found[0]:g} everywhere or nothing; generate them with "
            "'severity: [0, 1]' in the recipe, or train without a curriculum"
        )
    return found


def severity_weights(
    severities: NDArray[np.float64], curriculum: CurriculumConfiguration, step: int
) -> NDArray[np.float64] | None:
    """Return how often each sample comes in a step; None where all come in epochs.

    Parameters
    ----------
    severities : float array, shape (samples,)
        From 0 to 1.
    curriculum : CurriculumConfiguration
    step : int

    Examples
    --------
    >>> early = CurriculumConfiguration(begin=0.5, steps=100)
    >>> severity_weights(np.array([0.2, 0.5, 0.7]), early, 0).round(3).tolist()
    [1.0, 1.0, 0.135]
    >>> severity_weights(np.array([0.2, 0.5, 0.7]), early, 40).tolist()
    [1.0, 1.0, 1.0]
    >>> severity_weights(np.array([0.2]), early, 100) is None
    True
    """
    if step >= curriculum.steps:
        return None
    limit = curriculum.begin + (1 - curriculum.begin) * step / curriculum.steps
    return np.exp(-np.clip(severities - limit, 0, None) / SOFTNESS)
