"""Playlists and curricula: which sample comes when, from the seed alone."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from wetdry.cascade import EasyFirst, Playlist, hardness
from wetdry.datasets import Order, generate, read
from wetdry.errors import UsageError
from wetdry.mixing.recipes import parse_recipe

RECIPE = """
sample_rate: 22050
seconds: 1
songs: {stems: [1, 2], active: {above_dbfs: -60, share: 0.1}}
stems:
  all:
    - hard_clip: {ceiling_db: -12}
    - compressor: {threshold_db: -30, ratio: 4}
    - bell: {centre_hz: 900, gain_db: 12}
    - low_shelf: {cutoff_hz: 200, gain_db: 6}
      keep: true
master: [{saturation: {drive_db: 24}}]
"""


def indices(playlist, positions):
    return [playlist.at(position).sample for position in positions]


def test_every_sample_comes_once_in_every_epoch_and_epochs_differ():
    playlist = Playlist(100, seed=3)
    epochs = [indices(playlist, range(100 * e, 100 * e + 100)) for e in range(3)]
    assert all(sorted(epoch) == list(range(100)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs[0] != indices(Playlist(100, seed=4), range(100))


@pytest.mark.parametrize("weights", [None, np.arange(50.0), lambda epoch: np.arange(50.0) + epoch])
def test_what_comes_does_not_depend_on_what_was_asked_before(weights):
    forwards = indices(Playlist(50, weights=weights), range(200))
    playlist = Playlist(50, weights=weights)
    assert [playlist.at(p).sample for p in reversed(range(200))][::-1] == forwards


def test_unshuffled_samples_and_endless_ones_come_in_order():
    assert indices(Playlist(3, shuffle=False), range(5)) == [0, 1, 2, 0, 1]
    assert Playlist(None).at(10**12) == (10**12, 0, 10**12)


def test_a_sample_comes_its_fair_share_of_times_rounded_up_or_down():
    weights = np.random.default_rng(0).random(200) ** 3
    weights[::7] = 0
    fair = weights / weights.sum() * 200
    playlist = Playlist(200, weights=weights)
    counts = np.zeros(200)
    for epoch in range(50):
        own = np.bincount(indices(playlist, range(200 * epoch, 200 * epoch + 200)), minlength=200)
        assert np.all(own >= np.floor(fair)) and np.all(own <= np.ceil(fair))
        counts += own
    assert np.abs(counts / 50 - fair).max() < 0.3  # 4 standard errors of one that is even odds
    assert counts[::7].sum() == 0


def test_equal_weights_are_a_permutation():
    assert sorted(indices(Playlist(30, weights=np.full(30, 0.1)), range(30))) == list(range(30))


def test_shorter_epochs_ask_the_weights_more_often():
    asked = []

    def weights(epoch):
        asked.append(epoch)
        return np.ones(10)

    playlist = Playlist(10, weights=weights, length=4)
    found = indices(playlist, range(12))
    assert asked == [0, 1, 2]
    assert all(Counter(found[i : i + 4]).most_common(1)[0][1] == 1 for i in (0, 4, 8))


@pytest.mark.parametrize(
    "weights, found",
    [
        (np.ones(4), "shape"),
        ([1, -1, 1], "-1"),
        ([1, np.nan, 1], "nan"),
        (np.zeros(3), "zeros"),
    ],
)
def test_what_cannot_be_weights_is_refused(weights, found):
    with pytest.raises(UsageError, match=f"epoch 0: wanted 3 numbers.*{found}"):
        Playlist(3, weights=weights).at(0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"count": 0},
        {"count": 3, "length": 2},
        {"count": None, "weights": [1.0]},
        {"count": 3, "weights": np.ones(3), "shuffle": False},
        {"count": 3, "weights": np.ones(3), "length": 0},
    ],
)
def test_contradictions_are_refused(arguments):
    with pytest.raises(UsageError, match="playlist: wanted"):
        Playlist(**arguments)


def test_the_easiest_come_first_and_all_at_last():
    hard = [5.0, 1.0, 3.0, 1.0]
    weights = EasyFirst(hard, epochs=3, begin=0.25)
    assert [list(weights(epoch)) for epoch in (0, 1, 3, 9)] == [
        [0, 1, 0, 0],
        [0, 1, 0, 1],
        [1, 1, 1, 1],
        [1, 1, 1, 1],
    ]
    playlist = Playlist(4, weights=weights)
    assert set(indices(playlist, range(4))) == {1}
    assert sorted(indices(playlist, range(12, 16))) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "arguments", [{"hardness": [1, np.nan]}, {"epochs": 0}, {"begin": 0.0}, {"begin": 1.5}]
)
def test_a_curriculum_that_is_none_is_refused(arguments):
    with pytest.raises(UsageError, match="EasyFirst: wanted"):
        EasyFirst(**{"hardness": [1, 2], "epochs": 2, **arguments})


def test_hardness_follows_audibility_and_the_oracle(catalog, stems, tmp_path):
    order = Order(parse_recipe(RECIPE, "r.yaml", Path(), {}), 8)
    generate(order, catalog, stems, tmp_path / "set")
    manifest = read(tmp_path / "set").manifest
    hard = hardness(manifest)
    assert list(hard.index) == list(manifest["key"])
    factors = {"hard_clip": 4, "compressor": 2, "bell": 1}  # nothing, its curve, its inverse
    for row in manifest.to_dict("records"):
        steps = [step for track in row["tracks"] for step in track["effects"]]
        assert {step["effect"] for step in steps} == {*factors, "low_shelf"}  # which is kept
        counted = [step for step in steps if not step["keep"]]
        wanted = sum(factors[step["effect"]] * step["stft_distance"] for step in counted)
        assert hard[row["key"]] == pytest.approx(wanted)
