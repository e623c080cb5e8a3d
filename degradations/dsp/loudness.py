"""Loudness after ITU-R BS.1770-4 and EBU Tech 3341 (LUFS), loudness range after Tech 3342 (LU).

One or two channels, each with weight 1. `hop_energies` and `gated_lufs` measure long
files block by block, with results equal to those of the whole.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio, checked
from ...errors import AudioError
from .peaks import rms_dbfs, true_peak_dbtp

__all__ = [
    "gated_lufs",
    "hop_energies",
    "integrated_lufs",
    "k_weighting",
    "loudness_range_lu",
    "momentary_lufs",
    "rms_dbfs",
    "short_term_lufs",
    "true_peak_dbtp",
]

Energies = NDArray[np.float64]

K_WEIGHTING_48K = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621),
)
"""BS.1770-4 tables 1 and 2: the head's shelf and the low-frequency roll-off, at 48 kHz."""

HOPS_PER_SECOND = 10
"""Gating blocks last 400 ms and overlap by 75 %, so that they are sums of four 100 ms hops."""

FINE_HOPS_PER_SECOND = 100
"""For momentary loudness: a burst of 400 ms must not fall between two readings."""


def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """Return the K weighting filter for any sample rate, as two second-order sections.

    The standard gives coefficients at 48 kHz only. Undoing their bilinear transform
    yields the analogue filters, which are transformed anew with each corner (38 Hz and
    1682 Hz) kept in its place. At 48 kHz the standard's own numbers come out.

    Parameters
    ----------
    sample_rate : int
        In Hz, at least 4000.

    Returns
    -------
    float64 array, shape (2, 6)
        Rows b0 b1 b2 a0 a1 a2, as `scipy.signal.sosfilt` takes them.
    """
    if sample_rate < 4000:
        raise AudioError(f"k_weighting: wanted 4000 Hz or more, found {sample_rate}; resample")
    return np.array([_retuned(section, sample_rate) for section in K_WEIGHTING_48K])


def _retuned(section: tuple[float, ...], sample_rate: int) -> list[float]:
    b, a = _to_analogue(section[:3]), _to_analogue(section[3:])
    corner = math.sqrt(a[2] / a[0])  # tan(pi f / 48000)
    ratio = corner / math.tan(math.atan(corner) * 48000 / sample_rate)
    digital = [_to_digital(p[0] * ratio**2, p[1] * ratio, p[2]) for p in (b, a)]
    return [value / digital[1][0] for polynomial in digital for value in polynomial]


def _to_analogue(p: tuple[float, ...]) -> tuple[float, float, float]:
    """Replace 1/z by (1 - s) / (1 + s): coefficients of s^2, s and 1."""
    return p[0] - p[1] + p[2], 2 * (p[0] - p[2]), p[0] + p[1] + p[2]


def _to_digital(square: float, linear: float, constant: float) -> tuple[float, float, float]:
    """Undo `_to_analogue`, up to a common factor."""
    return square + linear + constant, 2 * (constant - square), square - linear + constant


def integrated_lufs(audio: Audio, sample_rate: int) -> float:
    """Return the integrated loudness, gated at -70 LUFS and at 10 LU below the rest.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.

    Returns
    -------
    float
        In LUFS; -inf for silence. Audio shorter than one gating block of 0.4 s is
        measured without gates over what is there; fading filters are not waited for.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000, dtype=np.float64)
    >>> round(integrated_lufs(tone[None].astype(np.float32), 48000), 2)
    -3.01
    """
    energies, _ = hop_energies(checked(audio, "integrated_lufs"), sample_rate)
    return gated_lufs(energies[0], audio.shape[1], sample_rate)


def momentary_lufs(audio: Audio, sample_rate: int) -> NDArray[np.float64]:
    """Return the loudness of the last 400 ms, every 10 ms from 400 ms on; not gated.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.

    Returns
    -------
    float64 array, shape (readings,)
        In LUFS, -inf for silence; empty if the audio is shorter. ``max()`` is the maximum
        momentary loudness.
    """
    return _sliding_lufs(audio, sample_rate, FINE_HOPS_PER_SECOND, 40, "momentary_lufs")


def short_term_lufs(audio: Audio, sample_rate: int) -> NDArray[np.float64]:
    """Return the loudness of the last 3 s, every 100 ms from 3 s on; not gated.

    Parameters and outcome are as those of :func:`momentary_lufs`.
    """
    return _sliding_lufs(audio, sample_rate, HOPS_PER_SECOND, 30, "short_term_lufs")


def loudness_range_lu(audio: Audio, sample_rate: int) -> float:
    """Return how far soft and loud passages lie apart (EBU Tech 3342).

    The 10th and the 95th percentile of the short-term loudness, gated at -70 LUFS and at 20 LU
    below the mean power of the rest.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
    sample_rate : int
        In Hz.

    Returns
    -------
    float
        In LU; 0 for silence, and for audio shorter than 3 s.

    Examples
    --------
    >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(480_000) / 48_000)
    >>> steps = np.concatenate([tone, 0.5 * tone])[None].astype(np.float32)
    >>> round(loudness_range_lu(steps, 48_000), 1)
    6.0
    """
    readings = short_term_lufs(audio, sample_rate)
    heard = readings[readings > -70.0]
    if not len(heard):
        return 0.0
    mean_lufs = _lufs(float(np.mean(10.0 ** ((heard + 0.691) / 10.0))))
    heard = heard[heard > mean_lufs - 20.0]
    soft, loud = np.percentile(heard, [10, 95])
    return float(loud - soft)


def _sliding_lufs(
    audio: Audio, sample_rate: int, hops_per_second: int, hops: int, where: str
) -> NDArray[np.float64]:
    """Return the loudness of so many hops on end, from hop to hop."""
    whole = hops_per_second * audio.shape[1] // sample_rate
    if whole < hops:
        return np.zeros(0)
    checked(audio, where)
    energies, _ = hop_energies(audio, sample_rate, hops_per_second=hops_per_second)
    ends = np.arange(whole + 1) * sample_rate // hops_per_second
    sums = np.lib.stride_tricks.sliding_window_view(energies[0, :whole], hops).sum(axis=1)
    powers = sums / (ends[hops:] - ends[:-hops])
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(powers) - 0.691)


def hop_energies(
    audio: Audio,
    sample_rate: int,
    state: Energies | None = None,
    *,
    hops_per_second: int = HOPS_PER_SECOND,
) -> tuple[Energies, Energies]:
    """Add up the squares of all channels over hops, K-weighted and as they are.

    Parameters
    ----------
    audio : float32 array, shape (channels, samples)
        When more is to follow: whole seconds.
    sample_rate : int
        In Hz.
    state : float64 array, shape (channels, 4), optional
        Where the filters stood at the end of the audio before this.
    hops_per_second : int

    Returns
    -------
    energies : float64 array, shape (2, hops)
        K-weighted, plain. The last hop may be a part of one.
    state : float64 array, shape (channels, 4)
        To be handed to the next call.
    """
    from .meter_loops import weighted_energies

    samples = audio.shape[1]
    hops = hops_per_second * samples // sample_rate
    bounds = np.arange(hops + 1) * sample_rate // hops_per_second
    if bounds[-1] < samples:
        bounds = np.append(bounds, samples)
    after = np.zeros((len(audio), 4)) if state is None else state.copy()
    energies = np.zeros((2, len(bounds) - 1))
    weighted_energies(
        np.ascontiguousarray(audio), k_weighting(sample_rate), after, bounds, energies
    )
    return energies, after


def gated_lufs(energies: Energies, samples: int, sample_rate: int) -> float:
    """Return the integrated loudness of ``samples`` samples from their weighted hops."""
    hops = HOPS_PER_SECOND * samples // sample_rate
    if hops < 4:
        return _lufs(float(energies.sum()) / max(samples, 1))
    ends = np.arange(hops + 1) * sample_rate // HOPS_PER_SECOND
    blocks = np.lib.stride_tricks.sliding_window_view(energies[:hops], 4).sum(axis=1)
    powers = blocks / (ends[4:] - ends[:-4])
    heard = powers[powers > _power(-70.0)]
    if not len(heard):
        return float("-inf")
    return _lufs(float(heard[heard > heard.mean() / 10.0].mean()))


def _lufs(power: float) -> float:
    return 10.0 * math.log10(power) - 0.691 if power > 0 else float("-inf")


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs + 0.691) / 10.0))
