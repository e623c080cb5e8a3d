"""Chorus, flanger, phaser, tremolo, auto-pan and ring modulation, against their formulas."""

import numpy as np
import pytest

from wetdry.degradations import AutoPan, Chorus, Flanger, Phaser, RingModulation, Tremolo
from wetdry.degradations.dsp.interpolation import kernels, moved
from wetdry.degradations.dsp.oscillators import wave
from wetdry.mixing.alignment import lag_samples

RATE = 48_000


def tone(hz, seconds=1.0, level=0.5):
    """A sine in both channels."""
    one = level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    return np.tile(one, (2, 1)).astype(np.float32)


def noise(seconds=1.0):
    """White noise, the same in both channels."""
    one = np.random.default_rng(3).standard_normal(int(seconds * RATE)) * 0.1
    return np.tile(one, (2, 1)).astype(np.float32)


def response(effect, samples=2 * RATE):
    """Magnitude of the response of an effect at rest to a click, and the frequencies."""
    click = np.zeros((1, samples), np.float32)
    click[0, 100] = 1.0
    return np.abs(np.fft.rfft(effect(click, RATE)[0])), np.fft.rfftfreq(samples, 1 / RATE)


@pytest.mark.parametrize(
    "taps, upto, error_db",
    [(32, 0.6, -81), (32, 0.7, -79), (32, 0.8, -76), (16, 0.7, -59), (16, 0.8, -32)],
)
def test_between_samples_the_sound_is_what_the_interpolators_docstring_says(taps, upto, error_db):
    n = np.arange(4000)
    for share in np.linspace(0.01, upto, 15):
        for part in (0.1234, 0.5, 0.8717):
            dry = np.sin(np.pi * share * n)[np.newaxis].astype(np.float32)
            ideal = np.sin(np.pi * share * (n + 7 + part))
            rest = (moved(dry, np.full(n.size, 7 + part), taps)[0] - ideal)[50:-50]
            assert 20 * np.log10(rest.std() / ideal.std()) < error_db


def test_interpolators_at_whole_samples_change_nothing():
    dry = noise()
    assert np.array_equal(moved(dry, np.zeros(dry.shape[1])), dry)
    late = moved(dry, np.full(dry.shape[1], -25.0))
    assert np.array_equal(late[:, 25:], dry[:, :-25]) and np.abs(late[:, :25]).max() < 1e-15
    assert kernels(32)[-1, 1:] == pytest.approx(kernels(32)[0, :-1], abs=1e-7)


@pytest.mark.parametrize("waveform", ["sine", "triangle", "square"])
def test_every_wave_has_its_extremes_no_mean_and_repeats(waveform):
    cycles = np.arange(100_000) / 100_000
    values = wave(cycles, waveform)
    assert (values.min(), values.max()) == pytest.approx((-1, 1), abs=1e-6)
    assert abs(values.mean()) < 1e-9 and values[0] == 0 and values[1000] > 0
    assert wave(cycles + 7, waveform) == pytest.approx(values, abs=1e-9)
    if waveform == "square":
        assert np.mean(np.abs(values) > 0.9999) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("delay_ms", [0.5, 1.0, 3.37])
def test_the_flangers_notches_are_one_over_the_delay_apart(delay_ms):
    gain, hz = response(Flanger(rate_hz=1, depth_ms=0, delay_ms=delay_ms))
    expected = np.abs(np.cos(np.pi * hz * delay_ms / 1000))
    below = hz < 0.65 * RATE / 2
    assert np.abs(gain - expected)[below].max() < 2e-3
    first = 500 / delay_ms
    assert hz[gain[hz < 1.5 * first].argmin()] == pytest.approx(first, abs=0.5)


@pytest.mark.parametrize("feedback", [-0.9, 0.5, 0.95])
def test_the_flangers_feedback_rings_as_the_geometric_series_says(feedback):
    gain, hz = response(Flanger(rate_hz=1, depth_ms=0, delay_ms=2, feedback=feedback, mix=0.4))
    turn = np.exp(-2j * np.pi * hz * 0.002)
    expected = np.abs(0.6 + 0.4 * turn / (1 - feedback * turn))
    below = hz < 10_000
    assert np.abs(gain / expected - 1)[below].max() < 0.01
    if feedback > 0:
        assert gain.max() == pytest.approx(0.6 + 0.4 / (1 - feedback), rel=0.01)


def test_the_flanger_sweeps_from_its_delay_by_its_depth_at_its_rate():
    flanger = Flanger(rate_hz=0.5, depth_ms=4, delay_ms=1.5, stereo_phase=0.5)
    left, right = (flanger.delay_samples(4 * RATE, RATE, channel) for channel in (0, 1))
    assert (left.min(), left.max()) == pytest.approx((0.0015 * RATE, 0.0055 * RATE))
    assert left[:: 2 * RATE] == pytest.approx(0.0015 * RATE)
    assert right[:: 2 * RATE] == pytest.approx(0.0055 * RATE)
    wet = flanger.model_copy(update={"mix": 1.0})(noise(2), RATE)[0]
    for second, late in ((0.0, 0.0015), (1.0, 0.0055)):  # where the sweep turns it stands still
        here = slice(int(second * RATE) + 300, int(second * RATE) + 900)
        piece = np.correlate(wet[here], noise(2)[0, here.start - 300 : here.stop], "valid")
        assert piece[::-1].size - 1 - piece[::-1].argmax() == pytest.approx(late * RATE, abs=3)


def test_through_zero_the_dry_sound_meets_the_wet_in_the_middle_of_the_sweep():
    flanger = Flanger(rate_hz=1, depth_ms=4, delay_ms=1, through_zero=True)
    dry = tone(5000)
    assert abs(lag_samples(noise(), flanger(noise(), RATE), RATE)) < 1
    wet = flanger(dry, RATE)[0]
    middle = slice(RATE // 4 - 20, RATE // 4 + 20)  # a quarter of the cycle on
    late = flanger.latency_samples(RATE)
    assert late == round(0.003 * RATE)
    around = np.abs(wet[middle.start - late : middle.stop - late]).max()
    assert around == pytest.approx(0.5, abs=0.02)


def test_the_chorus_detunes_by_what_its_docstring_says():
    chorus = Chorus(rate_hz=1, depth_ms=2, voices=1, mix=1, stereo_phase=0)
    wet = chorus(tone(1000, 3.0), RATE)[0].astype(np.float64)
    cents = 1200 * np.log2(instantaneous_hz(wet) / 1000)
    assert cents.max() == pytest.approx(21.6, abs=0.2)
    assert cents.min() == pytest.approx(-21.9, abs=0.2)


def instantaneous_hz(wet):
    """Mean frequency of a lone partial over 10 ms around each sample, away from the ends."""
    from scipy.signal import hilbert

    phase, width = np.unwrap(np.angle(hilbert(wet))), RATE // 100
    hz = (phase[width:] - phase[:-width]) * RATE / (2 * np.pi * width)
    return hz[RATE // 2 : -RATE // 2]


@pytest.mark.parametrize("voices", [1, 2, 3, 4])
def test_chorus_voices_are_at_their_delays_and_share_the_power(voices):
    chorus = Chorus(rate_hz=0.05, depth_ms=5, delay_ms=20, voices=voices, mix=1)
    click = np.zeros((1, RATE // 2), np.float32)
    click[0, 1000] = 1.0
    wet = chorus(click, RATE)[0]
    assert np.sum(wet**2) == pytest.approx(1.0, abs=0.25)
    for voice in range(voices):
        swing = np.sin(2 * np.pi * (0.05 * 1020 / RATE + voice / voices))
        place = 1000 + (20 + 5 * swing) / 1000 * RATE
        assert np.abs(wet[int(place) - 4 : int(place) + 5]).max() > 0.6 / np.sqrt(voices)


@pytest.mark.parametrize("effect", [Chorus, Flanger, Phaser])
def test_the_right_channel_is_ahead_and_without_that_both_are_alike(effect):
    numbers = {"rate_hz": 0.5} | ({} if effect is Phaser else {"depth_ms": 3})
    dry = noise()
    alike = effect(**numbers, stereo_phase=0)(dry, RATE)
    assert np.array_equal(alike[0], alike[1])
    apart = effect(**numbers, stereo_phase=0.25)(dry, RATE)
    ahead = effect(**numbers, stereo_phase=0, phase=0.25)(dry, RATE)
    assert np.array_equal(apart[0], alike[0]) and np.array_equal(apart[1], ahead[1])


@pytest.mark.parametrize("stages", [2, 4, 6, 8, 10, 12])
def test_the_phasers_notches_stand_where_theory_puts_them(stages):
    centre = 1000
    still = Phaser(rate_hz=1, centre_hz=centre, sweep_octaves=0, stages=stages)
    gain, hz = response(still, 4 * RATE)
    k = np.arange(1, stages // 2 + 1)
    warped = np.tan(np.pi * centre / RATE) * np.tan(np.pi * (2 * k - 1) / (2 * stages))
    dips = np.flatnonzero((gain[1:-1] < gain[:-2]) & (gain[1:-1] < gain[2:]) & (gain[1:-1] < 0.05))
    assert hz[dips + 1] == pytest.approx(RATE / np.pi * np.arctan(warped), abs=0.5)
    assert 1 - 1e-3 < gain.max() < 1 + 1e-5


@pytest.mark.parametrize("feedback", [-0.9, 0.7, 0.95])
def test_the_phasers_loop_holds_no_delay(feedback):
    still = Phaser(rate_hz=1, sweep_octaves=0, stages=6, feedback=feedback, mix=0.5)
    gain, hz = response(still)
    g, s = np.tan(np.pi * 800 / RATE), 1j * np.tan(np.pi * hz[:-1] / RATE)
    turned = ((g - s) / (g + s)) ** 6
    expected = np.abs(0.5 + 0.5 * turned / (1 - feedback * turned))
    assert np.abs(gain[:-1] / expected - 1).max() < 1e-3


def test_the_all_passes_alone_leave_every_level_as_it_was():
    gain, _ = response(Phaser(rate_hz=1, sweep_octaves=0, stages=12, mix=1))
    assert gain == pytest.approx(1, abs=1e-5)


def test_a_sweeping_phaser_moves_its_notch_over_its_octaves():
    phaser = Phaser(rate_hz=0.5, centre_hz=1000, sweep_octaves=2, stages=2)
    dry = noise(2.0)
    wet = phaser(dry, RATE)[0]
    for second, notch in ((0.5, 2000), (1.5, 500)):  # crest and trough; 2 stages: tan(45 deg)
        here = slice(int((second - 0.05) * RATE), int((second + 0.05) * RATE))
        window = np.hanning(here.stop - here.start)
        ratio = np.abs(np.fft.rfft(wet[here] * window) / np.fft.rfft(dry[0, here] * window))
        hz = np.fft.rfftfreq(window.size, 1 / RATE)
        smooth = np.convolve(ratio, np.ones(3) / 3, "same")
        near = (hz > 200) & (hz < 4000)
        assert hz[near][smooth[near].argmin()] == pytest.approx(notch, rel=0.08)


@pytest.mark.parametrize("waveform", ["sine", "triangle", "square"])
@pytest.mark.parametrize("depth_db", [0, 6, 40])
def test_the_tremolo_is_as_deep_and_as_fast_as_asked(waveform, depth_db):
    tremolo = Tremolo(rate_hz=5, depth_db=depth_db, waveform=waveform)
    flat = np.full((2, RATE), 0.5, np.float32)
    gain = tremolo(flat, RATE)[0] / 0.5
    assert 20 * np.log10(gain.max() / gain.min()) == pytest.approx(depth_db, abs=0.02)
    assert gain.max() == pytest.approx(1, abs=1e-5)
    if depth_db:
        lines = np.abs(np.fft.rfft(gain - gain.mean()))
        assert lines.argmax() == 5


def test_a_deep_tremolo_and_a_wide_auto_pan_are_undone_to_90_db():
    dry = noise()
    for effect in (Tremolo(rate_hz=7, depth_db=40), AutoPan(rate_hz=0.7, depth=0.99)):
        rest = effect.inverse()(effect(dry, RATE), RATE) - dry
        assert rest.std() < dry.std() * 10 ** (-90 / 20)
        assert effect.inverse().inverse() == effect


@pytest.mark.parametrize("waveform", ["sine", "triangle", "square"])
def test_auto_pan_keeps_the_power_and_goes_as_far_as_asked(waveform):
    flat = np.full((2, 2 * RATE), 0.5, np.float32)
    left, right = AutoPan(rate_hz=1, depth=0.99, waveform=waveform)(flat, RATE) / 0.5
    assert left**2 + right**2 == pytest.approx(2, abs=1e-4)
    assert 20 * np.log10(right.max() / left.min()) == pytest.approx(42, abs=0.2)
    assert left[0] == right[0] and right[RATE // 4] > left[RATE // 4]
    mono = flat[:1]
    assert np.array_equal(AutoPan(rate_hz=1, depth=0.9)(mono, RATE), mono)


@pytest.mark.parametrize("hz, carrier_hz", [(1000, 300), (22_000, 5000)])
def test_ring_modulation_splits_a_partial_in_two_and_folds_nothing_back(hz, carrier_hz):
    wet = RingModulation(carrier_hz=carrier_hz, mix=1)(tone(hz), RATE)[0]
    lines = np.abs(np.fft.rfft(wet * np.hanning(RATE))) / (RATE / 4) / 0.5
    sidebands = [f for f in (hz - carrier_hz, hz + carrier_hz) if f < 0.9 * RATE / 2]
    assert lines[sidebands] == pytest.approx(np.sqrt(0.5), rel=1e-3)
    for f in sidebands:
        lines[f - 20 : f + 21] = 0
    assert 20 * np.log10(lines.max()) < -60
