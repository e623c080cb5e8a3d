"""Plans leave spare chains to their recipe, and nothing else about a dataset changes for it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wetdry.datasets import Order, generate, make_sample, parse_splits, plan, repair, verify
from wetdry.datasets.commits import committed
from wetdry.datasets.jobs import Means, jobs_of, plan_digest
from wetdry.datasets.plans.spares import alike, completed, packed, unpacked
from wetdry.degradations import Scope, use_effects
from wetdry.errors import RecipeError, ShardError, UsageError
from wetdry.mixing import Drawer, Session, mix, songs_of
from wetdry.mixing.recipes import parse_recipe
from wetdry.mixing.spare_chains import SPARE_CHAINS, SpareChains

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
severity: [0.2, 1]
songs: {coherent: 0.5, stems: [2, 3], active: {above_dbfs: -60, share: 0.1}}
levels: {all: {loudness_lufs: [-40, -20]}}
linked: {heaviness: [0, 1]}
doubles: {probability: 0.5, of: [Vocals, Bass, Drums, Guitars]}
stems:
  all:
    - compressor: {threshold_db: "= -10 - 20 * heaviness", ratio: [1, 3]}
      when: stems > 1
    - gain: {gain_db: "= (loudness_lufs + 10) * heaviness"}
      probability: 0.6
reject: {inaudible_below: 0.1, destroyed_above: 10}
"""


@pytest.fixture(scope="module")
def recipe():
    return parse_recipe(RECIPE, "small.yaml", Path(), {})


@pytest.fixture(scope="module")
def order(recipe):
    return Order(recipe, 6, splits=parse_splits(["train=1"]), shard_samples=2)


@pytest.fixture(scope="module")
def dataset(order, catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "set"
    assert generate(order, catalog, stems, out).redraws.redrawn
    return out


@pytest.fixture(scope="module")
def whole(order, catalog):
    """The plan with all chains in it, as plans once were."""
    chains = SpareChains(order.recipe)
    return pd.DataFrame(completed(row, chains) for row in plan(order, catalog)[0])


def content(folder, names=("data", "manifest.parquet")):
    paths = (p for name in names for p in [folder / name, *(folder / name).rglob("*")])
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if p.is_file()}


def test_a_spare_chain_is_the_one_that_lives_at_its_address(recipe, catalog):
    drawer = Drawer(recipe, list(songs_of(catalog).values()))
    for index in range(12):
        session, light = drawer.draw(5, "train", index), drawer.planned(5, "train", index)
        assert light.spares and all(len(track.chains) == 1 for track in light.tracks)
        assert SpareChains(recipe).without(session) == light
        for track in session.tracks:
            home = ("train", index, "doubles") if track.delay_samples else ("train", index)
            takes = sum(not other.delay_samples for other in session.tracks)
            names: dict[str, Any] = {
                **session.linked,
                "stems": takes,
                "stem_class": track.stem_class,
            }
            names["loudness_lufs"] = track.loudness_lufs
            scope = Scope(names, session.severity)
            address = (*home, "tracks", track.stem_class, track.file)
            drawn = [
                recipe.stems["all"].draw(5, *address, number, "all", scope=scope)
                for number in range(1 + SPARE_CHAINS)
            ]
            assert list(track.chains) == drawn


def test_a_dataset_holds_all_chains_and_its_plan_one_a_track(dataset):
    manifest, planned = (
        pd.read_parquet(dataset / f"{name}.parquet") for name in ("manifest", "plan")
    )
    for light, row in zip(planned["session"], manifest["session"], strict=True):
        assert '"spares"' in light and '"spares"' not in row
        assert {len(t.chains) for t in Session.from_row(row).tracks} == {1 + SPARE_CHAINS}
    assert verify(dataset, replay=6).faults == []


def test_a_plan_with_all_chains_gives_the_same_shards(
    order, catalog, stems, dataset, whole, tmp_path
):
    generate(order, catalog, stems, tmp_path / "set", planned=whole)
    assert content(tmp_path / "set") == content(dataset)


def test_a_dataset_whose_plan_had_all_chains_is_not_rendered_again(
    order, catalog, stems, dataset, whole, tmp_path
):
    old = tmp_path / "set"
    shutil.copytree(dataset, old)
    means = Means(stems, Path(), 16, False, (), spares=packed(order.recipe))
    for job in jobs_of(whole.to_dict("records"), old, means):
        record = json.loads(job.record.read_text())
        job.record.write_text(json.dumps({**record, "plan_sha256": plan_digest(job)}))
        assert committed(job)
    assert generate(order, catalog, stems, old).rendered == 0
    more = generate(replace(order, samples=8), catalog, stems, old)
    assert (more.samples, more.rendered) == (8, 2)


def test_a_lost_plan_is_written_again_from_the_manifest(dataset, tmp_path):
    shutil.copytree(dataset, tmp_path / "set")
    (tmp_path / "set" / "plan.parquet").unlink()
    (tmp_path / "set" / "data" / "train-000001.tar").unlink()
    assert repair(tmp_path / "set").rendered == 2
    names = ("plan.parquet", "commits", "data", "manifest.parquet")
    assert content(tmp_path / "set", names) == content(dataset, names)


def test_another_recipe_is_refused(order, catalog, stems, recipe, tmp_path):
    rows, _ = plan(order, catalog)
    other = parse_recipe(RECIPE.replace("[1, 3]", "[1, 4]"), "small.yaml", Path(), {})
    with pytest.raises(RecipeError, match="wanted the recipe that the spare chains"):
        make_sample(rows[0], stems, stems, bits=16, recipe=other)
    with pytest.raises(ShardError, match="wanted the recipe, to which the plan leaves"):
        make_sample(rows[0], stems, stems, bits=16)
    with pytest.raises(UsageError, match="train-00000000: small: wanted the recipe that"):
        generate(
            replace(order, recipe=other), catalog, stems, tmp_path / "set",
            planned=pd.DataFrame(rows),
        )  # fmt: skip
    light = Session.from_row(rows[0]["session"])
    with pytest.raises(RecipeError, match="wanted a session with all its chains"):
        mix(light, [])
    two = light.tracks[0].model_copy(update={"chains": 2 * light.tracks[0].chains})
    with pytest.raises(RecipeError, match=r"wanted one chain, .* found 2"):
        SpareChains(recipe).check(light.model_copy(update={"tracks": (two,)}))


def test_rows_that_differ_in_spare_chains_alone_are_alike(order, catalog, whole):
    rows = plan(order, catalog)[0]
    assert alike(rows[0], whole.to_dict("records")[0])
    assert not alike(rows[0], whole.to_dict("records")[1])
    assert not alike(rows[0], rows[1])


OWN = """
from wetdry.degradations import Effect

class Bend(Effect, kind="bend_for_spares"):
    label = "level"
    depth_db: float = 1.0

    def apply(self, audio, sample_rate):
        return audio
"""


def test_a_packed_recipe_names_effects_and_not_where_they_stand(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    use_effects(tmp_path / "own.py")
    text = "stems: {all: [{bend_for_spares: {depth_db: 2}}]}\nreject: {inaudible_below: 0.1}"
    recipe = parse_recipe(text, "own.yaml", Path(), {})
    data = packed(recipe)
    assert b"own_" not in data and str(tmp_path).encode() not in data
    assert unpacked(data).recipe.stems == recipe.stems
    assert packed(parse_recipe("stems: {}", "none.yaml", Path(), {})) == b""
