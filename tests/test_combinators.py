"""Combinators, conditions and severity of chains; effects side by side."""

import json
from pathlib import Path

import numpy as np
import pytest

from wetdry.audio import amplitude
from wetdry.degradations import (
    Chain,
    Compressor,
    Convolution,
    Gain,
    Limiter,
    LowPass,
    Parallel,
    Reverb,
    Scope,
    load_effect,
)
from wetdry.degradations.language.parsing import parse_chain
from wetdry.degradations.language.reaches import Options, Range
from wetdry.degradations.language.yaml_tree import read_yaml
from wetdry.errors import RecipeError
from wetdry.manifests.rows import effect_rows, flat_effects

KNOWN = {"heaviness": Range(0, 1), "genre": Options(frozenset({"rock", "jazz"}))}
A, B, C = ("{gain: {gain_db: 1}}", "{gain: {gain_db: 2}}", "{gain: {gain_db: 3}}")
NAMED = [f"{text[:-1]}, name: {name}}}" for text, name in ((A, "a"), (B, "b"), (C, "c"))]


def chain(text, not_kept=""):
    return parse_chain(read_yaml(text, "r.yaml"), Path(), 44_100, KNOWN, not_kept=not_kept)


def music(samples=44_100, channels=2):
    """Return notes that begin suddenly and die away: a compressor has work to do."""
    time = np.arange(samples) / 44_100
    decay = np.exp(-8 * (time % 0.25))
    tones = [np.sin(2 * np.pi * hz * time) for hz in (220, 331)][:channels]
    return np.asarray(0.7 * decay * np.array(tones), np.float32)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"- one_of: [{A}, {B}]\n  weights: [1]", r"wanted 2 weights, one for each option"),
        (f"- shuffle: [{A}]\n  weights: [1]", r"wanted 'weights' beside 'one_of' alone"),
        (f"- some_of: [{A}]", r"wanted 'count' beside 'some_of', found none"),
        (f"- some_of: [{A}, {B}]\n  count: 3", r"wanted an integer from 0 to 2, found 3"),
        ("- parallel: []", r"at least one option"),
        (f"- parallel: [{', '.join([A] * 9)}]", r"wanted at most 8 branches, found 9"),
        (f"- parallel: [{A}]\n  mix: [0, 2]", r"wanted a number from 0 to 1, found 2"),
        ("- paralel: [none]", r"did you mean 'parallel'"),
        (f"- parallel: [[{A[:-1]}, keep: true}}]]", r"or keep the whole of 'parallel'"),
        (f"- {A[1:-1]}\n  keep: 1", r"wanted true or false, found 1"),
        (f"- {A[1:-1]}\n  when: heavyness > 1", r"did you mean 'heaviness'"),
    ],
)  # fmt: skip
def test_a_wrong_step_is_told_where_wanted_found(text, message):
    with pytest.raises(RecipeError, match=message):
        chain(text)


def test_keep_belongs_to_the_chain_of_one_stem():
    with pytest.raises(RecipeError, match="a target is one stem"):
        parse_chain(read_yaml(f"- {A[1:-1]}\n  keep: true", "r.yaml"), Path(), 44_100)


def test_options_come_as_often_as_their_weights_say():
    either = chain(f"- one_of: [{A}, {B}, none]\n  weights: [2, 1, 1]")
    drawn = [[e.gain_db for e in either.draw(0, i)] for i in range(3000)]
    for option, share in (([1.0], 0.5), ([2.0], 0.25), ([], 0.25)):
        assert drawn.count(option) / 3000 == pytest.approx(share, abs=0.03)


def test_some_of_takes_so_many_alike_and_in_their_order():
    some = chain(f"- some_of: [{A}, {B}, {C}]\n  count: [1, 2]")
    drawn = [tuple(e.gain_db for e in some.draw(0, i)) for i in range(3000)]
    assert all(list(gains) == sorted(set(gains)) for gains in drawn)
    assert sum(len(gains) == 1 for gains in drawn) / 3000 == pytest.approx(0.5, abs=0.03)
    for gain in (1.0, 2.0, 3.0):
        assert sum(gain in gains for gains in drawn) / 3000 == pytest.approx(0.5, abs=0.03)


def test_an_option_more_takes_at_most_one_place():
    two = chain(f"- some_of: [{NAMED[0]}, {NAMED[2]}]\n  count: 1")
    three = chain(f"- some_of: [{', '.join(NAMED)}]\n  count: 1")
    for index in range(300):
        before, after = two.draw(0, index).effects, three.draw(0, index).effects
        assert after in (before, (Gain(gain_db=2),))


def test_new_york_compression_is_the_dry_sound_and_the_compressed_one_beside_it():
    text = (
        "- parallel: [none, [{compressor: {threshold_db: -30, ratio: 8}}, {gain: {gain_db: -6}}]]"
    )
    (effect,) = chain(text).draw(0)
    dry = music()
    beside = Compressor(threshold_db=-30, ratio=8)(dry, 44_100) * amplitude(-6)
    assert np.allclose(effect(dry, 44_100), dry + beside, atol=1e-6)
    start, _, end = str(effect).partition(", attack_ms: 10,")
    assert start == "parallel: [none, [{compressor: {threshold_db: -30, ratio: 8"
    assert end.endswith("}}, {gain: {gain_db: -6}}]]")
    (again,) = parse_chain(read_yaml(f"- {effect}", "r.yaml"), Path(), 44_100).draw(0)
    assert again == effect


def test_branches_add_up_in_step_though_filters_are_late():
    late = LowPass(cutoff_hz=9000, order=8)
    assert late.latency_samples(44_100) > 2
    dry = music()
    both = Parallel(branches=(Chain(), Chain((late,))))(dry, 44_100)
    assert np.allclose(both, dry + late(dry, 44_100), atol=1e-6)


def test_half_the_mix_is_half_way():
    loud = Parallel(branches=(Chain(), Chain()), mix=0.5)
    assert np.allclose(loud(music(), 44_100), 1.5 * music(), atol=1e-6)


def test_only_branches_that_widen_make_stereo_of_mono():
    mono = music(channels=1)
    narrow = Chain((Parallel(branches=(Chain(), Chain((Gain(gain_db=-6),)))),))
    assert np.allclose(narrow(mono, 44_100), mono * (1 + amplitude(-6)), atol=1e-6)
    wide = Chain((Parallel(branches=(Chain(), Chain((Reverb(room_size=0.5),)))),))
    halves = np.repeat(mono, 2, axis=0) * np.float32(amplitude(-3.0103))
    expected = halves + Reverb(room_size=0.5)(halves, 44_100)
    assert np.allclose(wide(mono, 44_100), expected, atol=1e-6)
    assert wide(mono, 44_100).shape[0] == 2


def test_branches_nest_ring_and_find_their_files():
    inner = Parallel(branches=(Chain((Reverb(room_size=0.9),)), Chain()), mix=0.3)
    outer = Parallel(
        branches=(Chain((inner, Gain(gain_db=-3))), Chain((Convolution(impulse="a"),)))
    )
    assert load_effect(json.loads(json.dumps(outer.row()))) == outer
    assert outer.tail_s() == pytest.approx(Reverb(room_size=0.9).tail_s())
    assert outer.located(Path("irs")).branches[1].rows()[0]["impulse"] == "irs/a"
    kinds = [kind for kind, _ in flat_effects(effect_rows([outer.row()]))]
    assert kinds == ["parallel", "parallel", "reverb", "gain", "convolution"]
    with pytest.raises(RecipeError, match="no effect is named 'gian'"):
        load_effect({"effect": "parallel", "branches": [[{"effect": "gian"}]]})


def test_a_branch_more_leaves_the_draws_of_the_others_alone():
    gains = "[{gain: {gain_db: [-9, 0]}}]"
    noise = "[{noise: {snr_db: [20, 60]}}]"
    one = chain(f"- parallel: [{noise}]").draw(4).effects[0]
    two = chain(f"- parallel: [{gains}, {noise}]").draw(4).effects[0]
    assert one.branches[0] == two.branches[1]


def test_a_condition_decides_and_leaves_other_draws_alone():
    gain = "- gain: {gain_db: [-6, 6]}"
    tied = chain(f"- noise: {{snr_db: 30}}\n  when: genre == rock and heaviness > 0.5\n{gain}")
    rock = tied.draw(1, scope=Scope({"heaviness": 0.6, "genre": "rock"})).effects
    jazz = tied.draw(1, scope=Scope({"heaviness": 0.6, "genre": "jazz"})).effects
    assert len(rock) == 2 and rock[1:] == jazz == chain(gain).draw(1).effects


STEPS = """
- bell: {centre_hz: 1000, gain_db: [-9, 9]}
- compressor: {threshold_db: -30, ratio: [2, 8], makeup_db: 6}
- low_pass: {cutoff_hz: [2000, 8000]}
- reverb: {room_size: 0.5, wet: [0.1, 0.3], dry: 0.4}
- parallel: [none, [{gain: {gain_db: -6}}]]
"""


def test_severity_moves_amounts_in_a_straight_line_and_thins_out_the_rest():
    random_chain = chain(STEPS)
    lengths = []
    for index in range(300):
        full, half = random_chain.draw(0, index), random_chain.draw(0, index, scope=Scope({}, 0.5))
        assert random_chain.draw(0, index, scope=Scope({}, 1.0)) == full
        bell, compressor, _, reverb, _ = full.effects
        lengths.append(len(half))
        assert half.effects[0].gain_db == pytest.approx(bell.gain_db / 2)
        assert half.effects[1].ratio == pytest.approx(1 + (compressor.ratio - 1) / 2)
        assert half.effects[1].makeup_db == 3 and half.effects[1].threshold_db == -30
        assert half.effects[-2].wet == pytest.approx(reverb.wet / 2)
        assert half.effects[-2].dry == pytest.approx(0.45)
        assert (
            half.effects[-1].mix == 0.5 and half.effects[-1].branches == full.effects[-1].branches
        )
        assert set(half) & set(full) <= {full.effects[2]} or len(half) == 4
    assert np.mean([n == 5 for n in lengths]) == pytest.approx(0.5, abs=0.08)
    assert len(random_chain.draw(0, scope=Scope({}, 0.0))) == 0


def test_less_severe_is_milder_on_the_same_draws():
    random_chain = chain("- limiter: {}\n  probability: 0.8\n- gain: {gain_db: [3, 6]}")
    for index in range(50):
        steps = [random_chain.draw(0, index, scope=Scope({}, s)).effects for s in (0.2, 0.6, 1.0)]
        assert [any(isinstance(e, Limiter) for e in s) for s in steps] == sorted(
            any(isinstance(e, Limiter) for e in s) for s in steps
        )
        gains = [s[-1].gain_db for s in steps]
        assert gains == sorted(gains)


def test_what_is_kept_is_as_severe_as_it_is_written():
    random_chain = chain("- one_of: [[{gain: {gain_db: 4}, keep: true}, {bell: "
                         "{centre_hz: 900, gain_db: 4}}]]\n- low_pass: {cutoff_hz: 900}\n"
                         "  keep: true")  # fmt: skip
    none = random_chain.draw(0, scope=Scope({}, 0.0))
    assert none == Chain((Gain(gain_db=4), LowPass(cutoff_hz=900))).all_kept()
    full = random_chain.draw(0)
    assert full.kept == {0, 2} and full.of_target() == none
    assert Chain.from_rows(json.loads(json.dumps(full.rows()))) == full
    assert [row["keep"] for row in effect_rows(full.rows())] == [True, False, True]
    assert full.lines()[0] == "gain: {gain_db: 4}, keep: true"
