"""The loop over samples of a network of delay lines, compiled by numba.

Imported only when it is needed: numba takes longer to load than all else together.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["run_delay_lines"]

NEGLIGIBLE = 1e-12
BLOCK_SAMPLES = 128


@njit(cache=True, nogil=True)
def run_delay_lines(
    audio: NDArray[np.float32],
    delays: NDArray[np.int64],
    filters: NDArray[np.float64],
    feedback: NDArray[np.float32],
    into: NDArray[np.float32],
    taps: NDArray[np.int64],
    gains: NDArray[np.float32],
    rotating: int,
    radians: float,
) -> Any:
    """Return what the taps of a network of delay lines hear.

    What leaves a line is filtered, mixed with all others, and enters the lines again. As no
    line is shorter than a block, all of a block is known before its first sample returns.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    delays : int64 array, shape (lines,)
        In samples, at least 1.
    filters : float64 array, shape (lines, 5)
        b0, b1, b2, a1, a2 of the biquad at the end of each line.
    feedback : float32 array, shape (lines, lines)
        What goes from a line (row) into a line (column).
    into : float32 array, shape (channels, lines)
        What goes from a channel into a line.
    taps : int64 array, shape (taps, 3)
        Channel that hears, line that is heard, and how many samples after its input.
    gains : float32 array, shape (taps,)
    rotating : int
        So many of the first lines turn in pairs; an even number.
    radians : float
        By which each pair turns per sample: a rotation, which keeps the energy.

    Returns
    -------
    float32 array, shape (channels, samples)
    """
    lines, longest = delays.size, delays.max()
    block = min(BLOCK_SAMPLES, delays.min())
    memory = np.zeros((lines, 2 * longest + 8 * block), np.float32)
    sent, entering = np.zeros((lines, block), np.float32), np.zeros((lines, block), np.float32)
    state, out, now = np.zeros((2, lines)), np.zeros_like(audio), longest
    for start in range(0, audio.shape[1], block):
        size = min(block, audio.shape[1] - start)
        if now + block > memory.shape[1]:
            memory[:, :longest] = memory[:, now - longest : now].copy()
            now = longest
        _filter_ends(memory, now, delays, filters, state, sent[:, :size])
        if rotating:
            _rotate(sent[:rotating, :size], radians, start)
        entering[:] = 0
        for i in range(lines):
            for j in range(lines):
                _add(entering[i, :size], sent[j, :size], feedback[j, i])
            for c in range(audio.shape[0]):
                _add(entering[i, :size], audio[c, start : start + size], into[c, i])
            for k in range(size):  # else what dies away ends in slow denormal numbers
                value = entering[i, k]
                memory[i, now + k] = value if abs(value) > NEGLIGIBLE else np.float32(0)
        for t in range(gains.size):
            first = now - taps[t, 2]
            heard = memory[taps[t, 1], first : first + size]
            _add(out[taps[t, 0], start : start + size], heard, gains[t])
        now += size
    return out


@njit(cache=True, nogil=True)
def _filter_ends(
    memory: NDArray[np.float32],
    now: int,
    delays: NDArray[np.int64],
    filters: NDArray[np.float64],
    state: NDArray[np.float64],
    sent: NDArray[np.float32],
) -> None:
    """Write what leaves each line through its biquad (transposed direct form 2)."""
    for k in range(sent.shape[1]):
        for i in range(delays.size):  # innermost: the lines do not wait for each other
            x = memory[i, now - delays[i] + k]
            y = filters[i, 0] * x + state[0, i]
            state[0, i] = filters[i, 1] * x - filters[i, 3] * y + state[1, i]
            state[1, i] = filters[i, 2] * x - filters[i, 4] * y
            sent[i, k] = y
    for i in range(delays.size):
        for part in range(2):
            if abs(state[part, i]) < NEGLIGIBLE:
                state[part, i] = 0.0


@njit(cache=True, nogil=True)
def _rotate(sent: NDArray[np.float32], radians: float, start: int) -> None:
    """Turn the lines in pairs."""
    for k in range(sent.shape[1]):
        angle = radians * (start + k)
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        for i in range(0, sent.shape[0], 2):
            one, other = sent[i, k], sent[i + 1, k]
            sent[i, k] = cosine * one - sine * other
            sent[i + 1, k] = sine * one + cosine * other


@njit(cache=True, nogil=True)
def _add(target: NDArray[np.float32], source: NDArray[np.float32], weight: float) -> None:
    """Add ``weight`` times ``source``."""
    if weight != 0:
        for k in range(target.size):
            target[k] += weight * source[k]
