"""The meters read what the standards say, whatever the rate, the gain or the place in time."""

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample as fourier_resample
from scipy.signal import sosfilt

from wetdry.audio import decibels
from wetdry.errors import AudioError
from wetdry.mixing.loudness import (
    gated_lufs,
    hop_energies,
    integrated_lufs,
    k_weighting,
    loudness_range_lu,
    momentary_lufs,
    rms_dbfs,
    short_term_lufs,
    true_peak_dbtp,
)
from wetdry.mixing.peaks import TAPS, peak_between
from wetdry.seeds import stream

RATE = 48000


def tone(level_dbfs, seconds, hz=1000.0, rate=RATE, channels=2):
    phase = 2 * np.pi * hz * np.arange(round(seconds * rate)) / rate
    wave = 10 ** (level_dbfs / 20) * np.sin(phase)
    return np.tile(wave.astype(np.float32), (channels, 1))


def noise(seconds, rate=RATE, channels=2, name="noise"):
    return stream(1, name).normal(0, 0.1, (channels, round(seconds * rate))).astype(np.float32)


def test_at_48_khz_the_filter_is_the_standards_own():
    wanted: list[list[float]] = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285],
        [1, -1.69065929318241, 0.73248077421585],
        [1, -2, 1],
        [1, -1.99004745483398, 0.99007225036621],
    ]
    assert k_weighting(RATE).reshape(4, 3) == pytest.approx(np.array(wanted), abs=1e-14)


def test_a_full_scale_tone_at_997_hz_reads_minus_3_01():
    assert integrated_lufs(tone(0, 20, 997, channels=1), RATE) == pytest.approx(-3.010, abs=5e-4)


@pytest.mark.parametrize("rate", [16000, 22050, 32000, 44100, 88200, 96000, 192000])
def test_the_rate_hardly_moves_the_reading(rate):
    lufs = integrated_lufs(tone(0, 5, 997, rate, 1), rate)
    assert lufs == pytest.approx(-3.01, abs=0.05)


def test_a_rate_too_low_for_the_filter_is_refused():
    with pytest.raises(AudioError, match="4000"):
        k_weighting(3000)


# EBU Tech 3341, cases 1 to 5: stereo 1 kHz tones as (dBFS, seconds); the tolerance is theirs.
EBU_3341: dict[str, tuple[list[tuple[float, float]], float]] = {
    "case 1": ([(-23, 20)], -23.0),
    "case 2": ([(-33, 20)], -33.0),
    "case 3, relative gate": ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    "case 4, both gates": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    "case 5, no gate": ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}


@pytest.mark.parametrize("case", EBU_3341)
def test_ebu_signals_read_as_the_ebu_wants(case):
    parts, wanted = EBU_3341[case]
    audio = np.concatenate([tone(level, seconds) for level, seconds in parts], axis=1)
    assert integrated_lufs(audio, RATE) == pytest.approx(wanted, abs=0.1)


EBU_3342: dict[str, tuple[list[float], float]] = {
    "case 1": ([-20, -30], 10),
    "case 2": ([-20, -15], 5),
    "case 3": ([-40, -20], 20),
    "case 4": ([-50, -35, -20, -35, -50], 15),
}


@pytest.mark.parametrize("case", EBU_3342)
def test_the_loudness_range_of_ebu_signals_is_what_the_ebu_wants(case):
    levels, wanted = EBU_3342[case]
    audio = np.concatenate([tone(level, 20) for level in levels], axis=1)
    assert loudness_range_lu(audio, RATE) == pytest.approx(wanted, abs=0.1)  # the EBU: 1 LU


def test_tones_that_change_within_the_window_read_steadily():
    """EBU Tech 3341, cases 9 and 12."""
    for meter, parts, settled in (
        (short_term_lufs, [(-20, 1.34), (-30, 1.66)], 0),
        (momentary_lufs, [(-20, 0.18), (-30, 0.22)], 60),
    ):
        audio = np.concatenate([tone(level, s) for level, s in parts * 5], axis=1)
        assert np.abs(meter(audio, RATE)[settled:] + 23).max() < 0.1


@pytest.mark.parametrize("step", range(0, 20, 3))
def test_a_burst_as_long_as_the_window_is_not_missed(step):
    """EBU Tech 3341, cases 10 and 13: it begins anywhere."""
    for meter, seconds, grid in ((short_term_lufs, 3, 0.15), (momentary_lufs, 0.4, 0.02)):
        before, after = np.zeros((2, round(step * grid * RATE))), np.zeros((2, RATE))
        audio = np.concatenate([before, tone(-23, seconds), after], axis=1).astype(np.float32)
        assert meter(audio, RATE).max() == pytest.approx(-23, abs=0.1)


def test_a_steady_tone_has_no_range_and_one_loudness():
    audio = tone(-20, 5)
    assert loudness_range_lu(audio, RATE) == pytest.approx(0, abs=0.01)
    assert short_term_lufs(audio, RATE) == pytest.approx(integrated_lufs(audio, RATE), abs=0.02)
    assert len(short_term_lufs(audio, RATE)) == 21 and len(momentary_lufs(audio, RATE)) == 461


def test_a_gain_leaves_the_range():
    audio = noise(12) * np.repeat([1.0, 0.3, 0.1], 4 * RATE).astype(np.float32)
    assert loudness_range_lu(audio * np.float32(0.5), RATE) == pytest.approx(
        loudness_range_lu(audio, RATE), abs=1e-3
    )


def test_what_is_silent_or_too_short_has_no_range():
    assert loudness_range_lu(np.zeros((2, 5 * RATE), np.float32), RATE) == 0
    assert loudness_range_lu(tone(-20, 2.9), RATE) == 0
    assert len(short_term_lufs(tone(-20, 2.9), RATE)) == 0
    assert np.isneginf(momentary_lufs(np.zeros((1, RATE), np.float32), RATE)).all()


def test_the_straight_road_over_scipy_gives_the_same_loudness():
    audio = noise(6.03, 44100) * np.linspace(0, 1, round(6.03 * 44100), dtype=np.float32)
    squares = sosfilt(k_weighting(44100), audio.astype(np.float64), axis=1) ** 2
    starts = range(0, audio.shape[1] - 17640 + 1, 4410)
    powers = np.array([squares[:, s : s + 17640].mean(axis=1).sum() for s in starts])
    powers = powers[powers > 10 ** ((-70 + 0.691) / 10)]
    wanted = -0.691 + 10 * np.log10(powers[powers > powers.mean() / 10].mean())
    assert integrated_lufs(audio, 44100) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_pyloudnorm_agrees_but_for_its_own_offset(rate):
    audio = noise(5, rate)
    theirs = pyloudnorm.Meter(rate).integrated_loudness(audio.T)
    assert integrated_lufs(audio, rate) == pytest.approx(theirs, abs=0.1)


@given(gain_db=st.floats(-30, 15))
@settings(deadline=None, max_examples=20)
def test_a_gain_moves_every_meter_by_itself(gain_db):
    audio = noise(1)
    louder = (audio * 10 ** (gain_db / 20)).astype(np.float32)
    for meter in (integrated_lufs, true_peak_dbtp, lambda x, _: rms_dbfs(x)):
        assert meter(louder, RATE) - meter(audio, RATE) == pytest.approx(gain_db, abs=1e-3)


@given(swap=st.booleans(), flip=st.booleans(), hops=st.integers(0, 30))
@settings(deadline=None, max_examples=20)
def test_swapped_flipped_or_delayed_audio_is_as_loud(swap, flip, hops):
    audio = np.pad(noise(1), ((0, 0), (0, RATE)))
    other = (-1 if flip else 1) * (audio[::-1] if swap else audio)
    other = np.pad(other, ((0, 0), (hops * RATE // 10, 0)))
    assert true_peak_dbtp(other, RATE) == true_peak_dbtp(audio, RATE)
    whole = integrated_lufs(np.pad(audio, ((0, 0), (RATE, 0))), RATE)
    assert integrated_lufs(np.pad(other, ((0, 0), (RATE, 0))), RATE) == pytest.approx(whole)


def test_a_second_equal_channel_adds_3_db_of_loudness_and_nothing_to_the_rest():
    mono = noise(2, channels=1)
    both = np.tile(mono, (2, 1))
    step = integrated_lufs(both, RATE) - integrated_lufs(mono, RATE)
    assert step == pytest.approx(3.0103, abs=1e-4)
    assert true_peak_dbtp(both, RATE) == true_peak_dbtp(mono, RATE)
    assert rms_dbfs(both) == pytest.approx(rms_dbfs(mono))


@pytest.mark.parametrize("samples", [0, 1, 100, RATE])
def test_silence_is_infinitely_quiet(samples):
    silence = np.zeros((2, samples), np.float32)
    assert integrated_lufs(silence, RATE) == float("-inf")
    assert true_peak_dbtp(silence, RATE) == float("-inf")
    assert rms_dbfs(silence) == float("-inf")


def test_shorter_than_a_gating_block_is_measured_over_what_is_there():
    assert integrated_lufs(tone(-20, 0.39), RATE) == pytest.approx(-20, abs=0.2)
    assert integrated_lufs(tone(-90, 0.39), RATE) == pytest.approx(-90, abs=0.2)  # no gate


@pytest.mark.parametrize("rate", [44100, 11025, 96000])
def test_pieces_read_as_the_whole(rate):
    audio = noise(3.25, rate)
    state, energies, peaks = None, [], [0.0]
    padded = np.pad(audio, ((0, 0), (TAPS - 1, TAPS - 1)))
    for start in range(0, audio.shape[1], rate):
        found, state = hop_energies(audio[:, start : start + rate], rate, state)
        energies.append(found)
        piece = padded[:, start : start + rate + 2 * (TAPS - 1)]
        peaks.append(peak_between(piece, rate, floor=max(peaks)))
    together = gated_lufs(np.concatenate(energies, axis=1)[0], audio.shape[1], rate)
    assert together == integrated_lufs(audio, rate)
    assert decibels(max(peaks)) == true_peak_dbtp(audio, rate)


def test_a_peak_between_the_samples_is_found():
    """BS.1770-4, annex 2: at a quarter of the rate and 45 degrees the samples read 3 dB low."""
    wave = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4) * np.hanning(RATE)
    audio = wave.astype(np.float32)[None]
    assert decibels(float(np.abs(audio).max())) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(audio, RATE) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(("rate", "times"), [(44100, 4), (96000, 2)])
@pytest.mark.parametrize("hz_share", [0.05, 0.2, 0.33, 0.43])
def test_the_true_peak_is_that_of_ideal_interpolation(rate, times, hz_share):
    n = np.arange(4096)
    wave = np.sin(2 * np.pi * hz_share * n + 0.3) * np.hanning(4096)
    ideal = np.abs(fourier_resample(wave, times * 4096)).max()
    found = true_peak_dbtp(wave.astype(np.float32)[None], rate)
    assert found == pytest.approx(decibels(float(ideal)), abs=0.12)


def test_the_true_peak_is_never_below_the_sample_peak():
    audio = noise(1)
    audio[1, -1] = 1.0  # the last sample, where interpolation has nothing to lean on
    assert true_peak_dbtp(audio, RATE) >= 0.0
