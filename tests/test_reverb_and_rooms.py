"""Reverberation: decays, directions, levels, and the files it comes from."""

from hashlib import sha256

import numpy as np
import pytest
import soundfile

from wetdry.degradations import Chain, Convolution, Reverb, SimulatedRoom
from wetdry.errors import AssetError

RATE = 48_000
ROOM = SimulatedRoom(length_m=7, width_m=5, height_m=3)


def click(at=1000, samples=RATE, channels=2):
    audio = np.zeros((channels, samples), np.float32)
    audio[:, at] = 1.0
    return audio


@pytest.fixture
def room_file(tmp_path):
    """A response with 30 ms of faint noise before its direct sound, at another rate."""
    rng = np.random.default_rng(0)
    taps = rng.standard_normal((44_100, 2)) * 1e-4
    after = np.exp(-np.arange(44_100 - 1323) / 6000)[:, np.newaxis]
    taps[1323:] += rng.standard_normal(after.shape) * 0.05 * after
    taps[1323] = 1.0
    soundfile.write(tmp_path / "room.flac", taps * 0.5, 44_100, subtype="PCM_24")
    return tmp_path / "room.flac"


def falls_by_60_db_s(response):
    """Reverberation time by Schroeder's backward integration, from -5 to -25 dB."""
    energy = np.cumsum(np.square(response[0, ::-1].astype(np.float64)))[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-12)
    return 3 * (np.argmax(level < -25) - np.argmax(level < -5)) / RATE


@pytest.mark.parametrize("room_size", [0.2, 0.8])
def test_freeverb_dies_away_within_its_tail(room_size):
    reverb = Reverb(room_size=room_size, damping=0, wet=1, dry=0)
    wet = reverb(click(0, samples=8 * RATE), RATE)
    end = int(reverb.tail_s() * RATE)
    assert falls_by_60_db_s(wet) == pytest.approx(reverb.tail_s(), rel=0.35)
    assert np.square(wet[:, end:]).sum() < np.square(wet).sum() * 1e-5


def test_dry_at_one_half_is_the_direct_sound_itself():
    wet = Reverb(room_size=0.5, wet=0, dry=0.5)(click(), RATE)
    assert np.array_equal(wet, click())


def test_a_reverb_widens_mono_in_a_chain():
    mono = click(channels=1)
    wet = Chain((Reverb(room_size=0.7),))(mono, RATE)
    assert wet.shape[0] == 2 and not np.allclose(wet[0], wet[1])


def test_the_direct_sound_stays_where_the_sound_was(room_file):
    mono_room = ROOM.model_copy(update={"spacing_m": 0.0})
    for effect in (mono_room, Convolution(impulse=str(room_file))):
        wet = np.abs(effect(click(), RATE)).max(axis=0)
        assert wet.argmax() == 1000
        assert np.argmax(wet > 0.3 * wet.max()) >= 998


@pytest.mark.parametrize("mix", [0.0, 1.0])
def test_noise_leaves_a_room_as_loud_as_it_came(room_file, mix):
    noise = np.random.default_rng(1).standard_normal((2, 4 * RATE)).astype(np.float32) * 0.1
    for effect in (
        ROOM.model_copy(update={"mix": mix}),
        Convolution(impulse=str(room_file), mix=mix),
    ):
        level = 20 * np.log10(effect(noise, RATE)[:, RATE:].std() / noise.std())
        assert level == pytest.approx(0, abs=0.3)


def test_a_hard_room_rings_longer_than_a_soft_one():
    times = [
        falls_by_60_db_s(ROOM.model_copy(update={"absorption": a, "max_order": 17})(click(), RATE))
        for a in (0.15, 0.4, 0.8)
    ]
    assert times == sorted(times, reverse=True) and times[0] > 2 * times[2]


def test_microphones_apart_hear_apart():
    apart, together = (ROOM.model_copy(update={"spacing_m": s})(click(), RATE) for s in (0.3, 0.0))
    assert not np.allclose(apart[0], apart[1])
    assert np.array_equal(together[0], together[1])


def test_a_convolution_without_mix_is_the_dry_sound(room_file):
    noise = np.random.default_rng(2).standard_normal((1, 999)).astype(np.float32)
    assert np.array_equal(Convolution(impulse=str(room_file), mix=0)(noise, RATE), noise)


def test_a_row_stays_free_of_the_folder_in_which_it_was_rendered(room_file):
    drawn = Convolution(impulse=room_file.name)
    located = drawn.located(room_file.parent)
    assert drawn.row()["impulse"] == "room.flac"
    assert located(click(), RATE).any()


def test_a_missing_or_changed_or_silent_response_is_refused(room_file):
    digest = sha256(room_file.read_bytes()).hexdigest()
    right = Convolution(impulse=str(room_file), impulse_sha256=digest)
    before = right(click(), RATE)
    with pytest.raises(AssetError, match=r"nowhere\.wav.*put it there"):
        Convolution(impulse="nowhere.wav")(click(), RATE)
    with pytest.raises(AssetError, match="wanted SHA-256 000000"):
        right.model_copy(update={"impulse_sha256": "0" * 64})(click(), RATE)
    soundfile.write(room_file, np.zeros((100, 2)), RATE, subtype="PCM_24")
    with pytest.raises(AssetError, match="restore it"):
        right(click(), RATE)
    with pytest.raises(AssetError, match="found silence"):
        Convolution(impulse=str(room_file))(click(), RATE)
    room_file.write_bytes(b"not audio")
    with pytest.raises(AssetError, match="cannot be decoded"):
        Convolution(impulse=str(room_file))(click(), RATE)
    assert before.any()
