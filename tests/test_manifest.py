"""The manifest: every step with its facts, in tables, and the documentation that explains them."""

import re
from pathlib import Path

import numpy as np
import pytest

from wetdry.datasets import Order, generate, parse_splits, replay_steps, verify, write_report
from wetdry.degradations import Keyed
from wetdry.degradations.undoing import LABELS, undone
from wetdry.errors import RecipeError
from wetdry.manifests import count_redraws, label_table, manifest_schema, step_table
from wetdry.manifests.tables import read_table
from wetdry.mixing import Session
from wetdry.mixing.recipes import parse_recipe

REPO = Path(__file__).parents[1]
RECIPE = """
sample_rate: 22050
seconds: 1
lead_in_s: 0.25
severity: [0.3, 1]
songs: {coherent: 1, stems: 4, active: {above_dbfs: -60, share: 0.1}}
levels: {all: {loudness_lufs: -24, input_peak_dbfs: -6}}
stems:
  all:
    - bell: {centre_hz: [300, 3000], gain_db: [-9, 9]}
    - saturation: {drive_db: [0, 6]}
      keep: true
    - parallel: [none, [{compressor: {threshold_db: -30, ratio: 8}}, {gain: {gain_db: -6}}]]
    - compressor: {threshold_db: -30, ratio: 4}
      key: Vocals
    - gain: {gain_db: [-30, 0]}
buses: {low: {of: [Bass, Drums], chain: [{compressor: {threshold_db: -24, ratio: 3}}]}}
sends: {room: {level_db: -12, of: [Drums], chain: [{reverb: {room_size: 0.5, dry: 0}}]}}
master: [{limiter: {ceiling_dbtp: -3}}]
reject: {destroyed_above: 12, inaudible_below: 0.05}
"""


@pytest.fixture(scope="module")
def dataset(catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("facts") / "set"
    order = Order(parse_recipe(RECIPE, "r.yaml", Path(), {}), 6, splits=parse_splits(["train=1"]))
    built = generate(order, catalog, stems, out)
    again = generate(order, catalog, stems, out.parent / "again", workers=2)
    assert again.redraws == built.redraws and built.redraws.reasons
    one, two = (folder / "manifest.parquet" for folder in (out, out.parent / "again"))
    assert one.read_bytes() == two.read_bytes()
    return out


@pytest.fixture(scope="module")
def manifest(dataset):
    return read_table(dataset / "manifest.parquet", manifest_schema())


def test_rows_of_the_table_are_the_steps_that_sounded(manifest):
    steps = step_table(manifest)
    for row in manifest.to_dict("records"):
        session = Session.from_row(row["session"])
        there = {track.stem_class for track in session.tracks}
        for number, track in enumerate(session.tracks):
            chain = track.chains[row["tracks"][number]["redraws"]]
            heard = [
                (e.row()["effect"], i in chain.kept)
                for i, e in enumerate(chain)
                if not isinstance(e, Keyed) or e.key in there
            ]
            own = steps[(steps["key"] == row["key"]) & (steps["track"] == number)]
            assert list(zip(own["effect"], own["keep"], strict=True)) == heard
            assert list(own["position"]) == list(range(len(heard)))
            assert set(own["place"]) <= {f"stem.{track.stem_class}"}
    assert {"bus.low", "send.room", "master"} <= set(steps["place"])


def test_each_row_has_the_facts_of_its_own_effect(manifest):
    steps = step_table(manifest)
    gains = steps[steps["effect"] == "gain"]
    drawn = [numbers["gain_db"] for numbers in gains["numbers"]]
    assert np.allclose(gains["loudness_change_lu"], drawn, atol=1e-3)
    assert gains["stft_distance"].max() < 0.01
    assert set(steps[steps["effect"] == "parallel"]["labels"]) == {"level,dynamics"}
    assert set(steps[steps["effect"] == "parallel"]["label"]) == {"level"}
    assert steps[steps["effect"] == "saturation"]["keep"].all()
    dynamics = steps["label"] == "dynamics"
    assert steps[dynamics]["gain_reduction_mean_db"].notna().all()
    assert steps[~dynamics]["gain_reduction_mean_db"].isna().all()
    assert (steps["decay_s"].notna() == (steps["label"] == "space")).all()
    assert steps["band_change_12000_hz_db"].isna().all()  # above half of 22050 Hz


def test_multi_hot_labels_leave_out_what_is_kept(manifest):
    labels = label_table(manifest)
    assert list(labels.columns) == list(LABELS) and set(np.unique(labels)) == {0, 1}
    assert not labels["distortion"].any()
    mastered = [len(master) > 0 for master in manifest["master"]]
    assert list(labels.xs("mix", level="of")["dynamics"]) == mastered
    rooms = labels["space"].unstack("of")
    assert (rooms["Drums"].dropna() == 1).all() and (rooms["Bass"].dropna() == 0).all()
    assert (labels.groupby("key").max() == labels.xs("sample", level="of")).all(axis=None)


def test_reasons_stand_in_the_manifest_and_their_share_in_words(manifest):
    tracks = [track for tracks in manifest["tracks"] for track in tracks]
    found = count_redraws(tracks)
    assert set(found.reasons) <= {"destroyed", "inaudible"} and found.reasons["destroyed"]
    for track in tracks:
        refusals = [] if track["refusals"] is None else list(track["refusals"])
        assert len(refusals) - track["redraws"] in (0, 1)
        assert all(r["measured"] > 12 for r in refusals if r["reason"] == "destroyed")
        assert track["chain_gain_db"] >= -12 or len(refusals) > track["redraws"]
    assert f"{found.redrawn} of {len(tracks)} track chains drawn again" in str(found)


def test_steps_are_replayed_to_the_bit_and_dynamics_undone(dataset, manifest):
    assert verify(dataset, replay=3).faults == []
    row = manifest.iloc[0].to_dict()
    places = replay_steps(dataset, row)
    assert {"track.0", "bus.low", "master", "medium"} <= set(places)
    for stage in [*places["bus.low"], *places["master"]]:
        rest = undone([stage], stage.after, row["sample_rate"]) - stage.before
        assert rest.std() < stage.before.std() * 10 ** (-90 / 20)
    kinds = [stage.effect.row()["effect"] for stage in places["track.0"]]
    assert kinds == [effect["effect"] for effect in row["tracks"][0]["effects"]]


def test_a_manifest_of_an_earlier_version_still_makes_a_table_and_a_page(dataset, manifest):
    def bare(steps):
        return [{name: step[name] for name in ("effect", "numbers", "keep")} for step in steps]

    old = manifest.drop(columns=["buses", "labels", "sends"])
    old["master"] = old["master"].map(bare)
    old["medium"] = old["medium"].map(bare)
    old["tracks"] = old["tracks"].map(
        lambda tracks: [
            {k: v for k, v in t.items() if k != "refusals"} | {"effects": bare(t["effects"])}
            for t in tracks
        ]
    )
    steps = step_table(old)
    assert len(steps) and steps["stft_distance"].isna().all() and steps["label"].notna().all()
    assert count_redraws(t for tracks in old["tracks"] for t in tracks).reasons.keys() == {
        "destroyed"
    }


def test_the_page_says_how_audible_and_why_again(dataset, tmp_path):
    text = write_report(dataset, tmp_path / "page.html").read_text()
    assert "Drawn again" in text and "STFT distance" in text and "severity of a sample" in text


def test_what_the_documentation_shows_works(dataset, monkeypatch):
    text = (REPO / "docs" / "manifest.md").read_text()
    monkeypatch.chdir(dataset.parent)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    easy = names["easy"]
    assert isinstance(easy, list) and 0 < len(easy) < 6
    fields = [field.name for field in manifest_schema().field("master").type.value_type]
    short = {"gain_reduction_max_db": "..._max_db"}
    assert all(f"`{short.get(name, name)}`" in text for name in fields[3:])


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("{destroyed_above_db: 20}", r"reject.*destroyed_above"),
        ("{destroyed_above: [10, 20]}", "not drawn"),
        ("{inaudible_below: 7}", "from 0 to 2"),
    ],
)
def test_rules_that_are_none_are_refused(rules, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe(f"seconds: 1\nreject: {rules}\n", "r.yaml", Path(), {})
