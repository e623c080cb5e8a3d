"""What a report says of draws: found again at their addresses, and tested against the recipe."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wetdry.datasets import Order, plan
from wetdry.datasets.reports.draws import gather_draws
from wetdry.datasets.reports.fits import curve_of, fit_number, fit_options, fit_share, masses_of
from wetdry.degradations.language.random_values import (
    Choice,
    Each,
    LogUniform,
    Normal,
    Rounded,
    Triangular,
    Uniform,
    UniformInteger,
)
from wetdry.mixing import load_recipe
from wetdry.seeds import stream

EXAMPLES = Path(__file__).parents[1] / "examples"
RECIPES = ["realistic", "heavy", *(str(path) for path in sorted(EXAMPLES.glob("*.yaml")))]

DISTRIBUTIONS = [
    (Uniform(-6.0, 6.0), Uniform(-6.0, 5.0)),
    (LogUniform(100.0, 8000.0), Uniform(100.0, 8000.0)),
    (Normal(-9.0, 1.5, -30.0, -8.0), Normal(-9.0, 1.5, -30.0, 0.0)),
    (Triangular(0.0, 2.0, 10.0), Triangular(0.0, 3.0, 10.0)),
    (UniformInteger(1, 9), UniformInteger(1, 8)),
    (Rounded(Normal(4.0, 2.0, 0.5, 8.5), 1, 8), UniformInteger(1, 8)),
    (Choice(("a", "b", "c"), (4, 2, 1)), Choice(("a", "b", "c"))),
    (Each(Uniform(-3.0, 3.0), 10), Each(Uniform(-2.9, 3.0), 10)),
]


def draws_of(distribution, number=3000):
    random = stream(0, "test", repr(distribution)).random
    return [distribution.draw(random) for _ in range(number)]


@pytest.mark.parametrize(("asked", "other"), DISTRIBUTIONS, ids=lambda d: repr(d)[:40])
def test_draws_fit_what_they_were_drawn_from_and_nothing_else(asked, other):
    assert fit_number(asked, draws_of(asked)).chance > 0.001
    assert fit_number(asked, draws_of(other)).chance < 1e-6


@pytest.mark.parametrize("asked", [asked for asked, _ in DISTRIBUTIONS[:4]], ids=repr)
def test_a_cumulative_rises_from_0_to_1(asked):
    curve = curve_of(asked)
    values = [curve.cumulative(float(v)) for v in np.linspace(asked.low, asked.high, 50)]
    assert values[0] == 0 and values[-1] == pytest.approx(1) and values == sorted(values)
    assert curve.cumulative(asked.low - 1) == 0 and curve.cumulative(asked.high + 1) == 1


@pytest.mark.parametrize("asked", [asked for asked, _ in DISTRIBUTIONS[4:7]], ids=repr)
def test_masses_add_up(asked):
    assert sum(masses_of(asked).values()) == pytest.approx(1)


def test_a_share_is_tested_exactly_or_by_its_normal_approximation():
    assert fit_share(5, [0.5] * 10).chance == pytest.approx(1)
    assert fit_share(10, [0.5] * 10).chance == pytest.approx(2 * 0.5**10)
    assert fit_share(300, [0.2, 0.4] * 500).chance == pytest.approx(1)
    assert fit_share(400, [0.2, 0.4] * 500).chance < 1e-6
    assert fit_share(4, [1.0] * 4).chance is None


def test_options_that_never_come_by_weight_0_do_not_count():
    from collections import Counter

    assert fit_options(Counter({0: 50, 2: 50}), (1, 0, 1), 3).chance == pytest.approx(1)
    assert fit_options(Counter({0: 90, 1: 10}), None, 2).chance < 1e-6


def planned(recipe, catalog, samples=8) -> pd.DataFrame:
    """A plan with what a manifest has more, of chains that were never refused."""
    rows, _ = plan(Order(recipe, samples), catalog)
    tracks = [json.loads(row["session"])["tracks"] for row in rows]
    return pd.DataFrame(
        {**row, "tracks": [{"redraws": 0} for _ in own]}
        for row, own in zip(rows, tracks, strict=True)
    )


@pytest.mark.parametrize("name", RECIPES)
def test_every_chain_is_drawn_again_as_it_stands(name, catalog):
    recipe = load_recipe(name, seconds=2)
    table = planned(recipe, catalog)
    draws = gather_draws(recipe, table)
    assert draws.others == 0 and draws.samples == len(table)
    assert draws.chains["master"] == len(table)
    assert all(step.there <= len(step.asked) for step in draws.steps.values() if step.step)
    numbers = [n for step in draws.steps.values() for n in step.numbers.values()]
    assert sum(len(number.values) for number in numbers) > len(table)


def test_what_was_edited_is_counted_and_left_out(catalog):
    recipe = load_recipe("realistic", seconds=2)
    table = planned(recipe, catalog)
    before = gather_draws(recipe, table)
    session = json.loads(table.loc[0, "session"])
    session["master"] = [{"effect": "gain", "gain_db": -3.0}]
    table.loc[0, "session"] = json.dumps(session)
    after = gather_draws(recipe, table)
    assert after.others == 1
    assert after.chains["master"] == before.chains["master"] - 1
    limiter = ("master", "limiter")
    assert after.steps[limiter].there == before.steps[limiter].there - 1
