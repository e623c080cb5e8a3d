"""Training on the fly: what is heard where follows from the address, whoever renders it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from wetdry.cascade import OnTheFly
from wetdry.cascade.training.journal import set_aside_of
from wetdry.cascade.training.loader import excerpts_of, prepare
from wetdry.cascade.training.on_the_fly import Flow
from wetdry.cascade.training.training import train
from wetdry.cascade.training.wanted import ELSEWHERE, EXCERPTS, Wanted, slot_of
from wetdry.datasets import Order, beyond, fresh, generate, parse_splits, read
from wetdry.errors import AudioError, CatalogError, CheckpointError, UsageError
from wetdry.mixing import Session
from wetdry.mixing.recipes import parse_recipe

from .small_training import HERE, PowerCut, configuration, log, weights
from .test_cli import wetdry

RATE = 22_050
RECIPE = """
sample_rate: 22050
seconds: 0.75
lead_in_s: 0.1
severity: [0, 1]
songs: {coherent: 1, stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: 3}, probability: 0.5}]}
"""
SMALL = {"sample_rate": RATE, "validation_share": 0.4, "validation_sounds": 0, "batch": 3}


def sizes(**changes):
    return configuration(**{**SMALL, **changes})


@pytest.fixture(scope="module")
def data(catalog, stems, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("fresh") / "set"
    splits = parse_splits(["train=alder,birch", "test=cedar"])
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    generate(Order(recipe, 12, seed=3, splits=splits), catalog, stems, out)
    return out


@pytest.fixture(scope="module")
def on_the_fly(catalog, stems):
    return OnTheFly(stems, catalog, workers=0)


@pytest.fixture(scope="module")
def run(data, on_the_fly, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    return train(sizes(), data, out, fresh=on_the_fly, device="cpu")


@pytest.fixture
def flow(data, on_the_fly, tmp_path):
    def opened(size=None, held_out=(), begin=on_the_fly, ranks=HERE) -> Flow:
        size = size or sizes()
        return Flow(begin.open(data, size), held_out, size, ranks, None, tmp_path)

    return opened


def test_a_dataset_goes_on_where_its_shards_end(data, catalog, stems):
    stored = read(data, split="train", fields=("mixture", "dry"))
    endless = beyond(data, catalog, stems, "train")
    for index, key in enumerate(stored.keys):
        found = endless[index]
        assert found["key"] == key
        assert np.array_equal(found["mixture"], stored[index]["mixture"])
        assert all(np.array_equal(found["dry"][n], x) for n, x in stored[index]["dry"].items())
    larger = fresh(replace(endless.order, samples=200), catalog, stems, "train")
    assert endless.plan_row(len(stored) + 50) == larger.plan_row(len(stored) + 50)


def test_an_excerpt_is_the_one_that_the_shards_would_give(data, flow, tmp_path):
    cache = prepare(data, "train", RATE, tmp_path / "train")
    rendered = flow()
    for step in range(6):
        places = [p for p in range(3) if slot_of(step, p, 3) < len(cache.items)]
        wanted = [(place, cache, slot_of(step, place, 3)) for place in places]
        found = list(rendered.of(step, range(3)))
        by_place = [entry for entry in found if entry[0] in places]
        stored, made = (excerpts_of(x, 0, "stage_one", step, 9000) for x in (wanted, by_place))
        assert torch.equal(stored.mixture, made.mixture) and torch.equal(stored.dry, made.dry)


def test_each_sample_is_heard_in_neighbouring_steps_and_then_never_again():
    heard: dict[int, list[int]] = {}
    for step in range(40):
        for place in range(6):
            heard.setdefault(slot_of(step, place, 6), []).append(step)
    assert {*range(60 - EXCERPTS * 2)} <= {*heard}
    for slot, steps in heard.items():
        assert steps == list(range(steps[0], steps[0] + len(steps)))
        if slot >= 6 and steps[-1] < 39:
            assert len(steps) == EXCERPTS


@pytest.mark.parametrize("begin", [0, 1, 2, 3, 7])
def test_what_is_rendered_next_is_what_is_wanted_next(begin):
    for places in [(0, 1, 2, 3, 4), (1, 4), (3,)]:
        wanted = Wanted(None, frozenset(), None, 0, 5, places, begin)
        held: dict[int, int] = {}
        turn = 0
        for step in range(begin, begin + 12):
            for place in places:
                if held.get(place) != slot_of(step, place, 5):
                    assert wanted.address(turn) == (step, place)
                    held[place], turn = slot_of(step, place, 5), turn + 1


def test_songs_that_choose_the_weights_are_never_learnt_from(flow):
    rendered = flow(held_out=["alder"]).wanted
    indices = [next(rendered._fitting(slot)) for slot in range(40)]
    rows = [rendered.samples.plan_row(index)["session"] for index in indices]
    assert {t.song for row in rows for t in Session.from_row(row).tracks} == {"birch"}
    own = [i for i in range(40) if indices[i] == i]
    assert 5 < len(own) < 35  # the others are replaced by samples of no dataset
    assert all(i % ELSEWHERE == slot for slot, i in enumerate(indices))


def test_severity_rises_before_anything_is_rendered(flow):
    rendered = flow(sizes(curriculum={"begin": 0.2, "steps": 40})).wanted
    severity = [
        Session.from_row(rendered.samples.plan_row(next(rendered._fitting(s)))["session"]).severity
        for s in range(90)
    ]
    assert max(severity[:9]) < 0.6 and max(severity[30:]) > 0.8
    assert [next(rendered._fitting(slot)) for slot in range(30, 90)] == list(range(30, 90))


@pytest.mark.parametrize("stop", [2, 3])
def test_an_interrupted_run_ends_with_the_same_weights(stop, data, run, on_the_fly, tmp_path):
    def power_cut(done: int, total: int) -> None:
        if done == stop:
            raise PowerCut

    out = tmp_path / "run"
    with pytest.raises(PowerCut):
        train(sizes(), data, out, fresh=on_the_fly, device="cpu", progress=power_cut)
    train(sizes(), data, out, fresh=on_the_fly, device="cpu")
    wanted, found = weights(run), weights(out)
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)
    assert log(out) == log(run)


def test_the_command_ends_with_the_same_weights_however_many_render(data, stems, run, tmp_path):
    (tmp_path / "small.yaml").write_text(sizes().model_dump_json())
    words = ("train", tmp_path / "small.yaml", "--data", data, "--out", tmp_path / "run")
    status, _, told = wetdry(*words, "--workers", 2)
    assert status == 2 and "wanted --fresh STEMS" in told
    assert wetdry(*words, "--fresh", stems, "--workers", 2, "--device", "cpu")[0] == 0
    wanted, found = weights(run), weights(tmp_path / "run")
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_each_of_several_processes_renders_what_it_learns_from_alone(flow):
    whole = flow()
    own = [flow(sizes(parts=3, pairs=9), ranks=replace(HERE, rank=r, world=3)) for r in range(3)]
    for step in range(5):
        wanted = list(whole.of(step, range(3)))
        found = [entry for place, one in enumerate(own) for entry in one.of(step, [place])]
        assert all(np.array_equal(a[1].pcm, b[1].pcm) for a, b in zip(wanted, found, strict=True))


def test_a_run_says_that_it_learnt_fresh_and_other_runs_are_refused(data, run, tmp_path):
    about = json.loads((run / "run.json").read_text())
    record = json.loads((data / "dataset.json").read_text())
    assert about["fresh"] == {
        "split": "train",
        "stems_sha256": record["stems_sha256"],
        "excerpts_per_sample": EXCERPTS,
    }
    assert about["songs"] == ["alder", "birch"] and about["held_out"] == ["cedar"]
    with pytest.raises(CheckpointError, match=r"fresh was \{.*\}, is now None"):
        train(sizes(), data, run, device="cpu")


def test_other_stems_are_refused(data, catalog, stems, on_the_fly, tmp_path):
    other = OnTheFly(stems, catalog[catalog["song"] != "cedar"])
    with pytest.raises(CatalogError, match=r"wanted the stems that .* was made from"):
        train(sizes(), data, tmp_path / "run", fresh=other, device="cpu")
    shutil.copytree(data, tmp_path / "by_hand")
    record = json.loads((data / "dataset.json").read_text()) | {"plan_sha256": "0"}
    (tmp_path / "by_hand" / "dataset.json").write_text(json.dumps(record))
    with pytest.raises(UsageError, match="a plan made by hand"):
        beyond(tmp_path / "by_hand", catalog, stems, "train")


def test_what_cannot_be_rendered_is_passed_over_and_told(data, catalog, stems, flow, tmp_path):
    shutil.copytree(stems, tmp_path / "stems")
    (tmp_path / "stems" / "alder" / "Bass" / "take.flac").unlink()
    rendered = flow(begin=OnTheFly(tmp_path / "stems", catalog, workers=0))
    keys = [cache.items[0]["key"] for _, cache, _ in rendered.of(0, range(3))]
    keys += [cache.items[0]["key"] for s in range(1, 9) for _, cache, _ in rendered.of(s, range(3))]
    told = {entry["what"]: entry["reason"] for entry in set_aside_of(tmp_path)}
    assert told and not {*told} & {*keys}
    assert all("Bass/take.flac" in reason for reason in told.values())
    shutil.rmtree(tmp_path / "stems" / "birch")
    shutil.rmtree(tmp_path / "stems" / "alder")
    nothing = flow(begin=OnTheFly(tmp_path / "stems", catalog, workers=0))
    with pytest.raises(AudioError, match="train sample 0 and 7 in its place cannot be rendered"):
        list(nothing.of(0, range(3)))


def test_effects_are_told_of_fresh_samples_too(data, on_the_fly, tmp_path):
    size = sizes(seed=1).model_dump()
    size["stage_one"]["effects"] = "told"
    told = type(sizes()).model_validate(size)
    out = train(told, data, tmp_path / "run", fresh=on_the_fly, device="cpu")
    assert json.loads((out / "run.json").read_text())["effects"]["own"] == ["dynamics"]
