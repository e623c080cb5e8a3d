"""Media: what radio, tape and records do, against their standards."""

import numpy as np
import pytest
import soundfile
from scipy.signal import sosfreqz, welch

from wetdry.degradations import Cassette, FmRadio, Shellac, Vinyl
from wetdry.degradations.dsp.responses import deemphasis, inverse_sections, without_delay
from wetdry.degradations.dsp.sections import run_sections
from wetdry.degradations.effects.fm_radio import CARRIER_HZ, _tone, demultiplexed, multiplexed
from wetdry.mixing.alignment import lag_samples

RATE = 48_000
QUIET_VINYL = {"surface_dbfs": -100, "rumble_dbfs": -100, "crackle_rate_hz": 0}
IN_TIME = [
    FmRadio(snr_db=26, fading_db=6),
    FmRadio(snr_db=60, emphasis_us=75),
    Cassette(drive_db=12),
    Cassette(drive_db=0, tape="chrome", bump_db=6, bandwidth_hz=4000),
    Vinyl(crackle_rate_hz=20, drive_db=12),
    Vinyl(crackle_rate_hz=200, bandwidth_hz=4000),
]


def rms(audio):
    return np.sqrt(np.mean(np.square(audio, dtype=np.float64)))


def db(ratio):
    return 20 * np.log10(ratio)


def noise(seed=0, seconds=4, level=0.1, channels=2):
    """White noise: it has all frequencies."""
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((channels, seconds * RATE))).astype(np.float32)


def tone(hz, level=0.1, seconds=1):
    return (level * np.sin(2 * np.pi * hz * np.arange(seconds * RATE) / RATE))[None].astype("f4")


def gain_db(effect, hz, level=0.1):
    """What is left of a tone, in the middle of it."""
    dry = tone(hz, level)
    wet = effect(dry, RATE)[0, RATE // 4 : -RATE // 4]
    at = np.exp(-2j * np.pi * hz * np.arange(wet.size) / RATE)
    window = np.hanning(wet.size)
    return db(abs(np.sum(wet * window * at)) / (level / 2 * window.sum()))


# Emphasis


@pytest.mark.parametrize("sample_rate", [16_000, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize(
    "zeros, poles", [((0,), (50,)), ((0,), (75,)), ((30,), (120,)), ((318, 0), (3180, 75))]
)
def test_an_emphasis_is_that_of_its_time_constants_and_is_undone(zeros, poles, sample_rate):
    hz = np.geomspace(20, min(16_000, 0.35 * sample_rate), 100)
    turn = 2e-6j * np.pi * hz
    expected = np.prod([1 + turn * z for z in zeros], 0) / np.prod([1 + turn * p for p in poles], 0)
    sections = deemphasis(zeros, poles, sample_rate)
    assert db(np.abs(sosfreqz(sections, hz, fs=sample_rate)[1] / expected)) == pytest.approx(
        0, abs=0.2
    )
    dry = noise(seconds=1)
    back = run_sections(sections, run_sections(inverse_sections(sections), dry))
    assert db(rms(back - dry) / rms(dry)) < -120


def test_a_curve_without_delay_is_had_and_shifts_nothing():
    dry = noise()
    wet = without_delay(dry, RATE, lambda hz: 1 / (1 + (hz / 4000) ** 4))
    hz, cross = welch(wet[0], RATE, nperseg=4096)
    gain = np.sqrt(cross / welch(dry[0], RATE, nperseg=4096)[1])
    band = (hz > 100) & (hz < 12_000)
    assert db(gain * (1 + (hz / 4000) ** 4))[band] == pytest.approx(0, abs=0.2)
    assert lag_samples(dry, wet, RATE) == pytest.approx(0, abs=0.001)


# Alignment


@pytest.mark.stems
@pytest.mark.parametrize("effect", IN_TIME, ids=str)
def test_real_stems_stay_in_time(effect, real_stems):
    for path in sorted(real_stems.glob("*/*/*.flac"))[::40]:
        sample_rate = soundfile.info(path).samplerate
        dry = soundfile.read(path, 5 * sample_rate, dtype="float32", always_2d=True)[0].T
        dry = np.ascontiguousarray(dry)
        if np.abs(dry).max() > 0.02:
            assert abs(lag_samples(dry, effect(dry, sample_rate), sample_rate)) < 1


@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("samples", [1, 2, 3, 5, 301, 9601])
def test_radio_keeps_every_length_at_every_rate(samples, sample_rate):
    audio = noise(seconds=1)[:, :samples]
    assert FmRadio(snr_db=40)(audio, sample_rate).shape == audio.shape


# FM radio


@pytest.mark.parametrize("fading_db", [0, 6])
@pytest.mark.parametrize("snr_db", [26, 45])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_radios_noise_has_the_ratio_asked_for(channels, snr_db, fading_db):
    dry = noise(channels=channels)
    radio = FmRadio(snr_db=snr_db, fading_db=fading_db, seed=1)
    programme = FmRadio(snr_db=70, fading_db=0)(dry, RATE)
    added = radio(dry, RATE) - programme
    assert db(rms(programme) / rms(added)) == pytest.approx(snr_db, abs=0.2)


def test_the_radios_ratio_does_not_depend_on_the_level():
    dry, radio = noise(seconds=1), FmRadio(snr_db=40)
    assert np.abs(radio(dry * 0.125, RATE) * 8 - radio(dry, RATE)).max() < 1e-5


def test_the_noise_of_the_middle_is_triangular_under_its_deemphasis():
    radio = FmRadio(snr_db=40, fading_db=0, emphasis_us=75, seed=2)
    dry = np.repeat(tone(997, seconds=4), 2, axis=0)
    added = radio(dry, RATE) - FmRadio(snr_db=70, fading_db=0, emphasis_us=75)(dry, RATE)
    hz, power = welch(added.mean(axis=0), RATE, nperseg=1024)
    expected = hz**2 / (1 + (2e-6 * np.pi * hz * 75) ** 2)
    band = (hz > 300) & (hz < 14_000)
    shape = 10 * np.log10(power[band] / expected[band])
    assert shape - shape.mean() == pytest.approx(0, abs=0.9)


def test_the_sides_carry_20_db_more_noise_than_the_middle():
    dry = np.repeat(tone(997, seconds=2), 2, axis=0)
    clean = FmRadio(snr_db=70, fading_db=0)(dry, RATE)
    left, right = FmRadio(snr_db=45, fading_db=0)(dry, RATE) - clean
    hz = np.linspace(0, 15_400, 1000)
    heard = 1 / (1 + (2e-6 * np.pi * hz * 50) ** 2)
    expected = 10 * np.log10(2 * 38_000**2 * heard.sum() / (hz**2 * heard).sum())
    assert db(rms(left - right) / rms(left + right)) == pytest.approx(expected, abs=0.7)


def test_the_radio_is_flat_to_14_khz_and_silent_above_16():
    radio = FmRadio(snr_db=70, fading_db=0)
    for hz in (50, 1000, 5000, 10_000, 14_000):
        assert gain_db(radio, hz) == pytest.approx(0, abs=0.1)
    assert gain_db(radio, 17_000, 0.5) < -60


def test_left_and_right_stay_apart_and_no_pilot_is_heard():
    dry = noise()
    dry[1] = 0
    wet = FmRadio(snr_db=70, fading_db=0)(dry, RATE)
    assert db(rms(wet[1]) / rms(wet[0])) < -60
    hz, power = welch(wet[0], RATE, nperseg=8192)
    assert power[hz > 18_000].max() < 1e-7 * power[(hz > 100) & (hz < 14_000)].mean()


def test_the_multiplex_has_its_middle_below_15_khz_and_its_sides_around_38():
    t = np.arange(CARRIER_HZ) / CARRIER_HZ
    left = np.sin(2 * np.pi * 1000 * t).astype(np.float32)
    lines = np.abs(np.fft.rfft(multiplexed(np.stack([left, -left])))) / (t.size / 2)
    assert np.flatnonzero(lines > 0.01).tolist() == [37_000, 39_000]
    assert demultiplexed(multiplexed(np.stack([left, left])))[0] @ left / (t.size / 2) == (
        pytest.approx(1, abs=1e-3)
    )
    assert np.abs(np.fft.rfft(_tone(19_000, t.size))).argmax() == 19_000


def test_a_fading_carrier_makes_the_noise_come_and_go():
    dry = noise(seconds=4)
    programme = FmRadio(snr_db=70, fading_db=0)(dry, RATE)
    swings = []
    for fading_db in (0, 6):
        added = FmRadio(snr_db=40, fading_db=fading_db, fading_hz=1)(dry, RATE) - programme
        swings.append(np.ptp(db(added.reshape(2, 32, -1).std(axis=(0, 2)))))
    assert swings[0] < 1 < 6 < swings[1]


# Cassette


def test_a_quiet_cassette_is_flat_between_bump_and_bandwidth():
    deck = Cassette(drive_db=0, hiss_dbfs=-100, bump_db=3, bandwidth_hz=12_000)
    for hz in (300, 1000, 3000):
        assert gain_db(deck, hz, 0.01) == pytest.approx(0, abs=0.1)
    assert gain_db(deck, 70, 0.01) == pytest.approx(3, abs=0.3)
    assert gain_db(deck, 12_000, 0.01) == pytest.approx(-3, abs=0.3)
    assert gain_db(deck, 18_000, 0.01) == pytest.approx(-12, abs=0.6)


@pytest.mark.parametrize("tape, db_less", [("ferric", 11), ("chrome", 9.6)])
def test_a_cassette_holds_less_treble_than_middle(tape, db_less):
    deck = Cassette(drive_db=12, tape=tape, bandwidth_hz=18_000, hiss_dbfs=-100, bump_db=0)
    most = {hz: db(4) + gain_db(deck, hz, 4.0) for hz in (500, 10_000)}
    loss = gain_db(deck, 10_000, 0.001)
    assert most[500] - most[10_000] + loss == pytest.approx(db_less, abs=1)


def test_hiss_has_its_level_and_chrome_less_treble_of_it():
    silence = np.zeros((2, 4 * RATE), np.float32)
    spectra = {}
    for tape in ("ferric", "chrome"):
        hiss = Cassette(drive_db=0, tape=tape, hiss_dbfs=-50)(silence, RATE)
        assert db(rms(hiss)) == pytest.approx(-50, abs=0.1)
        hz, power = welch(hiss[0], RATE, nperseg=2048)
        spectra[tape] = (
            power[(hz > 6000) & (hz < 9000)].mean() / power[(hz > 200) & (hz < 600)].mean()
        )
    assert 10 * np.log10(spectra["ferric"] / spectra["chrome"]) == pytest.approx(3.9, abs=1)


# Records


def test_a_quiet_record_is_flat_and_its_bass_has_no_sides():
    record = Vinyl(**QUIET_VINYL)
    for hz in (40, 300, 1000, 5000):
        assert gain_db(record, hz, 0.01) == pytest.approx(0, abs=0.1)
    for hz, share in ((40, 0.066), (150, 0.5), (2000, 0.994)):
        left = tone(hz, 0.05)[0]
        wet = record(np.stack([left, -left]), RATE)[:, RATE // 4 : -RATE // 4]
        assert np.ptp(wet) / 0.1 == pytest.approx(share, abs=0.02)


def test_loud_highs_suffer_on_a_record_as_the_riaa_curve_raises_them():
    record = Vinyl(**QUIET_VINYL, drive_db=6, bandwidth_hz=20_000)
    most = {hz: db(2) + gain_db(record, hz, 2.0) for hz in (1000, 8000)}
    assert most[1000] - most[8000] == pytest.approx(11.9, abs=1.5)


def test_the_noises_of_a_record_have_their_levels():
    silence = np.zeros((2, 8 * RATE), np.float32)
    surface = Vinyl(**QUIET_VINYL | {"surface_dbfs": -50})(silence, RATE)
    rumble = Vinyl(**QUIET_VINYL | {"rumble_dbfs": -50})(silence, RATE)
    assert db(rms(surface)) == pytest.approx(-50, abs=0.1)
    assert db(rms(rumble)) == pytest.approx(-50, abs=0.2)
    hz, power = welch(rumble[0], RATE, nperseg=16_384)
    assert hz[power.argmax()] == pytest.approx(30, abs=8)
    assert power[hz > 300].max() < 0.03 * power.max()


def test_a_shellac_is_mono_and_narrow_and_honks():
    record = Shellac(
        crackle_rate_hz=0, surface_dbfs=-100, drive_db=0, low_hz=200, high_hz=3000, resonance_db=10
    )
    dry = noise(level=0.01)
    left, right = record(dry, RATE)
    assert left.tobytes() == right.tobytes()
    assert gain_db(record, 50, 0.01) < -30 and gain_db(record, 9000, 0.01) < -50
    for horn in record.resonances():
        assert gain_db(record, horn.centre_hz, 0.01) > 6


@pytest.mark.parametrize("resonance_db", [0, 15])
def test_a_shellac_hisses_at_the_level_asked_for(resonance_db):
    record = Shellac(crackle_rate_hz=0, surface_dbfs=-40, resonance_db=resonance_db)
    assert db(rms(record(np.zeros((2, RATE), np.float32), RATE))) == pytest.approx(-40, abs=0.1)


def test_a_programme_of_denormal_numbers_is_silence_on_the_air():
    faint = np.full((1, 300), 2.6e-42, np.float32)
    assert np.abs(FmRadio(snr_db=20)(faint, 44_100)).max() < 1e-30
