"""Routing: sends, side-chains, taps, bleed and doubles, and that the sums stay true."""

import numpy as np
import pytest

from wetdry.audio import amplitude
from wetdry.degradations import (
    Bell,
    Chain,
    Compressor,
    Effect,
    Gain,
    HighShelf,
    Keyed,
    Limiter,
    Reverb,
    Saturation,
)
from wetdry.mixing import (
    Bleed,
    Bus,
    Send,
    SendLevel,
    Session,
    Track,
    integrated_lufs,
    lag_samples,
    mix,
)
from wetdry.mixing.bleeding import with_bleed
from wetdry.mixing.handing import handed_down, rest_db
from wetdry.mixing.keys import parted
from wetdry.mixing.mixdown import LEAD_OUT_S
from wetdry.mixing.taps import tapped
from wetdry.seeds import stream

RATE = 22_050
ROOM = Chain((Reverb(room_size=0.7, wet=0.5, dry=0.0),))
SQUASH = Chain((Compressor(threshold_db=-40, ratio=8, attack_ms=1),))
MASTER = Chain((HighShelf(cutoff_hz=5000, gain_db=3), *SQUASH, Limiter(ceiling_dbtp=-3)))


def recording(name, channels=1):
    """Return bursts of noise, with lead-in and lead-out."""
    samples = 3 * RATE + round(LEAD_OUT_S * RATE)
    rng = stream(0, name)
    noise = rng.standard_normal((channels, samples))
    bursts = np.abs(np.sin(np.arange(samples) / RATE * rng.uniform(5, 12))) ** 6
    return np.asarray(0.1 * noise * bursts, np.float32)


def track(stem_class, **numbers):
    song, file = "s", f"s/{stem_class}"
    return Track(stem_class=stem_class, song=song, file=file, offset_samples=0, **numbers)


def session(*tracks, **parts):
    return Session(
        sample_rate=RATE, samples=2 * RATE, lead_in_samples=RATE, coherent=True,
        active_above_dbfs=-45, tracks=tracks, **parts,
    )  # fmt: skip


def render(whole):
    return mix(whole, [recording(t.stem_class, 1 + (t.pan > 0)) for t in whole.tracks])


def sending(stem_class, level_db, **numbers):
    return track(stem_class, sends=(SendLevel(send="room", level_db=level_db),), **numbers)


def keyed(key, **numbers):
    return Keyed(effect=Compressor(threshold_db=-40, ratio=20, attack_ms=1, **numbers), key=key)


def test_wet_stems_with_their_share_of_a_reverb_sum_to_the_premaster():
    tracks = (sending("Vocals", -6, pan=0.3), sending("Drums", -12), track("Bass"))
    mixed = render(session(*tracks, sends=(Send(name="room", chain=ROOM),)))
    dry = render(session(*(t.model_copy(update={"sends": ()}) for t in tracks)))
    assert rest_db(mixed.premaster, mixed.wet) < -110
    assert rest_db(mixed.premaster, dry.wet) > -40


def test_a_send_returns_as_much_as_its_levels_say():
    level_db = {"Vocals": -6.0, "Drums": -20.0}
    tracks = [sending(name, level) for name, level in level_db.items()]
    mixed = render(session(*tracks, sends=(Send(name="room"),)))
    plain = render(session(*(t.model_copy(update={"sends": ()}) for t in tracks)))
    gain = amplitude(mixed.output_gain_db - plain.output_gain_db)
    wanted = sum(plain.wet[name] * amplitude(level) for name, level in level_db.items())
    assert np.allclose(mixed.sends["room"], wanted * gain, atol=1e-6)


def test_a_send_before_the_fader_does_not_hear_the_fader():
    def returned(gain_db, pre_fader):
        one = sending("Vocals", -6, gain_db=gain_db, input_peak_dbfs=-12)
        mixed = render(session(one, sends=(Send(name="room", pre_fader=pre_fader),)))
        return mixed.sends["room"] / mixed.premaster.std()

    wet = [returned(gain_db, False) for gain_db in (0, -12)]
    assert np.allclose(wet[0], wet[1], rtol=1e-3, atol=1e-6)
    early = [np.std(returned(gain_db, True)) for gain_db in (0, -30)]
    assert early[1] > 1.5 * early[0]


def test_dynamics_and_filters_after_a_reverb_leave_the_sum_true_and_distortion_is_measured():
    tracks = (sending("Vocals", -3), sending("Drums", -3), sending("Bass", -9))
    squashed = Chain((*ROOM, *SQUASH, Bell(centre_hz=800, gain_db=6)))
    mixed = render(session(*tracks, sends=(Send(name="room", chain=squashed),)))
    assert rest_db(mixed.premaster, mixed.wet) < -110
    fuzzy = Chain((*ROOM, Gain(gain_db=20), Saturation(drive_db=40), Gain(gain_db=20)))
    mixed = render(session(*tracks, sends=(Send(name="room", chain=fuzzy),)))
    assert -40 < rest_db(mixed.premaster, mixed.wet) < 0


def test_stems_under_the_gain_curves_of_bus_and_master_sum_to_the_master():
    tracks = (track("Vocals", pan=0.4), track("Drums"), track("Percussions"), sending("Bass", -6))
    whole = session(
        *tracks, buses=(Bus(name="rhythm", of=("Drums", "Percussions"), chain=SQUASH),),
        sends=(Send(name="room", chain=ROOM),), mix_loudness_lufs=-10, master=MASTER,
        medium=Chain((Saturation(drive_db=6),)), taps=("wet", "wet_master", "master"),
    )  # fmt: skip
    mixed = render(whole)
    assert rest_db(mixed.master, mixed.wet_master) < -100
    assert rest_db(mixed.premaster, mixed.wet) > -40  # the bus acts after them
    assert not np.allclose(mixed.master, mixed.mixture, atol=1e-3)


def test_taps_change_no_other_audio_unless_they_must_be_turned_down():
    tracks = (track("Vocals", gain_db=-12), track("Drums", gain_db=-12))
    parts = {"master": MASTER, "buses": (Bus(name="b", of=("Drums",), chain=SQUASH),)}
    few = render(session(*tracks, **parts, taps=()))
    many = render(session(*tracks, **parts, taps=("wet_master", "master", "bus.b", "premaster")))
    assert few.output_gain_db == many.output_gain_db == 0
    assert np.array_equal(few.mixture, many.mixture)


def test_of_distortion_stems_get_one_gain_and_the_rest_is_new_sound():
    total = {name: recording(name, 2) for name in ("Vocals", "Drums")}
    whole = sum(total.values())
    fuzz = Chain((Saturation(drive_db=24),))
    out, parts = handed_down(fuzz, whole, total, RATE, {})
    assert np.array_equal(out, fuzz(whole, RATE))
    gains = [np.median(parts[n][total[n] != 0] / total[n][total[n] != 0]) for n in total]
    assert gains[0] == pytest.approx(gains[1], rel=1e-5) and gains[0] < 0.7
    rest = out - sum(parts.values())
    assert abs((rest * whole).sum()) < 1e-4 * np.square(whole).sum()
    assert -20 < rest_db(out, parts) < 0
    alone, lone = handed_down(fuzz, whole, {"Vocals": whole}, RATE, {})
    assert np.array_equal(lone["Vocals"], alone)


def test_what_treats_a_sum_as_its_parts_is_found_by_measuring():
    total = {name: recording(name, 2) for name in ("Vocals", "Drums", "Bass")}
    whole = sum(total.values())
    for kind, numbers in {
        "bell": {"centre_hz": 900, "gain_db": 9},
        "reverb": {"room_size": 0.5},
        "band_limit": {"bandwidth_hz": 4000},
        "compressor": {"threshold_db": -40, "ratio": 6},
        "limiter": {"ceiling_dbtp": -20},
        "gain": {"gain_db": -7},
    }.items():
        out, parts = handed_down(Chain((Effect.kinds[kind](**numbers),)), whole, total, RATE, {})
        assert rest_db(out, parts) < -100, kind
        assert not np.allclose(parts["Bass"], total["Bass"], atol=1e-4), kind


def test_silence_handed_down_is_silence():
    parts = {name: np.zeros((2, RATE), np.float32) for name in ("Vocals", "Drums")}
    _, made = handed_down(MASTER, parts["Vocals"], parts, RATE, {})
    assert not any(audio.any() for audio in made.values())


def test_the_drums_duck_the_bass_where_they_sound_and_only_there():
    steady = np.full((1, 3 * RATE + round(LEAD_OUT_S * RATE)), 0.1, np.float32)
    steady *= np.sin(np.arange(steady.size) * 0.05, dtype=np.float32)
    hits = np.zeros_like(steady)
    hits[:, 2 * RATE : 2 * RATE + RATE // 4] = 0.5
    bass = track("Bass", chains=(Chain((keyed("Drums", release_ms=20),)),))
    mixed = mix(session(bass, track("Drums")), [steady, hits])
    wet, dry = mixed.wet["Bass"], mixed.dry["Bass"]
    quiet = slice(RATE + RATE // 10, RATE + RATE // 4)  # the excerpt begins after the lead-in
    ratio = np.abs(wet[:, quiet]).max() / np.abs(wet[:, : RATE - 10]).max()
    over_db = 20 * np.log10(0.5) + 40
    assert 20 * np.log10(ratio) == pytest.approx(-over_db * (1 - 1 / 20), abs=0.3)
    assert np.allclose(wet[:, -RATE // 2 :] / wet[:, : RATE // 2].max(),
                       dry[:, -RATE // 2 :] / dry[:, : RATE // 2].max(), atol=2e-2)  # fmt: skip


def test_a_key_hears_all_tracks_of_a_bus_at_the_level_of_their_chains():
    bus = Bus(name="rhythm", of=("Drums", "Percussions"))
    ducked = Chain((keyed("bus.rhythm"),))
    vocals = track("Vocals", chains=(ducked,))
    others = [track(n, input_peak_dbfs=-6, gain_db=-20) for n in ("Drums", "Percussions")]
    mixed = render(session(vocals, *others, buses=(bus,)))
    sounds = [recording(t.stem_class) for t in others]
    peaks = [np.abs(s[:, RATE : 3 * RATE]).max() for s in sounds]
    key = sum(s * amplitude(-6) / p for s, p in zip(sounds, peaks, strict=True))
    wanted = ducked(recording("Vocals"), RATE, {"bus.rhythm": key.astype(np.float32)})
    wanted = wanted[0, RATE : 3 * RATE]
    factor = mixed.wet["Vocals"][0] @ wanted / (wanted @ wanted)
    assert np.allclose(mixed.wet["Vocals"][0], wanted * factor, atol=1e-5)


def test_a_side_chain_without_its_key_is_left_out_and_told():
    chain = Chain((Gain(gain_db=-3), keyed("Drums"), keyed("bus.rhythm")))
    whole = session(track("Bass", chains=(chain,)), track("Vocals"))
    heard, left_out = parted(whole, chain)
    assert ([e.row()["effect"] for e in heard], len(left_out)) == (["gain"], 2)
    plain = session(track("Bass", chains=(Chain((Gain(gain_db=-3),)),)), track("Vocals"))
    assert np.array_equal(render(whole).mixture, render(plain).mixture)


def test_a_reverb_can_be_ducked_by_who_sends_to_it():
    ducked = Chain((*ROOM, keyed("Vocals")))
    tracks = (sending("Vocals", -6), sending("Drums", -6))
    mixed = render(session(*tracks, sends=(Send(name="room", chain=ducked),)))
    free = render(session(*tracks, sends=(Send(name="room", chain=ROOM),)))
    assert np.std(mixed.sends["room"]) < 0.7 * np.std(free.sends["room"])
    assert rest_db(mixed.premaster, mixed.wet) < -110


def test_bleed_enters_the_wet_stem_at_its_level_and_not_the_dry_target():
    bleed = Bleed(file="s/Drums", level_db=-20, delay_samples=110, cutoff_hz=4000)
    tracks = (track("Vocals", bleeds=(bleed,)), track("Drums"))
    mixed = render(session(*tracks))
    plain = render(session(track("Vocals"), track("Drums")))
    caught = mixed.wet["Vocals"] - plain.wet["Vocals"]
    against = integrated_lufs(caught, RATE) - integrated_lufs(plain.wet["Vocals"], RATE)
    assert against == pytest.approx(-20, abs=0.1)
    assert np.array_equal(mixed.dry["Vocals"], plain.dry["Vocals"])
    assert lag_samples(plain.dry["Drums"], caught, RATE) == pytest.approx(110, abs=4)
    spectrum = np.abs(np.fft.rfft(caught[0])) ** 2
    hz = np.fft.rfftfreq(caught.shape[1], 1 / RATE)
    response = 1 / (1 + (np.tan(np.pi * hz / RATE) / np.tan(np.pi * 4000 / RATE)) ** 4)
    for power in (spectrum, response):
        power /= power[hz < 2000].mean()
    high = (hz > 5000) & (hz < 8000)
    assert spectrum[high].mean() == pytest.approx(response[high].mean(), rel=0.2)


def test_nothing_bleeds_from_a_silent_track():
    bleed = Bleed(file="s/Drums", level_db=-20, delay_samples=0, cutoff_hz=4000)
    whole = session(track("Vocals", bleeds=(bleed,)), track("Drums"))
    audio = recording("Vocals")
    silence = np.zeros_like(audio)
    caught = with_bleed(whole, whole.tracks[0], audio, [audio, silence], slice(RATE, 3 * RATE))
    assert np.array_equal(caught, audio)


def test_a_routed_session_reads_back_equal_and_a_plain_one_keeps_its_old_row():
    whole = session(
        sending("Vocals", -6, chains=(Chain((keyed("Drums"),)),), delay_samples=3),
        sends=(Send(name="room", chain=ROOM, pre_fader=True),), taps=("send.room", "wet_master"),
    )  # fmt: skip
    assert Session.from_row(whole.json_row()) == whole
    assert "key: Drums" in str(whole) and "send room" in str(whole)
    words = session(track("Vocals")).json_row()
    assert not any(word in words for word in ("send", "bleed", "delay", "detune"))


def test_what_a_session_does_not_have_is_tapped_as_silence():
    whole = session(track("Vocals"), taps=("wet", "bus.rhythm", "send.room", "master"))
    written = tapped(whole, render(whole))
    assert written["bus.rhythm"] is written["send.room"] is written["drums.wet"] is None
    assert written["master"] is not None and written["vocals.wet"] is not None
