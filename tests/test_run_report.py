"""The report of a training run: what is there is shown, and what is not is said."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from wetdry.audio import STEM_CLASSES, encode_flac
from wetdry.cascade.reports.run import write_run_report
from wetdry.errors import CheckpointError

SYSTEMS = ("silence", "mixture", "stage_one", "cascade")


@pytest.fixture
def run(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "run"
    (folder / "excerpts").mkdir(parents=True)
    about = {"songs": ["a <script>", "b"], "held_out": ["c"], "dataset": "0123",
             "configuration": {"seed": 7, "stage_one": {"batch": 4}}}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(about))
    lines = [
        {"stage": stage, "step": step, "seconds": float(step), "loss": 9 / step, "log_mel": 0.5}
        for stage in ("stage_one", "stage_two")
        for step in range(1, 40)
    ]
    lines.append({"stage": "stage_two", "step": 40, "loss": float("nan"), "held_out_l1": 0.25})
    (folder / "log.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n{"stage": "sta')
    rows = [
        {"system": system, "stem_class": stem_class, "key": f"k{key}", "mmsnr_db": float(level),
         "si_sdr_db": level - 30.0, "sdr_db": 0.0, "mrstft": 3.0 - level, "zimtohrli": 0.1,
         "skipped": None}
        for level, system in enumerate(SYSTEMS) for stem_class in STEM_CLASSES for key in range(3)
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder / "scores.parquet")
    terms = {"stem_class": "Bass", "mean_term": 0.25, "covariance_term": 1.5,
             "items": 30, "clips": 10, "embedding": "musicnn"}  # fmt: skip
    pd.DataFrame([{"system": s, **terms} for s in SYSTEMS[1:]]).to_parquet(
        folder / "frechet.parquet"
    )
    for kind in ("target", *SYSTEMS[1:]):
        noise = 0.1 * rng.standard_normal((2, 16_000)).astype(np.float32)
        path = folder / "excerpts" / f"test-1.bass.{kind}.flac"
        path.write_bytes(encode_flac(noise, 16_000))
    return folder


def report(run):
    return write_run_report(run, run.parent / "run.html").read_text("utf-8")


def test_a_run_says_what_it_learnt_and_scores(run):
    text = report(run)
    assert "3.00 dB MMSNR" in text and "mixture has 1.00 dB" in text
    assert "held out l1" in text and "log mel" in text
    assert "0.25 + 1.5" in text and "30 of 10" in text
    assert "batch: 4" in text
    assert text.count("<audio") == 4
    assert "a &lt;script&gt;" in text and "a <script>" not in text


def test_the_best_of_a_column_is_marked_by_its_metric(run):
    text = report(run)
    for metric, best in (("Multi-Mel-SNR", "3.00"), ("multi-resolution STFT", "0.00")):
        part = text[text.rindex(f"<h3>{metric}") :]
        assert f'class="best">{best}' in part[: part.index("</table>")]


def test_the_same_run_gives_the_same_page(run):
    assert report(run) == report(run)


def test_what_a_run_does_not_have_is_said_in_words(tmp_path):
    (tmp_path / "run").mkdir()
    text = report(tmp_path / "run")
    for said in ("Nothing trained yet", "No excerpts", "No scores", "No learning curves",
                 "No Frechet distances", "No run.json"):  # fmt: skip
        assert said in text
    assert "<svg" not in text


def test_scores_alone_say_nothing_of_a_training(run):
    for path in run.iterdir():
        if path.name != "scores.parquet":
            path.unlink() if path.is_file() else shutil.rmtree(path)
    page = report(run)
    assert "clips judged" in page
    assert "songs trained on" not in page
    assert "minutes of training" not in page


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="wetdry train"):
        write_run_report(tmp_path / "absent", tmp_path / "out.html")


def test_a_torn_table_is_refused_with_its_name(run):
    (run / "scores.parquet").write_bytes(b"PAR1")
    with pytest.raises(CheckpointError, match=r"scores\.parquet"):
        report(run)
