"""Plugins of others, where there are some: pedalboard's own behaviour, latency, the same bytes."""

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from wetdry.datasets import Order, generate
from wetdry.degradations import Plugin
from wetdry.degradations.plugins import host as plugin_host
from wetdry.degradations.plugins import process as plugin_process
from wetdry.degradations.plugins.allowed import allowed_plugin
from wetdry.degradations.plugins.laws import try_plugin
from wetdry.mixing import lag_samples, load_recipe

from .test_plugins import NOISE, RATE, permission, recipe

__all__ = ["permission", "recipe"]  # the fixtures


def test_what_we_use_of_the_inside_of_pedalboard_is_there():
    from pedalboard import VST3Plugin, _pedalboard

    assert hasattr(_pedalboard._PythonExternalPluginMixin, "__set_initial_parameter_values__")
    assert hasattr(VST3Plugin, "_get_parameter")
    assert _pedalboard.strip_common_float_suffixes("3.5 dB") == "3.5"


class Ratio:
    """A parameter from 1 to 20 whose texts are read to the nearest of a thousand steps."""

    type = float
    ranges: ClassVar = {
        (k / 1000, (k + 1) / 1000): round(1 + 19 * k / 1000, 3) for k in range(1001)
    }

    def get_raw_value_for(self, value):
        return round((value - 1) / 19, 3)

    def get_text_for_raw_value(self, raw):
        return f"{1 + 19 * raw:.4f} :1" if raw > 0.9 else f"{1 + 19 * raw:.4f} x"


@pytest.mark.parametrize("value", [1, 1.0093, 3.1416, 7.77, 20])
def test_a_number_that_is_asked_for_is_had_between_the_steps(value):
    assert 1 + 19 * plugin_host._raw(Ratio(), value) == pytest.approx(value, abs=2e-3)


@pytest.fixture
def real(tmp_path, monkeypatch):
    """Allow two real plugins: a compressor for one channel, a limiter that looks ahead."""
    folder = Path("/usr/lib/vst3")
    if not (folder / "ZamComp.vst3").exists():
        pytest.skip("no VST3 plugins in /usr/lib/vst3: apt-get install zam-plugins")
    monkeypatch.setenv("WETDRY_CONFIG", str(tmp_path))
    names = {"stand_in": "ZamComp", "limiter": "ZaMaximX2"}
    lines = (f"{name}: {{path: {folder}/{file}.vst3}}\n" for name, file in names.items())
    (tmp_path / "plugins.yaml").write_text("".join(lines))
    yield folder
    plugin_process._close_all()


ALONE = """
import sys
import numpy as np
from pedalboard import VST3Plugin
noise, numbers, settle = np.load(sys.argv[1]), {numbers}, np.zeros({settle}, np.float32)
for channel in noise:
    plugin = VST3Plugin(sys.argv[2], parameter_values=numbers)
    out = plugin.process(np.concatenate([settle, channel])[np.newaxis], {rate})
    sys.stdout.buffer.write(out[0, settle.size :].tobytes())
"""


@pytest.mark.plugins
def test_a_real_plugin_does_what_it_does_in_pedalboard_alone(real, permission, tmp_path):
    numbers = {"ratio": 8.0, "threshold_db": -30.0, "makeup_db": 6.0}
    here = Plugin(name="stand_in", parameters=numbers)(NOISE, RATE)
    np.save(tmp_path / "noise.npy", NOISE)
    script = ALONE.format(numbers=numbers, settle=round(0.25 * RATE), rate=RATE)
    # not in this process: a plugin's library can switch off denormal numbers for all of it
    command = [sys.executable, "-c", script, tmp_path / "noise.npy", real / "ZamComp.vst3"]
    assert subprocess.run(command, check=True, capture_output=True).stdout == here.tobytes()


@pytest.mark.plugins
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_real_plugin_that_looks_ahead_is_in_time(real, permission, rate):
    quiet = 0.1 * NOISE
    limiter = Plugin(name="limiter", parameters={"threshold_db": -6.0})
    wet = limiter(quiet, rate)
    assert plugin_process.running(*_entry("limiter")).arrival(rate)["reported"] > 400
    assert lag_samples(quiet, wet, rate) == pytest.approx(0, abs=0.01)
    assert all(verdict.kept for verdict in try_plugin("limiter", rate))


def _entry(name):
    """Return an entry of the allow-list, and its digest."""
    return allowed_plugin(name), allowed_plugin(name).digest()


@pytest.mark.plugins
def test_real_plugins_give_the_same_bytes_in_workers(
    real, permission, recipe, stems, catalog, tmp_path
):
    order = Order(load_recipe(recipe("{threshold_db: [-40, -20], ratio: [2, 8]}")), 6)
    shards = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        assert generate(order, catalog, stems, out, workers=workers).samples == 6
        shards.append([path.read_bytes() for path in sorted(out.rglob("*.tar"))])
    assert shards[0] == shards[1]
