"""Recipes: what may be written, what is refused and how, and that draws have addresses."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetdry.degradations import Effect, Scope, load_effect
from wetdry.degradations.language.parsing import parse_chain
from wetdry.degradations.language.yaml_tree import read_yaml
from wetdry.errors import RecipeError
from wetdry.mixing import load_recipe, preset_names, recipe_schema
from wetdry.mixing.linked import draw_linked
from wetdry.mixing.recipes import parse_recipe

GAIN = "- gain: {gain_db: [-6, 6]}"


def chain(text, sample_rate=44_100):
    return parse_chain(read_yaml(text, "r.yaml"), Path(), sample_rate)


def recipe(text):
    return parse_recipe(text, "r.yaml", Path(), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- gian: {gain_db: 3}", r"r.yaml:1: \[0\].gian: .*'gian'; did you mean 'gain'"),
        ("- gain: {gain: 3}", r"found 'gain'; did you mean 'gain_db'"),
        ("- gain: {gain_db: 300}", r"wanted a number from -60 to 60, found 300"),
        ("- gain: {gain_db: [3, 1]}", r"the low end 3 is above the high end"),
        ("- gain: {gain_db: [-100, 0]}", r"\[0\]: wanted a number from -60 to 60, found -100"),
        ("- gain: {gain_db: {normla: [1, 2]}}", r"did you mean 'normal'"),
        ("- gain: {gain_db: .nan}", r"NaN and infinity"),
        ("- gain: {gain_db: yes}", r"found 'yes'"),
        ("- gain: {}", r"wanted gain_db, a number from -60 to 60, found none"),
        (f"{GAIN}\n  probability: 2", r"r.yaml:2: .*wanted a number from 0 to 1, found 2"),
        ("- gain: {gain_db: 1}\n  gain: {gain_db: 2}", r"the key 'gain' comes twice"),
        ("- &a [1]\n- *a", r"aliases are not read"),
        ("- !!python/object:os.system 1", r"found the tag"),
        ("- repeat: []", r"wanted 'times' beside 'repeat'"),
        ("- one_of: []", r"at least one option"),
        ("- low_pass: {cutoff_hz: 30000}", r"wanted a frequency below half the sample rate"),
        ("- noise: {snr_db: 30, colour: purple}", r"wanted one of white, pink, brown"),
        ("- graphic_equalizer: {gains_db: [1, 2]}", r"wanted 16 numbers"),
        ("- convolution: {impulse: nowhere.wav}", r"wanted a file"),
        ("- convolution: {impulse: {files: /etc}}", r"a path from the recipe's folder on"),
        ("[" * 100, r"not YAML"),
        ("[" * 100 + "]" * 100, r"at most 40 levels"),
        ("", r"found an empty file"),
        ("\t- gain", r"not YAML"),
    ],
)
def test_a_wrong_chain_is_told_where_wanted_found(text, message):
    with pytest.raises(RecipeError, match=message):
        chain(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stem: {}", r"did you mean 'stems'"),
        ("stems: {Vocal: []}", r"did you mean 'Vocals'"),
        ("seconds: [1, 2]", r"this one is not drawn"),
        ("seconds: -1", r"wanted a number from 0.5 to 600"),
        ("songs: {stems: [0, 3]}", r"wanted an integer from 1 to 64"),
        ("buses: {a: {of: [Drums]}}", r"a bus with 'of' \(classes\) and 'chain'"),
        ("buses: {a: {of: [Drums], chain: []}, b: {of: [Drums], chain: []}}", r"no other bus"),
        ("taps: [wett]", r"wanted one of wet, premaster"),
        ("levels: {all: {pan: 2}}", r"wanted a number from -1 to 1"),
        ("- a", r"wanted a recipe"),
    ],
)
def test_a_wrong_recipe_is_told_where_wanted_found(text, message):
    with pytest.raises(RecipeError, match=message):
        recipe(text)


def test_a_recipe_that_is_not_there_is_told_what_there_is(tmp_path):
    with pytest.raises(RecipeError, match="realistic"):
        load_recipe("realstic")
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="UTF-8"):
        load_recipe(tmp_path / "bytes.yaml")


@given(seed=st.integers(0, 2**40), index=st.integers(0, 10**6))
def test_a_step_added_leaves_the_others_alone(seed, index):
    one = chain(f"{GAIN}\n- noise: {{snr_db: [20, 60]}}")
    two = chain(f"- saturation: {{drive_db: [0, 9]}}\n{GAIN}\n- noise: {{snr_db: [20, 60]}}")
    assert one.draw(seed, index).effects == two.draw(seed, index).effects[1:]


def test_a_number_added_leaves_the_others_alone():
    one = chain("- compressor: {threshold_db: [-30, -10], ratio: [2, 8]}")
    two = chain("- compressor: {threshold_db: [-30, -10], ratio: [2, 8], attack_ms: [1, 9]}")
    (first,), (second,) = one.draw(3, "a"), two.draw(3, "a")
    assert (first.threshold_db, first.ratio) == (second.threshold_db, second.ratio)


def test_probability_and_one_of_come_out_as_often_as_they_say():
    sometimes = chain(f"{GAIN}\n  probability: 0.3")
    share = sum(len(sometimes.draw(0, i)) for i in range(4000)) / 4000
    assert share == pytest.approx(0.3, abs=0.03)
    either = chain("- one_of: [{gain: {gain_db: 1}}, {gain: {gain_db: 2}}, none]")
    drawn = [[e.gain_db for e in either.draw(0, i)] for i in range(3000)]
    for option in ([1.0], [2.0], []):
        assert drawn.count(option) / 3000 == pytest.approx(1 / 3, abs=0.03)


def test_shuffle_keeps_all_and_finds_every_order():
    shuffled = chain(
        "- shuffle: [{gain: {gain_db: 1}}, {gain: {gain_db: 2}}, {gain: {gain_db: 3}}]"
    )
    orders = {tuple(e.gain_db for e in shuffled.draw(0, i)) for i in range(200)}
    assert len(orders) == 6 and all(sorted(order) == [1, 2, 3] for order in orders)


def test_repeat_draws_anew_each_time():
    repeated = chain(f"- repeat:\n  {GAIN}\n  times: [0, 3]".replace("  -", "    -"))
    lengths = {len(repeated.draw(0, i)) for i in range(100)}
    assert lengths == {0, 1, 2, 3}
    several = next(c for c in (repeated.draw(0, i) for i in range(100)) if len(c) == 3)
    assert len({e.gain_db for e in several}) == 3


@pytest.mark.parametrize(
    ("text", "low", "high", "mean"),
    [
        ("[-6, 6]", -6, 6, 0),
        ("{log_uniform: [1, 16]}", 1, 16, 15 / 2.7726),
        ("{normal: [0, 5]}", -60, 60, 0),
        ("{choice: [1, 2, 6]}", 1, 6, 3),
    ],
)
def test_distributions_keep_their_bounds_and_their_mean(text, low, high, mean):
    gains = chain(f"- gain: {{gain_db: {text}}}")
    drawn = [gains.draw(0, i).effects[0].gain_db for i in range(4000)]
    assert low <= min(drawn) and max(drawn) <= high
    assert sum(drawn) / 4000 == pytest.approx(mean, abs=0.35)


@pytest.mark.parametrize("name", preset_names())
def test_what_presets_draw_reads_back_equal(name, weights):
    weights(name)
    loaded = load_recipe(name)
    for stem_class, random_chain in loaded.stems.items():
        for index in range(20):
            scope = Scope(draw_linked(loaded.linked, 0, index))
            for effect in random_chain.draw(0, stem_class, index, scope=scope):
                assert load_effect(json.loads(json.dumps(effect.row()))) == effect


def test_the_schema_knows_every_effect_and_is_json():
    schema = recipe_schema()
    assert set(Effect.kinds) < set(schema["$defs"]["step"]["properties"])
    assert json.loads(json.dumps(schema)) == schema
