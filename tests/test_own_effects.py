"""Effects of a user: from a file or a package, in recipes, in workers, and found again later."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wetdry.cli import main
from wetdry.datasets import Order, parse_splits
from wetdry.degradations import Effect, Gain, load_effect, own_effects, use_effects
from wetdry.errors import RecipeError, UsageError
from wetdry.mixing import load_recipe, recipe_schema

REPO = Path(__file__).parents[1]
FILE = '''
"""Effects."""
from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from wetdry.degradations import Effect

Amount = Annotated[float, Field(ge=0, le=1)]


class Fold(Effect, kind="fold"):
    """Folded."""

    label = "distortion"
    neutral = {"amount": 0.0}

    amount: Amount

    def apply(self, audio, sample_rate):
        return audio * np.float32(1 - self.amount / 2)
'''
RECIPE = """
sample_rate: 22050
seconds: 1
songs: {active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{fold: {amount: [0, 1]}}]}
master: [{one_of: [{parallel: [none, [{fold: {amount: 0.5}}]]}, none]}]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, registry):
    """A folder with a file of effects and a recipe that names one, to work in."""
    (tmp_path / "fold.py").write_text(FILE)
    (tmp_path / "r.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def package(folder, monkeypatch):
    """Return a function that installs a package of effects, for this process and others."""
    site = folder / "site"

    def install(name, text=FILE, version="1.2"):
        (site / f"{name}_dsp").mkdir(parents=True)
        (site / f"{name}_dsp" / "__init__.py").write_text("")
        (site / f"{name}_dsp" / "effects.py").write_text(text)
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[wetdry.effects]\n{name} = {name}_dsp.effects\n")
        monkeypatch.syspath_prepend(str(site))
        paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))

    yield install
    forget()


def forget():
    """Know wetdry's own effects alone, as another process does."""
    for used in own_effects.USED.values():
        for effect in used.effects:
            Effect.kinds.pop(effect.kind, None)
    for kind in ("fold", "bend"):
        Effect.kinds.pop(kind, None)
    for name in [name for name in sys.modules if "_dsp" in name]:
        del sys.modules[name]
    for state in (own_effects.USED, own_effects.BROKEN, own_effects.CONTESTED):
        state.clear()
    own_effects._import_packages.cache_clear()


@pytest.fixture
def wetdry(folder, monkeypatch, capsys):
    """Return a function that runs a command: status, standard output, standard error."""

    def run(*words):
        forget()
        monkeypatch.setattr(sys, "argv", ["wetdry", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        return (left.value.code, *capsys.readouterr())

    return run


def generating(stems, *words, workers=1):
    wanted = ("--stems", stems, "--out", "set", "--samples", 4, "--workers", workers)
    return "generate", "r.yaml", *wanted, "--split", "train=1", *words


def order():
    return Order(load_recipe("r.yaml"), 4, splits=parse_splits(["train=1"]), shard_samples=2)


def content(folder):
    paths = (p for p in folder.rglob("*") if p.is_file() and p.name != ".local.json")
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def test_a_file_is_run_once_and_its_effects_are_like_any_other(folder):
    (fold,) = use_effects("fold.py")
    assert use_effects(folder / "fold.py") == (fold,)
    (folder / "copy.py").write_text(FILE)
    assert use_effects("copy.py") == (fold,)
    value = fold.model_validate({"amount": 1})
    assert load_effect(value.row()) == value
    assert value(np.ones((1, 3), np.float32), 48_000).tolist() == [[0.5] * 3]
    assert load_recipe("r.yaml").stems["all"].draw(0, "x").effects[0].kind == "fold"
    schema = recipe_schema()["$defs"]["step"]["properties"]["fold"]
    assert schema["description"] == "Folded." and schema["required"] == ["amount"]
    assert {"type": "number", "minimum": 0, "maximum": 1} in schema["properties"]["amount"]["anyOf"]


def test_a_number_out_of_its_bounds_is_refused_at_load(folder):
    use_effects("fold.py")
    (folder / "r.yaml").write_text("stems: {all: [{fold: {amount: [0, 2]}}]}")
    with pytest.raises(RecipeError, match=r"r\.yaml:1: .*amount.*from 0 to 1"):
        load_recipe("r.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = (", r"^own\.py:1: SyntaxError: .* never closed$"),
        ("\nimport no_such_thing", r"^own\.py:2: ModuleNotFoundError: .*no_such_thing"),
        ("def f():\n    return 1 / 0\n\nf()", r"^own\.py:2: ZeroDivisionError: division by zero$"),
        ("raise SystemExit(3)", r"^own\.py:1: SystemExit: 3$"),
        ("x = 1", r"^own\.py: wanted effects .*, found none$"),
        (FILE.replace('"fold"', '"gain"'), r"^own\.py:15: .*'gain'.*levels and Fold of own\.py"),
        (FILE.replace('"fold"', '"mix"'), r"^own\.py: Fold: wanted a kind .*, found 'mix'$"),
        (FILE.replace('"fold"', '"My fold"'), r"^own\.py: Fold: wanted a kind .*'My fold'$"),
        (FILE.replace("def apply", "def aply"), r"^own\.py: Fold: wanted a method apply"),
        (FILE.replace('"distortion"', '"loud"'), r"^own\.py:15: .*wanted a label of"),
        (FILE.replace(": Amount", ": Amoun"), r"^own\.py: .*'?Amoun'? is not defined"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_told_by_line_and_cause_and_leaves_nothing(
    folder, text, message
):
    (folder / "own.py").write_text(text)
    before, modules = dict(Effect.kinds), set(sys.modules)
    with pytest.raises(UsageError, match=message):
        use_effects("own.py")
    assert Effect.kinds == before
    assert not [name for name in set(sys.modules) - modules if name.startswith("own_")]


@pytest.mark.parametrize("name", ["nowhere.py", "r.yaml", "."])
def test_what_is_no_python_file_is_refused(folder, name):
    with pytest.raises(UsageError, match=r"wanted a Python file"):
        use_effects(name)


def test_one_name_in_two_files_is_refused_and_both_are_named(folder):
    use_effects("fold.py")
    (folder / "other.py").write_text(FILE.replace("Folded", "Bent"))
    with pytest.raises(UsageError, match=r"'fold': Fold of fold\.py and Fold of other\.py"):
        use_effects("other.py")
    assert Effect.kinds["fold"].__doc__ == "Folded."


def test_a_file_that_was_changed_is_run_again_and_a_broken_change_changes_nothing(folder):
    (old,) = use_effects("fold.py")
    (folder / "fold.py").write_text("1 / 0")
    with pytest.raises(UsageError):
        use_effects("fold.py")
    assert Effect.kinds["fold"] is old
    (folder / "fold.py").write_text(FILE.replace('"fold"', '"bend"'))
    assert [effect.kind for effect in use_effects("fold.py")] == ["bend"]
    assert "fold" not in Effect.kinds


def test_a_cell_of_a_notebook_can_run_again(registry):
    for gain in (0.5, 0.25):

        class Half(Effect, kind="half"):
            """Less."""

            label = "level"

            def apply(self, audio, sample_rate, gain=gain):
                return audio * np.float32(gain)

    assert Half()(np.ones((1, 1), np.float32), 48_000) == 0.25


def test_every_command_that_reads_recipes_takes_the_file(wetdry, folder, stems):
    take = stems / "alder" / "Vocals" / "take.flac"
    commands = [
        ("recipe", "check", "r.yaml"),
        ("explain", "r.yaml", "--stems", stems),
        ("degrade", "r.yaml", take, "wet.wav"),
    ]
    for words in commands:
        status, _, said = wetdry(*words)
        assert status == 2 and "'fold'" in said and "--effects FILE.py" in said
        assert wetdry(*words, "--effects", "fold.py")[0] == 0
    status, said, _ = wetdry("recipe", "schema", "--effects", "fold.py")
    assert status == 0 and "fold" in json.loads(said)["$defs"]["step"]["properties"]
    status, _, said = wetdry("recipe", "check", "clean", "--effects", "nowhere.py")
    assert status == 2 and "nowhere.py: wanted a Python file" in said


def test_effects_are_listed_shown_and_checked(wetdry, folder):
    status, said, _ = wetdry("effects", "list", "--label", "distortion", "--effects", "fold.py")
    assert status == 0 and "Folded. [fold.py]" in said and "compressor" not in said
    status, said, _ = wetdry("effects", "show", "fold", "--effects", "fold.py")
    assert status == 0 and "amount: a number from 0 to 1" in said and "amount: 0" in said
    assert "dB in per dB out" in wetdry("effects", "show", "compressor")[1]
    status, said, _ = wetdry("effects", "check", "fold.py")
    assert status == 1 and said.count("FAIL") == 1 and "wanted a word on amount" in said
    assert wetdry("effects", "check", "gain")[0] == 0
    for words in (("show", "kazoo"), ("check", "kazoo"), ("list", "--label", "kazoo")):
        status, _, said = wetdry("effects", *words)
        assert status == 2 and "kazoo" in said


def test_an_installed_package_is_found_by_itself(wetdry, folder, package, stems):
    package("studio")
    assert wetdry(*generating(stems, workers=2))[0] == 0
    recorded = json.loads((folder / "set" / "dataset.json").read_text())["effects"]
    assert recorded == {"fold": {"package": "studio", "version": "1.2"}}
    assert wetdry("verify", "set", "--replay", 2)[0] == 0
    assert "[studio 1.2]" in wetdry("effects", "list")[1]
    os.rename(folder / "site" / "studio-1.2.dist-info", folder / "site" / "studio-1.3.dist-info")
    metadata = folder / "site" / "studio-1.3.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.2", "1.3"))
    status, _, said = wetdry("verify", "set", "--replay", 2)
    assert status == 1 and "of studio 1.2, found studio 1.3; install that" in said


def test_the_users_file_goes_before_an_installed_package(folder, package):
    package("studio", FILE.replace("Folded", "Installed"))
    assert use_effects("fold.py")[0].__doc__ == "Folded."
    chain = load_recipe("r.yaml").stems["all"].draw(0, "x")
    assert type(chain.effects[0]).__doc__ == "Folded."


def test_a_broken_package_is_named_only_where_it_matters(wetdry, folder, package):
    package("studio", "import no_such_thing")
    package("works")
    assert load_recipe("r.yaml").stems["all"]
    (folder / "r.yaml").write_text("stems: {all: [{bend: {amount: 1}}]}")
    with pytest.raises(
        RecipeError, match=r"studio 1\.2 are broken: effects\.py:1: .*no_such_thing"
    ):
        load_recipe("r.yaml")
    status, said, told = wetdry("effects", "list")
    assert status == 3 and "Folded. [works 1.2]" in said and "studio 1.2 are broken" in told


def test_one_name_in_two_packages_is_refused_where_it_is_used(folder, package):
    package("alpha")
    package("beta", FILE + "\n\nclass Bend(Fold, kind='bend'):\n    '''Bent.'''\n")
    with pytest.raises(RecipeError, match=r"beta 1\.2: two effects are named 'fold'.*uninstall"):
        load_recipe("r.yaml")


def test_packages_are_looked_for_only_when_an_effect_is_not_known(package):
    package("studio", "import pathlib; pathlib.Path('was_imported').touch()\n" + FILE)
    code = (
        "import sys, wetdry.degradations as d; from wetdry.mixing import load_recipe; "
        "load_recipe('realistic'); d.load_effect({'effect': 'gain', 'gain_db': 1}); "
        "sys.exit(d.own_effects._import_packages.cache_info().misses)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert not Path("was_imported").exists()


def test_the_page_of_effects_is_about_wetdrys_own(folder):
    spec = importlib.util.spec_from_file_location("page", REPO / "scripts" / "effects_page.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    use_effects("fold.py")
    measured = json.loads(script.MEASURED.read_text())
    assert script.page(measured) == (REPO / "docs" / "effects.md").read_text()
    readme = (REPO / "README.md").read_text()
    assert script.readme_with_table(readme) == readme


def test_house_effects_raise_what_they_raise(monkeypatch):
    monkeypatch.setattr(Gain, "apply", lambda self, audio, sample_rate: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Gain(gain_db=1.0)(np.ones((1, 3), np.float32), 48_000)
