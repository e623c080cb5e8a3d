"""Distributions of one number: their shapes against theory, and bounds that are proved."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wetdry.degradations.language.distributions import parse_distribution
from wetdry.degradations.language.slots import Slot
from wetdry.degradations.language.yaml_tree import read_yaml
from wetdry.errors import RecipeError

NUMBER = Slot("gain_db", "number", -60, 60)
COUNT = Slot("times", "integer", 0, 5)


def read(text, slot=NUMBER):
    return parse_distribution(read_yaml(f"x: {text}", "r.yaml").value["x"], slot, Path())


def drawn(text, slot=NUMBER, number=4000):
    """Return draws at evenly spaced uniform numbers: the inverse of the cumulative."""
    distribution = read(text, slot)
    shares = (np.arange(number) + 0.5) / number
    return np.array([distribution.draw(lambda share=share: share) for share in shares])


@pytest.mark.parametrize(
    ("text", "theory"),
    [
        ("[-6, 2]", stats.uniform(-6, 8)),
        ("{log_uniform: [1, 16]}", stats.loguniform(1, 16)),
        ("{triangular: [-6, 0, 12]}", stats.triang(1 / 3, -6, 18)),
        ("{triangular: [-6, -6, 12]}", stats.triang(0, -6, 18)),
        ("{triangular: [-6, 12, 12]}", stats.triang(1, -6, 18)),
        ("{normal: [0, 20]}", stats.truncnorm(-3, 3, 0, 20)),
        ("{truncated_normal: [0, 4, -6, 2]}", stats.truncnorm(-1.5, 0.5, 0, 4)),
        ("{truncated_normal: [-8, 4, -6, 2]}", stats.truncnorm(0.5, 2.5, -8, 4)),
    ],
)
def test_a_distribution_inverts_its_cumulative(text, theory):
    numbers = drawn(text)
    assert np.allclose(theory.cdf(numbers), (np.arange(4000) + 0.5) / 4000, atol=1e-6)
    assert (np.diff(numbers) >= 0).all()


@pytest.mark.parametrize(
    ("text", "mean", "deviation"),
    [
        ("{triangular: [0, 2, 5]}", 7 / 3, sqrt(27.25 / 18 + 1 / 12)),
        ("{normal: [2, 1]}", 2.0, sqrt(1 + 1 / 12)),
        ("{truncated_normal: [2, 1, 1, 3]}", 2.0, 0.76),
    ],
)
def test_where_integers_are_wanted_the_nearest_one_is_drawn(text, mean, deviation):
    numbers = drawn(text, COUNT)
    assert numbers.dtype.kind == "i" and numbers.min() >= 0 and numbers.max() <= 5
    assert numbers.mean() == pytest.approx(mean, abs=0.05)
    assert numbers.std() == pytest.approx(deviation, abs=0.05)


def test_a_choice_comes_as_often_as_its_weight_says():
    words = Slot("genre", "word", words=("rock", "jazz", "folk"))
    numbers = drawn("{choice: [rock, jazz, folk], weights: [3, 0, 1]}", words, 400)
    assert [int((numbers == word).sum()) for word in words.words] == [300, 0, 100]
    assert (drawn("{choice: [1, 4], weights: [1e-9, 1]}") == 4).all()


@given(share=st.floats(0, 1, exclude_max=True), weights=st.lists(st.floats(0, 1e9), min_size=1))
def test_what_weighs_nothing_never_comes(share, weights):
    if sum(weights) == 0:
        return
    options = list(range(len(weights)))
    found = read(f"{{choice: {options}, weights: {weights}}}", Slot("n", "number", 0, 1e3))
    assert weights[int(found.draw(lambda: share))] > 0


@given(
    st.floats(-60, 60), st.floats(-60, 60), st.floats(-60, 60), st.floats(0, 1, exclude_max=True)
)
def test_a_draw_never_leaves_its_reach(one, two, three, share):
    low, mode, high = sorted((one, two, three))
    for text in (f"[{low}, {high}]", f"{{triangular: [{low}, {mode}, {high}]}}"):
        found = read(text)
        assert found.reach().low <= found.draw(lambda: share) <= found.reach().high


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{triangular: [0, 9, 6]}", r"wanted \[low, mode, high\], with a mode between the ends"),
        ("{triangular: [0, 6]}", r"wanted 3 numbers, \[low, mode, high\], found \[0, 6\]"),
        ("{triangular: [-99, 0, 6]}", r"r.yaml:1: x.triangular\[0\]: wanted a number from -60"),
        ("{truncated_normal: [0, 1, -3, 99]}", r"wanted a number from -60 to 60, found 99"),
        ("{truncated_normal: [0, -1, -3, 3]}", r"wanted \[mean, deviation\]"),
        ("{truncated_normal: [50, 1, -3, 3]}", r"limits between which the curve has some"),
        ("{truncated_normal: [0, 1, 3, -3]}", r"the low end 3 is above the high end"),
        ("{choice: [1, 2], weights: [1]}", r"wanted 2 weights, one for each option"),
        ("{choice: [1, 2], weights: [0, 0]}", r"not all of them 0"),
        ("{choice: [1, 2], weights: [-1, 2]}", r"weights from 0 up"),
        ("{choice: [[1, 2], 3]}", r"a choice is among plain values"),
        ("{uniform: [1, 2], weights: [1, 2]}", r"'weights' go with choice"),
        ("{weights: [1, 2]}", r"wanted one distribution"),
    ],
)
def test_a_wrong_distribution_is_told_where_wanted_found(text, message):
    with pytest.raises(RecipeError, match=message):
        read(text)
