import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pyarrow import parquet

from wetdry.audio import STEM_CLASSES, read
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.restoring.restoration import Restorer
from wetdry.cascade.training.checkpoints import load_checkpoint
from wetdry.cascade.training.examples import Examples
from wetdry.cascade.training.fitting import fit
from wetdry.cascade.training.journal import Journal
from wetdry.cascade.training.loader import Batch, draw_batch
from wetdry.cascade.training.severities import severities_of
from wetdry.cascade.training.sounds import keep_sounds
from wetdry.cascade.training.training import train
from wetdry.cascade.training.validation import divide
from wetdry.errors import ShardError
from wetdry.seeds import stream

from .small_training import (
    HERE,
    RATE,
    SONGS,
    PowerCut,
    cache,
    configuration,
    data,
    log,
    manifest,
    sizes,
    write,
)

__all__ = ["cache", "data"]  # fixtures


def test_songs_that_choose_are_not_learnt_from(data):
    division = divide(data, 0, 0.25)
    (held,) = division.songs
    keys = [f"train-{i:08d}" for i in range(len(SONGS))]
    known = dict(zip(keys, SONGS, strict=True))
    assert all(held not in known[key] for key in division.training)
    assert all(known[key] == [held] for key in division.validation)
    assert divide(data, 0, 0.25) == division
    assert set(divide(data, 0, 0).training) == set(keys)


@pytest.mark.parametrize("split", ["validation", "valid"])
def test_a_split_of_its_own_chooses_where_there_is_one(tmp_path, split):
    rows = write(tmp_path, [["a"]]) + write(tmp_path, [["v"]], split)
    asked = configuration(steps=1, batch=1, validate_every=1)
    run = train(asked, manifest(tmp_path, rows), tmp_path / "run", device="cpu")
    about = json.loads((run / "run.json").read_text())
    assert about["validation"]["split"] == split
    assert about["songs"] == ["a", "v"]


def test_a_dataset_of_one_song_is_refused_with_the_cure(tmp_path):
    data = manifest(tmp_path, write(tmp_path, [["a"], ["a"]]))
    with pytest.raises(ShardError, match="validation_share: 0"):
        train(configuration(), data, tmp_path / "run")
    asked = configuration(steps=1, validation_share=0)
    run = train(asked, data, tmp_path / "run", device="cpu")
    assert not any("held_out_mmsnr_db" in line for line in log(run))


class Wanderer:
    """A stage whose one weight is its step, and that is best at step 3."""

    name = "stage_one"
    ranks = HERE

    def __init__(self, **changes: object) -> None:
        self.network = torch.nn.Linear(1, 1)
        self.budget = configuration(validate_every=1, **changes).stage_one
        self.at = torch.zeros(1)

    def train_step(self, step: int) -> dict[str, float]:
        self.at = torch.tensor([step + 1.0])
        return {"loss": 0.0}

    def average(self) -> dict[str, torch.Tensor]:
        return {"at": self.at}

    state = average

    def resume(self, tensors) -> None:
        self.at = tensors["at"]


class Judge:
    """A listener to whom every step from the third is worse."""

    def hear(self, stage: Wanderer, step: int, out: Path) -> dict[str, float]:
        return {"held_out_mmsnr_db": -abs(step - 3.0)}


def kept(folder: Path) -> list[float]:
    names = ("stage_one", "stage_one.last")
    return [float(load_checkpoint(folder / f"{n}.safetensors")[0]["at"]) for n in names]


@pytest.mark.parametrize(("keep", "wanted"), [("best", 3.0), ("last", 6.0)])
def test_a_stage_ends_when_its_patience_does_and_keeps_the_best(tmp_path, keep, wanted):
    fit(Wanderer(steps=50, patience=3, keep=keep), Judge(), tmp_path, lambda step, numbers: None)
    assert kept(tmp_path) == [wanted, 6.0]
    assert load_checkpoint(tmp_path / "stage_one.safetensors")[1]["step"] == wanted


def test_the_best_weights_and_the_patience_outlive_a_power_cut(tmp_path):
    def cut(step: int, numbers) -> None:
        if step == 5:
            raise PowerCut

    with pytest.raises(PowerCut):
        fit(Wanderer(steps=50, patience=3), Judge(), tmp_path, cut)
    fit(Wanderer(steps=50, patience=3), Judge(), tmp_path, lambda step, numbers: None)
    assert kept(tmp_path) == [3.0, 6.0]
    assert [line["step"] for line in log(tmp_path)] == [s for s in range(1, 7) for _ in (0, 1)]


def test_a_diary_forgets_what_is_about_to_be_said_again(tmp_path):
    journal = Journal(tmp_path)
    for stage, step in (("stage_one", 1), ("stage_one", 2), ("stage_two", 2)):
        journal.write(stage, step, {})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"stage": "sta')
    journal.rewind("stage_one", 1)
    assert [(x["stage"], x["step"]) for x in log(tmp_path)] == [("stage_one", 1), ("stage_two", 2)]


def test_a_curriculum_draws_what_its_weights_say_and_epochs_after_it(data, cache):
    keys = [item["key"] for item in cache.items]
    only = np.eye(len(keys))[2]
    drawn = draw_batch(cache, 0, "x", 7, 3, 4_000, weights=only)
    alone = draw_batch(cache.of({keys[2]}), 0, "x", 7, 3, 4_000)
    assert torch.equal(drawn.dry, alone.dry)
    budget = configuration(curriculum={"begin": 0.0, "steps": 100}).stage_one
    examples = Examples("x", 0, RATE, budget, cache, severities_of(data, keys))
    for step, in_epochs in ((0, False), (100, True)):
        plain = draw_batch(cache, 0, "x", step, 4, 8_000)
        assert torch.equal(examples.draw(step, 0).batch.dry, plain.dry) == in_epochs


def test_a_manifest_of_one_severity_is_refused(tmp_path, data):
    rows = [
        {**row, "severity": None}
        for row in parquet.read_table(data / "manifest.parquet").to_pylist()
    ]
    for severity in (None, 0.5):
        folder = manifest(tmp_path, [{**row, "severity": severity} for row in rows])
        with pytest.raises(ShardError, match="wanted samples of several severities"):
            severities_of(folder, [str(row["key"]) for row in rows])


def test_sounds_of_a_long_run_stay_few_and_are_what_was_heard(tmp_path):
    tone = 0.1 * torch.sin(torch.arange(RATE) * 0.1)
    dry = torch.zeros(2, 8, RATE)
    dry[:, 4] = tone
    held_out = Batch(dry.sum(1, keepdim=True), dry, dry)
    for step in range(100, 5_100, 100):
        keep_sounds(0.5 * dry.numpy(), held_out, RATE, tmp_path, step, 1)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names[-1] == "targets"
    assert [int(n) for n in names[:-1]] == [100, 200, 400, 800, 1600, 3200, 5000]
    heard, rate = read(tmp_path / "00005000" / "0.bass.flac")
    assert rate == RATE
    assert np.allclose(heard[0], 0.5 * tone, atol=1e-4)
    assert sorted(p.name for p in (tmp_path / "targets").iterdir()) == [
        "0.bass.flac",
        "0.mixture.flac",
    ]


def test_a_second_stage_of_no_steps_adds_nothing(data, tmp_path):
    asked = sizes(steps=1, validate_every=1)
    asked["stage_two"] = {**asked["stage_two"], "steps": 0}
    run = train(TrainConfiguration.model_validate(asked), data, tmp_path / "run", device="cpu")
    restored = Restorer.load(run, "cpu").restore(stream(0).random((1, 8_000), np.float32), RATE)
    for name in STEM_CLASSES:
        assert np.array_equal(restored["cascade"][name], restored["stage_one"][name])
