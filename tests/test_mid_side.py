"""Mid and side pass chains of their own, and nothing else changes."""

import json
from pathlib import Path

import numpy as np
import pytest

from wetdry.degradations import (
    Bell,
    Chain,
    Compressor,
    Gain,
    HighShelf,
    LowPass,
    MidSide,
    Polarity,
    Width,
    load_effect,
)
from wetdry.degradations.language.parsing import parse_chain
from wetdry.degradations.language.yaml_tree import read_yaml
from wetdry.errors import RecipeError
from wetdry.manifests.rows import effect_rows, flat_effects
from wetdry.mixing.schema import recipe_schema

RATE = 44_100
SHELF = Chain((HighShelf(cutoff_hz=4000, gain_db=9),))


def stereo(name=0, seconds=0.5):
    sound = np.random.default_rng(name).standard_normal((2, int(seconds * RATE))) * 0.1
    return sound.astype(np.float32)


def chain(text):
    return parse_chain(read_yaml(text, "r.yaml"), Path(), RATE)


def rest_db(one, other):
    rest = one.astype(np.float64) - other
    return 20 * np.log10(max(float(np.sqrt(np.mean(rest**2))), 1e-20) / other.std())


def test_what_no_chain_touches_keeps_every_bit():
    dry = stereo()
    assert MidSide()(dry, RATE).tobytes() == dry.tobytes()


def test_a_chain_that_does_nothing_changes_nothing_above_minus_140_db():
    dry, nothing = stereo(), Chain((Gain(gain_db=0),))
    assert rest_db(MidSide(mid=nothing, side=nothing)(dry, RATE), dry) < -140


def test_an_equalizer_on_the_side_leaves_what_both_channels_share():
    dry = np.repeat(stereo()[:1], 2, axis=0)
    assert MidSide(side=SHELF)(dry, RATE).tobytes() == dry.tobytes()
    wet = MidSide(side=SHELF)(stereo(), RATE)
    assert rest_db(wet.sum(axis=0), stereo().sum(axis=0)) < -130


def test_both_chains_do_what_they_do_alone():
    dry = stereo()
    middle, width = dry.sum(axis=0, keepdims=True) / 2, (dry[:1] - dry[1:]) / 2
    squeezed = Chain((Compressor(threshold_db=-30, ratio=8), Gain(gain_db=3)))
    wet = MidSide(mid=squeezed, side=SHELF)(dry, RATE)
    m, s = squeezed(middle, RATE), SHELF(width, RATE)
    assert rest_db(wet, np.concatenate([m + s, m - s])) < -130


@pytest.mark.parametrize("width", [0.2, 1.7])
def test_the_width_effect_is_a_gain_of_the_side(width):
    gain = Chain((Gain(gain_db=20 * np.log10(width)),))
    assert rest_db(MidSide(side=gain)(stereo(), RATE), Width(width=width)(stereo(), RATE)) < -130


def test_a_late_filter_on_the_side_stays_in_step_with_the_middle():
    late = LowPass(cutoff_hz=9000, order=8)
    assert late.latency_samples(RATE) > 2
    dry = stereo()
    wet = MidSide(side=Chain((late,)))(dry, RATE)
    assert rest_db((wet[:1] - wet[1:]) / 2, late((dry[:1] - dry[1:]) / 2, RATE)) < -130


def test_mono_audio_is_all_mid():
    mono, gain = stereo()[:1], Chain((Gain(gain_db=-6),))
    assert np.array_equal(MidSide(mid=gain, side=SHELF)(mono, RATE), gain(mono, RATE))
    assert not MidSide(mid=gain).makes_stereo()


def test_it_is_undone_if_all_of_it_can_be():
    parts = Chain((Bell(centre_hz=800, gain_db=6), Polarity(channels="both"), Gain(gain_db=-3)))
    whole = MidSide(mid=parts, side=SHELF)
    undone = whole.inverse()
    assert undone is not None and rest_db(undone(whole(stereo(), RATE), RATE), stereo()) < -90
    assert MidSide(mid=Chain((Compressor(threshold_db=-30, ratio=8),))).inverse() is None


def test_it_is_written_drawn_stored_and_read_again():
    text = "- mid_side: {side: [{high_shelf: {cutoff_hz: [4000, 8000], gain_db: [3, 9]}}]}"
    (effect,) = chain(text).draw(5)
    assert not effect.mid and 3 <= effect.side.effects[0].gain_db <= 9
    assert load_effect(json.loads(json.dumps(effect.row()))) == effect
    flat = flat_effects(effect_rows([effect.row()]))
    assert [kind for kind, _ in flat] == ["mid_side", "high_shelf"]
    line = str(MidSide(mid=Chain((Gain(gain_db=-6),)), side=Chain((Gain(gain_db=3),))))
    (again,) = chain(f"- {line}").draw(0)
    assert str(again) == line


def test_what_neither_draws_is_no_step():
    assert len(chain("- mid_side: {side: [{gain: {gain_db: 3}, probability: 0}]}").draw(0)) == 0
    assert len(chain("- mid_side: {}").draw(0)) == 0


def test_a_chain_beside_leaves_the_draws_of_the_other_alone():
    gain = "[{gain: {gain_db: [-6, 6]}}]"
    (one,) = chain(f"- mid_side: {{side: {gain}}}").draw(3)
    (two,) = chain(f"- mid_side: {{mid: {gain}, side: {gain}}}").draw(3)
    assert one.side == two.side != two.mid


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- mid_side: {middle: none}", r"did you mean 'mid'"),
        ("- mid_side: [none]", r"chains for mid and side"),
        ("- mid_side: {mid: {gain: {gain_db: 1}, keep: true}}", r"or keep the whole of 'mid_side'"),
        (
            "- mid_side: {mid: {compressor: {threshold_db: -30, ratio: 8}, key: Drums}}",
            r"'key' outside of 'mid_side'",
        ),
        ("- mid_side: {side: {gain: {gain_db: 1000}}}", r"mid_side\.side.*gain_db"),
    ],
)
def test_what_it_cannot_hold_is_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        chain(text)


def test_editors_know_it():
    properties = recipe_schema()["$defs"]["step"]["properties"]["mid_side"]["properties"]
    assert set(properties) == {"mid", "side"}
