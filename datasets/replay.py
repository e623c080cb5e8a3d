"""Replay: every step of a stored sample at work again, with its audio and its gain curves."""

from pathlib import Path
from typing import Any

from ..degradations.stages import Stage
from ..mixing.observing import Recorder
from ..mixing.sessions import Session
from .folder import locate
from .render import render

__all__ = ["replay_steps"]


def replay_steps(
    dataset: Path, row: dict[str, Any], *, stems: Path | None = None, assets: Path | None = None
) -> dict[str, list[Stage]]:
    """Render a sample again, and keep what every step was given and what it made.

    Parameters
    ----------
    dataset : Path
    row : dict
        Of its manifest (or of its plan).
    stems, assets : Path, optional
        Where the inputs stand; by default where they were when the dataset was made.

    Returns
    -------
    dict of str to list of Stage
        By place: ``track.N`` (its number in the row's ``tracks``), ``bus.NAME``, ``send.NAME``,
        ``master``, ``medium``; steps by the position that they have in the manifest. The audio
        has its lead-in and lead-out; all of it together takes about 100 MB for 10 s.

    Examples
    --------
    The gain curve of a compressor, and the sound before the whole chain::

        stages = replay_steps(dataset, row)["track.0"]
        curve_db = stages[1].effect.gain_curve_db(stages[1].heard, row["sample_rate"])
        dry = undone(stages, stages[-1].after, row["sample_rate"])
    """
    recorder = Recorder()
    render(Session.from_row(row["session"]), *locate(dataset, stems, assets), recorder)
    return recorder.stages
