"""Command line: parses, calls, prints; all that it does can be done from Python.

Exit status: 0 done, 1 failed, 2 wrong usage or recipe, 3 done but something was set aside.
"""

from typing import NoReturn

import typer

from ..errors import CatalogError, RecipeError, UsageError, WetdryError
from . import effects, factory, learning, made, making, plugins, recipes, stems
from .printing import plain, say

__all__ = ["app", "main"]

app = typer.Typer(
    help="Make paired wet/dry data from clean multitrack stems, and train a cascade on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(recipes.app, name="recipe")
app.add_typer(effects.app, name="effects")
app.add_typer(plugins.app, name="plugins")
for command in (
    *(stems.songs, stems.unpack, stems.scan, stems.fit),
    *(making.degrade, making.explain, factory.plan, making.generate),
    *(making.verify, factory.repair, factory.pack, factory.replay),
    *(made.report, made.card, made.export, made.export_model),
    *(learning.train, learning.restore, learning.evaluate, learning.fetch, learning.demo),
):
    app.command()(command)


def main() -> NoReturn:
    """Run the command line; a user's mistake is one line on standard error, never a traceback."""
    import os
    import sys

    try:
        app()
    except (RecipeError, CatalogError, UsageError) as error:
        say(f"[bold red]wrong:[/] {plain(error)}")
        sys.exit(2)
    except WetdryError as error:
        say(f"[bold red]failed:[/] {plain(error)}")
        sys.exit(1)
    except SystemExit as end:
        if end.code == 130:  # typer's own answer to Ctrl-C
            say("stopped; the same command goes on from here")
        raise
    except BrokenPipeError:  # `wetdry ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)
