"""What arrives late in a simulated room: traced by rays, sounding as noise."""

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...audio import Audio
from ...seeds import stream

__all__ = ["late_taps"]

_RAYS = Lock()
"""The rays of pyroomacoustics are scattered by one generator per process, which is seeded
before each room; only one room at a time may use it."""

SPEED_OF_SOUND = 343.0


def late_taps(box: Any, spacing_m: float, sample_rate: int, seed: int) -> Audio:
    """Return the response at two microphones to what image sources leave out.

    Rays tell how much energy arrives when; Gaussian noise of that energy stands for the
    reflections, which are too many to be heard one by one. In the field that comes from
    everywhere, microphones hear alike below c / 2 ``spacing_m`` and apart above: their
    coherence is sin(x) / x with x = 2 pi f ``spacing_m`` / c.

    Parameters
    ----------
    box : pyroomacoustics.ShoeBox
        With a source, two microphones, and ray tracing switched on.
    spacing_m : float
        Between the microphones.
    sample_rate : int
        In Hz.
    seed : int
        Of rays and noise.

    Returns
    -------
    float32 array, shape (2, samples)
        Sound leaves the source at sample 0.

    Notes
    -----
    M. Vorlaender, "Auralization", 2008, sections 11.3 and 11.5; R. Cook et al., "Measurement
    of correlation coefficients in reverberant sound fields", JASA 27(6), 1955.
    """
    import pyroomacoustics

    with _RAYS:
        pyroomacoustics.libroom.set_rng_seed(seed)
        box.ray_tracing()
    histograms = [np.sum(of_source[0], axis=(0, 1)) for of_source in box.rt_histograms]
    shortest = min(map(len, histograms))
    energy = np.mean([histogram[:shortest] for histogram in histograms], axis=0)
    arrived = np.flatnonzero(energy)
    bins = int(arrived[-1]) + 1 if arrived.size else 1
    in_bin = int(box.rt_args["hist_bin_size_samples"])
    centres = (np.arange(bins) + 0.5) * in_bin
    envelope = np.sqrt(np.interp(np.arange(bins * in_bin), centres, energy[:bins]) / in_bin)
    away = np.linalg.norm(box.mic_array.R - box.sources[0].position[:, np.newaxis], axis=0).min()
    envelope[: round(away / SPEED_OF_SOUND * sample_rate)] = 0  # of the direct sound's bin
    taps: Audio = (_diffuse(envelope.size, spacing_m, sample_rate, seed) * envelope).astype(
        np.float32
    )
    return taps


def _diffuse(
    samples: int, spacing_m: float, sample_rate: int, seed: int
) -> NDArray[np.floating[Any]]:
    """Return what two microphones hear in noise from all directions, of unit power each."""
    from scipy.fft import next_fast_len

    length = next_fast_len(samples, real=True)
    same, apart = np.fft.rfft(stream(seed, "diffuse").standard_normal((2, length)))
    hz = np.fft.rfftfreq(length, 1 / sample_rate)
    coherence = np.sinc(2 * hz * spacing_m / SPEED_OF_SOUND)
    same, apart = same * np.sqrt((1 + coherence) / 2), apart * np.sqrt((1 - coherence) / 2)
    return np.fft.irfft(np.stack([same + apart, same - apart]), length)[:, :samples]
