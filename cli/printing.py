"""What commands say to people, on standard error."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import typer

__all__ = ["finish", "plain", "progress_bar", "say", "warn"]

Progress = Callable[[int, int], None]


def plain(value: object) -> str:
    """Return a text with nothing in it that a terminal would take for a command."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() or c == "\n" else "�" for c in str(value)))


def say(text: str) -> None:
    """Print for people, on standard error."""
    from rich.console import Console

    Console(stderr=True, soft_wrap=True, highlight=False).print(text)


class Bar:
    """A progress bar that is told what is done and, if there is more to tell, a few words."""

    def __init__(self, told: Callable[..., None], what: str) -> None:
        self._told = told
        self._what = what

    def __call__(self, done: int, total: int) -> None:
        """Move on."""
        self._told(completed=done, total=total)

    def note(self, words: str) -> None:
        """Say how it goes, before the bar."""
        self._told(description=f"{self._what} {words}")


@contextmanager
def progress_bar(what: str) -> Iterator[Bar]:
    """Show a progress bar on standard error; under torchrun the first process does."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True, quiet=os.environ.get("RANK", "0") != "0")
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(what, total=None)
        yield Bar(partial(bars.update, task), what)


def warn(doubts: list[dict[str, str]]) -> None:
    """Tell what is used, but worth a look."""
    _list("doubtful", doubts)


def _list(what: str, entries: list[dict[str, str]]) -> None:
    for entry in entries[:20]:
        why = f"{entry['what']}: {entry['reason']}; {entry['cure']}"
        say(f"[yellow]{what}:[/] {plain(why)}")
    if len(entries) > 20:
        say(f"... and {len(entries) - 20} more")


def finish(set_aside: list[dict[str, str]]) -> None:
    """Tell what was set aside, and leave with status 3 if anything was."""
    _list("set aside", set_aside)
    if set_aside:
        raise typer.Exit(3)
