"""Pictures of sound: spectrograms as PNG, written without a library for pictures."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = [
    "CHANGE_COLOURS",
    "CHANGE_DB",
    "COLUMNS",
    "LOWEST_HZ",
    "RANGE_DB",
    "ROWS",
    "highest_hz",
    "levels_db",
    "png",
]

LOWEST_HZ = 40.0
RANGE_DB = 75.0
WINDOW = 4096
COLUMNS, ROWS = 320, 112

COLOURS = ("06061a", "1b1044", "4a1079", "812581", "b5367a", "e55064", "fb8761", "fec287", "fbfdbf")
"""From silent to loud, evenly in lightness; after matplotlib's "magma"."""

CHANGE_DB = 18.0
CHANGE_COLOURS = ("7fe3ee", "2aa5b3", "125862", "0d1218", "6b430d", "d08a24", "ffd48a")
"""From less energy to more, dark where nothing changed."""

STEPS = 65
"""Levels that are told apart: so small a palette halves the PNG, and the eye does not see it."""


def highest_hz(sample_rate: int) -> float:
    """Return where the frequency axis of a picture ends; it begins at ``LOWEST_HZ``."""
    return min(18_000.0, sample_rate / 2)


def levels_db(audio: Audio, sample_rate: int) -> NDArray[np.float64]:
    """Return the energy over time and logarithmic frequency.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        Mixed down first.
    sample_rate : int
        In Hz.

    Returns
    -------
    float64 array, shape (ROWS, COLUMNS)
        In dB, the highest frequency first.
    """
    mono = np.pad(audio.mean(axis=0, dtype=np.float64), WINDOW // 2)
    starts = np.linspace(0, max(len(mono) - WINDOW, 0), COLUMNS).astype(int)
    frames = np.stack([mono[s : s + WINDOW] for s in starts]) * np.hanning(WINDOW)
    power = np.square(np.abs(np.fft.rfft(frames)))
    # the mean of a band is a difference of running sums, at any border between two bins
    sums = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1)
    borders = np.geomspace(LOWEST_HZ, highest_hz(sample_rate), ROWS + 1) * WINDOW / sample_rate
    whole = np.minimum(borders.astype(int), power.shape[1] - 1)
    at = sums[:, whole] + (borders - whole) * power[:, whole]
    mean = np.diff(at, axis=1) / np.diff(borders)
    return np.asarray(10 * np.log10(np.maximum(mean, 1e-12)).T[::-1])


def png(shares: NDArray[np.float64], colours: Sequence[str] = COLOURS) -> bytes:
    """Return numbers from 0 to 1 as a PNG with a palette.

    Parameters
    ----------
    shares : float array, shape (rows, columns)
        Held within 0 and 1.
    colours : sequence of str
        From 0 to 1, each as six hexadecimal digits.
    """
    anchors = np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in colours])
    places = np.linspace(0, len(colours) - 1, STEPS)
    palette = [np.interp(places, range(len(colours)), anchors[:, n]) for n in range(3)]
    pixels = np.rint(np.clip(shares, 0, 1) * (STEPS - 1)).astype(np.uint8)
    lines = np.pad(pixels, ((0, 0), (1, 0)))  # each line begins with its filter: none
    size = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", size),
            (b"PLTE", np.rint(np.stack(palette, 1)).astype(np.uint8).tobytes()),
            (b"IDAT", zlib.compress(lines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )
