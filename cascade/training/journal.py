"""The diary of a run: one JSON object a line, and TensorBoard where it is installed."""

import json
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...manifests.files import write_atomically

__all__ = ["SET_ASIDE", "Journal", "note_set_aside", "set_aside_of"]

SET_ASIDE = "set_aside.jsonl"


class Journal:
    """Append numbers to ``log.jsonl`` and to TensorBoard's event files.

    Parameters
    ----------
    folder : Path
        The run's folder.
    writes : bool
        Whether this process is the one that writes.
    """

    def __init__(self, folder: Path, writes: bool = True) -> None:
        self.folder = folder
        self.writes = writes
        self._board: Any = None

    def write(self, stage: str, step: int, numbers: Mapping[str, float]) -> None:
        """Write one line: the stage, the step, and the numbers by name."""
        if not self.writes:
            return
        line = json.dumps({"stage": stage, "step": step, **numbers})
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        board = self._open_board()
        for name, number in numbers.items() if board else ():
            board.add_scalar(f"{stage}/{name}", number, step)

    def rewind(self, stage: str, step: int) -> None:
        """Forget what a stage said after a step: it is about to say it again."""
        path = self.folder / "log.jsonl"
        if not self.writes or not path.exists():
            return
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not _is_later(line, stage, step)]
        if kept != lines:
            write_atomically(path, "".join(kept).encode())

    def _open_board(self) -> Any:
        """Open TensorBoard's writer at the first line, if there is one."""
        if self._board is None and find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.folder / "tensorboard"))
        return self._board


def _is_later(line: str, stage: str, step: int) -> bool:
    """Tell whether a line is of this stage and a later step, or was torn by a power cut."""
    try:
        about = json.loads(line)
        return bool(about["stage"] == stage and about["step"] > step)
    except (ValueError, KeyError, TypeError):
        return True


def note_set_aside(folder: Path, entries: Iterable[Mapping[str, str]]) -> None:
    """Append what could not be rendered to a run's ``set_aside.jsonl``, a line each."""
    text = "".join(json.dumps(dict(entry)) + "\n" for entry in entries)
    if text:  # of several processes: what is appended at once stays together
        with (folder / SET_ASIDE).open("a", encoding="utf-8") as file:
            file.write(text)


def set_aside_of(folder: Path) -> list[dict[str, str]]:
    """Return what a run could not render, each sample once: ``what``, ``reason``, ``cure``."""
    path = folder / SET_ASIDE
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found = {entry["what"]: entry for entry in map(json.loads, lines)}
    return [found[what] for what in sorted(found)]
