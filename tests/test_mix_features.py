"""Features of mixes read what theory says."""

import numpy as np
import pytest

from wetdry.audio import amplitude
from wetdry.degradations import Bell, MidSideGain, Tilt
from wetdry.errors import AudioError
from wetdry.mixing.mix_features import class_balances, mix_features, octaves_below
from wetdry.seeds import stream

RATE = 44_100
TIME = np.arange(10 * RATE) / RATE


def noise(name, power_of_hz=0.0, channels=2, seconds=6.0):
    """Return Gaussian noise whose power goes with a power of the frequency."""
    samples = round(seconds * RATE)
    spectrum = np.fft.rfft(stream(0, "features", name).standard_normal((channels, samples)))
    hz = np.fft.rfftfreq(samples, 1 / RATE)
    shaped = np.fft.irfft(spectrum * np.maximum(hz, 10) ** (power_of_hz / 2), samples)
    return np.asarray(0.1 * shaped / shaped.std(), np.float32)


def both(signal):
    return np.asarray([signal, signal], np.float32)


@pytest.mark.parametrize(("power_of_hz", "slope"), [(-1, 0.0), (0, 3.01), (-2, -3.01)])
def test_pink_noise_has_equal_octaves_and_others_the_slope_of_their_colour(power_of_hz, slope):
    features = mix_features(noise("colour", power_of_hz), RATE)
    assert features["slope_db_per_octave"] == pytest.approx(slope, abs=0.06)
    levels = [features[f"octave_{hz}_hz_db"] for hz in (125, 250, 500, 1000, 2000, 4000, 8000)]
    np.testing.assert_allclose(np.diff(levels), slope, atol=0.4)


def test_octaves_hold_the_whole_power_of_what_lies_within_them():
    tones = sum(0.1 * np.sin(2 * np.pi * 1000 * 2.0**k * TIME) for k in range(-5, 5))
    features = mix_features(both(tones), RATE)
    levels = [features[f"octave_{hz}_hz_db"] for hz in octaves_below(RATE)]
    np.testing.assert_allclose(levels, -10.0, atol=0.01)  # ten equal tones, one in each


def test_channels_with_nothing_in_common_have_as_much_side_as_mid():
    features = mix_features(noise("apart"), RATE)
    assert features["side_db"] == pytest.approx(0, abs=0.1)
    assert features["correlation"] == pytest.approx(0, abs=0.01)


def test_one_channel_twice_is_mono_and_its_negative_has_no_mid():
    one = noise("one", channels=1)[0]
    mono, hollow = mix_features(both(one), RATE), mix_features(np.stack([one, -one]), RATE)
    assert (mono["side_db"], hollow["side_db"]) == (-40, 40)
    assert (mono["correlation"], hollow["correlation"]) == pytest.approx((1, -1))


def test_a_gain_of_the_side_is_read_as_it_was_asked_for():
    mix = noise("wide", -1)
    narrowed = MidSideGain(mid_db=0, side_db=-7)(mix, RATE)
    for name in ("side_db", "side_below_250_hz_db", "side_above_4000_hz_db"):
        before, after = (mix_features(x, RATE)[name] for x in (mix, narrowed))
        assert after - before == pytest.approx(-7, abs=1e-3)


def test_an_equalizer_is_read_in_its_octave_and_a_tilt_in_the_slope():
    mix = noise("equalized", -1)
    plain = mix_features(mix, RATE)
    belled = mix_features(Bell(centre_hz=1000, gain_db=6, q=1.41)(mix, RATE), RATE)
    dark = mix_features(Tilt(gain_db=-6)(mix, RATE), RATE)
    apart = {
        hz: belled[f"octave_{hz}_hz_db"] - plain[f"octave_{hz}_hz_db"] for hz in (125, 1000, 8000)
    }
    assert apart[1000] - apart[125] == pytest.approx(5, abs=0.6)  # its mean over the octave
    assert apart[8000] == pytest.approx(apart[125], abs=0.2)
    assert dark["slope_db_per_octave"] < plain["slope_db_per_octave"] - 1


def test_crest_factors_of_a_sine_and_a_square():
    sine = np.sin(2 * np.pi * 441 * TIME)
    assert mix_features(both(0.5 * sine), RATE)["crest_db"] == pytest.approx(3.01, abs=0.01)
    square = np.sign(np.sin(2 * np.pi * 441 * TIME + 0.1))
    assert mix_features(both(0.5 * square), RATE)["crest_db"] == pytest.approx(0, abs=0.01)


def test_loudness_range_is_that_of_ebu_tech_3342():
    # its first two test signals: 20 s each at -20 and -30 LUFS, -20 and -15 LUFS
    tone = np.sin(2 * np.pi * 1000 * np.arange(20 * RATE) / RATE)
    for first, second, wanted in ((-20, -30, 10), (-20, -15, 5)):
        mix = both(np.concatenate([amplitude(first) * tone, amplitude(second) * tone]))
        assert mix_features(mix, RATE)["loudness_range_lu"] == pytest.approx(wanted, abs=1)


def test_a_louder_mix_differs_in_loudness_and_peak_alone():
    mix = noise("gain", -1)
    one, two = mix_features(mix, RATE), mix_features(mix * np.float32(0.5), RATE)
    for name in one:
        change = -6.02 if name in ("loudness_lufs", "true_peak_dbtp") else 0.0
        assert two[name] - one[name] == pytest.approx(change, abs=0.01), name


def test_classes_are_measured_against_their_sum():
    drums, bass = noise("drums"), noise("bass")
    balances = class_balances({"Drums": drums, "Bass": bass}, RATE)
    assert balances == pytest.approx({"Drums": -3.01, "Bass": -3.01}, abs=0.1)
    assert class_balances({"Drums": drums}, RATE) == pytest.approx({"Drums": 0})
    one_channel = class_balances({"Drums": drums[:1]}, RATE)
    assert one_channel == pytest.approx({"Drums": 0})
    quiet = {"Drums": drums, "Bass": bass * np.float32(amplitude(-50)), "Vocals": drums * 0}
    assert list(class_balances(quiet, RATE)) == ["Drums"]


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (noise("mono", channels=1), "has 1 channel"),
        (noise("short", seconds=0.3), "lasts 0.3 s"),
        (np.zeros((2, RATE), np.float32), "is silent"),
    ],
)
def test_what_cannot_be_measured_is_refused(audio, words):
    with pytest.raises(AudioError, match=words):
        mix_features(audio, RATE)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000, 96_000])
def test_every_rate_is_measured_up_to_its_own_highest_octave(rate):
    mix = stream(1, rate).normal(0, 0.1, (2, rate)).astype(np.float32)
    features = mix_features(mix, rate)
    assert all(np.isfinite(value) for value in features.values())
    assert ("octave_16000_hz_db" in features) == (rate > 40_000)
