"""Command line: parses, calls, prints; all that it does can be done from Python.

What a shell starts is all that stands here, so that Ctrl-C is answered while the rest is imported.
"""

from typing import Any, NoReturn

__all__ = ["app", "main"]

NOT_BEGUN = b"stopped; nothing had begun\n"


def main() -> NoReturn:
    """Run the command line; see :mod:`.commands`."""
    import signal

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # under nohup it is not
    if ours:
        signal.signal(signal.SIGINT, _not_begun)
    from .commands import run

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


def _not_begun(*_: object) -> NoReturn:
    """End at once: an exception could be lost in what is being imported."""
    import os

    os.write(2, NOT_BEGUN)
    os._exit(130)


def __getattr__(name: str) -> Any:
    """Import the commands for whoever asks for ``app``."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .commands import app

    return app
