"""docs/thousand_hours.md: its sums are right, and the commands that it gives are commands."""

import re
from pathlib import Path

import pytest

from wetdry.datasets import Estimate
from wetdry.degradations.language.distributions import Constant
from wetdry.mixing import load_recipe

PAGE = (Path(__file__).parents[1] / "docs" / "thousand_hours.md").read_text()
SAMPLES = (360_000, 36_000_000)


def cells(label):
    """Return the numbers of a row of a table."""
    found = re.search(rf"^\| {re.escape(label)} \|(.*)\|$", PAGE, re.MULTILINE)
    assert found, label
    return [float(re.sub(r"[^0-9.]", "", cell)) for cell in found[1].split("|")]


@pytest.fixture
def measured():
    """What was measured, as an estimate of both sizes."""
    (speed,), (megabytes,) = cells("mixture a core second"), cells("a sample on disk")
    (memory_mb,) = cells("memory of a worker, at most")
    return [Estimate(4, n, 10.0, 10 / speed, megabytes * 1e6, memory_mb) for n in SAMPLES]


def test_the_hours_and_the_disk_are_those_that_the_estimate_reckons(measured):
    assert cells("samples of 10 s") == list(SAMPLES)
    assert cells("core hours") == [round(told.hours(1)) for told in measured]
    for cores in (32, 1000):
        wanted = [round(told.hours(cores), 1) for told in measured]
        assert cells(f"hours with {cores:,} cores") == wanted
    assert cells("shards on disk") == [round(told.disk_gb() / 1000, 1) for told in measured]


def test_the_costs_and_the_plan_follow_from_the_figures(measured):
    (planning_ms,) = cells("planning, a core's time a sample")
    (row_kb,) = cells("a sample's row in the plan")
    assert cells("core hours of planning") == [round(n * planning_ms / 3.6e6, 1) for n in SAMPLES]
    assert cells("plan on disk") == [round(n * row_kb / 1e6, 1) for n in SAMPLES]
    wanted = [round(told.hours(1) * 0.04, 2) for told in measured]
    assert cells("cost at 0.04 $ a core hour") == wanted
    wanted = [round(told.disk_gb() * 0.02, 2) for told in measured]
    assert cells("a month of disk at 0.02 $ a GB") == wanted


def test_the_formulas_of_the_page_hold_its_figures():
    (speed,), (megabytes,) = cells("mixture a core second"), cells("a sample on disk")
    assert f"x 10 / {speed:g} / 3600" in PAGE
    assert f"*n* x {megabytes:g} MB" in PAGE


def test_the_recipe_of_the_page_is_one(tmp_path):
    (tmp_path / "eight.yaml").write_text(PAGE.split("```yaml\n")[1].split("```")[0])
    recipe = load_recipe(tmp_path / "eight.yaml")
    assert (recipe.coherent, recipe.seconds, recipe.stem_count) == (0, 10, Constant(8))
