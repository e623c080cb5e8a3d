"""Expressions: worked out as Python would, proved to stay in bounds, and nothing else allowed."""

import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetdry.degradations.language.expressions import parse_condition, parse_expression
from wetdry.degradations.language.parsing import parse_chain
from wetdry.degradations.language.reaches import TRUTH, Options, Range
from wetdry.degradations.language.scope import Scope
from wetdry.degradations.language.slots import Slot
from wetdry.degradations.language.yaml_tree import Node, read_yaml
from wetdry.errors import RecipeError

ANYTHING = Slot("x", "number", -1e300, 1e300)
NUMBERS = {"a": Range(-2.0, 3.0), "b": Range(0.5, 4.0), "c": Range(0.0, 1.0)}
KNOWN = {
    **NUMBERS,
    "genre": Options(frozenset({"rock", "jazz"})),
    "stem_class": Options(frozenset({"Vocals", "Drums", "Bass"})),
    "loud": TRUTH,
}


def expression(text, slot=ANYTHING):
    return parse_expression(Node(f"= {text}", "r.yaml:7", "master[0].gain.gain_db"), slot, KNOWN)


def condition(text):
    return parse_condition(Node(text, "r.yaml:7", "master[0].when"), KNOWN)


LEAVES = st.sampled_from(["a", "b", "c", "0.5", "2", "3", "-1.25"])
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.tuples(below, st.sampled_from(["+", "-", "*", "/", "**"]), below).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), below, below).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        below.map(lambda t: f"abs({t})"),
        below.map(lambda t: f"-{t}"),
        st.tuples(below, below, below).map(lambda t: f"({t[0]} if {t[1]} > c else {t[2]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(text=TREES, shares=st.tuples(*[st.floats(0, 1)] * 3))
def test_what_is_proved_holds_for_every_draw_and_is_what_python_says(text, shares):
    try:
        found = expression(text)
    except RecipeError:
        return
    ranges = zip(NUMBERS.items(), shares, strict=True)
    names = {n: min(r.low + (r.high - r.low) * s, r.high) for (n, r), s in ranges}
    value = found.draw(lambda: 0.0, names)
    assert found.reached.low <= value <= found.reached.high
    allowed = {"min": min, "max": max, "abs": abs, "__builtins__": {}}
    assert value == pytest.approx(eval(text, allowed, names), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("-10 - 20 * c", -30, -10),
        ("a ** 2", 0, 9),
        ("a ** 3", -8, 27),
        ("2 ** a", 0.25, 8),
        ("b ** -1", 0.25, 2),
        ("1 / b", 0.25, 2),
        ("abs(a)", 0, 3),
        ("max(a, c, 0.5)", 0.5, 3),
        ("1 if genre == rock else a", -2, 3),
    ],
)
def test_the_range_found_is_the_narrowest_there_is(text, low, high):
    assert expression(text).reached == Range(low, high)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a * 40", r"r.yaml:7: master\[0\].gain.gain_db: wanted a number from -60 to 60, "
                   r"found -80 to 120 \(a \* 40\)"),
        ("1 / a", r"wanted a divisor that is never 0, found -2 to 3"),
        ("a ** 0.5", r"wanted a base that is never negative, or a whole exponent"),
        ("c ** -1", r"wanted a base that is never 0, or an exponent above 0"),
        ("10 ** 10 ** 10", r"numbers that stay finite"),
        ("1e999", r"numbers that stay finite"),
        ("9" * 290 + "." + "0" * 5 + " + 1e308 + 1e308", r"at most 300|stay finite"),
        ("d + 1", r"wanted a name that is known here, found 'd'"),
        ("gnre + 1", r"did you mean 'genre'"),
        ("genre + 1", r"wanted numbers beside '\+', found jazz or rock"),
        ("min(a)", r"wanted two numbers or more in min\(\), found 1"),
        ("abs(a, b)", r"wanted one number in abs\(\), found 2"),
        ("a > 1", r"wanted a number from -60 to 60, found true or false"),
        ("genre", r"wanted a number from -60 to 60, found jazz or rock"),
        ("1 if a else 2", r"wanted a condition after 'if'"),
        ("1 if loud else genre", r"two numbers or two words around 'if'"),
        ("a +", r"wanted an expression such as"),
        ("", r"wanted an expression such as"),
        ("a if", r"wanted an expression such as"),
        ("1if loud else 2", r"wanted an expression such as"),
        ("'\\d'", r"wanted an expression such as"),
        ("(" * 150 + "a" + ")" * 149, r"wanted an expression such as"),
        ("-" * 250 + "a", r"at most 100 parts|an expression such as"),
        ("a" + "+ a" * 60, r"at most 100 parts"),
        ("a " * 200, r"at most 300 characters"),
        *((text, r"wanted numbers, names, ") for text in (
            "__import__('os')", "().__class__", "(lambda: 1)()", "[1, 2][0]", "f'{a}'", "a // b",
            "open('x')", "min(*[a, b])", "max(a, b, key=a)", "(x := 1)", "True", "3j", "None",
            "[a for a in b]", "a.real", "b'x'", "...", "{1: 2}", "await a", "a @ b", "~a",
        )),
    ],
)  # fmt: skip
def test_what_is_no_safe_number_is_refused_with_the_reason(text, message):
    with warnings.catch_warnings(), pytest.raises(RecipeError, match=message):
        warnings.simplefilter("error")
        expression(text, Slot("gain_db", "number", -60, 60))


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("genre == rock", True),
        ("= genre == 'rock'", True),
        ("genre != rock", False),
        ("stem_class in (Drums, Bass)", True),
        ("stem_class not in (Drums, Bass)", False),
        ("stem_class in [Vocals]", False),
        ("0 < a < 2 and not (b < 1 or c == 0.25)", False),
        ("a >= 1 or b <= 0.5", True),
        ("loud", True),
    ],
)
def test_conditions_compare_numbers_and_words(text, truth):
    names = {"a": 1, "b": 2, "c": 0.25, "genre": "rock", "stem_class": "Drums", "loud": True}
    assert condition(text).draw(lambda: 0.0, names) is truth


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stem_class == Vocal", r"r.yaml:7: .*found 'Vocal'.*did you mean 'Vocals'"),
        ("stem_class == 'Vocal'", r"wanted one of .*found Vocal.*did you mean 'Vocals'"),
        ("stem_class in Drums", r"a list such as \(Drums, Bass\) after 'in'"),
        ("stem_class < Drums", r"wanted == or != between words"),
        ("genre == 1", r"wanted two numbers or two words to compare"),
        ("genre is rock", r"wanted one of < <= > >= == != in, found 'is'"),
        ("a", r"wanted a condition such as heaviness > 0.5, found -2 to 3"),
        ("a and loud", r"wanted conditions beside 'and' and 'or'"),
        ("not a", r"wanted a condition after 'not'"),
        (3, r"wanted a condition such as"),
    ],
)
def test_a_wrong_condition_is_told_where_wanted_found(text, message):
    with pytest.raises(RecipeError, match=message):
        condition(text)


def chain(text):
    known = {"heaviness": Range(0, 1), "noise": Options(frozenset({"white", "pink"}))}
    return parse_chain(read_yaml(text, "r.yaml"), Path(), 44_100, known)


def test_numbers_of_one_effect_are_tied_to_each_other_in_any_order():
    tied = chain(
        "- compressor: {threshold_db: '= -5 * ratio', ratio: [2, 8], knee_db: = -threshold_db / 4}"
    )
    (effect,) = tied.draw(3)
    assert effect.threshold_db == pytest.approx(-5 * effect.ratio)
    assert effect.knee_db == pytest.approx(-effect.threshold_db / 4)


def test_an_expression_fills_words_integers_flags_and_frequencies():
    tied = chain(
        "- noise: {snr_db: 30, colour: = noise}\n"
        "- low_pass: {cutoff_hz: '= 12000 - 4000 * heaviness'}\n"
        "- repeat: [{gain: {gain_db: 1}}]\n  times: = 1 + 2.2 * heaviness"
    )
    drawn = tied.draw(0, scope=Scope({"heaviness": 0.75, "noise": "pink"})).effects
    assert drawn[0].colour == "pink" and drawn[1].cutoff_hz == 9000 and len(drawn) == 2 + 3
    with pytest.raises(RecipeError, match="found 8000 to 28000"):
        chain("- low_pass: {cutoff_hz: '= 8000 + 20000 * heaviness'}")
    with pytest.raises(RecipeError, match=r"wanted one of .*, found red"):
        chain("- noise: {snr_db: 30, colour: \"= 'red'\"}")


def test_a_draw_without_the_names_it_needs_is_refused():
    with pytest.raises(RecipeError, match="wanted a value for 'heaviness', found none"):
        chain("- gain: {gain_db: = heaviness}").draw(0)


def test_a_name_that_would_stand_for_two_things_is_refused():
    with pytest.raises(RecipeError, match="rename the linked draw"):
        parse_chain(
            read_yaml("- compressor: {threshold_db: '= -ratio', ratio: [2, 8]}", "r.yaml"),
            Path(), 44_100, {"ratio": Range(1, 2)},
        )  # fmt: skip
