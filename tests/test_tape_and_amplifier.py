"""Tape, exciter and amplifier, against the equations and circuits that they stand for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import freqz_sos

from wetdry.degradations import Amplifier, Exciter, Tape
from wetdry.degradations.dsp.hysteresis import magnetisation
from wetdry.degradations.effects.amplifier import tone_stack
from wetdry.degradations.effects.tape import COERCIVITY

RATE = 48_000
MIDDLE = slice(RATE // 4, 3 * RATE // 4)


def tone(hz, level=1.0):
    return (level * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE))[np.newaxis].astype(np.float32)


def harmonics(effect, hz, level):
    """Amplitudes of 0, 1, 2, ... times a tone of a whole number of Hz, over its own."""
    wet = effect(tone(hz, level), RATE)[0, MIDDLE]
    lines = np.abs(np.fft.rfft(wet))[:: hz // 2]  # each line is 2 Hz wide
    return lines / (RATE / 4) / level


def jiles_atherton(field, coercivity, reversible, coupling, steps=32):
    """Chowdhury's equation 18 (one third = a, 1 = Ms), by fine Runge-Kutta of fourth order."""

    def slope(m, h, way):
        x = 3 * (h + coupling * m)
        flat = abs(x) < 1e-3
        rest = (x / 3 if flat else 1 / np.tanh(x) - 1 / x) - m
        bend = 1 / 3 if flat else 1 / x**2 - 1 / np.sinh(x) ** 2
        moves = (1 - reversible) * rest if way * rest > 0 else 0.0
        turned = (1 - reversible) * way * coercivity - coupling * rest
        return (moves / turned + reversible * 3 * bend) / (1 - reversible * coupling * 3 * bend)

    m, h, out = 0.0, 0.0, []
    for target in field.astype(float):
        d = (target - h) / steps
        way = 1 if d >= 0 else -1
        for _ in range(steps):
            k1 = slope(m, h, way)
            k2 = slope(m + d / 2 * k1, h + d / 2, way)
            k3 = slope(m + d / 2 * k2, h + d / 2, way)
            k4 = slope(m + d * k3, h + d, way)
            m, h = m + d / 6 * (k1 + 2 * k2 + 2 * k3 + k4), h + d
        out.append(m)
    return np.array(out)


@pytest.mark.parametrize("reversible", [0.2, 0.7])
@pytest.mark.parametrize("level", [0.3, 2.0])
def test_tape_is_that_of_jiles_and_atherton_by_another_road(level, reversible):
    time = np.arange(600) / 400
    field = level * (np.sin(2 * np.pi * 2 * time) + 0.4 * np.sin(2 * np.pi * 17 * time))
    own = magnetisation(field.astype(np.float32), COERCIVITY, reversible)
    for coupling, error in ((0.0, 10 ** (-52 / 20)), (1.6e-3 * 350 / 66, 0.01)):
        other = jiles_atherton(field, COERCIVITY, reversible, coupling)
        assert (own - other).std() < error * other.std()


def test_tape_with_ideal_bias_has_no_memory():
    field = np.random.default_rng(0).standard_normal(1000).astype(np.float32) + 0.1
    straight = 1 / np.tanh(3 * field) - 1 / (3 * field)
    assert magnetisation(field, COERCIVITY, 1.0) == pytest.approx(straight, abs=1e-5)


def test_magnetised_tape_stays_so_when_the_field_ceases():
    up_and_off = np.concatenate([np.linspace(0, 5, 500), np.linspace(5, 0, 500), np.zeros(100)])
    field = up_and_off.astype(np.float32)
    left = magnetisation(field, COERCIVITY, 0.2)
    assert left[-1] > 0.2 and left[-1] == left[1000]
    assert magnetisation(field, COERCIVITY, 1.0)[-1] == 0


def test_tape_answers_late_in_angle_where_it_is_half_biased():
    wet = Tape(drive_db=0, bias=0.2)(tone(1000, 0.7), RATE)[0, MIDDLE]
    turn = np.angle(np.fft.rfft(wet)[500] / np.fft.rfft(tone(1000)[0, MIDDLE])[500])
    assert -30 < np.degrees(turn) < -5


@settings(max_examples=20, deadline=None)
@given(drive_db=st.floats(0, 48), bias=st.floats(0.2, 1), seed=st.integers(0, 99))
def test_tape_never_passes_its_ceiling_by_more_than_its_filters_ring(drive_db, bias, seed):
    noise = np.random.default_rng(seed).uniform(-2, 2, (1, 4000)).astype(np.float32)
    wet = Tape(drive_db=drive_db, bias=bias)(noise, RATE)
    assert np.abs(wet).max() < 4 / bias * 10 ** (-drive_db / 20)


@pytest.mark.parametrize("hz", [5000, 6000, 9000])
@pytest.mark.parametrize("amount_db", [-30, -10])
def test_an_exciter_adds_the_octave_asked_for_and_leaves_the_tone(hz, amount_db):
    exciter = Exciter(frequency_hz=3000, drive_db=60, amount_db=amount_db)
    lines = harmonics(exciter, hz, 0.5)
    assert 20 * np.log10(lines[2]) == pytest.approx(amount_db, abs=0.1)
    assert lines[1] == pytest.approx(1, abs=1e-4)


def test_an_exciter_at_its_knee_adds_the_octave_of_its_series():
    lines = harmonics(Exciter(frequency_hz=3000, drive_db=20, amount_db=-20), 6000, 0.01)
    assert lines[2] == pytest.approx(0.1 * 3 * np.pi / 16 * 0.1, rel=0.02)


def test_an_exciter_leaves_what_is_below_its_band():
    low = tone(400, 0.5)
    change = Exciter(frequency_hz=6000)(low, RATE) - low
    assert np.abs(change[0, MIDDLE]).max() < 1e-6


@pytest.mark.parametrize("low, mid, top", [(0.5, 0.5, 0.5), (0.1, 0.9, 0.3), (0.9, 0.2, 0.8)])
def test_the_tone_stack_is_its_circuit_solved_node_by_node(low, mid, top):
    rate = 1_000_000  # so that the bilinear transform bends nothing
    hz = np.array([30.0, 300, 1000, 5000, 15_000])
    sections = tone_stack(low, mid, top, rate)
    response = freqz_sos(sections, hz, fs=rate)[1]
    expected = [node_voltage(low, mid, top, 2j * np.pi * f) for f in hz]
    assert response == pytest.approx(np.array(expected), rel=2e-3)


def node_voltage(low, mid, top, s):
    """The wiper of the treble potentiometer, with 1 V at the input."""
    source, treble, wiper, tone_end, slope, bass_end, mid_wiper, ground = range(8)
    parts = [
        (source, treble, s * 250e-12),
        (treble, wiper, 1 / ((1 - top) * 250e3)),
        (wiper, tone_end, 1 / (top * 250e3)),
        (source, slope, 1 / 56e3),
        (slope, tone_end, s * 20e-9),
        (tone_end, bass_end, 1 / (low * 1e6)),
        (slope, mid_wiper, s * 20e-9),
        (bass_end, mid_wiper, 1 / ((1 - mid) * 25e3)),
        (mid_wiper, ground, 1 / (mid * 25e3)),
    ]
    admittance = np.zeros((8, 8), complex)
    for a, b, y in parts:
        admittance[[a, b], [a, b]] += y
        admittance[[a, b], [b, a]] -= y
    free = slice(treble, ground)
    return np.linalg.solve(admittance[free, free], -admittance[free, source])[wiper - 1]


@pytest.mark.parametrize("cabinet", ["none", "open_back", "closed_back"])
@pytest.mark.parametrize("treble", [0.0, 1.0])
def test_quiet_pink_noise_keeps_its_level_through_an_amplifier(cabinet, treble):
    amplifier = Amplifier(drive_db=20, treble=treble, cabinet=cabinet)
    impulse = np.zeros((1, RATE), np.float32)
    impulse[0, 100] = 1e-5
    gains = np.abs(np.fft.rfft(amplifier(impulse, RATE)[0])) / 1e-5
    hz = np.geomspace(80, 8000, 500)
    octave_power = np.mean(np.interp(hz, np.fft.rfftfreq(RATE, 1 / RATE), gains) ** 2)
    assert 10 * np.log10(octave_power) == pytest.approx(0, abs=0.1)


def test_a_cabinet_takes_the_fizz_and_an_open_one_the_lows():
    gains_db = {}
    for cabinet in ("none", "open_back", "closed_back"):
        amplifier = Amplifier(drive_db=0, cabinet=cabinet)
        wet = [amplifier(tone(hz, 1e-4), RATE)[0, MIDDLE].std() for hz in (100, 1000, 10_000)]
        gains_db[cabinet] = 20 * np.log10(np.array(wet) / wet[1])
    assert gains_db["closed_back"][2] < gains_db["none"][2] - 20
    assert gains_db["open_back"][0] < gains_db["closed_back"][0] - 6
