"""A fit finds again what mixes were made with, says what it cannot match, and is repeatable."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from wetdry.audio import amplitude
from wetdry.cli import app
from wetdry.datasets.fit.bench import Bench
from wetdry.datasets.fit.fitting import FitOrder, fit
from wetdry.datasets.fit.moment_matching import first_controls, moved
from wetdry.datasets.fit.recipe import Base, Prior
from wetdry.datasets.fit.released import find_released, passages
from wetdry.datasets.fit.table import compare, shown
from wetdry.datasets.render import render
from wetdry.degradations.language.steps import RandomEffect
from wetdry.errors import CatalogError, RecipeError, UsageError
from wetdry.mixing import Drawer, load_recipe, songs_of
from wetdry.mixing.mix_features import OCTAVES_HZ
from wetdry.seeds import stream

RATE = 22_050

COMMON = """
sample_rate: 22050
seconds: 1
lead_in_s: 0.2
songs: {active: {above_dbfs: -60, share: 0.1}}
"""
BASE = f"""{COMMON}
levels: {{all: {{loudness_lufs: {{normal: [-26, 2]}}, pan: {{choice: [-0.5, 0.5]}}}}}}
"""
KNOWN = f"""{COMMON}
levels:
  all: {{loudness_lufs: {{normal: [-26, 2]}}, pan: {{choice: [-0.5, 0.5]}}}}
  Bass: {{loudness_lufs: {{normal: [-18, 2]}}}}
  Drums: {{loudness_lufs: {{normal: [-32, 2]}}}}
master:
  - tilt: {{gain_db: {{normal: [-8, 2]}}}}
  - mid_side_gain: {{mid_db: 0, side_db: {{normal: [8, 2]}}}}
  - loudness_limiter: {{target_lufs: {{normal: [-12, 1.5]}}, ceiling_dbtp: -2}}
"""
ORDER = FitOrder("base.yaml", Path("fitted.yaml"), samples=20, rounds=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, stems, catalog):
    """Return a folder with the recipe to start from, and mixes of a known one in ``mixes``."""
    folder = tmp_path_factory.mktemp("fit")
    (folder / "base.yaml").write_text(BASE)
    (folder / "known.yaml").write_text(KNOWN)
    recipe = load_recipe(folder / "known.yaml")
    drawer = Drawer(recipe, list(songs_of(catalog).values()))
    for index in range(40):
        mix = render(drawer.draw(1, "known", index), stems, folder)
        released = mix.mixture * np.float32(amplitude(-mix.output_gain_db))
        parts = {f"{name}/wet": wet for name, wet in mix.wet.items()}
        for name, audio in {"mixture": released, **parts}.items():
            path = folder / "mixes" / f"{index:02d}" / f"{name}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, audio.T, RATE, subtype="PCM_24")
    return folder


def order(folder, out="fitted.yaml", **changes):
    return replace(ORDER, recipe=str(folder / "base.yaml"), out=folder / out, **changes)


@pytest.fixture(scope="module")
def fitted(folder, stems, catalog):
    """Return what came of a fit to those mixes."""
    return fit(folder / "mixes", stems, catalog, order(folder))


def test_what_was_far_comes_near_on_mixes_that_were_held_out(fitted):
    rows = {row.feature: row for row in fitted.rows}
    for name in (
        "loudness_lufs", "crest_db", "slope_db_per_octave", "octave_8000_hz_db", "correlation",
        "Bass_over_mix_db", "Drums_over_mix_db",
    ):  # fmt: skip
        assert rows[name].distance_after < 0.5 * rows[name].distance_before, rows[name]
        assert rows[name].verdict in ("matched", "closer")
    far = [row for row in fitted.rows if row.normalised_before > 1]
    assert len(far) > 8 and all(row.distance_after < row.distance_before for row in far)
    assert min(fitted.scores[1:]) < 0.4 * fitted.scores[0]


def mean(distribution):
    """Return the mean of a normal distribution, or a constant."""
    return getattr(distribution, "mean", getattr(distribution, "value", None))


def test_known_numbers_are_found_again(fitted, folder):
    recipe = load_recipe(folder / "fitted.yaml")
    classes = ("Vocals", "Bass", "Drums")
    loudness = {name: mean(recipe.levels[name]["loudness_lufs"]) for name in classes}
    # 20 excerpts whose classes differ by 2 dB: standard errors of half a dB, on both sides
    assert loudness["Bass"] - loudness["Vocals"] == pytest.approx(8, abs=2)
    assert loudness["Drums"] - loudness["Bass"] == pytest.approx(-14, abs=2.5)
    steps = [step for step in recipe.master.steps if isinstance(step, RandomEffect)]
    numbers = {step.name: dict(step.numbers) for step in steps}
    assert mean(numbers["loudness_limiter"]["target_lufs"]) == pytest.approx(-12, abs=1)
    assert mean(numbers["mid_side_gain"]["side_db"]) == pytest.approx(8, abs=2)


def test_the_recipe_says_where_it_comes_from_and_passes_the_check(fitted, folder):
    text = (folder / "fitted.yaml").read_text()
    assert text.startswith("# By 'wetdry fit' from base.yaml, to ")
    assert "include: base.yaml" in text and str(folder) not in text
    checked = CliRunner().invoke(app, ["recipe", "check", str(folder / "fitted.yaml")])
    assert checked.exit_code == 0 and "fitted: good; 1 s at 22050 Hz" in checked.output
    report = json.loads((folder / "fitted.json").read_text())
    assert [row["feature"] for row in report["rows"]] == [row.feature for row in fitted.rows]
    assert str(folder) not in json.dumps(report)


def test_the_same_seed_gives_the_same_bytes(folder, stems, catalog):
    small = order(folder, "again.yaml", samples=4, rounds=1)
    written = [folder / "again.yaml", folder / "again.json"]
    texts = []
    for _ in range(2):
        fit(folder / "mixes", stems, catalog, small)
        texts.append([path.read_bytes() for path in written])
    assert texts[0] == texts[1]
    fit(folder / "mixes", stems, catalog, replace(small, seed=1, balances=False))
    other = written[0].read_bytes()
    assert other != texts[0][0] and b"levels:" in texts[0][0] and b"levels:" not in other


def test_the_bench_measures_the_same_whoever_works(folder, stems, catalog):
    recipe = load_recipe(folder / "known.yaml")
    made = [Bench(stems, catalog, 4, 0, n, None, 0).made((recipe, "fit")) for n in (1, 2)]
    assert made[0] == made[1]


def measured(rng, count=400, **shifts):
    """Return features of many mixes, alike but for what is shifted."""
    means = {"loudness_lufs": -20, "true_peak_dbtp": -5, "crest_db": 14, "side_db": -12}
    means |= {"slope_db_per_octave": 0} | {f"octave_{hz}_hz_db": -10 for hz in OCTAVES_HZ}
    means |= {"Vocals_over_mix_db": -4, "Bass_over_mix_db": -6}
    drawn = rng.standard_normal(count)
    return {name: mean + shifts.get(name, 0) + 2 * drawn for name, mean in means.items()}


def test_one_round_moves_each_number_by_what_its_feature_misses():
    wanted = {"loudness_lufs": 5, "side_db": 3, "Vocals_over_mix_db": 4, "Bass_over_mix_db": -4}
    had = measured(stream(0, "had"))
    levels = {"Vocals": [-20, -22] * 4, "Bass": [-24, -26] * 4}
    first = first_controls(had, levels, [], 44_100)
    then = moved(first, measured(stream(0, "had"), **wanted), had, 44_100)
    assert then.target_lufs.mean - first.target_lufs.mean == pytest.approx(5, abs=0.05)
    assert then.side_db.mean == pytest.approx(3, abs=0.05)
    for name, by in (("Vocals", 4), ("Bass", -4)):
        change = then.loudness_lufs[name].mean - first.loudness_lufs[name].mean
        assert change == pytest.approx(by, abs=0.05)
    assert all(abs(bell.mean) < 0.01 for bell in then.bells_db.values())


def test_an_octave_that_is_missing_gets_a_bell_and_its_neighbours_what_undoes_the_overlap():
    had = measured(stream(0, "had"))
    then = moved(
        first_controls(had, {}, [], 44_100),
        measured(stream(0, "had"), octave_1000_hz_db=6),
        had,
        44_100,
    )
    gains = {hz: bell.mean for hz, bell in then.bells_db.items()}
    assert gains[1000] == max(gains.values()) and gains[1000] > 5
    assert gains[500] < 0 and gains[2000] < 0


def test_what_is_within_chance_is_not_chased():
    had, wanted = measured(stream(0, "a"), 20), measured(stream(0, "b"), 20)
    had, wanted = (
        {k: v - np.median(v) + 0.2 * sign for k, v in x.items()}
        for x, sign in ((had, 0), (wanted, 1))
    )
    first = first_controls(had, {}, [], 44_100)
    then = moved(first, wanted, had, 44_100)
    assert then.target_lufs.mean == first.target_lufs.mean and then.side_db.mean == 0


def test_a_shift_is_its_own_distance_and_too_few_values_are_not_judged():
    mixes = measured(stream(0, "mixes"))
    shifted = measured(stream(0, "mixes"), side_db=3)
    few = {"Drums_over_mix_db": np.zeros(3)}
    rows = {r.feature: r for r in compare((mixes, mixes | few), shifted, mixes | few)}
    assert rows["side_db"].distance_before == pytest.approx(3)
    assert rows["side_db"].distance_after == 0 and rows["side_db"].verdict == "matched"
    assert rows["side_db"].normalised_before == pytest.approx(3 / mixes["side_db"].std())
    assert "Drums_over_mix_db" not in rows
    back = {r.feature: r for r in compare((mixes, mixes), mixes, shifted)}
    assert back["side_db"].verdict == "not matched" and "not matched" in shown([back["side_db"]])


def test_mixes_that_are_mono_to_begin_with_are_not_blown_up():
    mono = measured(stream(0, "mono")) | {"side_db": np.full(400, -40.0)}
    first = first_controls(mono, {}, [], 44_100)
    assert moved(first, measured(stream(0, "wide")), mono, 44_100).side_db == first.side_db


def test_the_steps_of_the_recipe_stay_in_front_of_what_is_fitted(tmp_path):
    out = tmp_path / "fitted.yaml"
    controls = first_controls(measured(stream(0, "x")), {}, [-10.0] * 8, 44_100)
    controls = replace(controls, tilt_db=Prior(1, 1, -12, 12))
    for name in ("realistic", "heavy", "msrkit"):
        base = Base.read(name, out, {"seconds": 2})
        out.write_text(base.text(controls))
        plain, under = load_recipe(name), load_recipe(out)
        count = len(plain.master.steps)
        drawn = [r.master.draw(3, "x").rows() for r in (plain, under)]
        names = [step.name for step in plain.master.steps]
        assert [s.name for s in under.master.steps[:count]] == names
        assert drawn[1][: len(drawn[0])] == drawn[0]
        added = [step.name.partition("#")[0] for step in under.master.steps[count:]]
        assert added == ["tilt", "loudness_limiter"]
        assert (under.seconds, under.stems.keys()) == (2, plain.stems.keys())


def put(path, seconds=2.0, channels=2, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    audio = stream(2, path.name).normal(0, 0.1, (round(seconds * rate), channels))
    soundfile.write(path, audio, rate)


def test_stems_are_told_from_mixes_by_where_they_lie(tmp_path):
    for file in (
        "album/one.flac", "two.wav", "songs/x/Vocals/a.wav", "songs/x/mixture.wav",
        "songs/x/Misc/room.wav", "flat/bass.wav", "flat/drums.wav", "flat/other.wav",
        "flat/mixture.wav", "y/Gtr/EG/a.wav", ".hidden/a.wav", "Strings/slow.wav",
        "album/Drums.wav",
    ):  # fmt: skip
        put(tmp_path / file, 0.1)
    (tmp_path / "three.m4a").touch()
    found = find_released(tmp_path)
    albums = ["album/Drums.wav", "album/one.flac"]
    assert found.mixes == [*albums, "flat/mixture.wav", "songs/x/mixture.wav", "two.wav"]
    assert {song: set(files.values()) for song, files in found.songs.items()} == {
        "songs/x": {"Vocals"}, "flat": {"Bass", "Drums"}, "y": {"Guitars"},
    }  # fmt: skip
    aside = {entry["what"] for entry in found.set_aside}
    assert aside == {
        "Strings/slow.wav", "songs/x/Misc/room.wav", "flat/other.wav", "three.m4a",
    }  # fmt: skip


def test_the_halves_share_no_mix_and_excerpts_do_not_overlap(tmp_path):
    for index in range(5):
        put(tmp_path / f"{index}.wav", 5.0)
    items = {f"{index}.wav": (("", f"{index}.wav"),) for index in range(5)}
    chosen, _ = passages(tmp_path, items, count=6, seconds=1.0, sample_rate=RATE, seed=0)
    names = [{p.name for p in chosen if p.half == half} for half in (0, 1)]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 5
    for name in items:
        starts = sorted(p.start_s for p in chosen if p.name == name)
        assert all(np.diff(starts) >= 1.0) and 0 <= starts[0] and starts[-1] <= 4.0


def test_what_cannot_be_measured_is_set_aside_with_reason_and_status_3(folder, stems, tmp_path):
    mixes = tmp_path / "mixes"
    for index in range(8):
        put(mixes / f"{index}.wav")
    put(mixes / "mono.wav", channels=1)
    put(mixes / "short.wav", 0.5)
    put(mixes / "low.wav", rate=16_000)
    (mixes / "text.wav").write_text("no audio")
    soundfile.write(mixes / "silent.wav", np.zeros((2 * RATE, 2)), RATE)
    out = tmp_path / "fitted.yaml"
    (tmp_path / "base.yaml").write_text(BASE)
    words = ["fit", str(mixes), "--stems", str(stems), "--recipe", str(tmp_path / "base.yaml")]
    words += ["--out", str(out), "--samples", "16", "--rounds", "1", "--workers", "1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3 and out.exists(), done.output
    for name, reason in {
        "mono.wav": "has 1 channel, wanted 2",
        "short.wav": "lasts 0.5 s where 1 are measured",
        "low.wav": "has 16000 Hz where 22050 are measured",
        "text.wav": "cannot be decoded",
        "silent.wav": "is silent",
    }.items():
        assert f"{name}: {reason}" in done.output
    assert "balances of the dry stems at their recorded level" in done.output
    assert str(mixes) not in (tmp_path / "fitted.json").read_text()


def test_what_cannot_be_fitted_is_refused_before_anything_is_rendered(
    folder, stems, catalog, tmp_path
):
    (tmp_path / "empty").mkdir()
    put(tmp_path / "few" / "one.wav", 3.0)
    for where, words in (("empty", "found 0 in 0 files"), ("few", "found 3 in 1"), ("no", "none")):
        with pytest.raises(CatalogError, match=words):
            fit(tmp_path / where, stems, catalog, order(folder))
    with pytest.raises(UsageError, match="a name that ends"):
        fit(folder / "mixes", stems, catalog, order(folder, "fitted.txt"))
    with pytest.raises(UsageError, match="another file"):
        fit(folder / "mixes", stems, catalog, order(folder, "base.yaml"))
    with pytest.raises(RecipeError, match="found neither"):
        fit(folder / "mixes", stems, catalog, replace(order(folder), recipe="realstic"))
    with pytest.raises(RecipeError, match="seconds"):
        fit(folder / "mixes", stems, catalog, order(folder, settings={"seconds": 0.1}))
