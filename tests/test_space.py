"""Reverberators, echoes and reflections: what was asked for is measured."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import signal

from wetdry.degradations import (
    Chain,
    EarlyReflections,
    Echo,
    FeedbackDelayNetwork,
    PingPong,
    Plate,
    SimulatedRoom,
)
from wetdry.degradations.dsp.delay_networks import (
    DelayNetwork,
    absorption,
    allpass,
    distinct_primes,
    network,
)

RATE = 48_000
BOX = SimulatedRoom(length_m=9, width_m=7, height_m=4, absorption=0.2, max_order=3, rays=3000)


def click(seconds, channels=2, sample_rate=RATE):
    audio = np.zeros((channels, int(seconds * sample_rate)), np.float32)
    audio[:, 0] = 1.0
    return audio


def noise(seconds, channels=2):
    rng = np.random.default_rng(0)
    return rng.standard_normal((channels, int(seconds * RATE))).astype(np.float32) * 0.1


def level_db(audio):
    return 20 * np.log10(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def t60_s(response, low_hz, high_hz):
    """Reverberation time of a band: a line through Schroeder's integral, -5 to -35 dB."""
    band = signal.butter(4, [low_hz, high_hz], "bandpass", fs=RATE, output="sos")
    energy = np.cumsum(signal.sosfiltfilt(band, response)[::-1] ** 2)[::-1]
    fall_db = 10 * np.log10(energy / energy[0] + 1e-30)
    times = np.arange(np.argmax(fall_db < -5), np.argmax(fall_db < -35))
    return -60 * RATE**-1.0 / np.polyfit(times, fall_db[times], 1)[0]


@pytest.mark.parametrize(
    "reverb",
    [
        FeedbackDelayNetwork(decay_s=0.4, size_m=5, mix=1),
        FeedbackDelayNetwork(decay_s=1.5, high_decay_ratio=1, mix=1),
        FeedbackDelayNetwork(decay_s=3, high_decay_ratio=0.25, size_m=25, mix=1),
        FeedbackDelayNetwork(decay_s=2, modulation_hz=1.5, mix=1),
        Plate(decay_s=1.5, high_decay_ratio=0.8, mix=1),
        Plate(decay_s=4, mix=1),
    ],
    ids=str,
)
def test_lows_and_highs_die_away_in_the_times_asked_for(reverb):
    response = reverb(click(1.6 * reverb.decay_s), RATE)[0]
    high_s = reverb.decay_s * reverb.high_decay_ratio
    assert t60_s(response, 80, 350) == pytest.approx(reverb.decay_s, rel=0.05)
    assert t60_s(response, 16_000, 22_000) == pytest.approx(high_s, rel=0.06)


def test_at_the_crossover_sound_dies_at_the_mean_of_both_rates():
    reverb = FeedbackDelayNetwork(decay_s=3, high_decay_ratio=0.3, crossover_hz=2000, mix=1)
    rate = (1 / 3 + 1 / 0.9) / 2
    assert t60_s(reverb(click(4), RATE)[0], 1800, 2200) == pytest.approx(1 / rate, rel=0.06)


def test_a_shelf_has_its_three_gains():
    delays = np.array([500, 2000])
    (b0, b1, _, a1, _) = absorption(delays, RATE, 2.0, 0.5, 3000).T
    z = np.exp(-2j * np.pi * np.array([[0], [3000], [RATE / 2]]) / RATE)
    fall_db = 20 * np.log10(np.abs((b0 + b1 * z) / (1 + a1 * z)))
    assert fall_db == pytest.approx(-60 * delays / RATE * [[0.5], [1.25], [2.0]], rel=1e-9)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("decay_s", [0.6, 2])
@pytest.mark.parametrize("kind", [FeedbackDelayNetwork, Plate])
def test_noise_leaves_a_reverberator_as_loud_as_it_came(kind, decay_s, channels):
    dry = noise(12, channels)
    wet = kind(decay_s=decay_s, mix=1)(dry, RATE)[:, int(decay_s * RATE) :]
    assert level_db(wet) - level_db(dry) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("kind", [FeedbackDelayNetwork, Plate])
def test_a_sound_in_the_middle_comes_back_from_everywhere(kind):
    left, right = kind(decay_s=2, mix=1)(click(3), RATE)
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.05
    assert level_db(left) - level_db(right) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("kind", [FeedbackDelayNetwork, Plate])
def test_it_only_ever_gets_quieter_and_leaves_nothing_standing(kind):
    response = kind(decay_s=1, high_decay_ratio=1, mix=1)(click(3), RATE)[0]
    levels = [level_db(part) for part in np.split(response[: 2 * RATE], 20)[1:]]
    assert (np.diff(levels) < 0).all()
    assert np.diff(levels).mean() == pytest.approx(-6, abs=0.5)
    assert abs(response[2 * RATE :].mean()) < 1e-5


def echo_density(response, at_s):
    """Share of samples beyond one deviation within 20 ms, over that of noise (Abel, Huang)."""
    part = response[int(at_s * RATE) :][: RATE // 50]
    return np.mean(np.abs(part) > part.std()) / 0.3173


def test_echoes_grow_dense_and_diffusion_and_plates_are_dense_at_once():
    clear, thick = (
        FeedbackDelayNetwork(decay_s=2, diffusion=d, mix=1)(click(1), RATE)[0] for d in (0.3, 0.75)
    )
    early, later, late = (echo_density(clear, at) for at in (0.03, 0.08, 0.4))
    assert early < later < late and late == pytest.approx(1, abs=0.1)
    plate = Plate(decay_s=2, mix=1)(click(1), RATE)[0]
    assert echo_density(thick, 0.03) > 2 * early
    assert echo_density(plate, 0.03) > early


def test_turning_lines_keep_the_energy():
    still, turning = (
        FeedbackDelayNetwork(decay_s=2, modulation_hz=hz, mix=1)(click(3), RATE) for hz in (0, 2)
    )
    assert not np.allclose(still, turning, atol=1e-3)
    assert level_db(still) - level_db(turning) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(
    "effect",
    [
        FeedbackDelayNetwork(decay_s=20, high_decay_ratio=1, size_m=3, diffusion=0.75, mix=1),
        FeedbackDelayNetwork(decay_s=20, size_m=40, diffusion=0.3, modulation_hz=3, mix=1),
        FeedbackDelayNetwork(decay_s=0.1, high_decay_ratio=0.1, crossover_hz=200, mix=1),
        Plate(decay_s=10, high_decay_ratio=1, mix=1),
        Plate(decay_s=0.5, high_decay_ratio=0.1, crossover_hz=200, mix=1),
        Echo(delay_ms=1, feedback=0.95, low_cut_hz=20, high_cut_hz=7999, mix=1),
        PingPong(delay_ms=313, feedback=0.95, low_cut_hz=20, high_cut_hz=7999, mix=1),
    ],
    ids=str,
)
def test_a_click_before_a_minute_of_silence_is_forgotten(effect):
    wet = np.abs(effect(click(60, sample_rate=16_000), 16_000))
    assert wet.max() <= 1.5
    expected = 10 ** (-3 * 59 / effect.tail_s())
    assert wet[:, -16_000:].max() < max(2 * expected, 1e-9) * wet.max()


@pytest.mark.parametrize("kind", [FeedbackDelayNetwork, Plate])
def test_the_direct_sound_stays_and_the_pre_delay_moves_the_rest(kind):
    dry = noise(0.5)
    assert np.array_equal(kind(decay_s=2, mix=0)(dry, RATE), dry)
    half, wet = (kind(decay_s=2, mix=mix)(dry, RATE) for mix in (0.5, 1))
    assert np.allclose(half, (dry + wet) / 2, atol=1e-6)
    late = kind(decay_s=2, mix=1, pre_delay_ms=25)(dry, RATE)
    assert np.array_equal(late[:, 1200:], wet[:, :-1200]) and not late[:, :1200].any()


def test_a_network_does_what_its_matrices_say():
    rng = np.random.default_rng(3)
    lines, delays, dry = 4, np.array([3, 5, 7, 4]), noise(0.01)
    filters = rng.uniform(-0.3, 0.3, (lines, 5))
    _, _, entering = network(lines, 2)
    entering[:] = rng.uniform(-0.4, 0.4, entering.shape)
    taps = [(0, 1, 5, 0.5), (1, 3, 0, 1.0), (1, 0, 2, -1.0)]
    wet = DelayNetwork(delays, filters, entering, taps).run(dry, rotating=2, radians=0.01)

    held, ends, sent = (np.zeros((lines, dry.shape[1])) for _ in range(3))
    for n in range(dry.shape[1]):
        for i in range(lines):
            ends[i, n] = held[i, n - delays[i]] if n >= delays[i] else 0
            sent[i] = signal.lfilter(filters[i, :3], [1, *filters[i, 3:]], ends[i])
        now, (c, s) = sent[:, n].copy(), (np.cos(0.01 * n), np.sin(0.01 * n))
        now[:2] = c * now[0] - s * now[1], s * now[0] + c * now[1]
        held[:, n] = entering @ [*now, *dry[:, n]]
    expected = np.zeros(dry.shape)
    for channel, line, after, gain in taps:
        expected[channel, after:] += gain * held[line, : dry.shape[1] - after]
    assert wet == pytest.approx(expected, abs=1e-6)


def test_an_all_pass_lets_all_pass():
    _, sources, entering = network(1, 1)
    leaving = allpass(entering, 0, sources[0], 0.7)
    still = np.array([[1.0, 0, 0, 0, 0]])
    dry = click(0.2, channels=1)
    held = DelayNetwork(np.array([37]), still, entering, [(0, 0, 37, 1.0)]).run(dry)
    response = leaving[0] * held + leaving[1] * dry
    assert np.abs(np.fft.rfft(response[0])) == pytest.approx(1, abs=1e-5)


def test_delays_share_no_factor():
    for size_m in (3, 11.3, 40):
        delays = distinct_primes(np.geomspace(0.4, 1.6, 16) * size_m / 343 * 16_000)
        assert (np.gcd.outer(delays, delays) == np.diag(delays)).sum() == 16
        assert (np.gcd.outer(delays, delays)[~np.eye(16, dtype=bool)] == 1).all()


@pytest.mark.parametrize("channels", [1, 2])
def test_repeats_come_on_time_fainter_and_duller_each(channels):
    echo = Echo(delay_ms=100, feedback=0.5, low_cut_hz=200, high_cut_hz=3000, mix=0.4)
    dry = noise(0.7, channels)
    wet = echo(dry, RATE)
    repeat, expected = dry.astype(np.float64), 0.6 * dry.astype(np.float64)
    for k in range(1, 7):
        expected[:, 4800 * k :] += 0.4 * repeat[:, : -4800 * k]
        repeat = signal.sosfilt(signal.butter(1, 200, "highpass", fs=RATE, output="sos"), repeat)
        repeat = signal.sosfilt(signal.butter(1, 3000, "lowpass", fs=RATE, output="sos"), repeat)
        repeat *= 0.5
    assert wet == pytest.approx(expected, abs=1e-6)


def test_an_echo_is_over_when_it_says_so():
    echo = Echo(delay_ms=50, feedback=0.6, low_cut_hz=20, high_cut_hz=20_000, mix=1)
    wet = np.abs(echo(click(2), RATE)[0])
    last = int(echo.tail_s() * RATE)
    assert wet[last + 100 :].max() < 1e-3 < wet[: last - 2300].max()
    assert Echo(delay_ms=50, feedback=0).tail_s() == 0.05


@pytest.mark.parametrize("first, second", [("left", "right"), ("right", "left")])
def test_ping_pong_goes_from_side_to_side_with_the_power_of_the_sound(first, second):
    ping_pong = PingPong(delay_ms=100, feedback=0.5, mix=1, first_side=first)
    dry = noise(0.1, channels=1)
    wet = Chain((ping_pong,))(np.pad(dry, ((0, 0), (0, 3 * 4800))), RATE)
    parts = np.square(wet).reshape(2, 4, 4800).sum(axis=2)
    here, there = (parts[["left", "right"].index(side)] for side in (first, second))
    assert here[1] == pytest.approx(np.square(dry).sum(), rel=1e-5)
    assert here[0] == there[0] == there[1] == 0
    assert there[2] > 50 * here[2] and here[3] > 20 * there[3]  # the filters ring on a little


def test_reflections_have_the_energy_the_number_and_the_span_asked_for():
    room = EarlyReflections(span_ms=50, reflections=20, level_db=-4, seed=5)
    wet = room(click(0.1), RATE)
    assert (wet[:, 0] == 1).all()
    wet[:, 0] = 0
    for side in wet:
        times = np.flatnonzero(side)
        assert len(times) == 20 and times[-1] == 2400
    assert 10 * np.log10(np.square(wet).sum(axis=1)) == pytest.approx([-4, -4], abs=0.01)


def test_reflections_crowd_as_the_square_of_time():
    times = np.concatenate(
        [EarlyReflections(span_ms=100, reflections=32, seed=s).pattern()[0][0] for s in range(99)]
    )
    for share in (0.25, 0.5, 0.75):
        assert np.mean(times < 0.1 * share) == pytest.approx(share**3, abs=0.01)


def test_reflections_reach_the_other_side_too():
    left_only = click(0.1)
    left_only[1] = 0
    left, right = EarlyReflections(span_ms=40)(left_only, RATE)
    assert np.count_nonzero(left) == 7 and np.count_nonzero(right) == 6


@pytest.mark.parametrize("absorption_share", [0.1, 0.3])
def test_rays_make_a_room_die_away_as_eyring_says(absorption_share):
    room = BOX.model_copy(update={"absorption": absorption_share, "scattering": 0.5})
    response = room(click(1.5 * room.tail_s()), RATE)[0]
    assert t60_s(response, 100, 10_000) == pytest.approx(room.tail_s(), rel=0.1)


def test_rays_tell_of_the_energy_that_image_sources_would_bring():
    mirrors = BOX.model_copy(update={"scattering": 0.0})
    images = BOX.model_copy(update={"rays": 0, "max_order": 17})
    one, other = (room(click(0.3), RATE).astype(np.float64) for room in (mirrors, images))
    scale = np.abs(one).max() / np.abs(other).max()  # both by their direct sound
    for start_s, end_s in ((0, 0.03), (0.03, 0.06), (0.06, 0.12)):
        part = slice(int(start_s * RATE), int(end_s * RATE))
        assert level_db(one[:, part]) - level_db(other[:, part] * scale) == pytest.approx(
            0, abs=1.5
        )


def test_microphones_hear_the_late_sound_alike_in_the_lows_alone():
    left, right = BOX(click(1), RATE)[:, RATE // 10 :]
    hz, coherence = signal.coherence(left, right, RATE, nperseg=512)
    expected = np.sinc(2 * hz * BOX.spacing_m / 343) ** 2
    assert coherence[1:4] == pytest.approx(expected[1:4], abs=0.2)
    assert coherence[hz > 3000].mean() < 0.1
    together = BOX.model_copy(update={"spacing_m": 0.0})(click(1), RATE)
    assert np.array_equal(together[0], together[1])


PRINT_DIGEST = f"""
import hashlib, numpy as np
from wetdry.degradations import load_effect
click = np.zeros((2, 30000), np.float32)
click[:, 0] = 1
print(hashlib.sha256(load_effect({BOX.row()!r})(click, 48000).tobytes()).hexdigest())
"""


def test_rays_fall_the_same_way_whatever_else_runs():
    import pyroomacoustics

    from wetdry.degradations.effects.room import _response

    def digest(room):
        _response.cache_clear()
        return hashlib.sha256(room(click(0.625), RATE).tobytes()).hexdigest()

    first = digest(BOX)
    pyroomacoustics.random.seed(7)
    pyroomacoustics.random.get_rng().random(5)
    others = [BOX.model_copy(update={"seed": s}) for s in (1, 0, 2, 0, 3, 0)]
    with ThreadPoolExecutor(3) as pool:
        digests = list(pool.map(digest, others))
    elsewhere = subprocess.run(
        [sys.executable, "-c", PRINT_DIGEST], check=True, capture_output=True, text=True
    )
    assert {digests[k] for k in (1, 3, 5)} == {first, elsewhere.stdout.strip()}
    assert len({first, *digests}) == 4
