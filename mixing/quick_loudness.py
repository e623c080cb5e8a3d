"""The loudness meter of steps, compiled: the standard's filters in a form that waits less.

Direct form I leaves one multiplication between a sample and the next. The outcome differs from
:func:`wetdry.mixing.loudness.integrated_lufs` by rounding alone (1e-14), which is too much for
what shapes the sound, whose bits are to stay, and nothing for what is kept to four decimals.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["weighted_energies"]

VANISHED = 1e-30
"""Filter states below this are zeroed: denormal numbers are slow."""


@njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator, unused-ignore]
def weighted_energies(
    audio: NDArray[np.float32],
    sections: NDArray[np.float64],
    bounds: NDArray[np.int64],
    energies: NDArray[np.float64],
) -> None:
    """Add up the squares of all channels between ``bounds``, behind two biquads at rest."""
    b0, b1, b2, _, a1, a2 = sections[0]
    d0, d1, d2, _, c1, c2 = sections[1]
    for channel in range(audio.shape[0]):
        x1 = x2 = y1 = y2 = z1 = z2 = 0.0
        for block in range(len(bounds) - 1):
            energy = 0.0
            for i in range(bounds[block], bounds[block + 1]):
                x = float(audio[channel, i])
                y = (b0 * x + b1 * x1 + b2 * x2 - a2 * y2) - a1 * y1
                z = (d0 * y + d1 * y1 + d2 * y2 - c2 * z2) - c1 * z1
                x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
                energy += z * z
            energies[block] += energy
            if abs(y1) + abs(y2) + abs(z1) + abs(z2) < VANISHED:
                y1 = y2 = z1 = z2 = 0.0
