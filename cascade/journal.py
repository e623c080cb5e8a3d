"""The diary of a run: one JSON object a line, and TensorBoard where it is installed."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["Journal"]


class Journal:
    """Append numbers to ``log.jsonl`` and to TensorBoard's event files.

    Parameters
    ----------
    folder : Path
        The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._board: Any = None

    def write(self, stage: str, step: int, numbers: dict[str, float]) -> None:
        """Write one line: the stage, the step, and the numbers by name."""
        line = json.dumps({"stage": stage, "step": step, **numbers})
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        board = self._open_board()
        for name, number in numbers.items() if board else ():
            board.add_scalar(f"{stage}/{name}", number, step)

    def _open_board(self) -> Any:
        """Open TensorBoard's writer at the first line, if there is one."""
        if self._board is None and find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.folder / "tensorboard"))
        return self._board
