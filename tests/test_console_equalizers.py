"""Notch, tilt and the console's bands: the dB asked for are had, and can be taken back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetdry.degradations import (
    Bell,
    HighShelf,
    LinearPhaseEqualizer,
    LowShelf,
    Notch,
    ParametricEqualizer,
    Tilt,
)
from wetdry.degradations.effects.notch_and_tilt import NotchInverse
from wetdry.degradations.language.slots import slots_of
from wetdry.errors import AudioError

RATES = [16_000, 44_100, 48_000, 96_000]
BANDS = {
    "low_shelf_gain_db": 5.0,
    "low_gain_db": -6.0,
    "middle_centre_hz": 1200.0,
    "middle_gain_db": 4.0,
    "middle_q": 3.0,
    "high_gain_db": -3.0,
    "high_shelf_gain_db": 6.0,
}


def gain_db(effect, frequencies_hz, sample_rate=48_000, seconds=2):
    """The gain that an effect gives to tones, measured from its answer to a click."""
    click = np.zeros((1, seconds * sample_rate), np.float32)
    click[0, click.size // 2] = 1.0
    bins = np.rint(np.multiply(frequencies_hz, seconds)).astype(int)
    return 20 * np.log10(np.abs(np.fft.rfft(effect(click, sample_rate)[0])[bins]) + 1e-12)


def noise(sample_rate=48_000, seconds=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((2, int(seconds * sample_rate))).astype(np.float32) * 0.1


def rest_db(dry, back):
    return 20 * np.log10((back - dry).std() / dry.std() + 1e-12)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("depth_db", [6, 40])
@pytest.mark.parametrize("share_of_nyquist", [0.01, 0.3, 0.97])
def test_a_notch_is_as_deep_as_asked_for(share_of_nyquist, depth_db, sample_rate):
    hz = round(min(share_of_nyquist * sample_rate / 2, 20_000))
    notch = Notch(centre_hz=hz, depth_db=depth_db, q=8)
    assert gain_db(notch, [hz], sample_rate) == pytest.approx(-depth_db, abs=0.05)


@pytest.mark.parametrize("centre_hz", [50, 1000, 18_000])
@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
def test_a_deep_notch_is_3_db_down_at_edges_that_are_centre_over_q_apart(centre_hz, sample_rate):
    notch = Notch(centre_hz=centre_hz, depth_db=120, q=6)
    w = np.linspace(0, np.pi, 2**20)
    b, a = notch.sections(sample_rate)[0].reshape(2, 3)
    back = np.exp(-1j * w[:, np.newaxis] * np.arange(3))
    inside = np.flatnonzero(np.abs(back @ b / (back @ a)) < np.sqrt(0.5))
    width_hz = np.ptp(inside) * (w[1] / (2 * np.pi)) * sample_rate
    assert width_hz == pytest.approx(centre_hz / 6, abs=0.1)


def test_a_hum_remover_takes_the_harmonics_and_leaves_the_rest():
    hum = Notch(centre_hz=60, depth_db=50, q=30, harmonics=5)
    taken = gain_db(hum, 60 * np.arange(1, 7), seconds=8)
    assert taken == pytest.approx([-50, -50, -50, -50, -50, 0], abs=0.1)
    assert gain_db(hum, [30, 90, 150, 5000], seconds=8) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("q, deeper_db", [(5, 0.15), (20, 0.01)])
def test_harmonics_are_equally_wide_and_hardly_deepen_each_other(q, deeper_db):
    hum = Notch(centre_hz=100, depth_db=40, q=q, harmonics=20)
    had = gain_db(hum, 100 * np.arange(1, 21), 96_000)
    assert had.max() < -39.95 and had.min() > -40 - deeper_db - 0.01
    edges = gain_db(hum, [500 - 50 / q, 500 + 50 / q, 1500 - 50 / q, 1500 + 50 / q], 96_000)
    assert edges == pytest.approx(-3.01 - deeper_db, abs=0.1)


def test_twenty_wide_notches_of_120_db_can_be_undone():
    hum = Notch(centre_hz=1000, depth_db=120, q=1, harmonics=20)
    assert rest_db(noise(), hum.inverse()(hum(noise(), 48_000), 48_000)) < -90


def test_harmonics_above_nyquist_are_left_out():
    few = Notch(centre_hz=3000, harmonics=2)(noise(16_000), 16_000)
    assert np.array_equal(Notch(centre_hz=3000, harmonics=20)(noise(16_000), 16_000), few)


def test_a_notch_of_120_db_leaves_nothing_of_a_tone_in_20_bits():
    tone = np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000)[np.newaxis].astype(np.float32)
    left = Notch(centre_hz=1000, depth_db=120, q=2)(tone, 48_000)[0, 48_000:]
    assert np.abs(left).max() < 2**-19


def test_what_a_notch_rings_is_60_db_down_after_its_tail():
    notch, click = Notch(centre_hz=50, q=20), np.zeros((1, 4 * 48_000), np.float32)
    click[0, 0] = 1.0
    rung = np.abs(notch(click, 48_000)[0])
    end = round(notch.tail_s() * 48_000)
    assert rung[end : end + 960].max() / rung[1:960].max() == pytest.approx(1e-3, rel=0.2)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("gain", [-18, -6, 3])
def test_a_tilt_balances_on_its_pivot(gain, sample_rate):
    tilt = Tilt(gain_db=gain, pivot_hz=900)
    had = gain_db(tilt, [0, 900, sample_rate / 2], sample_rate)
    assert had == pytest.approx([-gain, 0, gain], abs=0.01)


@pytest.mark.parametrize("gain", [-12, 6, 24])
def test_a_tilt_has_the_slope_of_its_docstring_through_the_pivot(gain):
    had = gain_db(Tilt(gain_db=gain, pivot_hz=500), [490, 510], 96_000)
    a = 10 ** (gain / 20)
    assert (had[1] - had[0]) / np.log2(510 / 490) == pytest.approx(
        6.0206 * (a**2 - 1) / (a**2 + 1), abs=0.02
    )


@pytest.mark.parametrize("kind", [ParametricEqualizer, LinearPhaseEqualizer])
@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("gain", [-18, 7])
@pytest.mark.parametrize("band", ["low", "middle", "high"])
def test_a_band_has_its_gain_at_its_centre_up_to_nyquist(kind, band, gain, sample_rate):
    hz = {"low": 60, "middle": 1500, "high": round(min(0.475 * sample_rate, 20_000))}[band]
    numbers = {f"{band}_centre_hz": hz, f"{band}_gain_db": gain, f"{band}_q": 4}
    assert gain_db(kind(**numbers), [hz], sample_rate) == pytest.approx(gain, abs=0.01)


@pytest.mark.parametrize("kind", [ParametricEqualizer, LinearPhaseEqualizer])
@pytest.mark.parametrize("asked_db", [-9, 12])
def test_shelves_have_their_gain_at_the_far_end_and_half_at_the_cutoff(kind, asked_db):
    low = kind(low_shelf_cutoff_hz=300, low_shelf_gain_db=asked_db)
    high = kind(high_shelf_cutoff_hz=3000, high_shelf_gain_db=asked_db)
    assert gain_db(low, [5, 300, 20_000]) == pytest.approx([asked_db, asked_db / 2, 0], abs=0.02)
    assert gain_db(high, [5, 3000, 24_000]) == pytest.approx([0, asked_db / 2, asked_db], abs=0.02)


def test_a_channel_strip_is_its_bells_and_shelves_one_after_the_other():
    one_by_one, at_once = noise(), ParametricEqualizer(**BANDS)(noise(), 48_000)
    for effect in (
        LowShelf(cutoff_hz=100, gain_db=5, q=np.sqrt(0.5)),
        Bell(centre_hz=250, gain_db=-6),
        Bell(centre_hz=1200, gain_db=4, q=3),
        Bell(centre_hz=4000, gain_db=-3),
        HighShelf(cutoff_hz=7500, gain_db=6, q=np.sqrt(0.5)),
    ):
        one_by_one = effect(one_by_one, 48_000)
    assert at_once == pytest.approx(one_by_one, abs=1e-6)


def test_bands_of_0_db_change_nothing():
    assert np.array_equal(ParametricEqualizer()(noise(), 48_000), noise())
    assert LinearPhaseEqualizer()(noise(), 48_000) == pytest.approx(noise(), abs=1e-7)


@pytest.mark.parametrize("sample_rate", RATES)
def test_with_and_without_phase_the_gains_are_the_same(sample_rate):
    hz = np.geomspace(20, sample_rate * 0.49, 60).round()
    with_phase = gain_db(ParametricEqualizer(**BANDS), hz, sample_rate)
    assert gain_db(LinearPhaseEqualizer(**BANDS), hz, sample_rate) == pytest.approx(
        with_phase, abs=0.005
    )


@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
def test_the_linear_phase_kernel_is_symmetric_about_the_present(sample_rate):
    click = np.zeros((1, sample_rate), np.float32)
    click[0, sample_rate // 2] = 1.0
    rung = LinearPhaseEqualizer(**BANDS)(click, sample_rate)[0, 1:]
    assert rung.argmax() == sample_rate // 2 - 1
    assert rung == pytest.approx(rung[::-1], abs=1e-7)


@pytest.mark.parametrize(
    "numbers, loudest_db, most_ms",
    [
        ({"low_centre_hz": 100, "low_gain_db": 12, "low_q": 4}, -48.9, 20.3),
        ({"middle_gain_db": 6}, -26.2, 0.48),
    ],
)
def test_pre_ringing_is_what_the_docstring_states(numbers, loudest_db, most_ms):
    click = np.zeros((1, 96_000), np.float32)
    click[0, 48_000] = 1.0
    before = LinearPhaseEqualizer(**numbers)(click, 48_000)[0, :48_000].astype(np.float64)
    assert 20 * np.log10(np.abs(before).max()) == pytest.approx(loudest_db, abs=0.1)
    energy = np.cumsum(before[::-1] ** 2)
    assert np.searchsorted(energy, 0.9 * energy[-1]) / 48 == pytest.approx(most_ms, rel=0.02)


def test_linear_phase_is_undone_but_for_the_ends():
    equalizer, dry = LinearPhaseEqualizer(**BANDS), noise(seconds=10)
    back = equalizer.inverse()(equalizer(dry, 48_000), 48_000)
    assert rest_db(dry, back) < -60
    assert rest_db(dry[:, 24_000:-24_000], back[:, 24_000:-24_000]) < -120


@pytest.mark.parametrize("kind", [Notch, Tilt, ParametricEqualizer])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_equalizers_are_stable_and_undone_to_90_db_whatever_their_numbers(kind, data):
    number = {"integer": st.integers, "number": st.floats}
    drawn = {s.name: data.draw(number[s.kind](s.low, s.high)) for s in slots_of(kind).values()}
    effect, sample_rate = kind(**drawn), data.draw(st.sampled_from([44_100, 48_000, 96_000]))
    for part in effect.sections(sample_rate).reshape(-1, 3):
        assert np.abs(np.roots(part)).max() < 1
    dry = noise(sample_rate, 0.5)
    back = effect.inverse()(effect(dry, sample_rate), sample_rate)
    assert rest_db(dry, back) < -90


def test_the_inverse_of_an_inverse_is_the_notch():
    notch = Notch(centre_hz=60, depth_db=20, q=5)
    assert isinstance(notch.inverse(), NotchInverse) and notch.inverse().inverse() == notch
    assert gain_db(notch.inverse(), [60], seconds=8) == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize(
    "effect",
    [
        Notch(centre_hz=9000),
        ParametricEqualizer(high_shelf_cutoff_hz=12_000),
        LinearPhaseEqualizer(high_centre_hz=8000),
    ],
    ids=lambda effect: effect.kind,
)
def test_a_frequency_that_the_rate_cannot_hold_is_refused(effect):
    with pytest.raises(AudioError, match=f"{effect.kind}.* half the sample rate"):
        effect(noise(16_000), 16_000)
