"""Command line of plugins: what is allowed, what it can be asked for, and what it keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AllowPlugins", "app"]

MOST_WORDS = 24


def _allow(context: typer.Context, given: bool) -> bool:
    """Let plugins run until the command is done."""
    if given:
        from ..degradations import plugins_allowed

        context.with_resource(plugins_allowed())
    return given


AllowPlugins = Annotated[
    bool,
    typer.Option("--allow-plugins", callback=_allow, help="Let plugins of your allow-list run."),
]
Name = Annotated[str, typer.Argument(help="A plugin's name in your allow-list.")]

app = typer.Typer(help="List, show and check the VST3 plugins you allow.", no_args_is_help=True)


@app.command("list")
def plugin_list() -> None:
    """List the plugins that your configuration allows, and whether they are there."""
    from ..degradations.plugins.allowed import allow_list, allow_list_file
    from ..errors import AssetError

    for name, allowed in allow_list().items():
        try:
            state = f"sha256 {allowed.digest()}"
        except AssetError as error:
            state = str(error).partition(": ")[2]
        print(f"{name:<16} {allowed.path}  {state}")
    if not allow_list():
        print(f"none; allow one in {allow_list_file()}: 'name: {{path: /absolute/path.vst3}}'")


@app.command("show")
def plugin_show(name: Name, allow_plugins: AllowPlugins = False) -> None:
    """Print a plugin's parameters with their ranges, as a step to paste into a recipe."""
    from ..degradations.plugins.plugin import offered

    _, facts = offered(name)
    channels = " or ".join({1: "mono", 2: "stereo"}[count] for count in facts["channels"])
    print(f"# {facts['name']} {facts['version']} by {facts['maker']}; {channels or 'no audio'}")
    print(f"- plugin:\n    name: {name}\n    parameters:")
    for about in facts["parameters"]:
        print(f"      {_parameter(about)}")


def _parameter(about: Mapping[str, Any]) -> str:
    """Return one parameter as a line of YAML: all that it can be, and its default."""
    words = about.get("words", [True, False] if about["kind"] == "flag" else [])
    if len(words) > MOST_WORDS:
        few = ", ".join(map(json.dumps, words[:3]))
        return f"# {about['name']}: one of {len(words)}, such as {few}; default {about['default']}"
    range_ = f"[{about['low']:.7g}, {about['high']:.7g}]" if "low" in about else ""
    choice = f"{{choice: {json.dumps(words)}}}"
    return f"{about['name']}: {range_ or choice}  # default {json.dumps(about['default'])}"


@app.command("check")
def plugin_check(
    name: Name,
    sample_rate: Annotated[int, typer.Option(min=8_000, max=192_000, help="In Hz.")] = 48_000,
    allow_plugins: AllowPlugins = False,
) -> None:
    """Run the laws on a plugin: same bytes, in time, silent in silence."""
    from ..degradations.plugins.laws import try_plugin

    broken = 0
    for verdict in try_plugin(name, sample_rate):
        broken += not verdict.kept
        print(f"{'kept' if verdict.kept else 'BROKEN':<7} {verdict.law}: {verdict.found}")
    if broken:
        raise typer.Exit(1)
