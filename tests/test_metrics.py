from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from wetdry.cascade.metrics.fidelity import (
    METRICS,
    evaluate,
    mmsnr_db,
    multi_resolution_stft_distance,
    sdr_db,
    si_sdr_db,
    zimtohrli_distance,
)
from wetdry.cascade.metrics.pairs import is_silent
from wetdry.cascade.metrics.power_spectra import mel_filterbank
from wetdry.errors import AudioError

RATE = 48_000


def noise(seed=0, channels=1, samples=RATE):
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, samples))).astype("f4")


def pink(seed=0, lowest_hz=7.0, samples=5 * RATE):
    frequencies = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    spectrum[1:] /= np.sqrt(frequencies[1:])
    spectrum[frequencies < lowest_hz] = 0
    signal = np.fft.irfft(spectrum, samples)
    return (0.5 * signal / np.abs(signal).max()).astype("f4")[None]


def delayed(audio, samples):
    return np.pad(audio, ((0, 0), (samples, 0)))[:, :-samples]


@pytest.mark.parametrize(("samples", "left_db"), [(1, 8.9), (5, 3.8), (24, 1.6), (240, 0.1)])
def test_a_delay_caps_multi_mel_snr_where_the_field_measured_it(samples, left_db):
    found = np.mean([mmsnr_db(pink(s), delayed(pink(s), samples), RATE) for s in range(4)])
    assert found == pytest.approx(left_db, abs=0.4)


def test_silence_scores_0_db_of_multi_mel_snr():
    assert mmsnr_db(noise(), 0 * noise(), RATE) == pytest.approx(0, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(gain_db=st.floats(-40, 40), polarity=st.sampled_from([-1, 1]))
def test_gain_and_polarity_move_neither_multi_mel_snr_nor_si_sdr(gain_db, polarity):
    wanted, found = noise(0, 2), noise(0, 2) + 0.3 * noise(1, 2)
    scaled = found * np.float32(polarity * 10 ** (gain_db / 20))
    for metric in (mmsnr_db, si_sdr_db):
        assert metric(wanted, scaled, RATE) == pytest.approx(metric(wanted, found, RATE), abs=1e-3)


def test_multi_mel_snr_agrees_with_the_formula_over_scipys_stft():
    wanted, found = noise(0)[0].astype(float), (noise(0) + noise(1))[0].astype(float)
    scaled = found * (wanted @ found) / (found @ found + 1e-8)
    scores = []
    for size, hop, bands in ((512, 256, 80), (1024, 512, 128), (2048, 1024, 192)):
        window = scipy.signal.get_window("hann", size)
        stft = scipy.signal.ShortTimeFFT(window, hop, RATE)
        filters = mel_filterbank(RATE, size, bands, "htk")
        frames = 1 + len(wanted) // hop
        mel = [
            np.abs(stft.stft(np.pad(x, size // 2, "reflect"), 0, None, k_offset=size // 2)).T ** 2
            @ filters
            for x in (wanted, scaled)
        ]
        mel_wanted, mel_found = (m[:frames] for m in mel)
        rest = ((mel_wanted - mel_found) ** 2).sum() + 1e-8
        scores.append(10 * np.log10((mel_wanted**2).sum() / rest))
    expected = np.mean(scores)
    assert mmsnr_db(noise(0), noise(0) + noise(1), RATE) == pytest.approx(expected, abs=0.02)


def test_htk_filters_are_triangles_of_height_one_that_add_up_to_one_between_their_peaks():
    filters = mel_filterbank(RATE, 2048, 64, "htk")
    inside = filters.sum(axis=1)[20:900]
    np.testing.assert_allclose(inside, 1.0, atol=1e-5)
    assert filters.max() <= 1.0


def test_slaney_filters_have_equal_areas():
    area = mel_filterbank(16_000, 8192, 40, "slaney").sum(axis=0) * 16_000 / 8192
    np.testing.assert_allclose(area, 1.0, rtol=0.02)


@settings(max_examples=10, deadline=None)
@given(ratio_db=st.floats(-25, 90))
def test_si_sdr_and_sdr_read_the_ratio_of_orthogonal_signals(ratio_db):
    time_s = np.arange(RATE) / RATE
    wanted = np.sin(2 * np.pi * 1000 * time_s).astype("f4")[None]
    rest = np.cos(2 * np.pi * 1000 * time_s)[None] * 10 ** (-ratio_db / 20)
    found = (wanted + rest).astype("f4")
    for metric in (si_sdr_db, sdr_db):
        assert metric(wanted, found, RATE) == pytest.approx(ratio_db, abs=0.02)


def test_saying_nothing_is_no_better_than_saying_something_unrelated():
    assert si_sdr_db(noise(), 0 * noise(), RATE) == -30.0
    assert si_sdr_db(noise(), noise(1), RATE) == -30.0
    assert sdr_db(noise(), 0 * noise(), RATE) == 0.0


def test_the_reference_itself_is_the_best_estimate():
    wanted = noise(0, 2)
    best = evaluate(wanted, wanted.copy(), RATE)
    worse = evaluate(wanted, wanted + 0.1 * noise(1, 2), RATE)
    assert best["si_sdr_db"] == best["sdr_db"] == 100.0
    assert best["mrstft"] == best["zimtohrli"] == 0.0
    for name in METRICS:
        assert np.sign(best[name] - worse[name]) == (1 if name.endswith("_db") else -1)


def test_stft_distance_of_a_gain_is_what_the_formula_says():
    wanted = noise()
    convergence, nepers = 0.5, np.log(2)
    found = multi_resolution_stft_distance(wanted, wanted / 2, RATE)
    assert found == pytest.approx(convergence + nepers, rel=1e-4)


def test_a_silent_reference_has_no_score():
    scores = evaluate(0 * noise(), noise(), RATE)
    assert list(scores) == list(METRICS)
    assert all(np.isnan(score) for score in scores.values())


def test_rounding_noise_of_16_bits_is_silence_and_a_whisper_is_not():
    rounding = np.random.default_rng(0).uniform(-0.5, 0.5, (1, RATE)) / 2**15
    assert is_silent(rounding.astype("f4"))
    assert not is_silent(noise() * np.float32(1e-3))


def test_a_channel_without_reference_does_not_count_in_metrics_per_channel():
    left = np.concatenate([noise(), 0 * noise()])
    found = np.concatenate([noise() + 0.1 * noise(1), noise(2)])
    for metric in (mmsnr_db, multi_resolution_stft_distance, zimtohrli_distance):
        assert metric(left, found, RATE) == pytest.approx(metric(left[:1], found[:1], RATE))
    assert si_sdr_db(left, found, RATE) < si_sdr_db(left[:1], found[:1], RATE) - 3


def test_metrics_hear_the_same_at_another_sample_rate():
    low = scipy.signal.firwin(255, 8000, fs=RATE)
    wanted, rest = (scipy.signal.oaconvolve(noise(s), low[None], "same") for s in (0, 1))
    pair = [wanted.astype("f4"), (wanted + 0.2 * rest).astype("f4")]
    slow = [scipy.signal.resample_poly(x, 147, 160, axis=1).astype("f4") for x in pair]
    for metric in (mmsnr_db, si_sdr_db):
        assert metric(slow[0], slow[1], 44_100) == pytest.approx(
            metric(pair[0], pair[1], RATE), abs=0.1
        )


@pytest.mark.parametrize(
    ("estimate", "rate"),
    [
        (noise(0, 2), RATE),
        (noise()[:, :-1], RATE),
        (noise().astype("f8"), RATE),
        (noise() * np.float32("nan"), RATE),
        (noise(), 0),
        (noise(), 96_000_000),
    ],
)
def test_what_cannot_be_compared_is_refused(estimate, rate):
    metrics: list[Any] = [*METRICS.values(), evaluate]
    for metric in metrics:
        with pytest.raises(AudioError, match="wanted"):
            metric(noise(), estimate, rate)


def test_too_short_a_clip_is_refused_before_zimtohrli_can_end_the_process():
    for samples in (0, 1, 4799):
        with pytest.raises(AudioError, match="at least"):
            zimtohrli_distance(noise()[:, :samples], noise()[:, :samples], RATE)
    assert zimtohrli_distance(noise()[:, :4800], noise()[:, :4800], RATE) == 0.0
