"""What commands say to people, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """Show a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


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
