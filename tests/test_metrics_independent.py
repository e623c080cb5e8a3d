"""Metrics against other people's implementations, where these are installed, and scipy's."""

from importlib import import_module

import numpy as np
import pytest
import scipy.linalg
import scipy.signal

from wetdry.cascade.metrics.fidelity import (
    loudness_error_lu,
    multi_resolution_stft_distance,
    sdr_db,
    si_sdr_db,
)
from wetdry.cascade.metrics.frechet import frechet_distance

RATE = 48_000


def pair(seed, share=0.4, channels=1):
    """Coloured noise, and the same with other noise and at another level."""
    rng = np.random.default_rng(seed)
    shape = (channels, RATE)
    wanted, rest = (
        scipy.signal.lfilter([1], [1, -0.9 * k], 0.05 * rng.standard_normal(shape), axis=1)
        for k in (1, 0.5)
    )
    return wanted.astype("f4"), (0.7 * wanted + share * rest).astype("f4")


PAIRS = [pair(0, 0.01), pair(1), pair(2, 2.0), pair(3, channels=2)]


@pytest.mark.parametrize(("wanted", "found"), PAIRS)
def test_si_sdr_and_sdr_are_those_of_torchmetrics(wanted, found):
    audio = pytest.importorskip("torchmetrics.functional.audio")
    torch = pytest.importorskip("torch")
    flat = [torch.from_numpy(x.astype(np.float64).ravel()) for x in (found, wanted)]
    ours, theirs = (
        si_sdr_db(wanted, found, RATE),
        audio.scale_invariant_signal_distortion_ratio(*flat),
    )
    assert ours == pytest.approx(float(theirs), abs=1e-4)
    theirs = audio.signal_noise_ratio(*flat)
    assert sdr_db(wanted, found, RATE) == pytest.approx(float(theirs), abs=1e-4)


@pytest.mark.parametrize(("wanted", "found"), PAIRS[:3])
def test_sdr_of_one_gain_is_that_of_bss_eval_with_filters_of_one_tap(wanted, found):
    # BSS Eval allows the reference a filter; with a filter of one tap that is SI-SDR.
    audio = pytest.importorskip("torchmetrics.functional.audio")
    torch = pytest.importorskip("torch")
    flat = [torch.from_numpy(x.astype(np.float64).ravel()) for x in (found, wanted)]
    theirs = audio.signal_distortion_ratio(*flat, filter_length=1)
    assert si_sdr_db(wanted, found, RATE) == pytest.approx(float(theirs), abs=1e-3)


@pytest.mark.parametrize(("wanted", "found"), PAIRS)
def test_the_plain_sdr_is_that_of_museval_for_one_source(wanted, found):
    # Its images version: |ref|^2 over the sum of all errors, however they are told apart.
    try:
        metrics = import_module("museval.metrics")
    except (ImportError, RuntimeError) as error:  # it asks for ffmpeg, too
        pytest.skip(f"no museval: {error}")
    stacked = [x.T[None].astype(np.float64) for x in (wanted, found)]
    ratios, *_ = metrics.bss_eval(
        *stacked, window=RATE, hop=RATE, compute_permutation=False, filters_len=8
    )
    assert sdr_db(wanted, found, RATE) == pytest.approx(float(ratios[0, 0]), abs=1e-3)


@pytest.mark.parametrize(("wanted", "found"), PAIRS[:3])
def test_the_stft_distance_is_that_of_the_formula_over_scipys_stft(wanted, found):
    distances = []
    for size, hop in ((512, 128), (1024, 256), (2048, 512)):
        stft = scipy.signal.ShortTimeFFT(scipy.signal.get_window("hann", size), hop, RATE)
        frames = 1 + wanted.shape[1] // hop
        a, b = (
            np.maximum(
                np.abs(
                    stft.stft(
                        np.pad(x[0].astype(float), size // 2, "reflect"), 0, None,
                        k_offset=size // 2,
                    )
                )[:, :frames],
                np.sqrt(1e-7),
            )
            for x in (wanted, found)
        )  # fmt: skip
        convergence = np.linalg.norm(a - b) / np.linalg.norm(a)
        distances.append(convergence + np.abs(np.log(a) - np.log(b)).mean())
    ours = multi_resolution_stft_distance(wanted, found, RATE)
    assert ours == pytest.approx(np.mean(distances), rel=2e-3)


@pytest.mark.parametrize("items", [40, 400])
def test_the_frechet_distance_is_that_of_scipys_matrix_square_root(items):
    rng = np.random.default_rng(items)
    first, second = rng.standard_normal((2, items, 24))
    second = second @ rng.standard_normal((24, 24)) * 0.3 + 1.0
    covariances = [np.cov(cloud, rowvar=False) for cloud in (first, second)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    spread = np.trace(covariances[0] + covariances[1] - 2 * root)
    shift = np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2)
    found = frechet_distance(first, second)
    assert found.mean_term == pytest.approx(shift)
    assert found.covariance_term == pytest.approx(spread, rel=1e-6)


@pytest.mark.parametrize("gain_db", [-12.0, -0.5, 6.0])
def test_the_loudness_error_of_a_gain_is_the_gain_and_of_silence_the_way_to_the_gate(gain_db):
    wanted = pair(0)[0]
    scaled = wanted * np.float32(10 ** (gain_db / 20))
    assert loudness_error_lu(wanted, scaled, RATE) == pytest.approx(abs(gain_db), abs=0.01)
    meter = pytest.importorskip("pyloudnorm").Meter(RATE)
    loudness = meter.integrated_loudness(wanted.T.astype(float))
    assert loudness_error_lu(wanted, 0 * wanted, RATE) == pytest.approx(loudness + 70, abs=0.05)
    assert np.isnan(loudness_error_lu(0 * wanted, wanted, RATE))
