"""The loop of the phase vocoder, compiled by numba.

Imported only when it is needed: numba takes longer to load than all else together.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["turned_frames"]

QUIETEST = 1e-8
"""Power relative to the loudest bin of a frame, below which phases tell nothing: -80 dB."""

STEP = 0.25
"""Bins are taken loudest first to this many nepers of power (1.1 dB): a full sort of a
million bins a second costs five times as much and sounds no better."""

LEVELS = math.ceil(-math.log(QUIETEST) / STEP) + 1


@njit(cache=True, nogil=True)
def turned_frames(
    frames: NDArray[np.complex64],
    hops: NDArray[np.int64],
    hop_out: int,
    factor: float,
    delays: NDArray[np.float64],
    rotation: NDArray[np.float64],
) -> None:
    """Turn the phases of ``frames``, in place, so that they fit together at another hop.

    From the loudest bins on, the turn is integrated along time, where it grows with the
    frequency heard in the bin, or along frequency, where it grows with the delay heard
    there, whichever leads over louder ground: steady tones and attacks both stay whole.
    All channels turn alike.

    Parameters
    ----------
    frames : complex64 array, shape (frames, channels, bins)
        Spectra whose phases refer to the middle of each frame; the first is known to be
        turned by ``rotation`` and is left alone.
    hops : int64 array, shape (frames,)
        Samples from the middle of the frame before; the first is not used.
    hop_out : int
        Samples between frames afterwards.
    factor : float
        By how much the sound gets longer.
    delays : float64 array, shape (frames,)
        In samples: by how much attacks are to come later, because a frame was taken from a
        whole sample beside the place where it belongs.
    rotation : float64 array, shape (bins,)
        Turn of the first frame; replaced by that of the last, before the first one is
        needed again.
    """
    count, channels, bins = frames.shape
    size = 2 * (bins - 1)
    power, power_before = np.zeros(bins), np.zeros(bins)
    before = frames[0].copy()
    _fill_power(before, power_before)
    turns, known = np.zeros(bins), np.zeros(bins, np.bool_)
    heads, links = np.empty(LEVELS, np.int64), np.empty(2 * bins, np.int64)  # stacks by level
    for m in range(1, count):
        now = frames[m].copy()
        _fill_power(now, power)
        quiet = QUIETEST * max(power.max(), power_before.max())
        delay = 2 * math.pi * delays[m] / size
        heads[:] = -1
        for k in range(bins):
            known[k] = False
            advance = _advance(before, now, k, hops[m], size)
            turns[k] = rotation[k] + (hop_out - hops[m]) * advance
            if power[k] > quiet:  # from silence too: it is then taken last
                _put(heads, links, k, max(power_before[k] / quiet, 1.0))
        _spread(now, power, quiet, factor, delay, turns, known, heads, links)
        for k in range(bins):
            rotation[k] = turns[k]
            turn = np.complex64(complex(math.cos(turns[k]), math.sin(turns[k])))
            for channel in range(channels):
                frames[m, channel, k] = now[channel, k] * turn
        before, power_before, power = now, power, power_before


@njit(cache=True, nogil=True)
def _spread(
    now: NDArray[np.complex64],
    power: NDArray[np.float64],
    quiet: float,
    factor: float,
    delay: float,
    turns: NDArray[np.float64],
    known: NDArray[np.bool_],
    heads: NDArray[np.int64],
    links: NDArray[np.int64],
) -> None:
    """Settle the turn of every bin that is loud enough, the loudest ways first.

    A place on the stacks below the number of bins comes from the frame before, along time; one
    above has settled and hands its turn on to its neighbours, along frequency.
    """
    bins = power.size
    level = LEVELS - 1
    while level >= 0:
        place = heads[level]
        if place < 0:
            level -= 1
            continue
        heads[level] = links[place]
        k = place if place < bins else place - bins
        if place < bins:  # from the frame before, along time
            if not known[k]:
                known[k] = True
                level = max(level, _put(heads, links, k + bins, power[k] / quiet))
            continue
        for step in (-1, 1):
            other = k + step
            if 0 <= other < bins and not known[other] and power[other] > quiet:
                known[other] = True
                slope = (factor - 1) * _slope(now, k, other) - step * delay
                turns[other] = turns[k] + slope
                level = max(level, _put(heads, links, other + bins, power[other] / quiet))


@njit(cache=True, nogil=True)
def _put(
    heads: NDArray[np.int64], links: NDArray[np.int64], place: int, relative_power: float
) -> int:
    """Lay ``place`` on the stack of its level; return the level."""
    level = min(int(math.log(relative_power) / STEP), LEVELS - 1)
    links[place] = heads[level]
    heads[level] = place
    return level


@njit(cache=True, nogil=True)
def _fill_power(frame: NDArray[np.complex64], power: NDArray[np.float64]) -> None:
    """Sum the power of the channels."""
    power[:] = 0.0
    for channel in range(frame.shape[0]):
        for k in range(power.size):
            power[k] += frame[channel, k].real ** 2 + frame[channel, k].imag ** 2


@njit(cache=True, nogil=True)
def _advance(
    before: NDArray[np.complex64], now: NDArray[np.complex64], k: int, hop: int, size: int
) -> float:
    """Return the frequency heard in bin ``k`` between two frames, in radians a sample."""
    cross = 0j
    for channel in range(now.shape[0]):
        cross += complex(now[channel, k]) * complex(before[channel, k]).conjugate()
    centre = 2 * math.pi * k / size
    off = math.atan2(cross.imag, cross.real) - centre * hop
    return centre + (off - 2 * math.pi * round(off / (2 * math.pi))) / hop


@njit(cache=True, nogil=True)
def _slope(frame: NDArray[np.complex64], k: int, other: int) -> float:
    """Return the phase from bin ``k`` to its neighbour."""
    cross = 0j
    for channel in range(frame.shape[0]):
        cross += complex(frame[channel, other]) * complex(frame[channel, k]).conjugate()
    return math.atan2(cross.imag, cross.real)
