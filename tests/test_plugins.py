"""Plugins: nothing runs without permission, nothing gets out of its process, nothing is late."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from wetdry.cli import app
from wetdry.datasets import Order, generate, verify
from wetdry.degradations import Chain, Plugin, Scope, load_effect, plugins_allowed
from wetdry.degradations.plugins import process as plugin_process
from wetdry.degradations.plugins.allowed import allowed_plugin
from wetdry.degradations.plugins.laws import try_plugin
from wetdry.degradations.plugins.process import PluginProcess
from wetdry.errors import AudioError, RecipeError, ShardError, UsageError
from wetdry.manifests import effect_numbers
from wetdry.mixing import load_recipe

STAND_IN = Path(__file__).with_name("plugin_stand_in.py")
RATE = 22_050
NOISE = (0.1 * np.random.default_rng(0).standard_normal((2, RATE))).astype(np.float32)
RECIPE = """
sample_rate: 22050
seconds: 1
songs: {{stems: 2, active: {{above_dbfs: -60, share: 0.1}}}}
stems:
  all:
    - plugin: {{name: stand_in, parameters: {parameters}}}
"""


@pytest.fixture
def bundles(tmp_path, monkeypatch):
    """Return a function that allows a stand-in of these habits, by name."""
    monkeypatch.setenv("WETDRY_CONFIG", str(tmp_path))
    monkeypatch.setattr(plugin_process, "HOST", STAND_IN)
    lines = []

    def allow(name="stand_in", options="", **habits):
        path = tmp_path / f"{name}.vst3"
        path.write_text(json.dumps(habits))
        lines.append(f"{name}: {{path: {path}{options}}}\n")
        (tmp_path / "plugins.yaml").write_text("".join(lines))
        return path

    yield allow
    plugin_process._close_all()


@pytest.fixture
def recipe(tmp_path):
    """Return a function that writes a recipe with one plugin."""

    def write(parameters):
        path = tmp_path / "plugged.yaml"
        path.write_text(RECIPE.format(parameters=parameters))
        return path

    return write


@pytest.fixture
def permission():
    with plugins_allowed():
        yield


def parameters(path, seed):
    """Return the parameters that a recipe draws for its plugin."""
    return load_recipe(path).stems["all"].draw(seed).effects[0].row()["parameters"]


def test_drawn_parameters_lie_in_the_plugins_own_bounds(bundles, permission, recipe):
    bundles()
    text = "{gain_db: [-6, 6], mode: {choice: [plain, mute]}, invert: true, copies: [1, 4]}"
    drawn = [parameters(recipe(text), seed) for seed in range(40)]
    assert all(-6 <= values["gain_db"] <= 6 for values in drawn)
    assert {values["mode"] for values in drawn} == {"plain", "mute"}
    assert {values["copies"] for values in drawn} == {1, 2, 3, 4}
    assert len({values["gain_db"] for values in drawn}) == 40


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("{gain_db: [0, 21]}", "a number from -60 to 20"),
        ("{gain_db: '= 30 - 5'}", "-60 to 20"),
        ("{gian_db: 3}", "did you mean 'gain_db'"),
        ("{mode: loud}", "one of plain, crash"),
        ("{copies: 2.5}", "an integer from 1 to 4"),
        ("{invert: 1}", "true or false"),
    ],
)
def test_what_a_plugin_cannot_take_is_refused_at_load(
    bundles, permission, recipe, parameters, message
):
    bundles()
    with pytest.raises(RecipeError, match=rf"plugged.yaml:7: .*{message}"):
        load_recipe(recipe(parameters))


def test_a_parameter_more_leaves_the_other_draws_alone(bundles, permission, recipe):
    bundles()
    few = parameters(recipe("{gain_db: [-6, 6]}"), 3)
    many = parameters(recipe("{copies: [1, 4], gain_db: [-6, 6]}"), 3)
    assert set(many) - set(few) == {"copies"} and many["gain_db"] == few["gain_db"]


def test_a_parameter_can_follow_a_linked_draw_and_severity_thins_the_plugin(
    bundles, permission, recipe
):
    bundles()
    path = recipe("{gain_db: = -20 * heaviness}")
    path.write_text(path.read_text() + "linked: {heaviness: [0, 1]}\n")
    chain = load_recipe(path).stems["all"]
    gentle = Scope({"heaviness": 0.5}, severity=0.25)
    drawn = [chain.draw(seed, scope=gentle).effects for seed in range(200)]
    assert 20 < sum(map(len, drawn)) < 80
    assert {effect.row()["parameters"]["gain_db"] for effects in drawn for effect in effects} == {
        -10
    }


def test_the_row_tells_name_version_digest_and_parameters_and_builds_the_same(
    bundles, permission, recipe
):
    bundles()
    drawn = load_recipe(recipe("{gain_db: -3, invert: true}")).stems["all"].draw(0).effects[0]
    row = json.loads(json.dumps(drawn.row()))
    assert row == {
        "effect": "plugin",
        "name": "stand_in",
        "version": "1.2.3",
        "bundle_sha256": allowed_plugin("stand_in").digest(),
        "parameters": {"gain_db": -3.0, "invert": True},
    }
    assert load_effect(row) == drawn and hash(load_effect(row)) == hash(drawn)
    assert str(drawn) == "plugin: {name: stand_in, parameters: {gain_db: -3, invert: True}}"


@pytest.mark.parametrize("samples", [0, 1, 2, 300])
@pytest.mark.parametrize("channels", [[1], [2], [1, 2]])
def test_every_shape_comes_back_whatever_the_plugin_takes(bundles, permission, samples, channels):
    bundles(channels=channels)
    effect = Plugin(name="stand_in", parameters={"gain_db": 20 * np.log10(0.5)})
    for rate in (16_000, 96_000):
        for audio in (NOISE[:, :samples], NOISE[:1, :samples]):
            before = audio.copy()
            np.testing.assert_allclose(effect(audio, rate), audio / 2, rtol=1e-6)
            assert np.array_equal(audio, before)
    assert Chain((effect,))(NOISE[:1], RATE).shape[0] == (2 if 2 in channels else 1)


@pytest.mark.parametrize(
    ("late", "reported"), [(37, 0), (37, 37), (480, 480), (64, 20), (0, 480), (20, 64), (0, 0)]
)
def test_a_plugin_is_in_time_whatever_it_reports(bundles, permission, late, reported):
    bundles(late=late, reported=reported)
    effect = Plugin(name="stand_in")
    assert np.array_equal(effect(NOISE, RATE), NOISE)
    assert np.array_equal(effect(NOISE[:, :5], RATE), NOISE[:, :5])


def test_where_no_click_comes_through_the_reported_latency_is_believed(bundles, permission):
    bundles(late=37, reported=37, mute=True)
    told = plugin_process.running(allowed_plugin("stand_in"), "").arrival(RATE)
    assert told == {"reported": 37, "first": None, "peak": None, "late": 0}
    assert np.array_equal(Plugin(name="stand_in", parameters={"mode": "plain"})(NOISE, RATE), NOISE)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("crash", "'stand_in' crashed its process .SIGSEGV.; .*plugins check stand_in"),
        ("nan", "outcome of plugin.*stand_in"),
        ("short", "wanted shape"),
        ("refuse", "'stand_in': not today"),
    ],
)
def test_what_goes_wrong_is_an_error_of_that_sound_alone(bundles, permission, mode, message):
    bundles()
    for _ in range(2):
        with pytest.raises(AudioError, match=message):
            Plugin(name="stand_in", parameters={"mode": mode})(NOISE, RATE)
        assert np.array_equal(Plugin(name="stand_in")(NOISE, RATE), NOISE)


def test_a_plugin_that_hangs_is_ended_in_time_and_started_again(bundles, permission):
    bundles(options=", timeout_s: 3")
    assert np.array_equal(Plugin(name="stand_in")(NOISE, RATE), NOISE)
    start = time.monotonic()
    with pytest.raises(AudioError, match=r"longer than 3 s .*timeout_s"):
        Plugin(name="stand_in", parameters={"mode": "hang"})(NOISE, RATE)
    assert 3 <= time.monotonic() - start < 6
    assert np.array_equal(Plugin(name="stand_in")(NOISE, RATE), NOISE)


@pytest.mark.parametrize("mode", ["plain", "hang"])
def test_the_process_of_a_plugin_does_not_outlive_ours(bundles, mode):
    bundles(options=", timeout_s: 3")
    code = (
        "import numpy as np, threading, time\n"
        "from wetdry.degradations import Plugin, plugins_allowed\n"
        "from wetdry.degradations.plugins import process as plugin_process\n"
        f"plugin_process.HOST = {str(STAND_IN)!r}\n"
        "with plugins_allowed():\n"
        "    Plugin(name='stand_in')(np.ones((1, 9), np.float32), 8000)\n"
        "    print(next(iter(plugin_process._running.values()))._process.pid, flush=True)\n"
        f"    Plugin(name='stand_in', parameters={{'mode': '{mode}'}})"
        "(np.ones((1, 9), np.float32), 8000)\n"
        "    time.sleep(60)\n"
    )
    places = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | places
    ) as parent:
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 8
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _lives(child)


def _lives(pid):
    """Tell whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_laws_find_a_plugin_that_remembers(bundles, permission):
    bundles()
    assert all(verdict.kept for verdict in try_plugin("stand_in", RATE))
    with closing(PluginProcess(allowed_plugin("stand_in"))) as process:
        moody = [process.process(NOISE, RATE, {"mode": "moody"}) for _ in range(2)]
    assert moody[0].tobytes() != moody[1].tobytes()


def test_a_crash_sets_one_sample_aside_and_the_dataset_replays(
    bundles, permission, recipe, stems, catalog, tmp_path
):
    bundles()
    choice = "{mode: {choice: [plain, crash], weights: [4, 1]}, gain_db: [-6, 6]}"
    order = Order(load_recipe(recipe(choice)), 8)
    out = tmp_path / "set"
    built = generate(order, catalog, stems, out)
    aside = [entry["reason"] for entry in built.set_aside]
    assert built.samples + len(aside) == 8 and 0 < len(aside) < 8
    assert all("SIGSEGV" in reason and str(tmp_path) not in reason for reason in aside)
    assert not verify(out, replay=3).faults
    row = pd.read_parquet(out / "manifest.parquet").tracks[0][0]["effects"][0]
    assert row["effect"] == "plugin" and json.loads(row["numbers"])["version"] == "1.2.3"
    numbers = effect_numbers(pd.read_parquet(out / "manifest.parquet"))
    assert {"name", "version", "mode", "gain_db"} <= set(numbers["number"])
    with plugins_allowed(False):
        assert "--allow-plugins" in verify(out, replay=1).faults[0]


def test_permission_reaches_spawned_workers(bundles, recipe, stems, catalog, tmp_path):
    bundles()  # to the workers it is a file that pedalboard cannot load: they know no stand-in
    with plugins_allowed():
        order = Order(load_recipe(recipe("{gain_db: 3}")), 4)
        built = generate(order, catalog, stems, tmp_path / "with", workers=2)
    assert built.samples == 0
    for entry in built.set_aside:
        assert "plugin 'stand_in': " in entry["reason"] and str(tmp_path) not in entry["reason"]
    with pytest.raises(ShardError, match="--allow-plugins"):
        generate(order, catalog, stems, tmp_path / "without", workers=2)


def test_the_commands_list_show_and_check(bundles, recipe):
    bundles()
    bundles("gone").unlink()
    run = CliRunner().invoke
    listed = run(app, ["plugins", "list"]).stdout.splitlines()
    assert allowed_plugin("stand_in").digest() in listed[0] and "found none" in listed[1]
    assert isinstance(run(app, ["plugins", "show", "stand_in"]).exception, UsageError)
    shown = run(app, ["plugins", "show", "stand_in", "--allow-plugins"]).stdout
    assert "gain_db: [-60, 20]" in shown
    path = recipe("")
    step = "\n".join(f"    {line}" for line in shown.splitlines())
    path.write_text(f"stems:\n  all:\n{step}\n")
    checked = run(app, ["recipe", "check", str(path), "--allow-plugins"])
    assert checked.exit_code == 0, checked.exception
    assert isinstance(run(app, ["recipe", "check", str(path)]).exception, RecipeError)
    kept = run(app, ["plugins", "check", "stand_in", "--allow-plugins"])
    assert kept.exit_code == 0 and "BROKEN" not in kept.stdout
