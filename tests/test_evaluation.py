from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wetdry.audio import STEM_CLASSES, Audio, read, resample
from wetdry.cascade.judging.baselines import baseline
from wetdry.cascade.judging.cases import Case, cases_of, run_of
from wetdry.cascade.judging.clouds import frechet_table
from wetdry.cascade.judging.evaluation import SILENT, evaluate_systems, score, write_scores
from wetdry.cascade.judging.summary import paired_differences, summary
from wetdry.cascade.metrics.fidelity import METRICS
from wetdry.errors import AudioError

RATE = 48_000
SYSTEMS = ("silence", "mixture", "stage_one", "cascade")
QUICK = ("mmsnr_db", "si_sdr_db", "sdr_db")


def noise(seed, seconds=0.25):
    return (0.1 * np.random.default_rng(seed).standard_normal((2, int(seconds * RATE)))).astype(
        "f4"
    )


@dataclass(frozen=True)
class Sample:
    key: str
    dry: Mapping[str, Audio]
    sample_rate: int = RATE

    @property
    def mixture(self):
        return sum(self.dry.values(), np.zeros_like(self.dry["Bass"]))


def sample(number: int) -> Sample:
    dry = {name: np.zeros_like(noise(0)) for name in STEM_CLASSES}
    return Sample(
        f"test-{number:08d}", dry | {"Vocals": noise(number), "Bass": noise(-number % 97)}
    )


class Attenuator:
    """Leaves a tenth (stage one) or a hundredth (cascade) of what does not belong."""

    systems = ("stage_one", "cascade")

    def __init__(self, samples: list[Sample]) -> None:
        self.answers = {s.mixture.tobytes(): s.dry for s in samples}

    def restore(self, audio: Audio, sample_rate: int) -> dict[str, dict[str, Audio]]:
        dry = self.answers[audio.tobytes()]
        return {
            system: {c: stem + (audio - stem) * np.float32(left) for c, stem in dry.items()}
            for system, left in (("stage_one", 0.1), ("cascade", 0.01))
        }


def contestants(samples: list[Sample]) -> list[Any]:
    return [baseline(SYSTEMS[:2]), run_of(Attenuator(samples))]


class Levels:
    """The simplest embedding: the level of each channel in every 100 ms."""

    name = "levels"
    sample_rate = RATE

    def __call__(self, audio: Audio, sample_rate: int):
        return np.sqrt(np.square(audio[:, :9600]).reshape(2, 2, -1).mean(-1)).T


@pytest.fixture(scope="module")
def samples():
    return [sample(number) for number in range(1, 6)]


@pytest.fixture(scope="module")
def scores(samples):
    return score(cases_of(contestants(samples), samples), QUICK)


def test_there_is_one_row_for_each_system_class_and_key(scores):
    assert len(scores) == len(SYSTEMS) * len(STEM_CLASSES) * 5
    assert not scores.duplicated(["system", "stem_class", "key"]).any()
    assert tuple(scores["system"].unique()) == SYSTEMS


def test_absent_classes_are_counted_and_never_scored(scores):
    absent = scores[~scores["stem_class"].isin(["Vocals", "Bass"])]
    assert (absent["skipped"] == SILENT).all()
    assert absent[[*METRICS, "reference_lufs"]].isna().all(axis=None)
    assert (absent["channels"] == 0).all()
    present = scores.drop(absent.index)
    assert present["skipped"].isna().all()
    assert present[[*QUICK, "reference_lufs"]].notna().all(axis=None)


def test_the_better_a_system_separates_the_higher_it_stands(scores):
    means = scores.groupby("system")[list(QUICK)].mean()
    for better, worse in (("cascade", "stage_one"), ("stage_one", "mixture")):
        assert (means.loc[better] > means.loc[worse] + 15).all()
    assert means.loc["silence", "mmsnr_db"] == pytest.approx(0, abs=1e-9)
    assert means.loc["cascade", "sdr_db"] == pytest.approx(40, abs=0.5)


def test_two_processes_find_what_one_finds(samples, scores):
    again = score(cases_of(contestants(samples), samples), QUICK, workers=2)
    pd.testing.assert_frame_equal(again, scores, rtol=1e-6)  # BLAS may have other threads there


def test_a_summary_is_the_mean_of_the_class_means_and_its_interval_holds_it(scores):
    table: Any = summary(scores).set_index(["system", "stem_class", "metric"])
    by_class = scores[scores["system"] == "cascade"].groupby("stem_class")["sdr_db"].mean()
    row = table.loc[("cascade", "mean", "sdr_db")]
    assert row["mean"] == pytest.approx(by_class.dropna().mean())
    assert row["low"] <= row["mean"] <= row["high"]
    assert (row["count"], row["skipped"]) == (10, 30)
    assert table.loc[("cascade", "Vocals", "sdr_db"), "mean"] == pytest.approx(by_class["Vocals"])
    assert np.isnan(table.loc[("cascade", "Drums", "sdr_db"), "mean"])
    assert summary(scores).equals(summary(scores))


def made(values):
    rows = [
        {"system": s, "stem_class": "Bass", "key": f"k-{i}", "sdr_db": v, "skipped": None}
        for s, numbers in values.items()
        for i, v in enumerate(numbers)
    ]
    return pd.DataFrame(rows).reindex(columns=["system", "stem_class", "key", *METRICS, "skipped"])


def test_the_interval_of_a_mean_is_about_two_standard_errors_to_either_side():
    values = np.random.default_rng(0).standard_normal(400)
    row = summary(made({"cascade": values})).query("metric == 'sdr_db'").iloc[0]
    two_errors = pytest.approx(1.96 * values.std(ddof=1) / np.sqrt(400), rel=0.1)
    assert row["high"] - row["mean"] == two_errors == row["mean"] - row["low"]


def test_a_small_gain_on_every_clip_is_certain_although_clips_differ_more():
    hard = np.random.default_rng(0).normal(0, 10, 50)
    table = made({"stage_one": hard, "cascade": hard + 0.5, "mixture": hard[::-1]})
    pairs: Any = paired_differences(table).query("metric == 'sdr_db'")
    pairs = pairs.set_index(["against", "stem_class"])
    gain = pairs.loc[("stage_one", "Bass")]
    assert gain["mean"] == pytest.approx(0.5) and gain["low"] > 0
    luck = pairs.loc[("mixture", "Bass")]
    assert luck["low"] < 0 < luck["high"]


def test_one_clip_has_no_interval():
    row = summary(made({"cascade": np.ones(1)})).query("metric == 'sdr_db'").iloc[0]
    assert np.isnan(row["low"]) and np.isnan(row["high"]) and row["mean"] == 1.0


def test_clouds_of_a_better_system_lie_nearer(samples):
    seen: list[tuple[int, int]] = []
    done = evaluate_systems(
        contestants(samples), samples, [Levels()], QUICK, progress=lambda *at: seen.append(at)
    )
    found: Any = done.frechet
    assert seen == [(number, 5) for number in range(1, 6)]
    assert set(found["stem_class"]) == {"Vocals", "Bass"}
    assert (found["clips"] == 5).all() and (found["items"] == 10).all()
    totals = found.groupby("system")["total"].sum()
    assert totals["cascade"] < totals["stage_one"] < totals["mixture"] < totals["silence"]
    again = frechet_table(cases_of(contestants(samples), samples), Levels())
    pd.testing.assert_frame_equal(found, again)


def test_an_estimate_that_is_no_audio_stops_the_evaluation_and_is_named():
    broken = Case("k-1", "Bass", noise(1), {"cascade": noise(2) * np.float32("nan")}, RATE)
    with pytest.raises(AudioError, match="k-1 Bass cascade"):
        score([broken], QUICK)


def test_a_restorer_that_leaves_a_class_out_is_named(samples):
    said: dict[str, dict[str, Audio]] = {"stage_one": {}, "cascade": {}}
    lazy = SimpleNamespace(systems=tuple(said), restore=lambda *_: said)
    with pytest.raises(AudioError, match="wanted Vocals from stage_one"):
        list(cases_of([run_of(lazy)], samples))


def test_written_scores_come_back_and_leave_no_other_file(scores, tmp_path):
    write_scores(scores, tmp_path / "scores.parquet")
    back = pd.read_parquet(tmp_path / "scores.parquet")
    pd.testing.assert_frame_equal(back, scores, check_dtype=False)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]


@pytest.mark.stems
def test_on_real_stems_the_mixture_scores_above_noise_and_below_the_stem(real_stems):
    song = next(s for s in sorted(real_stems.iterdir()) if len(list(s.glob("*/*.flac"))) > 2)
    tracks = [read(path) for path in sorted(song.glob("*/*.flac"))]
    stems = [np.resize(resample(audio, rate, RATE)[:1], (1, 4 * RATE)) for audio, rate in tracks]
    stem = max(stems, key=lambda s: float(np.square(s).sum()))
    mixture = sum(stems[1:], stems[0])
    estimates = {"mixture": mixture, "unrelated": noise(0, 4)[:1], "itself": stem}
    found = score([Case("k", "Bass", stem, estimates, RATE)]).set_index("system")
    for metric in METRICS:
        sign = 1 if metric.endswith("_db") else -1
        order = sign * found.loc[["unrelated", "mixture", "itself"], metric]
        assert order.is_monotonic_increasing
