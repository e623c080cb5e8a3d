"""Commands: all of them under one name, and what becomes of a user's mistake.

Exit status: 0 done, 1 failed, 2 wrong usage or recipe, 3 done but something was set aside.
"""

import re
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ..errors import CatalogError, RecipeError, UsageError, WetdryError
from . import effects, factory, learning, made, making, plugins, recipes, stems
from .printing import plain, say

__all__ = ["app", "at_home", "run"]

STOPPED = "stopped; the same command goes on from here"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:
    """Print the version, and nothing else."""
    from .. import __version__

    if asked:
        print(f"wetdry {__version__}")
        raise typer.Exit


@app.callback()
def of_all(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Make paired wet/dry data from clean multitrack stems, and train a cascade on it."""


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


def run() -> NoReturn:
    """Run the command line; a user's mistake is one line on standard error, never a traceback."""
    import sys

    try:
        _check_names()
        try:
            app([*map(at_home, sys.argv[1:])])
        finally:
            sys.stdout.flush()  # here, where a full disk can still be told
    except (RecipeError, CatalogError, UsageError) as error:
        say(f"[bold red]wrong:[/] {plain(error)}")
        sys.exit(2)
    except WetdryError as error:
        say(f"[bold red]failed:[/] {plain(error)}")
        sys.exit(1)
    except KeyboardInterrupt:  # before typer listens, or after it
        say(STOPPED)
        sys.exit(130)
    except SystemExit as end:
        if end.code == 130:  # typer's own answer to Ctrl-C
            say(STOPPED)
        raise
    except BrokenPipeError:  # `wetdry ... | head`
        _hush()
        sys.exit(0)
    except OSError as error:  # what the machine refuses: a full disk, a folder without permission
        where = f"{error.filename}: " if error.filename else ""
        say(f"[bold red]failed:[/] {plain(where)}{plain(error.strerror or error)}")
        _hush()
        sys.exit(1)
    sys.exit(0)


def _hush() -> None:
    """Let what standard output still holds go nowhere: Python would try to write it once more."""
    import os
    import sys

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def at_home(word: str) -> str:
    """Return a word of the command line with the ``~`` that a shell left standing in it.

    Shells leave it in quotes, and behind the sign of ``--out=~/set``.

    Examples
    --------
    >>> at_home("--out=~/set").endswith("/set"), at_home("a~b"), at_home("take_~1.wav")
    (True, 'a~b', 'take_~1.wav')
    """
    return re.sub("^([^/=]+=)?~(?=/|$)", lambda found: f"{found[1] or ''}{Path.home()}", word)


def _check_names() -> None:
    """Refuse a locale in which names of files cannot be told apart."""
    import sys

    if (found := sys.getfilesystemencoding()) != "utf-8":
        raise UsageError(
            f"names of files: wanted UTF-8, found {found}; "
            "set PYTHONUTF8=1, or LC_ALL to a locale such as C.UTF-8"
        )
