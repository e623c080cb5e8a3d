"""Fingerprints of sound: to find the same recording again under another name.

Each frame gives 32 bits: whether the difference between the energies of neighbouring bands grew
or shrank since the last frame. Gain cancels out, and an MP3 turns few bits over. After J. Haitsma
and T. Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002: 33 bands evenly spaced in
logarithm from 300 to 2000 Hz, windows of 0.37 s; here every 23 ms.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, resample

__all__ = ["HOP_S", "Match", "fingerprint", "matches"]

RATE_HZ = 5512
WINDOW = 2048
HOP = 128
HOP_S = HOP / RATE_HZ
BANDS = 33
LOWEST_HZ, HIGHEST_HZ = 300.0, 2000.0

QUIET = 1e-6
"""Share of the loudest frame's energy below which a frame says nothing: -60 dB."""

SHORTEST_S = 3.0
"""Of what two recordings must share to be told to be one: 129 frames of 32 bits."""

MOST_WRONG = 0.33
"""Share of the bits that may differ. Half of them do between unrelated sounds."""

VOTES = 2
"""Frames that must agree in all 32 bits before two recordings are compared at all."""

COMMONEST = 200
"""Patterns that more frames have than that point nowhere."""

Prints = NDArray[np.uint32]


@dataclass(frozen=True)
class Match:
    """Two recordings that share a stretch.

    Parameters
    ----------
    one, other : int
        Their places in the two lists.
    one_s, other_s : float
        Where in each of them it begins.
    seconds : float
        How long it is.
    wrong : float
        Share of the bits that differ.
    """

    one: int
    other: int
    one_s: float
    other_s: float
    seconds: float
    wrong: float


def fingerprint(audio: Audio, sample_rate: int) -> Prints:
    """Return 32 bits for every 23 ms.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.

    Returns
    -------
    uint32 array, shape (frames,)
        0 where there is next to nothing to hear; empty for less than 0.4 s.
    """
    mono = resample(audio.mean(axis=0, keepdims=True, dtype=np.float32), sample_rate, RATE_HZ)[0]
    if len(mono) < WINDOW + HOP:
        return np.zeros(0, np.uint32)
    frames = np.lib.stride_tricks.sliding_window_view(mono, WINDOW)[::HOP]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32))))
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1) * WINDOW / RATE_HZ
    sums = np.cumsum(power, axis=1)[:, np.rint(edges).astype(int)]
    energy = np.diff(sums, axis=1)
    grew = np.diff(np.diff(energy, axis=1), axis=0) > 0
    bits = np.ascontiguousarray(np.packbits(grew, axis=1)).view(">u4")[:, 0].astype(np.uint32)
    loud = energy.sum(axis=1)
    bits[loud[1:] <= QUIET * loud.max(initial=0.0)] = 0
    return np.asarray(bits, np.uint32)


def matches(
    ones: Sequence[Prints], others: Sequence[Prints], most_wrong: float = MOST_WRONG
) -> list[Match]:
    """Find the pairs of recordings that share a stretch, those most alike first.

    Parameters
    ----------
    ones, others : sequences of uint32 arrays
        Fingerprints of two groups of recordings.
    most_wrong : float
        Share of the bits that may differ, below 0.5.

    Returns
    -------
    list of Match
        At most one for each pair: where it is longest.
    """
    votes = _votes(ones, others)
    best: dict[tuple[int, int], Match] = {}
    for (one, other, late), number in votes.items():
        if number < VOTES:
            continue
        found = _compared(ones[one], others[other], one, other, late)
        if (
            found
            and found.wrong <= most_wrong
            and (found.seconds, -found.wrong)
            > ((b.seconds, -b.wrong) if (b := best.get((one, other))) else (0.0, 0.0))
        ):
            best[one, other] = found
    return sorted(best.values(), key=lambda match: (match.wrong, match.one, match.other))


def _votes(ones: Sequence[Prints], others: Sequence[Prints]) -> Counter[tuple[int, int, int]]:
    """Count the frames that are alike, by both recordings and by how late one is in the other."""
    bits, owner, place = _joined(ones)
    order = np.argsort(bits, kind="stable")
    bits, owner, place = bits[order], owner[order], place[order]
    votes: Counter[tuple[int, int, int]] = Counter()
    for other, prints in enumerate(others):
        first = np.searchsorted(bits, prints, "left")
        number = np.searchsorted(bits, prints, "right") - first
        good = np.flatnonzero((number > 0) & (number <= COMMONEST) & (prints != 0))
        hits = np.concatenate(
            [np.zeros(0, int), *(np.arange(first[n], first[n] + number[n]) for n in good)]
        )
        here = np.repeat(good, number[good])
        keys = zip(owner[hits].tolist(), (here - place[hits]).tolist(), strict=True)
        votes.update((one, other, late) for one, late in keys)
    return votes


def _joined(all_prints: Sequence[Prints]) -> tuple[Prints, NDArray[np.int64], NDArray[np.int64]]:
    """Return all frames of many recordings, with whose they are and where they stand."""
    lengths = [len(prints) for prints in all_prints]
    bits = np.concatenate([np.zeros(0, np.uint32), *all_prints])
    owner = np.repeat(np.arange(len(lengths)), lengths)
    place = np.concatenate([np.zeros(0, np.int64), *map(np.arange, lengths)])
    return bits, owner, place


def _compared(one: Prints, other: Prints, i: int, j: int, late: int) -> Match | None:
    """Lay a recording over another, ``late`` frames late, and compare all that they share."""
    start, end = max(0, -late), min(len(one), len(other) - late)
    if (end - start) * HOP_S < SHORTEST_S:
        return None
    a, b = one[start:end], other[start + late : end + late]
    heard = (a != 0) & (b != 0)
    seconds = float(heard.sum() * HOP_S)
    if seconds < SHORTEST_S:
        return None
    wrong = float(np.bitwise_count(a[heard] ^ b[heard]).mean() / 32)
    return Match(i, j, start * HOP_S, (start + late) * HOP_S, seconds, wrong)
