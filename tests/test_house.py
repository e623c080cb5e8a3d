"""The house itself: what is packaged is what stands here, and every example runs."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import wetdry
from wetdry.degradations import Effect
from wetdry.mixing import load_recipe, preset_names

REPO = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())
ROOMS = PYPROJECT["tool"]["setuptools"]["packages"][1:]
IN_ROOMS = [
    module.name
    for module in pkgutil.walk_packages(wetdry.__path__, "wetdry.")
    if module.name.rpartition(".")[0] in ROOMS and not module.ispkg
]
ROOT_MODULES = {"__init__", "errors", "seeds"}
MODULES = [*sorted(IN_ROOMS), *sorted(f"wetdry.{name}" for name in ROOT_MODULES - {"__init__"})]
FILES = [REPO.joinpath(*name.split(".")[1:]).with_suffix(".py") for name in MODULES]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_exports_is_there_and_documented(name):
    module = importlib.import_module(name)
    for export in getattr(module, "__all__", ()):
        thing = getattr(module, export)
        is_ours = inspect.isclass(thing) or inspect.isfunction(thing)
        assert not is_ours or thing.__doc__, f"{name}.{export} has no docstring"


def test_every_room_is_packaged_and_nothing_else_stands_at_the_root():
    inits = [*REPO.glob("[!.]*/__init__.py"), *REPO.glob("[!.]*/[!.]*/__init__.py")]
    rooms = {".".join(("wetdry", *path.parent.relative_to(REPO).parts)) for path in inits}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == rooms | {"wetdry"}
    assert {path.stem for path in REPO.glob("*.py")} == ROOT_MODULES


def test_every_file_that_code_reads_ships():
    shipped = PYPROJECT["tool"]["setuptools"]["package-data"]
    for room in ("cascade", "datasets/reports", "mixing"):
        patterns = shipped[f"wetdry.{room.replace('/', '.')}"]
        there = {p for pattern in patterns for p in (REPO / room).glob(pattern)}
        suffixes = {".yaml", ".css", ".js"}
        assert there == {p for p in (REPO / room).rglob("*") if p.suffix in suffixes}


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_and_says_what_it_is_for(name, weights):
    weights(name)
    assert (files("wetdry.mixing") / "presets" / f"{name}.yaml").is_file()
    assert load_recipe(name).about


def test_importing_wetdry_is_light():
    heavy = "{'numpy', 'torch', 'pandas', 'scipy', 'pedalboard'}"
    code = f"import sys, wetdry.cli.commands; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rendering_needs_no_torch():
    code = "import sys, wetdry.datasets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_recipe_of_the_readme_is_one(tmp_path):
    text = (REPO / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "my_recipe.yaml").write_text(text)
    assert load_recipe(tmp_path / "my_recipe.yaml").seconds == 10


def test_the_readme_tells_of_every_command():
    from wetdry.cli import app

    readme = (REPO / "README.md").read_text()
    for command in app.registered_commands:
        name = command.callback.__name__.replace("_", "-")  # as typer says it
        assert f"wetdry {name} " in readme


def test_the_readme_names_every_effect_and_preset():
    readme = (REPO / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in [*Effect.kinds, *preset_names()])


def test_the_python_of_the_readme_runs():
    code = (REPO / "README.md").read_text().split("```python\n")[1].split("```")[0]
    exec(code, {})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_and_functions_fit_on_the_screen(path):
    text = path.read_text()
    assert text.count("\n") <= 330, "find the second idea"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            documented = (ast.get_docstring(node, clean=False) or "").count("\n")
            assert node.end_lineno - node.lineno - documented <= 45, node.name
