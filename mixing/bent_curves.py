"""The inner loop of the lag meter, compiled: one curve through many samples."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["bend"]

CELLS = 2048
"""Equal cells between the lowest and the highest sample, gathered into bins."""

WIDEST, FEWEST = CELLS // 64, 8
"""A bin ends after so many cells, if it holds so many samples: rare peaks need a curve too."""


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def bend(
    x: NDArray[np.float32], y: NDArray[np.float32], least: int, out: NDArray[np.float64]
) -> float:
    """Write the mean of ``y`` given ``x`` to ``out``; return its share of the power of ``y``.

    The mean is taken in bins of similar ``x``, of ``least`` samples or more, or of a certain
    width; straight lines join the bins and go on beyond the last. ``x`` must not be constant.
    """
    low, high = x.min(), x.max()
    scale = (CELLS - 1) / (float(high) - float(low))
    count, along, across = np.zeros(CELLS), np.zeros(CELLS), np.zeros(CELLS)
    for n in range(len(x)):
        cell = int((float(x[n]) - low) * scale)
        count[cell] += 1
        along[cell] += x[n]
        across[cell] += y[n]
    bins, held, first = 0, 0.0, 0
    place, value, of_cell = np.zeros(CELLS), np.zeros(CELLS), np.zeros(CELLS, np.int64)
    for cell in range(CELLS):
        of_cell[cell] = bins
        held += count[cell]
        place[bins] += along[cell]
        value[bins] += across[cell]
        full = held >= least or (held >= FEWEST and cell - first >= WIDEST)
        if full or (cell == CELLS - 1 and held > 0):
            place[bins] /= held
            value[bins] /= held
            bins, held, first = bins + 1, 0.0, cell + 1
    slopes = (value[1:bins] - value[: bins - 1]) / (place[1:bins] - place[: bins - 1])
    mean = across.sum() / len(x)
    power = rest = 0.0
    for n in range(len(x)):
        at = min(of_cell[int((float(x[n]) - low) * scale)], bins - 1)
        if bins == 1:
            out[n] = value[0]
        else:
            if (x[n] < place[at] and at > 0) or at == bins - 1:
                at -= 1
            out[n] = value[at] + slopes[at] * (x[n] - place[at])
        power += (y[n] - mean) ** 2
        rest += (y[n] - out[n]) ** 2
    return 1 - rest / power if power > 0 else 0.0
