"""Feeds: one sequence of batches, whatever workers, ranks and interruptions there are."""

import json
import os
import shutil
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

from wetdry.audio import STEM_CLASSES
from wetdry.cascade import EasyFirst, Feed, Playlist
from wetdry.datasets import Order, generate, parse_splits, read, write_outputs
from wetdry.errors import AudioError, ShardError, UsageError
from wetdry.mixing.recipes import parse_recipe
from wetdry.seeds import stream

RECIPE = """
sample_rate: 22050
seconds: 1
songs: {stems: [2, 4], active: {above_dbfs: -60, share: 0.1}}
levels: {all: {pan: [-0.5, 0.5]}}
taps: [wet, premaster]
"""
SAMPLES = 11


@pytest.fixture(scope="module")
def dataset(catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("feed") / "set"
    recipe = parse_recipe(RECIPE, "small.yaml", Path(), {})
    order = Order(recipe, SAMPLES, splits=parse_splits(["train=1"]), shard_samples=4)
    generate(order, catalog, stems, out)
    return out


@pytest.fixture(scope="module")
def reader(dataset):
    return read(dataset)


def said(batch):
    """Return what tells batches apart: keys, and the sum of what is heard."""
    return batch["key"], float(batch["mixture"].double().sum())


def flat(batches):
    return [key for batch in batches for key in batch["key"]]


def test_a_batch_holds_tensors_of_what_a_reader_gives(dataset):
    fields = ("mixture", "dry", "wet", "taps", "row", "vocals.dry")
    stored = read(dataset, fields=fields)
    batch = next(iter(Feed(stored, Playlist(SAMPLES, shuffle=False), batch=3)))
    assert batch["key"] == stored.keys[:3] and batch["sample_rate"] == [22_050] * 3
    assert batch["mixture"].shape == (3, 2, 22_050)
    assert batch["wet"].shape == batch["dry"].shape == (3, 8, 2, 22_050)
    for number in range(3):
        sample = stored[number]
        assert batch["row"][number] == sample["row"]
        assert np.array_equal(batch["mixture"][number], sample["mixture"])
        assert np.array_equal(batch["taps"]["premaster"][number], sample["taps"]["premaster"])
        assert np.array_equal(batch["vocals.dry"][number], sample["vocals.dry"])
        for place, name in enumerate(STEM_CLASSES):
            assert np.array_equal(batch["dry"][number, place], sample["dry"][name])


def test_every_sample_comes_once_an_epoch_and_batches_are_full(reader):
    feed = Feed(reader, batch=4, epochs=4)
    batches = list(feed)
    assert [len(batch["key"]) for batch in batches] == [4] * 11
    keys = flat(batches)
    assert all(sorted(keys[i : i + SAMPLES]) == reader.keys for i in range(0, 44, SAMPLES))


def test_excerpts_are_where_seed_epoch_and_place_say(reader):
    feed = Feed(reader, Playlist(SAMPLES, seed=7), batch=5, epochs=2, seconds=0.25)
    frames = round(0.25 * 22_050)
    for position, (key, mixture) in enumerate(
        pair for batch in feed for pair in zip(batch["key"], batch["mixture"], strict=True)
    ):
        rng = stream(7, "excerpt", *divmod(position, SAMPLES))
        start = int(rng.integers(22_050 - frames + 1))
        assert np.array_equal(mixture, reader.excerpt(key, start, frames)["mixture"])


def test_a_feed_goes_on_with_other_workers_batches_and_ranks(reader):
    whole = [said(batch) for batch in Feed(reader, batch=2, epochs=3, seconds=0.5)]
    keys = [key for batch, _ in whole for key in batch]
    first = Feed(reader, batch=2, epochs=3, seconds=0.5, workers=2)
    given = iter(first)
    begun = [said(next(given)) for _ in range(4)]
    state = json.loads(json.dumps(first.state_dict()))
    assert begun == whole[:4]
    assert (state["epoch"], state["samples"]) == (0, 8)  # not what workers have read ahead
    assert [said(batch) for batch in first] == whole[4:]  # the same workers, from there on
    later = Feed(reader, batch=3, epochs=3, seconds=0.5)
    later.load_state_dict(state)
    assert flat(later) == keys[8:]
    ranks = [Feed(reader, batch=2, epochs=3, seconds=0.5, rank=r, ranks=3) for r in range(3)]
    for one in ranks:
        one.load_state_dict(state)
    turns = [flat(turn) for turn in zip_longest(*ranks, fillvalue={"key": []})]
    assert [sorted(turn) for turn in turns] == [sorted(keys[i : i + 6]) for i in range(8, 33, 6)]
    assert all(one.state_dict() == later.state_dict() for one in ranks)


def _rank(rank, dataset, rendezvous, out):
    """Take three batches, note the place; each rank with another number of workers."""
    store = f"file://{rendezvous}"
    distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    feed = Feed(read(dataset, fields="mixture"), batch=2, workers=rank)
    given = iter(feed)
    keys = flat(next(given) for _ in range(3))
    total = torch.tensor(len(keys))
    distributed.all_reduce(total)
    about = {"keys": keys, "state": feed.state_dict(), "total": int(total)}
    Path(out, f"{rank}.json").write_text(json.dumps(about))
    distributed.destroy_process_group()


def test_two_ranks_share_an_epoch_and_one_goes_on_alone(dataset, reader, tmp_path):
    arguments = (str(dataset), str(tmp_path / "rendezvous"), str(tmp_path))
    spawn(_rank, arguments, nprocs=2)
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    assert ranks[0]["state"] == ranks[1]["state"] and ranks[0]["total"] == 12
    alone = flat(Feed(reader, batch=1, epochs=2))
    assert [
        key for pair in zip(*(rank["keys"] for rank in ranks), strict=True) for key in pair
    ] == (alone[:12])
    feed = Feed(reader, batch=3, epochs=2)
    feed.load_state_dict(ranks[0]["state"])
    assert flat(feed) == alone[12:]


def test_with_so_many_epochs_ranks_have_every_sample_once(reader):
    ranks = [flat(Feed(reader, batch=2, epochs=1, rank=r, ranks=4)) for r in range(4)]
    assert [len(own) for own in ranks] == [3, 3, 3, 2]
    assert sorted(chain(*ranks)) == reader.keys


def test_workers_have_one_thread_and_torchs_random_numbers_are_left_alone(reader, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)
    batch = next(iter(Feed(_Telling(reader), batch=1, workers=1)))
    assert batch["threads"] == ["1"]
    assert torch.equal(torch.rand(3), wanted)


class _Telling:
    """A source that says what its process was told of threads."""

    def __init__(self, reader):
        self.reader = reader

    def __len__(self):
        return len(self.reader)

    def __getitem__(self, index):
        return self.reader[index] | {"threads": os.environ["OMP_NUM_THREADS"]}

    def length(self, index):
        return self.reader.length(index)

    def excerpt(self, index, start, frames):
        return self.reader.excerpt(index, start, frames)


def test_weights_are_gone_on_with_too(reader):
    weights = EasyFirst(np.arange(SAMPLES), epochs=2, begin=0.4)

    def feed():
        return Feed(reader, Playlist(SAMPLES, weights=weights), batch=3, epochs=3)

    keys = flat(feed())
    assert set(keys[:SAMPLES]) == {*reader.keys[:5]} and sorted(keys[-SAMPLES:]) == reader.keys
    first, second = feed(), feed()
    given = iter(first)
    for _ in range(5):
        next(given)
    second.load_state_dict(first.state_dict())
    assert flat(second) == keys[15:]


def test_outputs_of_a_model_come_by_class(dataset, reader):
    voices = ((key, {"Vocals": reader[key]["mixture"] / 2}) for key in reader.keys)
    write_outputs(dataset, "halves", voices)
    with_outputs = read(dataset, fields=["mixture", "outputs.halves"])
    batch = next(iter(Feed(with_outputs, batch=2, seconds=0.1)))
    assert torch.equal(batch["outputs.halves"]["Vocals"] * 2, batch["mixture"])


def test_an_iterator_that_was_left_says_so(reader):
    feed = Feed(reader, batch=2)
    left = iter(feed)
    next(left)
    next(iter(feed))
    with pytest.raises(UsageError, match="this iterator was left"):
        next(left)
    given = iter(feed)
    next(given)
    feed.load_state_dict(feed.state_dict())
    with pytest.raises(UsageError, match="this iterator was left"):
        next(given)


def test_the_end_is_the_end_until_the_feed_is_moved(reader):
    feed = Feed(reader, batch=4, epochs=1)
    start = feed.state_dict()
    keys = flat(feed)
    assert flat(feed) == []
    feed.load_state_dict(start)
    assert flat(feed) == keys


def test_a_state_of_something_else_is_refused(reader):
    feed = Feed(reader, batch=2)
    with pytest.raises(UsageError, match="seed 0, found 3"):
        feed.load_state_dict(Feed(reader, Playlist(SAMPLES, 3), batch=2).state_dict())
    with pytest.raises(UsageError, match="count 11, found 12"):
        feed.load_state_dict(feed.state_dict() | {"count": 12})
    with pytest.raises(UsageError, match=r"wanted a state of state_dict"):
        feed.load_state_dict({"epoch": 3})


def test_a_damaged_shard_ends_the_feed(dataset, tmp_path):
    shutil.copytree(dataset, tmp_path / "set")
    shard = tmp_path / "set" / "data" / "train-000000.tar"
    shard.write_bytes(bytes(shard.stat().st_size))
    with pytest.raises((ShardError, AudioError), match=r"train-000000\.tar"):
        list(Feed(read(tmp_path / "set"), batch=2, epochs=1))


@pytest.mark.parametrize(
    "arguments",
    [
        {"batch": 0},
        {"epochs": 0},
        {"seconds": 1.5},
        {"seconds": 0.0},
        {"rank": 1},
        {"rank": 2, "ranks": 2},
        {"playlist": Playlist(5)},
        {"playlist": Playlist(None)},
    ],
)
def test_contradictions_are_refused(arguments, reader):
    with pytest.raises(UsageError, match="feed: wanted"):
        Feed(reader, **{"batch": 2, **arguments})
