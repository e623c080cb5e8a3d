"""Judging: tests with known answers, folders as they are, baselines that know the truth."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import judge, load_configuration, paired_tests, summary
from wetdry.cascade.judging.baselines import complex_mask, ratio_mask
from wetdry.cascade.judging.circumstances import groups_of
from wetdry.cascade.judging.summary import grouped_summary
from wetdry.cascade.metrics.fidelity import METRICS, sdr_db
from wetdry.cascade.reports.run import write_run_report
from wetdry.cli import app
from wetdry.datasets import Order, generate, parse_splits
from wetdry.errors import AudioError, CheckpointError, UsageError
from wetdry.mixing import load_recipe

RATE = 24_000
QUICK = ["si_sdr_db", "sdr_db", "loudness_error_lu"]


def noise(seed, channels=2, seconds=0.5):
    shape = (channels, int(seconds * RATE))
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype("f4")


def table(values, songs=None):
    """Scores of systems on the bass of some clips."""
    rows = [
        {"system": s, "stem_class": "Bass", "key": f"k{n}", "sdr_db": v, "skipped": None}
        | ({"song": songs[n]} if songs else {})
        for s, numbers in values.items()
        for n, v in enumerate(numbers)
    ]
    return pd.DataFrame(rows)


def line(found: Any, **chosen):
    for name, value in chosen.items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_ten_copies_of_each_song_make_the_interval_no_narrower():
    values = np.random.default_rng(0).standard_normal(20)
    once = line(summary(table({"cascade": values})), stem_class="Bass", metric="sdr_db")
    songs = [f"song {n // 10}" for n in range(200)]
    copied = table({"cascade": np.repeat(values, 10)}, songs)
    again = line(summary(copied), stem_class="Bass", metric="sdr_db")
    naive = line(summary(copied.drop(columns="song")), stem_class="Bass", metric="sdr_db")
    assert (again["count"], again["clusters"]) == (200, 20)
    assert again["high"] - again["low"] == pytest.approx(once["high"] - once["low"], rel=0.1)
    assert naive["high"] - naive["low"] < 0.5 * (again["high"] - again["low"])


def test_the_sign_flip_test_is_exact_for_few_clusters():
    gains = np.array([1.0, 2.0, 3.0, 4.0])
    found = line(paired_tests(table({"mixture": 0 * gains, "cascade": gains})), stem_class="Bass")
    assert found["p"] == 2 / 16  # all signs as they are, or all turned
    one_down = table({"mixture": 0 * gains, "cascade": gains * [-1, 1, 1, 1]})
    assert line(paired_tests(one_down), stem_class="Bass")["p"] == 4 / 16


def test_of_differences_that_are_luck_one_in_twenty_is_below_five_percent():
    rng = np.random.default_rng(1)
    chances = [
        line(paired_tests(table({"mixture": np.zeros(12), "cascade": rng.standard_normal(12)})),
             stem_class="Bass")["p"]
        for _ in range(60)
    ]  # fmt: skip
    assert np.mean(np.array(chances) < 0.05) < 0.15
    assert 0.3 < np.mean(chances) < 0.7


def test_songs_do_not_count_once_for_each_of_their_clips_in_a_test():
    gains = np.repeat([1.0, 1.2, 0.9], 20)
    scores = table({"mixture": 0 * gains, "cascade": gains}, [f"s{n // 20}" for n in range(60)])
    assert line(paired_tests(scores), stem_class="Bass")["p"] == 2 / 8


def test_groups_are_media_labels_and_ranges_and_all_hear_the_same_means():
    scores = table({"cascade": [1.0, 2.0, 3.0, 4.0]}).assign(
        medium=["DT10", "DT2", "DT2", "DT10"], severity=[0.0, 0.25, 0.6, 1.0],
        labels=["dynamics,space", "space", "nothing", "nothing,mix codec"],
    )  # fmt: skip
    groups = [(by, group, int(chosen.sum())) for by, group, chosen in groups_of(scores)]
    assert groups == [
        ("medium", "DT2", 2), ("medium", "DT10", 2), ("label", "dynamics", 1),
        ("label", "mix codec", 1), ("label", "nothing", 2), ("label", "space", 2),
        ("severity", "0 to 0.25", 2), ("severity", "0.5 to 0.75", 1), ("severity", "0.75 to 1", 1),
    ]  # fmt: skip
    found = grouped_summary(scores)
    assert line(found, by="medium", group="DT2", stem_class="Bass")["mean"] == 2.5
    assert line(found, by="label", group="space", stem_class="Bass")["mean"] == 1.5


def test_masks_that_know_the_answer_bound_what_taking_away_reaches():
    target, rest = noise(0), noise(1)
    mixture = target + rest
    by_mask = [
        sdr_db(target, mask(mixture, target, RATE), RATE) for mask in (ratio_mask, complex_mask)
    ]
    assert sdr_db(target, mixture, RATE) == pytest.approx(0, abs=0.2)
    assert 2 < by_mask[0] < by_mask[1]
    low = 0.5 * target  # nowhere louder than the mixture: the complex mask gives it back
    assert sdr_db(low, complex_mask(target, low, RATE), RATE) > 90
    twice = complex_mask(target, 2 * target, RATE)  # louder: not a bit is raised
    np.testing.assert_allclose(twice, target, atol=1e-5)


@pytest.fixture
def bench(tmp_path):
    """A folder like MSRBench, and the outputs of two systems, one of which restores bass only."""
    for place, stem_class in enumerate(("Bass", "Vocals")):
        for clip in range(3):
            target = noise([place, clip])
            write(tmp_path / "bench" / stem_class / "target" / f"{clip}.flac", target)
            for k in (0, 5):
                mixture = target + 0.5 * noise([9, place, clip, k])
                name = f"{clip}_DT{k}.flac"
                write(tmp_path / "bench" / stem_class / "mixture" / name, mixture)
                near = target + 0.05 * noise([8, place, clip, k])
                write(tmp_path / "good" / stem_class / name, near)
                if stem_class == "Bass":
                    write(tmp_path / "fair" / "bass" / name, 0.5 * (mixture + near))
    return tmp_path


def write(path, audio):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio.T, RATE)


def judged(folder, **asked):
    systems = {name: folder / name for name in asked.pop("systems", ("good", "fair"))}
    return judge(folder / "out", reference=folder / "bench", estimates=systems, metrics=QUICK,
                 **asked)  # fmt: skip


def test_published_outputs_are_scored_in_the_layout_that_they_have(bench):
    found = judged(bench)
    assert set(found.scores["medium"]) == {"DT0", "DT5"}
    everything = found.table[(found.table["by"] == "all") & (found.table["metric"] == "si_sdr_db")]
    means: Any = everything.pivot(index="stem_class", columns="system", values="mean")
    assert means.loc["Bass", "good"] > means.loc["Bass", "fair"] + 3
    assert means.loc["Bass", "fair"] > means.loc["Bass", "mixture"] + 3
    assert np.isnan(means.loc["Vocals", "fair"])
    row = line(everything, system="good", stem_class="Bass")
    assert (row["count"], row["clusters"]) == (6, 3)  # both media of a clip hang together
    assert found.skipped.empty
    pair = line(found.paired, system="fair", against="good", stem_class="Bass", metric="si_sdr_db")
    assert pair["high"] < 0 and pair["p"] == 2 / 8
    assert "3 songs or clips" in found.remark
    for name in ("scores.parquet", "table.csv", "paired.csv", "skipped.csv"):
        assert (bench / "out" / name).is_file()


def test_the_challenges_submission_layout_needs_no_mixture(tmp_path):
    for clip in range(2):
        write(tmp_path / "bench" / "percussion" / f"clip_{clip:04}.wav", noise(clip, 1))
        write(tmp_path / "good" / "percussion" / f"clip_{clip:04}.wav", noise(clip, 1))
    found = judged(tmp_path, systems=["good"])
    assert set(found.scores["system"]) == {"silence", "good"}
    own = found.scores[found.scores["system"] == "good"]
    assert set(own["stem_class"]) == {"Percussions"} and (own["sdr_db"] > 80).all()
    assert "medium" not in own


def test_a_clip_that_one_system_lacks_is_left_out_for_all_and_listed(bench):
    (bench / "good" / "Bass" / "1_DT5.flac").unlink()
    write(bench / "fair" / "bass" / "7_DT0.flac", noise(7))
    write(bench / "fair" / "stray.flac", noise(7))
    found = judged(bench)
    counts = found.scores.groupby(["system", "stem_class"]).size()
    assert counts["good", "Bass"] == counts["fair", "Bass"] == counts["mixture", "Bass"] == 5
    reasons = {(r["system"], r["key"]): r["reason"] for r in found.skipped.to_dict("records")}
    assert reasons == {
        ("good", "1_DT5"): "no estimate; out for all systems",
        ("fair", "7_DT0"): "has no target of that name",
        ("fair", "stray.flac"): "is in no folder of a class",
    }


@pytest.mark.parametrize(
    ("audio", "rate", "said"),
    [
        (noise(0, 2, 0.4), RATE, "9600 samples"),
        (noise(0, 1), RATE, "1 channels"),
        (noise(0), 22_050, "at 22050 Hz"),
    ],
)
def test_another_length_rate_or_width_is_refused_before_anything_is_scored(
    bench, audio, rate, said
):
    soundfile.write(bench / "good" / "Vocals" / "2_DT5.flac", audio.T, rate)
    with pytest.raises(AudioError, match=said):
        judged(bench)
    assert not (bench / "out").exists()


def test_questions_that_contradict_themselves_are_refused(bench):
    with pytest.raises(UsageError, match="--data or --reference"):
        judge(bench / "out")
    with pytest.raises(UsageError, match="none of"):
        judge(bench / "out", reference=bench / "bench", estimates={"cascade": bench / "good"})
    with pytest.raises(UsageError, match="--baseline"):
        judged(bench, baselines=["oracle_inversion"])
    (bench / "none").mkdir()
    with pytest.raises(UsageError, match="found none"):
        judged(bench, systems=["none"])


def test_the_command_prints_the_table_and_tells_by_its_status_what_is_missing(bench):
    options = {"reference": bench / "bench", "out": bench / "out", "metric": "si_sdr_db",
               "estimates": f"good={bench / 'good'}", "workers": 1}  # fmt: skip
    asked = ["evaluate", *(str(word) for k, v in options.items() for word in (f"--{k}", v))]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "oracle_complex_mask" in done.output and "paired on the same stems" in done.output
    (bench / "good" / "Bass" / "1_DT5.flac").unlink()
    assert CliRunner().invoke(app, asked).exit_code == 3


RECIPE = """
sample_rate: 16000
seconds: 1.5
songs: {coherent: 1, stems: [2, 3]}
stems:
  all:
    - bell: {centre_hz: [300, 3000], gain_db: [6, 12]}
    - compressor: {threshold_db: [-40, -30], ratio: [3, 6]}
  Drums:
    - hard_clip: {ceiling_db: [-20, -14]}
medium:
  - one_of: [{mp3: {bitrate_kbps: 64}}, none]
"""


@pytest.fixture(scope="module")
def data(stems, catalog, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    (folder / "recipe.yaml").write_text(RECIPE)
    recipe = load_recipe(folder / "recipe.yaml")
    generate(
        Order(recipe, 6, 0, parse_splits(["test=1"])), catalog, stems, folder / "data", workers=1
    )
    return folder / "data"


@pytest.fixture(scope="module")
def on_data(data):
    return judge(data.parent / "out", data=data, metrics=QUICK)


def test_who_knows_filters_and_gain_curves_brings_the_dry_stem_back(on_data):
    own = on_data.scores[on_data.scores["system"] == "oracle_inversion"]
    own = own[own["skipped"].isna()]
    exact = own[~own["labels"].str.contains("distortion")]
    assert len(exact) > 3 and (exact["sdr_db"] > 60).all()  # the reference has 16 bits
    assert exact["loudness_error_lu"].max() < 0.01
    clipped = own[own["labels"].str.contains("distortion")]
    assert len(clipped) and (clipped["sdr_db"] < 40).all()
    mixture: Any = on_data.scores.query("system == 'mixture'").set_index(["key", "stem_class"])
    gains = own.set_index(["key", "stem_class"])["sdr_db"] - mixture["sdr_db"]
    assert gains.dropna().min() > 0


def test_what_the_manifest_knows_stands_beside_the_scores(on_data, data):
    scores = on_data.scores
    assert set(scores["song"]) <= {"alder", "birch", "cedar"}
    assert set(scores["medium"]) == {"mp3", "none"}
    assert set(on_data.table["by"]) >= {"all", "medium", "label"}
    assert set(on_data.skipped["reason"]) == {"silent reference"}
    manifest = pd.read_parquet(data / "manifest.parquet")
    assert len(scores) == 5 * len(manifest) * len(STEM_CLASSES)


def test_estimates_of_a_dataset_stand_beside_baselines(data, tmp_path):
    from wetdry.datasets import read

    for sample in read(data, fields=("dry",)):
        for name, dry in sample["dry"].items():
            path = tmp_path / sample["key"] / f"{name.lower()}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, dry.T, sample["sample_rate"])
    found = judge(tmp_path / "out", data=data, estimates={"perfect": tmp_path}, limit=2,
                  baselines=["mixture"], metrics=["sdr_db"])  # fmt: skip
    own = found.scores[found.scores["skipped"].isna() & (found.scores["system"] == "perfect")]
    assert own["key"].nunique() == 2 and (own["sdr_db"] > 80).all()
    assert set(found.skipped["reason"]) == {"silent reference"}


def test_a_run_is_not_judged_on_songs_that_it_heard(data, tmp_path):
    configuration = load_configuration("demo").model_dump(mode="json")
    record = {"version": 1, "songs": ["alder", "dogwood"], "configuration": configuration}
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(CheckpointError, match="such as alder"):
        judge(tmp_path / "out", data=data, run=tmp_path)


def test_the_report_of_scores_shows_groups_and_tests(on_data, data):
    text = write_run_report(data.parent / "out", data.parent / "report.html").read_text("utf-8")
    for said in ("By medium", "By label", "sign-flip", "oracle inversion", "mix codec"):
        assert said in text
    assert not re.search(r"\bnan\b", text)


def test_every_metric_stands_in_the_table_or_nowhere(on_data):
    assert set(on_data.table["metric"]) >= set(QUICK)
    assert not set(on_data.table["metric"]) & (set(METRICS) - set(QUICK))
    assert not set(on_data.scores) & (set(METRICS) - set(QUICK))
