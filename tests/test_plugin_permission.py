"""Permission: what no list allows does not run, and what has changed is refused."""

import json

import jsonschema
import pytest

from wetdry.degradations import Plugin, plugins_allowed
from wetdry.degradations.language.yaml_tree import plain, read_yaml
from wetdry.degradations.plugins import process as plugin_process
from wetdry.degradations.plugins.allowed import allow_list, allowed_plugin
from wetdry.errors import AssetError, RecipeError, UsageError
from wetdry.mixing import load_recipe, recipe_schema

from .test_plugins import NOISE, RATE, bundles, permission, recipe

__all__ = ["bundles", "permission", "recipe"]  # the fixtures


def test_without_permission_nothing_is_started(bundles, recipe):
    bundles()
    with pytest.raises(RecipeError, match=r"plugged.yaml:7: .*--allow-plugins"):
        load_recipe(recipe("{gain_db: 3}"))
    with pytest.raises(UsageError, match="--allow-plugins"):
        Plugin(name="stand_in")(NOISE, RATE)
    assert not plugin_process._running


def test_permission_ends_with_its_block_and_can_be_taken_back_inside(bundles):
    bundles()
    with plugins_allowed():
        Plugin(name="stand_in")(NOISE, RATE)
        with plugins_allowed(False), pytest.raises(UsageError):
            Plugin(name="stand_in")(NOISE, RATE)
    with pytest.raises(UsageError):
        Plugin(name="stand_in")(NOISE, RATE)


@pytest.mark.parametrize("name", ["other", "/usr/lib/vst3/Other.vst3", "../Other.vst3"])
def test_what_the_user_has_not_allowed_does_not_run(bundles, permission, tmp_path, name):
    bundles()
    path = tmp_path / "r.yaml"
    path.write_text(f"master: [{{plugin: {{name: {name}}}}}]")
    with pytest.raises(RecipeError, match=r"r.yaml:1: .*plugins.yaml allows"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x: {path: relative.vst3}", "plugins.yaml:1: x: .*absolute"),
        ("x: {}", "absolute"),
        ("x: {path: /x.vst3, time_s: 3}", "did you mean 'timeout_s'"),
        ("x: {path: /x.vst3, timeout_s: 0}", "seconds"),
        ("x: {path: /x.vst3, sha256: abc}", "64 hexadecimal"),
        ("X y: {path: /x.vst3}", "small letters"),
    ],
)
def test_a_wrong_allow_list_is_refused_by_line(bundles, tmp_path, text, message):
    (tmp_path / "plugins.yaml").write_text(text)
    with pytest.raises(RecipeError, match=message):
        allow_list()


def test_the_schema_takes_names_and_distributions_but_no_path(recipe):
    judge = jsonschema.Draft202012Validator(recipe_schema())
    good = recipe("{drive_db: [3, 12], mode: {choice: [a, b]}, on: true}").read_text()
    assert judge.is_valid(plain(read_yaml(good, "r.yaml")))
    for bad in (good.replace("stand_in", "/x/y.vst3"), good.replace("parameters", "path")):
        assert not judge.is_valid(plain(read_yaml(bad, "r.yaml")))


def test_a_bundle_that_changed_is_refused_by_the_list_and_by_what_was_drawn(bundles, permission):
    path = bundles(late=0)
    digest = allowed_plugin("stand_in").digest()
    drawn = Plugin(name="stand_in", version="1.2.3", bundle_sha256=digest)
    drawn(NOISE, RATE)
    bundles("pinned", f", sha256: {'f' * 64}")
    with pytest.raises(AssetError, match="another build"):
        Plugin(name="pinned")(NOISE, RATE)
    path.write_text(json.dumps({"late": 5}))
    with pytest.raises(AssetError, match=r"wanted version 1.2.3 with SHA-256 .*another build"):
        drawn(NOISE, RATE)
    path.unlink()
    with pytest.raises(AssetError, match="found none"):
        drawn(NOISE, RATE)


def test_the_digest_of_a_folder_covers_names_and_contents(bundles, tmp_path):
    folder = tmp_path / "Deep.vst3"
    (folder / "Contents").mkdir(parents=True)
    (folder / "Contents" / "a.so").write_bytes(b"1")
    (tmp_path / "plugins.yaml").write_text(f"deep: {{path: {folder}}}")
    digests = [allowed_plugin("deep").digest()]
    (folder / "Contents" / "a.so").write_bytes(b"22")
    digests.append(allowed_plugin("deep").digest())
    (folder / "Contents" / "a.so").rename(folder / "Contents" / "b.so")
    digests.append(allowed_plugin("deep").digest())
    assert len(set(digests)) == 3
