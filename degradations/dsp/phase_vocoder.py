"""A phase vocoder: sound made longer or shorter at the same pitch."""

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio

__all__ = ["stretched"]

WINDOW_S = 0.085
OVERLAP = 8
BLOCK_FRAMES = 128


def stretched(audio: Audio, factor: float, samples: int, sample_rate: int) -> Audio:
    """Return ``audio`` ``factor`` times as long: what was at n is at factor * n.

    Frames of 85 ms, eight over each sample at the longer of both hops. Each is taken from
    where it belongs to the nearest sample, so that nothing drifts and no lag is left.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    factor : float
        From 0.25 to 4.
    samples : int
        How many to return.
    sample_rate : int
        In Hz.

    Returns
    -------
    float32 array, shape (channels, samples)

    Notes
    -----
    Z. Průša, N. Holighaus, "Phase vocoder done right", EUSIPCO 2017: phases are integrated
    over time and frequency, loudest first, so that attacks are not smeared. Here the turn of
    the phase is integrated instead of the phase, and the channels turn together, so that
    the stereo image stands still.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    from .phase_propagation import turned_frames

    size = next_fast_len(round(WINDOW_S * sample_rate / 2), real=True) * 2
    hop = max(1, int(size / OVERLAP * min(1.0, factor)))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    first, last = -(size // hop) // 2 - 1, samples // hop + size // (2 * hop) + 2
    places = np.arange(first, last) * hop
    centres = np.rint(places / factor).astype(np.int64)
    delays = np.asarray(factor * centres - places, np.float64)
    before = int(size - centres[0])
    behind = max(0, int(centres[-1]) + size - audio.shape[1])
    padded = np.pad(audio, ((0, 0), (before, behind)))
    out = np.zeros((audio.shape[0], (last - first) * hop + 2 * size), np.float32)
    weight = np.zeros(out.shape[1], np.float32)
    rotation = np.zeros(size // 2 + 1)
    for start in range(0, centres.size, BLOCK_FRAMES):
        block = slice(max(0, start - 1), start + BLOCK_FRAMES)  # with the last one before
        starts = centres[block] + before - size // 2
        pieces = np.stack([padded[:, at : at + size] * window for at in starts])
        spectra = rfft(np.fft.ifftshift(pieces, axes=2), axis=2)
        hops = np.diff(centres[block], prepend=0)
        turned_frames(spectra, hops, hop, factor, delays[block], rotation)
        pieces = np.fft.fftshift(irfft(spectra, size, axis=2), axes=2) * window
        for m in range(start and 1, len(pieces)):
            at = (block.start + m) * hop
            out[:, at : at + size] += pieces[m]
            weight[at : at + size] += window**2
    zero = -first * hop + size // 2
    kept: NDArray[np.float32] = out[:, zero : zero + samples]
    return kept / weight[zero : zero + samples]
