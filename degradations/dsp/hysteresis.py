"""The magnetisation of tape, sample by sample, compiled by numba.

Imported only when it is needed: numba takes longer to load than all else together.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["magnetisation"]

STILL = 1e-9
"""A field that changes by less than this share of the coercivity leaves tape as it is."""


@njit(cache=True, nogil=True)
def langevin(x: float) -> Any:
    """Return coth(x) - 1 / x, by its series where that would cancel."""
    if abs(x) < 0.05:
        return x / 3 - x * x * x / 45
    return 1 / math.tanh(x) - 1 / x


@njit(cache=True, nogil=True)
def magnetisation(field: NDArray[np.float32], coercivity: float, reversible: float) -> Any:
    """Return the magnetisation that a changing field leaves on fresh tape.

    Jiles and Atherton's model without coupling between domains: with L(3 h) the anhysteretic
    magnetisation and m the irreversible one, dm/dh = (L - m) / (+-coercivity) while h moves m
    towards L, else 0; the outcome is reversible * L + (1 - reversible) * m. Between two
    samples h and L are taken to be straight, where the equation has an exact solution: no
    step is too large, and m never leaves the range of L.

    Parameters
    ----------
    field : float32 array, shape (samples,)
        In units of which 1 would magnetise fully, were there no saturation.
    coercivity : float
        In the same unit.
    reversible : float
        From 0 to 1.

    Returns
    -------
    float32 array, shape (samples,)
        From -1 to 1.
    """
    out = np.empty(field.size, np.float32)
    irreversible, h, start = 0.0, 0.0, 0.0
    for n in range(field.size):
        step = field[n] - h
        h = field[n]
        end = langevin(3 * h)
        path = abs(step) / coercivity
        towards = (end - irreversible) * step > 0
        if path > STILL and towards:
            before = (start - irreversible) * step
            if before < 0:  # on the way it meets the curve, and follows from there
                path *= (end - irreversible) / (end - start)
                start = irreversible
            left = math.exp(-path)
            lag = (1 - left) / path
            irreversible = irreversible * left + start * (1 - left) + (end - start) * (1 - lag)
        start = end
        out[n] = reversible * end + (1 - reversible) * irreversible
    return out
