"""The inner loops of the meters, compiled: recursions and long windows that numpy runs slowly.

No fast-math beyond ignoring NaN and the sign of zero: sums keep their order, so that
the same samples give the same bits everywhere. numba caches what it compiled; where no
folder can be written it wants NUMBA_CACHE_DIR.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["interpolated_peak", "weighted_energies"]

BLOCK = 64
"""Samples that are interpolated, or passed over, together; more than any interpolator is long."""

VANISHED = 1e-30
"""Filter states below this are zeroed: denormal numbers make silence fifty times slower."""


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})  # type: ignore[untyped-decorator, unused-ignore]
def _loudest(samples: NDArray[np.float32]) -> np.float32:
    loudest = np.float32(0.0)
    for i in range(len(samples)):
        loudest = max(loudest, abs(samples[i]))
    return loudest


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def weighted_energies(
    audio: NDArray[np.float32],
    sections: NDArray[np.float64],
    state: NDArray[np.float64],
    bounds: NDArray[np.int64],
    energies: NDArray[np.float64],
) -> None:
    """Add up the squares between ``bounds``, filtered through two biquads and as they are.

    ``state`` (channels, 4) carries the filters over to the next call and is overwritten.
    ``energies`` (2, len(bounds) - 1), zero before, receives the sums over all channels:
    filtered, plain. The filters run in transposed direct form II.
    """
    b0, b1, b2, _, a1, a2 = sections[0]
    d0, d1, d2, _, c1, c2 = sections[1]
    for channel in range(audio.shape[0]):
        s0, s1, s2, s3 = state[channel]
        for block in range(len(bounds) - 1):
            start, end = bounds[block], bounds[block + 1]
            if s0 == s1 == s2 == s3 == 0.0 and _loudest(audio[channel, start:end]) == 0.0:
                continue  # silence into filters at rest
            energy = plain = 0.0
            for i in range(start, end):
                x = float(audio[channel, i])
                y = b0 * x + s0
                s0 = (b1 * x + s1) - a1 * y
                s1 = b2 * x - a2 * y
                z = d0 * y + s2
                s2 = (d1 * y + s3) - c1 * z
                s3 = d2 * y - c2 * z
                energy += z * z
                plain += x * x
            energies[0, block] += energy
            energies[1, block] += plain
            if abs(s0) + abs(s1) + abs(s2) + abs(s3) < VANISHED:
                s0 = s1 = s2 = s3 = 0.0
        state[channel, 0], state[channel, 1] = s0, s1
        state[channel, 2], state[channel, 3] = s2, s3


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})  # type: ignore[untyped-decorator, unused-ignore]
def interpolated_peak(
    audio: NDArray[np.float32], phases: NDArray[np.float32], floor: np.float32
) -> np.float32:
    """Return the largest magnitude between the samples, or ``floor`` if none exceeds it.

    ``phases`` (phases, taps) are the interpolators; outputs are those that all taps
    reach ("valid"). A block whose loudest sample times the sum of the taps' magnitudes
    stays below the best found so far cannot win and is passed over: exact, and most of
    music is.
    """
    taps = phases.shape[1]
    gain = np.float32(0.0)
    for phase in range(phases.shape[0]):  # a little more, since float32 sums round
        gain = max(gain, np.float32(np.abs(phases[phase]).sum() * 1.0001))
    best = floor
    block = np.empty(BLOCK, np.float32)
    for channel in range(audio.shape[0]):
        outputs = audio.shape[1] - taps + 1
        following = _loudest(audio[channel, :BLOCK])
        for start in range(0, outputs, BLOCK):
            here, following = following, _loudest(audio[channel, start + BLOCK :][:BLOCK])
            if max(here, following) * gain <= best:
                continue
            length = min(BLOCK, outputs - start)
            for phase in range(phases.shape[0]):
                block[:] = 0.0
                for tap in range(taps):
                    weight = phases[phase, tap]
                    shifted = audio[channel, start + tap : start + tap + length]
                    for i in range(length):
                        block[i] += weight * shifted[i]
                best = max(best, _loudest(block[:length]))
    return best
