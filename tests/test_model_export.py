"""A run to give away: its folder restores with wetdry and without, and its card says what it is."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from wetdry.audio import STEM_CLASSES  # noqa: E402
from wetdry.cascade import Restorer, export_model  # noqa: E402
from wetdry.cascade.graphs import onnx_graph  # noqa: E402
from wetdry.cascade.model_card import EXAMPLE  # noqa: E402
from wetdry.cascade.networks.regressor import Regressor  # noqa: E402
from wetdry.cli import app  # noqa: E402
from wetdry.errors import AssetError, CheckpointError, UsageError  # noqa: E402

from .conftest import REPO  # noqa: E402
from .test_restoration import RATE, noise, run  # noqa: E402

__all__ = ["run"]  # the fixture

FILES = [
    "README.md", "run.json", "stage_one.onnx", "stage_one.safetensors", "stage_two.onnx",
    "stage_two.safetensors",
]  # fmt: skip


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """The folder to give away."""
    return export_model(run, tmp_path_factory.mktemp("exported") / "model").parent


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_the_folder_restores_as_the_run_does(run, exported):
    assert sorted(p.name for p in exported.iterdir()) == FILES
    audio = noise(2, 20_000)
    wanted, found = (Restorer.load(f).restore(audio, RATE)["cascade"] for f in (run, exported))
    assert all(np.array_equal(wanted[name], found[name]) for name in STEM_CLASSES)


def test_the_same_run_is_exported_to_the_same_bytes(run, exported, tmp_path):
    export_model(run, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(exported)
    export_model(tmp_path / "again", tmp_path / "of_the_export")
    assert digests(tmp_path / "of_the_export") == digests(exported)


@pytest.mark.parametrize(("channels", "frames"), [(1, 9_999), (2, 5 * RATE)])
def test_the_example_restores_a_song_without_wetdry(
    run, exported, channels, frames, tmp_path, monkeypatch
):
    (tmp_path / "model").symlink_to(exported)
    monkeypatch.chdir(tmp_path)
    audio = noise(channels, frames)
    soundfile.write("song.wav", audio.T, RATE, "FLOAT")
    exec(EXAMPLE, {})
    wanted = Restorer.load(run).restore(audio, RATE)["cascade"]
    peak = max(np.abs(stem).max() for stem in wanted.values())
    for name in STEM_CLASSES:
        found = soundfile.read(f"{name.lower()}.wav", dtype="float32", always_2d=True)[0].T
        assert found.shape == audio.shape
        if frames < RATE:  # one window
            assert np.abs(found - wanted[name]).max() < 1e-4 * peak
        error = np.square(found - wanted[name]).sum() / np.square(wanted[name]).sum()
        assert 10 * np.log10(error) < -20


def test_the_example_stands_in_the_documentation_and_on_the_card(exported):
    assert EXAMPLE in (REPO / "docs" / "restoration.md").read_text()
    assert EXAMPLE in (exported / "README.md").read_text()


def test_the_files_say_what_they_are(exported):
    onnxruntime = pytest.importorskip("onnxruntime")
    for stage in ("stage_one", "stage_two"):
        session = onnxruntime.InferenceSession(str(exported / f"{stage}.onnx"))
        facts = json.loads(session.get_modelmeta().custom_metadata_map["wetdry_model"])
        assert facts["stage"] == stage
        assert facts["sample_rate"] == RATE
        assert tuple(facts["classes"]) == STEM_CLASSES
        stride = facts["window_samples"] - facts["overlap_samples"]
        assert stride > 0
        assert stride % facts["grid_samples"] == 0


def test_the_card_says_what_is_known_and_that_the_rest_is_not(run, exported, tmp_path):
    text = (exported / "README.md").read_text()
    assert 'license: "unknown"' in text
    assert "Not scored" in text
    assert "songs learnt from" not in text  # this run's record does not say
    about = json.loads((run / "run.json").read_text())
    about |= {"songs": ["a", "b", "c"], "validation": {"songs": ["c"]}, "held_out": ["d"]}
    scored = tmp_path / "scored"
    scored.mkdir()
    for name in ("stage_one", "stage_two"):
        file = f"{name}.safetensors"
        (scored / file).write_bytes((run / file).read_bytes())
    (scored / "run.json").write_text(json.dumps(about))
    rows = {"system": "cascade", "stem_class": ["Bass", "Drums"], "key": "k", "mmsnr_db": [1.0, 2]}
    table = pd.DataFrame({**rows, "si_sdr_db": [3.0, np.nan], "skipped": None})
    table.to_parquet(scored / "scores.parquet")
    text = export_model(scored, tmp_path / "out", licence="cc-by-4.0").read_text()
    assert 'license: "cc-by-4.0"' in text
    assert "| songs learnt from | 2 |" in text
    assert "| songs that chose the weights | 1 |" in text
    assert "| MMSNR, dB | Bass | Drums | mean |" in text
    assert "| cascade | 1.00 | 2.00 | 1.50 |" in text


def test_the_command_writes_the_folder(run, exported, tmp_path):
    done = CliRunner().invoke(app, ["export-model", str(run), "--out", str(tmp_path / "model")])
    assert done.exit_code == 0
    assert digests(tmp_path / "model") == digests(exported)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named_before_anything_is_written(run, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(AssetError, match=rf"package {package}, found none.*wetdry\[neural\]"):
        export_model(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_the_export_does_not_know_is_refused(run, tmp_path, monkeypatch):
    usual = Regressor.forward
    monkeypatch.setattr(Regressor, "forward", lambda *told: 1.1 * usual(*told))
    with pytest.raises(CheckpointError, match=r"stage_two: wanted an ONNX file within 0\.001"):
        export_model(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_one_file_cannot_hold_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_graph, "LARGEST_BYTES", 1_000_000)
    with pytest.raises(UsageError, match=r"stage_one: wanted at most 0\.00 GB"):
        export_model(run, tmp_path / "out")


@pytest.mark.parametrize("licence", ["", "  ", "a\nb"])
def test_a_licence_without_a_name_is_refused(run, licence, tmp_path):
    with pytest.raises(UsageError, match="licence"):
        export_model(run, tmp_path / "out", licence=licence)


def test_the_run_itself_is_no_place_for_its_export(run):
    with pytest.raises(UsageError, match="another folder"):
        export_model(run, run)
