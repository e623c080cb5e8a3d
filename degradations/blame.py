"""Blame: where in somebody's file an error arose, in one line."""

import traceback
from pathlib import Path

__all__ = ["blamed"]


def blamed(error: BaseException, file: str | None) -> str:
    """Return file, line and cause of an error that code outside of the house raised.

    Parameters
    ----------
    error : BaseException
    file : str or None
        The file to look for among the calls; the last call of all where it has no part.

    Examples
    --------
    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError as error:
    ...     blamed(error, None)
    '<doctest wetdry.degradations.blame.blamed[0]>:2: ZeroDivisionError: division by zero'
    """
    cause = " ".join(f"{type(error).__name__}: {error}".split())
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}: {type(error).__name__}: {error.msg}"
    calls = traceback.extract_tb(error.__traceback__)
    own = [call for call in calls if call.filename == file] or calls[-1:]
    if not own:
        return cause
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}: {cause}"
