"""The dial between the stages, and what it trades."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import judge
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.judging.cases import run_of
from wetdry.cascade.judging.trade_off import trade_off, trade_off_table
from wetdry.cascade.networks.generator import Generator
from wetdry.cascade.networks.regressor import Regressor
from wetdry.cascade.reports.run import write_run_report
from wetdry.cascade.restoring.dial import blended, dial_positions
from wetdry.cascade.restoring.files import restore_file
from wetdry.cascade.restoring.restoration import Restorer
from wetdry.cascade.training.checkpoints import save_checkpoint
from wetdry.cli import app
from wetdry.errors import UsageError

RATE = 16_000


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Return a run whose stages were never taught, but differ."""
    torch.manual_seed(3)
    folder: Path = tmp_path_factory.mktemp("run")
    budget = {"steps": 1, "batch": 1, "seconds": 1}
    network = {"fold": 8, "channels": 4, "levels": 2, "hidden": 4, "heads": 2, "head_width": 4}
    asked = {
        "sample_rate": RATE,
        "stage_one": {**budget, "network": network},
        "stage_two": {**budget, "network": {"layers": 2, "channels": 8}},
        "restoration": {"window_s": 1.0, "overlap_s": 0.25},
    }
    sizes = TrainConfiguration.model_validate(asked)
    generator, regressor = Generator(sizes.stage_one.network), Regressor(sizes.stage_two.network)
    torch.nn.init.normal_(regressor.final.weight, std=0.1)
    about = {"version": 1, "songs": [], "configuration": sizes.model_dump(mode="json")}
    (folder / "run.json").write_text(json.dumps(about))
    save_checkpoint(folder / "stage_one.safetensors", generator.state_dict(), {})
    save_checkpoint(folder / "stage_two.safetensors", regressor.state_dict(), {})
    return folder


def noise(seed, channels=2, frames=20_000):
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, frames), np.float32)


def test_the_ends_of_the_dial_are_the_stages_bit_for_bit(run):
    restorer, audio = Restorer.load(run), noise(0)
    plain = restorer.restore(audio, RATE)
    for dial, stage in ((1.0, "cascade"), (0.0, "stage_one")):
        found = restorer.restore(audio, RATE, dial=dial)["cascade"]
        assert all(np.array_equal(found[name], plain[stage][name]) for name in STEM_CLASSES)
    assert not np.allclose(plain["cascade"]["Bass"], plain["stage_one"]["Bass"], atol=1e-4)


def test_between_the_ends_each_stage_has_its_share(run):
    made = Restorer.load(run).restore(noise(0), 44_100, dial=0.7)
    whole = Restorer.load(run).restore(noise(0), 44_100)["cascade"]
    for name in STEM_CLASSES:
        wanted = 0.7 * whole[name] + 0.3 * made["stage_one"][name]
        assert np.allclose(made["cascade"][name], wanted, atol=1e-5)


def test_files_are_dialled_as_arrays_are_and_the_residual_stays_what_is_left(run, tmp_path):
    audio = noise(1, 2, 50_000)
    soundfile.write(tmp_path / "song.wav", audio.T, RATE, subtype="FLOAT")
    folder = restore_file(run, tmp_path / "song.wav", tmp_path, dial=0.4, residual=True)
    wanted = Restorer.load(run).restore(audio, RATE, dial=0.4)["cascade"]
    stems = [soundfile.read(folder / f"{n.lower()}.wav", dtype="float32")[0].T for n in wanted]
    for stem, name in zip(stems, wanted, strict=True):
        assert np.allclose(stem, wanted[name], atol=1e-5)
    left = soundfile.read(folder / "residual.wav", dtype="float32")[0].T
    assert np.allclose(sum(stems) + left, audio, atol=1e-5)


@pytest.mark.parametrize("dial", [-0.1, 1.5, float("nan")])
def test_a_dial_beyond_its_ends_is_refused_before_anything_is_done(run, tmp_path, dial):
    with pytest.raises(UsageError, match=r"dial: wanted 0 \(plausible\) to 1"):
        Restorer.load(run).restore(noise(0), RATE, dial=dial)
    with pytest.raises(UsageError, match="dial"):
        restore_file(run, tmp_path / "absent.wav", tmp_path / "out", dial=dial)
    with pytest.raises(UsageError, match="dial"):
        blended(noise(0), noise(1), dial)


def test_positions_are_hundredths_and_the_ends_are_systems_anyway():
    assert dial_positions([1, 0.5, 0.07, 0, 0.5]) == [0.07, 0.5]
    with pytest.raises(UsageError, match=r"hundredths such as 0\.25, found 0\.123"):
        dial_positions([0.123])


def test_a_run_answers_at_each_position_after_hearing_the_mixture_once(run):
    sample = SimpleNamespace(key="k", sample_rate=RATE, mixture=noise(0), dry={"Bass": noise(1)})
    heard = []

    class Counting(Restorer):
        def restore(self, *args, **named):
            heard.append(1)
            return super().restore(*args, **named)

    answers = run_of(Counting.load(run), [0.25, 0.5])(sample)
    assert list(answers) == ["stage_one", "cascade", "dial_25", "dial_50"] and len(heard) == 1
    wanted = Restorer.load(run).restore(noise(0), RATE, dial=0.25)["cascade"]["Drums"]
    assert np.array_equal(answers["dial_25"]["Drums"], wanted)


SYSTEMS = {"mixture": 9.0, "stage_one": 0.0, "dial_05": 0.5, "dial_50": 5.0, "cascade": 10.0}


def made_up() -> tuple[pd.DataFrame, pd.DataFrame]:
    scores = [
        {"system": s, "stem_class": c, "key": f"k{n}", "mmsnr_db": v + n, "si_sdr_db": v - n,
         "skipped": None}
        for s, v in SYSTEMS.items() for c in ("Bass", "Drums") for n in range(3)
    ]  # fmt: skip
    frechet = [
        {"system": s, "stem_class": c, "medium": m, "embedding": "musicnn", "clips": 3, "items": 9,
         "mean_term": 0.1 * v, "covariance_term": k, "total": 0.1 * v + k}
        for s, v in SYSTEMS.items()
        for k, c in enumerate(("Bass", "Drums"), 1)
        for m in ("all", "x")
    ]  # fmt: skip
    return pd.DataFrame(scores), pd.DataFrame(frechet)


def test_the_trade_off_has_a_row_a_position_in_order_with_both_terms():
    scores, frechet = made_up()
    found = trade_off(scores, frechet[(frechet["medium"] == "all") | (frechet["total"] > 1)])
    assert found["dial"].tolist() == [0.0, 0.05, 0.5, 1.0]
    assert found["mmsnr_db"].tolist() == [1.0, 1.5, 6.0, 11.0]
    assert found["si_sdr_db"].tolist() == [-1.0, -0.5, 4.0, 9.0]
    assert (found["mmsnr_db_low"] < found["mmsnr_db"]).all()
    assert found["frechet_musicnn_mean_term"].tolist() == pytest.approx([0.0, 0.05, 0.5, 1.0])
    assert found["frechet_musicnn_covariance_term"].tolist() == [1.5] * 4
    assert "musicnn_total" in trade_off_table(scores, frechet)
    ends = scores[~scores["system"].str.startswith("dial")]
    assert trade_off(ends, None).empty and "nothing was scored between" in trade_off_table(
        ends, None
    )


@pytest.mark.parametrize("known", [True, False])
def test_the_report_draws_the_curve_against_frechet_distance_or_the_dial(tmp_path, known):
    scores, frechet = made_up()
    folder = tmp_path / "run"
    folder.mkdir()
    scores.to_parquet(folder / "scores.parquet")
    if known:
        frechet.to_parquet(folder / "frechet.parquet")
    text = write_run_report(folder, tmp_path / "run.html").read_text("utf-8")
    part = text[text.index("The dial") :]
    across = "Frechet distance, musicnn" if known else "dial"
    assert f"Multi-Mel-SNR, dB against {across}, by the dial" in part
    assert f"SI-SDR, dB against {across}, by the dial" in part
    for dial in ("0", "0.05", "0.5", "1"):
        assert f'class="mid ink">{dial}</text>' in part


def test_evaluation_scores_the_positions_and_writes_what_they_trade(run, tmp_path, monkeypatch):
    monkeypatch.setenv("WETDRY_CACHE", str(tmp_path))
    for clip in range(2):
        for place, audio in (("mixture", noise(clip)), ("target", noise(9 + clip))):
            name = f"{clip}_DT0.flac" if place == "mixture" else f"{clip}.flac"
            path = tmp_path / "bench" / "Bass" / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, audio.T, RATE)
    out = tmp_path / "out"
    asked = ["evaluate", str(run), "--reference", str(tmp_path / "bench"), "--out", str(out)]
    asked += ["--metric", "mmsnr_db", "--metric", "si_sdr_db", "--workers", "1"]
    done = CliRunner().invoke(app, [*asked, "--dial", "0.5", "--dial", "0", "--dial", "0.25"])
    assert done.exit_code == 0, done.output
    assert "from plausible (0) to faithful (1)" in done.output
    found = pd.read_csv(out / "dial.csv")
    assert found["system"].tolist() == ["stage_one", "dial_25", "dial_50", "cascade"]
    assert np.isfinite(found[["mmsnr_db", "si_sdr_db"]]).all(axis=None)
    with pytest.raises(UsageError, match="--dial: wanted a run"):
        judge(out, reference=tmp_path / "bench", dials=[0.5])


def test_a_system_that_is_called_like_a_position_is_refused(tmp_path):
    (tmp_path / "manifest.parquet").touch()
    with pytest.raises(UsageError, match="none of"):
        judge(tmp_path / "out", data=tmp_path, estimates={"dial_50": tmp_path})
