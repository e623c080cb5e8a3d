"""Commands about recipes: ``wetdry recipe ...``."""

from __future__ import annotations

import json

import typer

from .effects import Effects
from .options import RecipeName
from .plugins import AllowPlugins

__all__ = ["app"]

app = typer.Typer(help="List, show and check recipes.", no_args_is_help=True)


@app.command("list")
def list_presets() -> None:
    """List the presets and what each is for."""
    from ..mixing import preset_names, recipe_about

    for name in preset_names():
        print(f"{name:<14} {recipe_about(name)}")


@app.command("show")
def show(recipe: RecipeName) -> None:
    """Print a recipe, to read or to start from."""
    from ..mixing import find_recipe

    print(find_recipe(recipe).text, end="")


@app.command("check")
def check(recipe: RecipeName, effects: Effects = None, allow_plugins: AllowPlugins = False) -> None:
    """Prove that whatever a recipe can draw is valid."""
    from ..mixing import load_recipe

    loaded = load_recipe(recipe)
    print(f"{loaded.name}: good; {loaded.seconds:g} s at {loaded.sample_rate} Hz")


@app.command("schema")
def schema(effects: Effects = None) -> None:
    """Print the JSON schema of recipes, for editors."""
    from ..mixing import recipe_schema

    print(json.dumps(recipe_schema(), indent=1))
