"""The ladder sings in tune, the comb's teeth stand where they should, the line has its mask."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from wetdry.degradations import Comb, Ladder, PhoneMicrophone, Telephone
from wetdry.degradations.dsp.companding import companded
from wetdry.degradations.dsp.filter_recursions import laddered
from wetdry.degradations.effects.comb import _interpolator
from wetdry.errors import AudioError

RATES = [16_000, 44_100, 48_000, 96_000]


def clicked(effect, sample_rate, seconds=2, level=1e-3):
    """The answer to a click in the middle, quiet enough for what bends, as if it were 1."""
    click = np.zeros((1, seconds * sample_rate), np.float32)
    click[0, click.size // 2] = level
    return effect(click, sample_rate)[0] / level


def gain_db(effect, frequencies_hz, sample_rate=48_000, seconds=2, level=1e-3):
    """The gain that an effect gives to tones, measured from its answer to a click."""
    spectrum = np.fft.rfft(clicked(effect, sample_rate, seconds, level))
    bins = np.rint(np.multiply(frequencies_hz, seconds)).astype(int)
    return 20 * np.log10(np.abs(spectrum[bins]) + 1e-12)


def tone(hz, level=1.0, sample_rate=48_000, seconds=1):
    t = np.arange(seconds * sample_rate) / sample_rate
    return (level * np.sin(2 * np.pi * hz * t))[np.newaxis].astype(np.float32)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("share_of_nyquist", [0.02, 0.3, 0.8])
def test_a_ladder_without_resonance_is_12_db_down_at_its_cutoff(share_of_nyquist, sample_rate):
    hz = round(min(share_of_nyquist * sample_rate / 2, 20_000))
    had = gain_db(Ladder(cutoff_hz=hz, resonance=0), [0, hz], sample_rate)
    assert had == pytest.approx([0, -12.04], abs=0.05)


@pytest.mark.parametrize("resonance", [0.2, 0.7, 0.95])
@pytest.mark.parametrize("cutoff_hz", [150, 1000, 9000])
def test_resonance_sinks_the_lows_and_raises_the_cutoff_as_stated(cutoff_hz, resonance):
    ladder, k = Ladder(cutoff_hz=cutoff_hz, resonance=resonance), 4 * resonance
    had = gain_db(ladder, [0, cutoff_hz])
    assert had == pytest.approx([-20 * np.log10(1 + k), -20 * np.log10(4 - k)], abs=0.05)


def test_a_quiet_ladder_is_four_poles_with_feedback():
    hz = np.geomspace(50, 8000, 40).round()
    one = 1 / (1 + 1j * np.tan(np.pi * hz / 96_000) / np.tan(np.pi * 1500 / 96_000))
    theory = 20 * np.log10(np.abs(one**4 / (1 + 2 * one**4)))
    had = gain_db(Ladder(cutoff_hz=1500, resonance=0.5, oversampling=2), hz)
    assert had == pytest.approx(theory, abs=0.05)


@pytest.mark.parametrize("cutoff_hz", [110, 1760, 9000])
def test_a_ladder_sings_at_its_cutoff_and_stays_within_its_drive(cutoff_hz):
    ladder = Ladder(cutoff_hz=cutoff_hz, resonance=1.1, drive_db=12)
    sung = clicked(ladder, 48_000, 4, level=0.5)[144_000:] * 0.5
    spectrum = np.abs(np.fft.rfft(sung * np.hanning(sung.size)))
    assert spectrum.argmax() == pytest.approx(cutoff_hz, abs=1)
    assert 0.02 < np.abs(sung).max() < 10 ** (-12 / 20)


@pytest.mark.parametrize("drive_db", [0, 12, 36])
@pytest.mark.parametrize("resonance", [0, 0.6, 1.1])
@pytest.mark.parametrize("cutoff", [0.001, 0.1, 0.999])
def test_nothing_leaves_a_ladder_louder_than_its_drive_allows(cutoff, resonance, drive_db):
    loud = 2 * np.sign(np.random.default_rng(0).standard_normal((1, 20_000))).astype(np.float32)
    drive = 10 ** (drive_db / 20)
    assert np.abs(laddered(loud, cutoff, 4 * resonance, drive)).max() <= 1 / drive * (1 + 1e-6)
    assert np.abs(laddered(loud, cutoff * 50, 4 * resonance, drive)).max() < 3 / drive


def test_the_loop_has_no_delay_and_bends_as_stated():
    """Against one-pole difference equations, with the loop closed by bisection."""
    x = 0.8 * np.random.default_rng(1).standard_normal((1, 200)).astype(np.float32)
    g, k, d = 0.6, 3.6, 4.0
    before, theory = np.zeros(5), np.zeros(200)  # of the bent input and of the four stages

    def stages(bent):
        now = [bent]
        for n in range(4):
            now.append((g * (now[n] + before[n]) + (1 - g) * before[n + 1]) / (1 + g))
        return np.array(now)

    for n in range(200):
        bent = brentq(lambda u: u - np.tanh(d * (x[0, n] - k * stages(u)[4])) / d, -1 / d, 1 / d)  # noqa: B023
        before = stages(bent)
        theory[n] = before[4]
    assert laddered(x, g, k, d)[0] == pytest.approx(theory, abs=2e-4 / d)


def loudest_alias_db(ladder, hz):
    """The loudest thing below 20 kHz that is no harmonic of the tone, against the loudest."""
    wet = ladder(tone(hz), 48_000)[0, 12_000:36_000]
    power = np.abs(np.fft.rfft(wet * np.kaiser(wet.size, 14))) ** 2
    at = np.fft.rfftfreq(wet.size, 1 / 48_000)
    away = (np.abs(at - hz * np.round(at / hz)) > 100) & (at < 20_000)
    return 10 * np.log10(power[away].max() / power.max())


@pytest.mark.parametrize(
    "drive_db, oversampling, low_db, high_db",
    [(0, 4, -135, -135), (12, 4, -105, -52), (24, 4, -41, -19), (24, 8, -70, -37)],
)
def test_aliases_of_a_ladder_lie_where_the_docstring_states(
    drive_db, oversampling, low_db, high_db
):
    numbers = {"drive_db": drive_db, "oversampling": oversampling}
    ladder = Ladder(cutoff_hz=8000, resonance=0.7, **numbers)
    assert loudest_alias_db(ladder, 4999) < low_db and loudest_alias_db(ladder, 9001) < high_db


def test_a_low_cutoff_takes_a_driven_tone_and_leaves_its_aliases():
    ladder = Ladder(cutoff_hz=2000, resonance=0.7, drive_db=24)
    assert loudest_alias_db(ladder, 4999) < -32
    assert loudest_alias_db(ladder, 9001) > -1  # a limit of the effect, stated in its docstring


@pytest.mark.parametrize("resonance", [0.3, 0.9])
def test_what_a_ladder_rings_is_60_db_down_after_its_tail(resonance):
    ladder = Ladder(cutoff_hz=200, resonance=resonance)
    rung = np.abs(clicked(ladder, 48_000))
    end = 48_000 + round(ladder.tail_s() * 48_000)
    assert rung[end : end + 480].max() < 2e-3 * rung.max()
    assert Ladder(cutoff_hz=200, resonance=1.1).tail_s() == pytest.approx(60)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("delay_ms", [0.5, 0.625, 4.0, 20.0])
def test_a_combs_teeth_and_notches_stand_at_multiples_of_its_rate(delay_ms, sample_rate):
    f, b = 0.8, 0.9
    teeth = np.arange(0, 0.36 * sample_rate, 1000 / delay_ms)
    comb = Comb(delay_ms=delay_ms, feedforward=f, feedback=b)
    peak, notch = 20 * np.log10((1 + f) / (1 - b)), 20 * np.log10((1 - f) / (1 + b))
    assert gain_db(comb, teeth, sample_rate, 4, 1) == pytest.approx(peak, abs=0.2)
    midway = teeth + 500 / delay_ms
    midway = midway[midway < 0.36 * sample_rate]
    assert gain_db(comb, midway, sample_rate, 4, 1) == pytest.approx(notch, abs=0.1)


def test_a_delay_between_samples_gives_teeth_between_bins():
    comb = Comb(delay_ms=1.2345, feedforward=0, feedback=0.95)
    seconds = 40
    magnitude = np.abs(np.fft.rfft(clicked(comb, 44_100, seconds, 1)))
    for tooth in (1, 3, 10, 18):
        centre = tooth / 1.2345e-3 * seconds
        near = np.arange(round(centre) - 200, round(centre) + 200)
        assert near[magnitude[near].argmax()] / centre == pytest.approx(1, abs=5e-5)


def test_a_comb_is_its_difference_equation():
    x = np.random.default_rng(2).standard_normal((1, 2000)).astype(np.float32)
    y = np.zeros(2100)
    for n in range(2000):
        back = n >= 48
        y[n] = x[0, n] + back * (0.5 * x[0, n - 48] - 0.8 * y[n - 48])
    wet = Comb(delay_ms=1.0, feedforward=0.5, feedback=-0.8)(x, 48_000)
    assert wet[0] == pytest.approx(y[:2000], abs=1e-5)


def test_a_comb_with_opposite_gains_is_an_all_pass():
    comb = Comb(delay_ms=3, feedforward=-0.7, feedback=0.7)
    assert gain_db(comb, np.arange(20, 16_000, 7), 48_000, level=1) == pytest.approx(0, abs=0.02)


@settings(max_examples=25, deadline=None)
@given(
    delay_ms=st.floats(0.5, 50),
    feedforward=st.floats(-0.95, 0.95),
    feedback=st.floats(-0.95, 0.95),
    sample_rate=st.sampled_from(RATES),
)
def test_a_comb_is_stable_and_undone_to_90_db(delay_ms, feedforward, feedback, sample_rate):
    taps = _interpolator(delay_ms / 1000 * sample_rate)[1]
    assert 0.95 * np.abs(np.fft.rfft(taps, 4096)).max() < 0.96
    comb = Comb(delay_ms=delay_ms, feedforward=feedforward, feedback=feedback)
    dry = np.random.default_rng(0).standard_normal((2, sample_rate // 2)).astype(np.float32) * 0.1
    rest = comb.inverse()(comb(dry, sample_rate), sample_rate) - dry
    assert rest.std() < dry.std() * 10 ** (-90 / 20)


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_narrow_line_keeps_within_the_mask(sample_rate):
    line = Telephone(band="narrow")
    assert np.abs(gain_db(line, np.arange(300, 3001, 25), sample_rate)).max() < 0.25
    assert np.abs(gain_db(line, np.arange(3000, 3401, 25), sample_rate)).max() < 0.9
    at_least_down = gain_db(line, [60, 200, 4000], sample_rate)
    assert (at_least_down < [-30, 0, -12.5]).all()
    assert gain_db(line, np.arange(4600, 8000, 100), sample_rate).max() < -35


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_wide_line_is_3_db_down_at_50_and_7000_hz(sample_rate):
    line = Telephone(band="wide")
    assert gain_db(line, [50, 7000], sample_rate) == pytest.approx(-3, abs=0.3)
    assert gain_db(line, np.arange(100, 6801, 100), sample_rate) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("band", ["narrow", "wide"])
def test_a_line_is_symmetric_about_the_present(band):
    rung = clicked(Telephone(band=band), 48_000)[1:]
    assert rung.argmax() == 47_999 and rung == pytest.approx(rung[::-1], abs=1e-4)


def mu_law_by_bits(x):
    """As in the integer programs of telephone exchanges: 14 bits in, 14 bits out."""
    sign, biased = (-1 if x < 0 else 1), min(abs(x) + 33, 8191)
    segment = biased.bit_length() - 6
    step = (biased >> (segment + 1)) & 15
    return sign * (((2 * step + 33) << segment) - 33)


def a_law_by_bits(x):
    """As in the integer programs of telephone exchanges: 13 bits in, 13 bits out."""
    sign, size = (-1 if x < 0 else 1), min(abs(x), 4095)
    segment = size.bit_length() - 5
    if segment < 1:
        return sign * (size // 2 * 2 + 1)
    return sign * ((2 * ((size >> segment) & 15) + 33) << (segment - 1))


@pytest.mark.parametrize(
    "law, full, by_bits", [("mu_law", 8192, mu_law_by_bits), ("a_law", 4096, a_law_by_bits)]
)
def test_companding_agrees_with_integer_arithmetic_at_every_value(law, full, by_bits):
    whole = [x for x in range(1 - full, full) if x]
    wet = companded(np.array([whole], np.float32) / full, law)[0] * full
    assert wet.tolist() == [by_bits(x) for x in whole]
    assert not companded(np.zeros((1, 9), np.float32), law).any()


@pytest.mark.parametrize("law", ["a_law", "mu_law"])
@pytest.mark.parametrize("level_dbfs", [-1, -10, -20, -30, -40])
def test_the_noise_of_companding_follows_the_sound(law, level_dbfs):
    clean = tone(1017, 10 ** (level_dbfs / 20), 8000, 4)
    error = companded(clean, law) - clean
    assert 34 < 20 * np.log10(clean.std() / error.std()) < 39.1


def test_a_companded_line_falls_silent_with_its_sound():
    audio = np.zeros((2, 48_000), np.float32)
    audio[:, :9600] = tone(440, 0.5)[:, :9600]
    for law in ("a_law", "mu_law"):
        wet = Telephone(companding=law)(audio, 48_000)
        assert wet[:, :9600].std() > 0.3 and np.abs(wet[:, 24_000:]).max() < 1e-6


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("resonance_db", [0, 8, 20])
def test_a_phone_microphone_has_its_resonance_and_its_low_cut(resonance_db, sample_rate):
    microphone = PhoneMicrophone(low_cut_hz=100, resonance_hz=7000, resonance_db=resonance_db)
    cut, middle, top = gain_db(microphone, [100, 1000, 7000], sample_rate, level=1)
    assert cut == pytest.approx(-3.01, abs=0.05) and top == pytest.approx(resonance_db, abs=0.05)
    assert middle == pytest.approx(0, abs=0.3)


def test_a_phone_microphone_rolls_off_by_12_db_per_octave_at_both_ends():
    microphone = PhoneMicrophone(low_cut_hz=400, resonance_hz=2000, resonance_db=3)
    low = gain_db(microphone, [25, 50], seconds=4, level=1)
    high = gain_db(microphone, [6000, 12_000], 96_000, level=1)
    assert low[1] - low[0] == pytest.approx(12, abs=0.3)
    assert high[1] - high[0] == pytest.approx(-12, abs=2)


@pytest.mark.parametrize(
    "effect", [Ladder(cutoff_hz=9000), PhoneMicrophone(resonance_hz=8000)], ids=lambda e: e.kind
)
def test_a_frequency_that_the_rate_cannot_hold_is_refused(effect):
    with pytest.raises(AudioError, match=f"{effect.kind}.* half the sample rate"):
        effect(np.zeros((1, 100), np.float32), 16_000)
