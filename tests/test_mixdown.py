"""Mixdown: the sum stays true, targets stand at their level and place, sessions replay."""

import numpy as np
import pytest

from wetdry.audio import amplitude
from wetdry.degradations import Chain, Compressor, Gain, HighPass, Limiter, Reverb
from wetdry.errors import AudioError, ShardError
from wetdry.mixing import Bus, Session, Track, integrated_lufs, mix, place
from wetdry.mixing.mixdown import LEAD_OUT_S
from wetdry.seeds import stream

RATE = 44_100
SECONDS = 2


def recording(name, channels=1):
    """Return bursts of noise, with lead-in and lead-out."""
    samples = RATE + SECONDS * RATE + round(LEAD_OUT_S * RATE)
    noise = stream(0, name).standard_normal((channels, samples))
    bursts = np.abs(np.sin(np.arange(samples) / RATE * 9)) ** 6
    return np.asarray(0.1 * noise * bursts, np.float32)


def track(stem_class, **numbers):
    return Track(
        stem_class=stem_class, song="s", file=f"s/{stem_class}", offset_samples=0, **numbers
    )


def session(*tracks, **parts):
    return Session(
        sample_rate=RATE, samples=SECONDS * RATE, lead_in_samples=RATE, coherent=True,
        active_above_dbfs=-45, tracks=tracks, **parts,
    )  # fmt: skip


def render(whole, channels=1):
    return mix(whole, [recording(t.stem_class, channels) for t in whole.tracks])


def test_without_processing_the_mixture_is_the_sum_of_its_targets():
    mixed = render(session(track("Vocals", pan=-0.3), track("Drums", gain_db=3), track("Bass")))
    assert np.allclose(mixed.mixture, sum(mixed.dry.values()), atol=1e-6)


def test_wet_stems_sum_to_the_mix_before_master_whatever_master_does():
    chain = Chain((Compressor(threshold_db=-30, ratio=4), Reverb(room_size=0.6)))
    mixed = render(
        session(
            track("Vocals", chains=(chain,), pan=0.4), track("Guitars", chains=(chain,)),
            mix_loudness_lufs=-12, master=Chain((Limiter(ceiling_dbtp=-3),)),
        )
    )  # fmt: skip
    assert np.allclose(mixed.premaster, sum(mixed.wet.values()), atol=1e-5)


def test_a_chain_changes_the_sound_and_not_the_balance():
    chain = Chain((HighPass(cutoff_hz=2000), Gain(gain_db=-15)))
    mixed = render(session(track("Vocals", chains=(chain,), loudness_lufs=-22), track("Bass")))
    dry, wet = mixed.dry["Vocals"], mixed.wet["Vocals"]
    assert integrated_lufs(wet, RATE) == pytest.approx(integrated_lufs(dry, RATE), abs=0.1)
    assert not np.allclose(wet, dry, atol=0.01)


def test_targets_have_the_loudness_that_was_drawn():
    mixed = render(session(track("Vocals", loudness_lufs=-25), track("Bass", loudness_lufs=-31)))
    gain = amplitude(-mixed.output_gain_db)
    assert integrated_lufs(mixed.dry["Vocals"] * gain, RATE) == pytest.approx(-25, abs=0.05)
    assert integrated_lufs(mixed.dry["Bass"] * gain, RATE) == pytest.approx(-31, abs=0.05)


def test_mixture_and_targets_share_the_gain_of_mastering():
    quiet = render(session(track("Vocals"), track("Bass")))
    loud = render(session(track("Vocals"), track("Bass"), mix_loudness_lufs=-6))
    factor = float(np.abs(loud.mixture).max() / np.abs(quiet.mixture).max())
    assert loud.output_gain_db < 0
    assert np.allclose(loud.dry["Bass"], quiet.dry["Bass"] * factor, rtol=1e-3, atol=1e-4)


def test_nothing_that_is_written_exceeds_full_scale():
    mixed = render(session(track("Vocals"), track("Bass"), master=Chain((Gain(gain_db=40),))))
    written = [mixed.mixture, *mixed.dry.values(), *mixed.wet.values()]
    assert max(float(np.abs(audio).max()) for audio in written) <= 1.0


def test_the_recorded_target_is_the_recording():
    whole = session(track("Vocals", gain_db=-9, pan=0.8), target="recorded")
    excerpt = recording("Vocals")[:, RATE : RATE + SECONDS * RATE]
    assert np.array_equal(render(whole).dry["Vocals"], np.repeat(excerpt, 2, axis=0))


def test_the_lead_in_lets_reverbs_ring_before_the_excerpt_begins():
    chain = Chain((Reverb(room_size=0.9, wet=0.9, dry=0.0),))
    mixed = render(session(track("Vocals", chains=(chain,))))
    head = mixed.wet["Vocals"][:, : RATE // 100]
    assert np.sqrt(np.square(head).mean()) > 1e-4


def test_a_chain_that_destroys_its_stem_gives_way_to_the_spare_one():
    deaf, fine = Chain((Gain(gain_db=-50),)), Chain((Gain(gain_db=-1),))
    whole = session(track("Vocals", chains=(deaf, fine), destroyed_above_db=20))
    (measures,) = render(whole).measures
    assert measures.redraws == 1
    assert measures.chain_gain_db == pytest.approx(-1, abs=0.05)


def test_a_bus_processes_the_sum_of_its_tracks():
    squash = Chain((Compressor(threshold_db=-40, ratio=10),))
    bus = Bus(name="rhythm", of=("Drums", "Percussions"), chain=squash)
    tracks = (track("Drums"), track("Percussions"), track("Vocals"))
    mixed, plain = render(session(*tracks, buses=(bus,))), render(session(*tracks))
    assert not np.allclose(mixed.premaster, plain.premaster, atol=1e-3)
    assert np.allclose(mixed.dry["Vocals"] / plain.dry["Vocals"].max(),
                       plain.dry["Vocals"] * float(mixed.dry["Vocals"].max())
                       / plain.dry["Vocals"].max() ** 2, atol=1e-4)  # fmt: skip


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("pan", [-1.0, -0.3, 0.0, 0.8])
def test_panning_keeps_the_power_and_mono_and_stereo_agree(channels, pan):
    audio = np.repeat(recording("x"), channels, axis=0) / np.float32(np.sqrt(channels))
    placed = place(audio, pan)
    assert np.square(placed).sum() == pytest.approx(np.square(audio).sum(), rel=1e-4)
    assert np.allclose(placed, place(recording("x"), pan), atol=1e-6)


def test_a_session_reads_back_equal_and_renders_the_same():
    chain = Chain((Compressor(threshold_db=-30, ratio=4), Reverb(room_size=0.6)))
    whole = session(track("Vocals", chains=(chain,), loudness_lufs=-20.123456789), track("Bass"))
    again = Session.from_row(whole.json_row())
    assert again == whole
    assert np.array_equal(render(again).mixture, render(whole).mixture)


def test_a_session_that_was_altered_is_refused():
    with pytest.raises(ShardError, match="pann"):
        Session.from_row(session(track("Vocals")).json_row().replace('"pan"', '"pann"'))


def test_recordings_that_do_not_fit_are_refused():
    with pytest.raises(AudioError, match="wanted 2 recordings"):
        mix(session(track("Vocals"), track("Bass")), [recording("Vocals")])
