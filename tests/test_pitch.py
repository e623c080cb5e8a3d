"""Vibrato, tape speed, wow and flutter, pitch shift and pitch correction: cents and places."""

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, hilbert, sosfiltfilt
from scipy.signal.windows import tukey

from wetdry.degradations import PitchCorrection, PitchShift, TapeSpeed, Vibrato, WowAndFlutter
from wetdry.degradations.dsp.pitch_detection import tracked

RATE = 48_000


def tone(hz, seconds=3.0):
    """A sine, at the same phase in both channels."""
    one = 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    return np.tile(one, (2, 1)).astype(np.float32)


def sung(cents, level=0.1):
    """Fourteen harmonics with a formant, so many cents above 220 Hz at each sample."""
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (np.asarray(cents) / 1200)) / RATE
    weights = [(2 if k in (4, 5) else 1) / k**1.2 for k in range(1, 15)]
    voice = sum(w * np.sin(k * phase) for k, w in enumerate(weights, 1))
    return np.tile(level * voice, (2, 1)).astype(np.float32)


def below(hz, audio):
    """The part of ``audio`` that lies below ``hz``."""
    return sosfiltfilt(butter(12, hz, fs=RATE, output="sos"), audio).astype(np.float32)


def cents_over_time(wet, hz):
    """Mean frequency over 1 ms around each sample, in cents above ``hz``, away from the ends."""
    edge, width = RATE // 4, RATE // 1000
    faded = wet * tukey(wet.size, 2 * edge / wet.size)
    phase = np.unwrap(np.angle(hilbert(faded)))[edge:-edge]
    return 1200 * np.log2((phase[width:] - phase[:-width]) * RATE / (2 * np.pi * hz * width))


@pytest.mark.parametrize("rate_hz, depth_cents", [(0.5, 200), (5.5, 50), (14, 100), (6, 5)])
def test_vibrato_goes_as_many_cents_up_and_down_as_asked(rate_hz, depth_cents):
    wet = Vibrato(rate_hz=rate_hz, depth_cents=depth_cents)(tone(1000, 5.0), RATE)[0]
    cents = cents_over_time(wet, 1000)
    assert (cents.min(), cents.max()) == pytest.approx((-depth_cents, depth_cents), abs=0.15)
    crossings = np.flatnonzero((cents[:-1] < 0) & (cents[1:] >= 0))
    cycles = (crossings[-1] - crossings[0]) / RATE * rate_hz
    assert cycles == pytest.approx(round(cycles), abs=0.03) and cycles > 0.9


@pytest.mark.parametrize(
    "effect",
    [
        Vibrato(rate_hz=0.7, depth_cents=200, phase=0.3),
        WowAndFlutter(wow_depth_cents=50, flutter_depth_cents=30, random_depth_cents=10, seed=4),
    ],
    ids=str,
)
@pytest.mark.parametrize("seconds", [0.01, 1.3, 60])
def test_nothing_drifts(effect, seconds):
    displacement = effect.displacement_samples(int(seconds * RATE), RATE)
    assert abs(displacement.mean()) < 1e-6
    halves = np.array_split(displacement, 2)
    if seconds == 60:
        assert abs(halves[0].mean() - halves[1].mean()) < 0.001 * RATE
    assert np.diff(displacement).min() > -0.2  # time never stops


def test_displacement_is_where_the_sound_comes_from():
    effect, dry = Vibrato(rate_hz=3, depth_cents=120), tone(500)
    displacement = effect.displacement_samples(dry.shape[1], RATE)
    here = np.arange(dry.shape[1]) + displacement
    ideal = 0.5 * np.sin(2 * np.pi * 500 * here / RATE)
    assert np.abs(effect(dry, RATE)[0] - ideal)[500:-500].max() < 1e-4


@pytest.mark.parametrize("depth_cents, cycles", [(20, 1), (-100, 1), (60, 3)])
def test_tape_speed_begins_and_ends_in_place_and_goes_as_far_as_asked(depth_cents, cycles):
    effect = TapeSpeed(depth_cents=depth_cents, cycles=cycles)
    samples = 10 * RATE
    displacement = effect.displacement_samples(samples, RATE)
    assert displacement[[0, -1]] == pytest.approx([0, 0], abs=1e-6)
    speed_cents = 1200 * np.log2(1 + np.diff(displacement))
    assert np.abs(speed_cents).max() == pytest.approx(abs(depth_cents), abs=0.01)
    assert (speed_cents.max(), speed_cents.min()) == pytest.approx(
        (abs(depth_cents), -abs(depth_cents)), abs=0.01
    )
    furthest = 0.184 * depth_cents / 1000 / cycles * samples
    assert displacement[np.abs(displacement).argmax()] == pytest.approx(furthest, rel=0.01)


@pytest.mark.parametrize(
    "effect, level_db",
    [
        (Vibrato(rate_hz=6, depth_cents=50), -75),
        (Vibrato(rate_hz=0.5, depth_cents=200), -70),
        (TapeSpeed(depth_cents=100), -75),
        (WowAndFlutter(wow_depth_cents=20, flutter_depth_cents=10), -75),
    ],
    ids=str,
)
def test_a_known_bend_is_undone_below_0_8_times_nyquist(effect, level_db):
    dry = below(0.7 * RATE / 2, np.random.default_rng(1).standard_normal((2, 3 * RATE)) * 0.1)
    back = effect.inverse()(effect(dry, RATE), RATE)
    rest = (back - dry)[:, RATE // 4 : -RATE // 4]  # what was pushed over an edge is lost
    assert 20 * np.log10(rest.std() / dry.std()) < level_db
    assert effect.inverse().inverse() == effect


def test_wow_and_flutter_have_their_rates_their_depths_and_their_seed():
    numbers = {"wow_rate_hz": 0.8, "flutter_rate_hz": 12, "random_depth_cents": 0}
    samples = 20 * RATE
    for wow, flutter, rate_hz in ((30, 0, 0.8), (0, 20, 12)):
        effect = WowAndFlutter(wow_depth_cents=wow, flutter_depth_cents=flutter, **numbers)
        speed = 1 + np.diff(effect.displacement_samples(samples + 1, RATE))
        cents = 1200 * np.log2(speed)
        assert (cents.min(), cents.max()) == pytest.approx((-wow - flutter, wow + flutter), abs=0.1)
        assert np.abs(np.fft.rfft(speed - 1)).argmax() == round(rate_hz * 20)
    lone = {"wow_depth_cents": 0, "flutter_depth_cents": 0, "random_depth_cents": 5}
    one, other = (
        WowAndFlutter(**lone, seed=s).displacement_samples(60 * RATE, RATE) for s in (1, 2)
    )
    speed_cents = 1200 * np.log2(1 + np.diff(one)[: 2**21])
    assert speed_cents.std() == pytest.approx(5, rel=0.05)
    power = np.abs(np.fft.rfft(speed_cents * np.hanning(speed_cents.size))) ** 2
    hz = np.fft.rfftfreq(speed_cents.size, 1 / RATE)
    assert power[(hz > 0.4) & (hz < 20.5)].sum() > 0.999 * power.sum()
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.3


def partial(wet):
    """Frequency and amplitude of the partial in the middle of ``wet``, and the rest in dB."""
    middle = wet[RATE : 2 * RATE].astype(np.float64)
    lines = np.log(np.abs(np.fft.rfft(middle * np.hanning(RATE), 8 * RATE)))
    k = lines.argmax()
    left, top, right = lines[k - 1 : k + 2]
    hz = (k + 0.5 * (left - right) / (left - 2 * top + right)) / 8
    angle = 2 * np.pi * hz * np.arange(RATE) / RATE
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    weights = np.linalg.lstsq(basis, middle, rcond=None)[0]
    rest = middle - basis @ weights
    return hz, np.hypot(*weights), 20 * np.log10(rest.std() / middle.std())


@pytest.mark.parametrize("shift_cents", [-1200, -700, -50, 0.5, 100, 400, 1200])
def test_a_shifted_tone_has_its_pitch_its_level_and_nothing_else(shift_cents):
    hz, level, rest_db = partial(PitchShift(shift_cents=shift_cents)(tone(440), RATE)[0])
    assert 1200 * np.log2(hz / 440) == pytest.approx(shift_cents, abs=0.01)
    assert level == pytest.approx(0.5, rel=0.002)
    assert rest_db < -45


@pytest.mark.parametrize("shift_cents", [-1200, -300, 300, 700, 1200])
def test_shifted_attacks_stay_where_they_were(shift_cents):
    clicks = np.zeros((2, 3 * RATE), np.float32)
    places = np.array([20_011, 61_234, 100_777])
    clicks[:, places] = 0.9
    power = PitchShift(shift_cents=shift_cents)(clicks, RATE)[0].astype(np.float64) ** 2
    for place in places:
        near = np.arange(place - 4000, place + 4000)
        assert power[near].sum() == pytest.approx(power.sum() / 3, rel=0.01)
        assert np.average(near - place, weights=power[near]) == pytest.approx(0, abs=1)
        assert power[place - 48 : place + 49].sum() > 0.98 * power[near].sum()


def test_pitch_shift_leaves_the_stereo_image_and_chords_alone():
    left, right = tone(440)[0], tone(660)[0]
    wet = PitchShift(shift_cents=500)(np.stack([left + 0.2 * right, 0.3 * left - right]), RATE)
    ratio = 2 ** (500 / 1200)
    angle = 2 * np.pi * np.arange(RATE) / RATE
    basis = np.concatenate(
        [[np.cos(f * ratio * angle), np.sin(f * ratio * angle)] for f in (440, 660)]
    )
    weights = np.linalg.lstsq(basis.T, wet[:, RATE : 2 * RATE].T.astype(float), rcond=None)[0]
    first, second = weights[0] + 1j * weights[1], weights[2] + 1j * weights[3]
    assert first[1] / first[0] == pytest.approx(0.3, abs=0.01)
    assert second[0] / second[1] == pytest.approx(-0.2, abs=0.01)


def off_key_cents(track):
    """Distance of each frame with a pitch from the nearest semitone of a = 440 Hz."""
    hz = RATE / track.periods[track.periods > 0]
    return np.abs(np.mod(1200 * np.log2(hz / 440) + 50, 100) - 50)


@pytest.mark.parametrize("cents", [-43, 37, 1149, 2363, -1830])
def test_a_detuned_voice_leaves_on_the_nearest_semitone(cents):
    voice = sung(np.full(3 * RATE, cents))
    wet = PitchCorrection(strength=1, speed_ms=0)(voice, RATE)
    off = off_key_cents(tracked(wet, RATE))
    assert off.size > 550 and np.percentile(off, 98) < 1
    half = PitchCorrection(strength=0.5, speed_ms=0)(voice, RATE)
    missing = abs((cents + 50) % 100 - 50)
    assert np.median(off_key_cents(tracked(half, RATE))) == pytest.approx(missing / 2, abs=1)


def test_a_glide_becomes_stairs_that_stay_in_place():
    cents = np.linspace(0, 1200, 6 * RATE)
    wet = PitchCorrection(strength=1, speed_ms=0)(sung(cents), RATE)
    track = tracked(wet, RATE)
    sure = track.periods > 0
    assert sure.mean() > 0.97
    heard = 1200 * np.log2(RATE / track.periods[sure] / 220)
    asked = cents[track.centres[sure]]
    on_a_step = np.abs(np.mod(asked, 100) - 50) > 10  # between two steps the window hears both
    assert np.abs(heard - 100 * np.round(asked / 100))[on_a_step].max() < 5


def test_slow_correction_takes_its_time_constant():
    correction = PitchCorrection(strength=1, speed_ms=200)
    track = tracked(sung(np.full(2 * RATE, 40)), RATE)
    first, last = track.runs()[0]
    cents = correction.correction_cents(track, RATE)[first:last]
    assert cents[40] == pytest.approx(-40 * (1 - np.exp(-1)), abs=1)
    assert cents[-1] == pytest.approx(-40, abs=0.5)


def test_a_scale_has_its_own_notes():
    hz = 440 * 2 ** (np.array([0, 100, 160, 300, -899]) / 1200)
    in_c = PitchCorrection(strength=1, key="c", scale="major").missing_cents(hz)
    assert in_c == pytest.approx([0, 100, 40, 0, -1], abs=1e-9)  # a, b from a sharp, b, c, c
    in_a = PitchCorrection(strength=1, key="a", scale="minor").missing_cents(hz)
    assert in_a == pytest.approx(in_c, abs=1e-9)  # the relative minor has the same notes
    sharp = PitchCorrection(strength=1, reference_hz=445).missing_cents(np.array([440.0]))
    assert sharp == pytest.approx(1200 * np.log2(445 / 440))


@pytest.mark.parametrize("strength, speed_ms", [(1, 0), (0.7, 50)])
def test_noise_and_drums_pass_untouched(strength, speed_ms):
    correction, rng = (
        PitchCorrection(strength=strength, speed_ms=speed_ms),
        np.random.default_rng(7),
    )
    hiss = (rng.standard_normal((2, 2 * RATE)) * 0.1).astype(np.float32)
    assert np.array_equal(correction(hiss, RATE), hiss)
    since = np.arange(2 * RATE) % (RATE // 2) / RATE
    snare = (rng.standard_normal(since.size) * np.exp(-since * 30))[np.newaxis].astype(np.float32)
    assert np.array_equal(correction(snare, RATE), snare)


def test_around_a_sung_note_consonants_keep_their_bits():
    audio = np.random.default_rng(2).standard_normal((1, 3 * RATE)).astype(np.float32) * 0.05
    audio[:, RATE : 2 * RATE] = sung(np.full(RATE, 30))[:1]
    wet = PitchCorrection(strength=1, speed_ms=10)(audio, RATE)
    changed = np.flatnonzero((wet != audio)[0])
    assert RATE - 960 < changed[0] and changed[-1] < 2 * RATE + 960
    assert changed.size > 0.9 * RATE


@pytest.mark.stems
def test_real_drums_pass_and_real_voices_come_nearer_to_the_scale(real_stems):
    correction = PitchCorrection(strength=1, speed_ms=10)
    kits = [read(path) for path in sorted(real_stems.glob("*/Drums/kit.flac"))]
    untouched = [np.array_equal(correction(drums, RATE), drums) for drums in kits]
    assert np.mean(untouched) > 0.8  # tuned toms are sung, too
    for path in sorted(real_stems.parent.glob("solo/Vocals/vocadito_*.flac")):
        voice = read(path)
        before, after = (
            off_key_cents(tracked(voice, RATE)),
            off_key_cents(tracked(correction(voice, RATE), RATE)),
        )
        assert np.median(after) < np.median(before) / 2


def read(path):
    """Seven seconds of a file, as if recorded at 48 kHz."""
    audio = soundfile.read(path, 7 * RATE, dtype="float32", always_2d=True)[0].T
    return np.ascontiguousarray(audio)
