"""The bench on which bad inputs are tried: a good dataset, something bad beside it, the command."""

import contextlib
import functools
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from wetdry.cli import main
from wetdry.seeds import stream

__all__ = ["CASES", "RATE", "Bench", "Case", "Outcome", "Said", "case", "judged", "noise"]

RATE = 8000
LONGEST_S = 60
RECIPE = """
sample_rate: 8000
seconds: 0.5
songs: {stems: [1, 3], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{gain: {gain_db: [-6, 0]}}, {high_pass: {cutoff_hz: [50, 400]}}]}
"""
GOOD = ("calm/Bass/a.wav", "calm/Vocals/b.wav", "odd/Bass/c.wav", "odd/Vocals/d.wav")
SPLITS = ("--split", "train=calm", "--split", "test=odd")


@dataclass(frozen=True)
class Said:
    """What a command left behind: its exit status and all that it printed."""

    status: int
    text: str


@dataclass(frozen=True)
class Outcome:
    """What came of a bad input.

    ``faults`` says in what it is not as it should be; ``rest`` what was compared beside it.
    """

    message: str
    status: int | str
    rest: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A bad input: its number in the list, what it is, how to try it, whether that is quick."""

    number: int
    name: str
    work: Callable[["Bench"], Outcome]
    quick: bool = True


CASES: list[Case] = []
Work = Callable[["Bench"], Outcome]


def case(number: int, name: str, quick: bool = True) -> Callable[[Work], Work]:
    """Enter a function into the list."""

    def enter(work: Work) -> Work:
        CASES.append(Case(number, name, work, quick))
        return work

    return enter


def noise(seconds: float = 1.0, channels: int = 1, name: str = "x") -> np.ndarray:
    """Return noise at -20 dBFS, another for every name."""
    shape = (round(seconds * RATE), channels)
    return np.clip(stream(7, name).normal(0, 0.1, shape), -0.9, 0.9).astype(np.float32)


def judged(
    said: Said, status: int, words: str, rest: str = "-", faults: list[str] | None = None,
    cure: bool = True,
) -> Outcome:  # fmt: skip
    """Compare what a command said with what it should have: one line with reason and cure."""
    wrong = list(faults or ())
    lines = [line for line in said.text.splitlines() if words in line]
    if said.status != status:
        wrong.append(f"wanted status {status}, found {said.status}: {said.text[-300:]}")
    if words and not lines:
        wrong.append(f"does not say {words!r}: {said.text[-300:]}")
    elif (
        words
        and status
        and cure
        and not any(mark in lines[0] for mark in ("; ", "did you mean", "goes"))
    ):
        wrong.append(f"names no cure: {lines[0]}")
    if "Traceback" in said.text:
        wrong.append("a traceback")
    return Outcome(lines[0] if words and lines else "accepted", said.status, rest, tuple(wrong))


class Bench:
    """Two small songs, a recipe, and the dataset that they make in peace."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.recipe = folder / "recipe.yaml"
        self.recipe.write_text(RECIPE)
        self.good = folder / "good"
        for file in GOOD:
            (self.good / file).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(self.good / file, noise(name=file), RATE)

    @functools.cached_property
    def calm(self) -> Path:
        """The undisturbed dataset."""
        out = self.folder / "undisturbed"
        said = self.generate(self.good, out)
        if said.status:
            raise RuntimeError(f"the undisturbed run failed: {said.text}")
        return out

    def fresh(self) -> Path:
        """Return a new folder."""
        self.count += 1
        folder = self.folder / f"{self.count:03d}"
        folder.mkdir()
        return folder

    def stems(self) -> Path:
        """Return a new copy of the good songs."""
        return Path(shutil.copytree(self.good, self.fresh() / "stems"))

    def dataset(self) -> Path:
        """Return a new copy of the undisturbed dataset."""
        return Path(shutil.copytree(self.calm, self.fresh() / "set"))

    def order(self, stems: Path, out: Path, *more: Any, splits: tuple[str, ...] = SPLITS) -> list:
        """Return the words of the command that makes the dataset."""
        return [
            "generate", self.recipe, "--stems", stems, "--out", out, "--samples", 4,
            *(() if "--workers" in more else ("--workers", 1)), *splits, *more,
        ]  # fmt: skip

    def generate(self, stems: Path, out: Path, *more: Any, **options: Any) -> Said:
        """Make the dataset, in this process."""
        return self.run(*self.order(stems, out, *more, **options))

    def run(self, *words: Any) -> Said:
        """Run the command in this process; one that hangs is ended after a minute."""
        said = io.StringIO()
        with _argv(["wetdry", *map(str, words)]), _alarm(LONGEST_S):
            try:
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                    main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 1
            except Exception as error:
                return Said(-1, self.plain(f"Traceback: {type(error).__name__}: {error}"))
        return Said(status, self.plain(said.getvalue()))

    def start(self, *words: Any, before: str = "pass", **options: Any) -> subprocess.Popen:
        """Start the command in a process of its own, after some Python."""
        code = f"{before}\nif __name__ == '__main__': from wetdry.cli import main; main()"
        script = self.fresh() / "run.py"  # a file, because spawned workers import it
        script.write_text(code)
        command = [sys.executable, str(script), *map(str, words)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, **{**streams, "start_new_session": True, **options})

    def ended(self, process: subprocess.Popen) -> Said:
        """Wait for a process, at most a minute."""
        try:
            text = process.communicate(timeout=LONGEST_S)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return Said(-1, "hung")
        return Said(process.returncode, self.plain((text or b"").decode(errors="replace")))

    def apart(self, *words: Any, before: str = "pass", **options: Any) -> Said:
        """Run the command in a process of its own."""
        return self.ended(self.start(*words, before=before, **options))

    def plain(self, text: str) -> str:
        """Return a text without this bench's own folders."""
        for number in range(self.count, 0, -1):
            text = text.replace(f"{self.folder / f'{number:03d}'}/", "")
        return text.replace(f"{self.folder}/", "")

    def differing(self, out: Path, *splits: str) -> list[str]:
        """Say which shards are not the undisturbed run's."""
        wrong = []
        for split in splits or ("train", "test"):
            name = f"data/{split}-000000.tar"
            there = (out / name).read_bytes() if (out / name).exists() else b""
            if there != (self.calm / name).read_bytes():
                wrong.append(f"{name} differs from the undisturbed run's")
        return wrong

    def set_aside(self, plant: Callable[[Path], Any], words: str) -> Outcome:
        """Plant something bad among the good stems: it is set aside, all shards are the same."""
        stems = self.stems()
        plant(stems)
        said = self.generate(stems, stems.parent / "set")
        faults = self.differing(stems.parent / "set")
        return judged(said, 3, words, "all shards the same", faults)

    def accepted(self, plant: Callable[[Path], Any]) -> Outcome:
        """Plant something odd but good into one song: the other song's shards are the same."""
        stems = self.stems()
        plant(stems)
        out = stems.parent / "set"
        said = self.generate(stems, out)
        faults = self.differing(out, "train")
        if (found := self.run("verify", out, "--replay", 2)).status:
            faults.append(f"not clean: {found.text[-200:]}")
        return judged(said, 0, "", "the other song's shards the same; verified", faults)


@contextlib.contextmanager
def _argv(words: list[str]) -> Iterator[None]:
    """Set the words of the command line."""
    before, sys.argv = sys.argv, words
    try:
        yield
    finally:
        sys.argv = before


@contextlib.contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after some seconds."""

    def ring(*_: Any) -> None:
        raise TimeoutError(f"hung for {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
