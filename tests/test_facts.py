"""Facts of steps: what was measured is what theory says, and what can be undone is undone."""

import numpy as np
import pytest

from wetdry.audio import amplitude
from wetdry.degradations import (
    Bell,
    Chain,
    ChannelImbalance,
    Compressor,
    Convolution,
    Deesser,
    FeedbackDelayNetwork,
    Gain,
    Gate,
    HardClip,
    HighShelf,
    Keyed,
    Limiter,
    LowPass,
    LowShelf,
    MidSide,
    Notch,
    Parallel,
    Plate,
    Polarity,
    Reverb,
    SoftClipper,
    Tilt,
    Tremolo,
    Width,
    load_effect,
)
from wetdry.degradations.undoing import labels_of, oracle_of, undoable_as_drawn, undone
from wetdry.errors import AudioError
from wetdry.mixing import Bus, Session, Track, mix
from wetdry.mixing.audibility import Distance, Spectra, distance
from wetdry.mixing.facts import Facts, decay_s
from wetdry.mixing.loudness import integrated_lufs
from wetdry.mixing.meter import Meter
from wetdry.mixing.mixdown import LEAD_OUT_S
from wetdry.mixing.observing import Recorder
from wetdry.seeds import stream

RATE, SECONDS, LEAD_IN_S = 44_100, 4, 0.5
SAMPLES = round((LEAD_IN_S + SECONDS + LEAD_OUT_S) * RATE)


def noise(name="x", channels=1):
    return np.asarray(0.1 * stream(0, name).standard_normal((channels, SAMPLES)), np.float32)


def sine(hz, peak):
    return (peak * np.sin(2 * np.pi * hz / RATE * np.arange(SAMPLES)))[None].astype(np.float32)


def track(stem_class, *effects, **numbers):
    chains = numbers.pop("chains", (Chain(effects),))
    return Track(
        stem_class=stem_class, song="s", file=stem_class, offset_samples=0, chains=chains, **numbers
    )


def session(*tracks, **parts):
    return Session(
        sample_rate=RATE, samples=SECONDS * RATE, lead_in_samples=round(LEAD_IN_S * RATE),
        coherent=True, active_above_dbfs=-45, tracks=tracks, **parts,
    )  # fmt: skip


def facts_of(effect, audio):
    facts = Facts()
    mix(session(track("Vocals", effect)), [audio], facts)
    (found,) = facts.steps["track.0"]
    return found


def test_a_gain_changes_the_loudness_and_is_not_heard_at_equal_loudness():
    found = facts_of(Gain(gain_db=-6), noise())
    assert found.loudness_change_lu == pytest.approx(-6, abs=1e-4)
    assert found.stft_distance < 1e-6
    assert found.band_change_db == pytest.approx([-6] * 6, abs=1e-3)
    assert (found.undoable, found.oracle, found.labels) == ("exactly", "inverse", ["level"])


def test_polarity_is_not_heard_and_a_muted_sound_is_all_gone():
    assert facts_of(Polarity(channels="both"), noise()).stft_distance == 0
    before = Spectra(noise(), RATE, integrated_lufs(noise(), RATE))
    silence = Spectra(np.zeros((1, SAMPLES), np.float32), RATE, float("-inf"))
    assert distance(before, silence).spectral_convergence == pytest.approx(1)
    assert np.isnan(distance(silence, before).stft_distance)


def clicks(*samples):
    audio = np.zeros((1, RATE // 2), np.float32)
    audio[0, list(samples)] = 0.5
    return audio


def apart(before, after):
    return distance(*(Spectra(audio, RATE, float("-inf")) for audio in (before, after)))


def test_half_a_second_is_compared_at_the_resolutions_that_see_something_of_it():
    # of 22,050 samples, windows of 256 are looked at 4096, the others each 8192
    between, inside = clicks(2000), clicks(2000, 10_240)
    assert apart(between, between) == Distance(0, 0)  # the short ones see nothing at all
    low = apart(between, np.float32(0.5) * between)  # without loudness, energy is made good
    assert (low.spectral_convergence, low.log_spectral_distance_db) == pytest.approx(
        (0, 0), abs=1e-5
    )
    more = apart(between, inside)  # as loud again, and only the longest windows can tell
    assert 0.5 < more.spectral_convergence < 2 and np.isfinite(more.log_spectral_distance_db)
    assert np.isnan(apart(between * np.float32(1e-30), inside).stft_distance)
    faint = between + np.float32(1e-6) * clicks(10_240)  # 114 dB below is nothing, too
    assert apart(faint, inside).stft_distance == pytest.approx(more.stft_distance, rel=1e-3)


def test_a_change_of_place_is_heard_and_two_equal_channels_are_one():
    assert facts_of(ChannelImbalance(imbalance_db=6), noise(channels=2)).stft_distance > 0.2
    mono, wide = noise(), np.repeat(noise(), 2, axis=0) * np.float32(amplitude(-3.0103))
    lufs = integrated_lufs(mono, RATE)
    assert distance(Spectra(mono, RATE, lufs), Spectra(wide, RATE, lufs)).stft_distance < 1e-4


def test_the_distance_of_a_known_tilt_is_the_one_that_was_worked_out():
    # white noise whose upper half is 6 dB lower: half the cells differ by 6.02 dB
    spectrum = np.fft.rfft(noise()[0])
    spectrum[len(spectrum) // 2 :] /= 2
    after = np.fft.irfft(spectrum, SAMPLES)[None].astype(np.float32)
    apart = distance(Spectra(noise(), RATE, -20.0), Spectra(after, RATE, -20.0))
    assert apart.log_spectral_distance_db == pytest.approx(6.02 / 2, abs=0.06)
    assert apart.spectral_convergence == pytest.approx(0.5 / np.sqrt(2), abs=0.02)


def test_a_low_pass_takes_what_its_response_takes_from_white_noise():
    effect = LowPass(cutoff_hz=1000, order=2, family="butterworth")
    changes = facts_of(effect, noise()).band_change_db
    edges = [1, 120, 500, 2000, 6000, 12_000, RATE / 2]
    for low, high, change in zip(edges[:-1], edges[1:], changes, strict=True):
        hz = np.linspace(low, min(high, RATE / 2 * 0.999), 4000)
        warped = np.tan(np.pi * hz / RATE) / np.tan(np.pi * 1000 / RATE)  # the bilinear transform
        assert change == pytest.approx(10 * np.log10(np.mean(1 / (1 + warped**4))), abs=0.25)


@pytest.mark.parametrize("effect", [HardClip(ceiling_db=-12), SoftClipper(ceiling_db=-12)])
def test_the_clipped_share_of_a_sine_is_the_arc_above_the_ceiling(effect):
    share = 1 - 2 / np.pi * np.arcsin(amplitude(-12) / amplitude(-6))
    assert facts_of(effect, sine(441.7, amplitude(-6))).clipped_share == pytest.approx(
        share, abs=0.002
    )
    assert facts_of(Gain(gain_db=1), noise()).clipped_share is None


def test_the_gain_reduction_of_a_steady_tone_is_the_static_curve():
    effect = Compressor(threshold_db=-30, ratio=4, knee_db=0, detector="rms", makeup_db=5)
    found = facts_of(effect, sine(1000, amplitude(-10)))
    wanted = (-10 - 3.01 + 30) * (1 - 1 / 4)
    assert found.gain_reduction_mean_db == pytest.approx(wanted, abs=0.15)
    assert found.gain_reduction_max_db == pytest.approx(wanted, abs=0.3)
    assert found.gain_reduction_active_share == 1
    assert found.loudness_change_lu == pytest.approx(5 - wanted, abs=0.15)
    idle = facts_of(Compressor(threshold_db=0, ratio=4, knee_db=0), noise())
    assert idle.gain_reduction_mean_db == pytest.approx(0, abs=0.01)
    assert facts_of(Gain(gain_db=-6), noise()).gain_reduction_mean_db is None


@pytest.mark.parametrize(
    "effect",
    [
        FeedbackDelayNetwork(decay_s=1.2, mix=1.0, high_decay_ratio=1.0),
        Plate(decay_s=1.2, mix=1.0, high_decay_ratio=1.0),
        Reverb(room_size=0.5, damping=0.0),
    ],
)
def test_the_decay_of_an_undamped_room_is_what_its_impulse_response_shows(effect):
    impulse = np.zeros((1, 3 * RATE), np.float32)
    impulse[0, 0] = 1
    power = np.square(effect(impulse, RATE)[0], dtype=np.float64)
    power[: RATE // 100] = 0  # the direct sound
    level_db = 10 * np.log10(power[::-1].cumsum()[::-1] / power.sum() + 1e-30)
    first, last = (int(np.argmax(level_db < db)) for db in (-5, -25))
    measured_s = 3 * (last - first) / RATE
    assert decay_s(effect, RATE) == pytest.approx(measured_s, rel=0.15)


def test_a_response_that_declares_no_tail_is_measured(impulse):
    effect = Convolution(impulse=impulse)
    assert decay_s(effect, RATE) == pytest.approx(300 * np.log(1000) / 32_000, rel=0.15)


def test_what_is_inside_of_others_counts_and_a_width_of_0_is_gone_for_good():
    inside = Parallel(branches=(Chain(), Chain((Compressor(threshold_db=-30, ratio=8),))))
    assert labels_of(inside) == ("level", "dynamics") and oracle_of(inside) == "none"
    assert labels_of(MidSide(side=Chain((Reverb(room_size=0.5),)))) == ("space", "stereo")
    assert undoable_as_drawn(Width(width=0.5)) == "exactly"
    assert undoable_as_drawn(Width(width=0.0)) == "not"
    assert oracle_of(Deesser(threshold_db=-30)) == "none"
    assert oracle_of(Deesser(threshold_db=-30, mode="wide")) == "gain_curve"


UNDOABLE = (
    Bell(centre_hz=900, gain_db=9),
    Compressor(threshold_db=-30, ratio=6, makeup_db=6),
    HighShelf(cutoff_hz=6000, gain_db=-8),
    Polarity(channels="both"),
    Gate(threshold_db=-35),
    Tremolo(rate_hz=5, depth_db=12),
    LowShelf(cutoff_hz=200, gain_db=6),
    Tilt(gain_db=4),
    Notch(centre_hz=1000, q=2),
    Limiter(ceiling_dbtp=-12),
)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_whole_chain_is_undone_through_the_session_to_90_db(channels):
    keyed = Keyed(effect=Compressor(threshold_db=-35, ratio=4), key="Drums")
    chain = Chain((*(load_effect(effect.row()) for effect in UNDOABLE), keyed))
    whole = session(track("Vocals", chains=(chain,), input_peak_dbfs=-3), track("Drums"))
    again, seen = Session.from_row(whole.json_row()), Recorder()
    mix(again, [noise("v", channels), noise("d")], seen)
    stages = seen.stages["track.0"]
    assert [stage.effect for stage in stages] == list(chain)
    dry = stages[0].before
    rest = undone(stages, stages[-1].after, RATE) - dry
    assert rest.std() < dry.std() * 10 ** (-90 / 20)


def test_a_wet_stem_of_a_mix_becomes_its_dry_target_again():
    chain = Chain((Bell(centre_hz=900, gain_db=9), HighShelf(cutoff_hz=6000, gain_db=-8)))
    mixed = mix(session(track("Vocals", chains=(chain,), pan=0.3)), [noise()])
    back = chain.inverse()
    assert back is not None
    dry, again = mixed.dry["Vocals"], back(mixed.wet["Vocals"], RATE)
    gain = float((again * dry).sum() / np.square(again).sum())
    rest = (again * gain - dry)[:, RATE // 2 :]  # the lead-in, of which filters ring, is cut off
    assert rest.std() < dry.std() * 10 ** (-90 / 20)
    assert Chain((Reverb(room_size=0.5),)).inverse() is None


def test_what_cannot_be_undone_is_said():
    seen = Recorder()
    mix(session(track("Vocals", Reverb(room_size=0.5))), [noise()], seen)
    with pytest.raises(AudioError, match=r"reverb.*cannot"):
        undone(seen.stages["track.0"], noise(), RATE)


def test_facts_stand_beside_their_steps_at_every_place():
    absent = Keyed(effect=Compressor(threshold_db=-30, ratio=4), key="Bass")
    present = Keyed(effect=Compressor(threshold_db=-30, ratio=4), key="Drums")
    facts = Facts()
    chain = Chain((absent, Gain(gain_db=-3), present, Reverb(room_size=0.5)), frozenset({1}))
    whole = session(
        track("Vocals", chains=(chain,)), track("Drums"),
        buses=(Bus(name="rhythm", of=("Drums",), chain=Chain((Gain(gain_db=2),))),),
        master=Chain((Limiter(ceiling_dbtp=-1), Gain(gain_db=-1))), taps=("wet", "wet_master"),
    )  # fmt: skip
    mix(whole, [noise("v"), noise("d")], facts)
    labels = {place: [step.labels[0] for step in steps] for place, steps in facts.steps.items()}
    assert labels == {
        "track.0": ["level", "dynamics", "space"], "track.1": [], "bus.rhythm": ["level"],
        "master": ["dynamics", "level"], "medium": [],
    }  # fmt: skip
    changes = [step.loudness_change_lu for step in facts.steps["track.0"]]
    assert changes[0] == pytest.approx(-3, abs=1e-3)
    assert facts.steps["bus.rhythm"][0].loudness_change_lu == pytest.approx(2, abs=1e-3)


def test_nothing_measured_changes_what_is_heard():
    whole = session(track("Vocals", *UNDOABLE, Reverb(room_size=0.5)))
    watched, alone = mix(whole, [noise()], Facts()), mix(whole, [noise()])
    assert watched.mixture.tobytes() == alone.mixture.tobytes()


@pytest.mark.parametrize("seconds", [0.25, 1.0, 3.97])
def test_the_quick_meter_reads_what_the_slow_one_does(seconds):
    audio = noise(channels=2)[:, : round(seconds * RATE)]
    quick = Meter(RATE, slice(None)).quick_lufs(audio)
    assert quick == pytest.approx(integrated_lufs(audio, RATE), abs=1e-9)


def test_the_loudness_changes_of_steps_add_up_to_that_of_the_chain():
    facts = Facts()
    whole = session(track("Vocals", Bell(centre_hz=900, gain_db=9), *UNDOABLE[5:]))
    (measures,) = mix(whole, [noise()], facts).measures
    total = sum(step.loudness_change_lu or 0 for step in facts.steps["track.0"])
    assert total == pytest.approx(measures.chain_gain_db, abs=1e-3)


def test_a_chain_that_nobody_hears_gives_way_and_the_reason_is_kept():
    quiet, loud = Chain((Gain(gain_db=-3),)), Chain((Bell(centre_hz=900, gain_db=9),))
    deaf = Chain((Gain(gain_db=-50),))
    limits = {"inaudible_below": 0.01, "destroyed_above_db": 20.0}
    (one,) = mix(session(track("Vocals", chains=(deaf, quiet, loud), **limits)), [noise()]).measures
    assert [refusal.reason for refusal in one.refusals] == ["destroyed", "inaudible"]
    assert one.redraws == 2 and one.refusals[0].measured == pytest.approx(50, abs=0.1)
    (last,) = mix(session(track("Vocals", chains=(deaf, quiet), **limits)), [noise()]).measures
    assert last.redraws == 1 and len(last.refusals) == 2


def test_a_chain_with_nothing_to_undo_is_no_inaudible_one():
    kept = Chain((Bell(centre_hz=900, gain_db=9), Gain(gain_db=1)), kept=frozenset({0}))
    for chain, refused in ((Chain(), 0), (kept.of_target(), 0), (kept, 1)):
        whole = session(track("Vocals", chains=(chain,), inaudible_below=0.01))
        assert len(mix(whole, [noise()]).measures[0].refusals) == refused


def test_silence_and_short_sounds_have_no_numbers_that_are_none():
    facts = Facts()
    whole = session(track("Vocals", *UNDOABLE)).model_copy(update={"samples": RATE // 2})
    short = [np.zeros((1, round((LEAD_IN_S + 0.5 + LEAD_OUT_S) * RATE)), np.float32)]
    mix(whole, short, facts)
    for step in facts.steps["track.0"]:
        row = step.row()
        assert row["stft_distance"] is None and row["loudness_change_lu"] is None
        assert all(v is None or np.isfinite(v) for v in row["band_change_db"])
