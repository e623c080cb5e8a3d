"""What the kill matrix is made of: a command that is killed, and what is compared afterwards."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

SAMPLES, SECONDS = 48, 1.0
LONGEST_S = 300.0


@dataclass
class Case:
    """One way of disturbing, and what came of it."""

    name: str
    kills: int = 0
    runs: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    not_tried: str = ""


@dataclass(frozen=True)
class Way:
    """A way of making the dataset.

    Parameters
    ----------
    name : str
    runs : tuple of tuple of str
        The words of commands that run side by side.
    aims : tuple of str
        Words by which processes are known that may be killed in place of the command itself.
    begun : int
        How many samples are there before anything is killed.
    """

    name: str
    runs: tuple[tuple[str, ...], ...]
    aims: tuple[str, ...] = ("spawn_main",)
    begun: int = 0


def local(workers: int, name: str = "") -> Way:
    """Return the usual way."""
    return Way(name or f"{workers} workers", (("--workers", str(workers)),))


RAY = Way(
    "ray",
    (("--engine", "ray", "--workers", "2"),),
    ("raylet/raylet", "ray::done_here", "ray::IDLE", "spawn_main"),
)


@dataclass(frozen=True)
class Factory:
    """The command that makes the dataset."""

    stems: Path
    catalog: Path

    def start(self, out: Path, words: Sequence[str], samples: int = SAMPLES) -> subprocess.Popen:
        """Start it in a session of its own, so that what it leaves behind can be found."""
        command = [sys.executable, "-m", "wetdry.cli", "generate", "msrkit"]
        command += ["--stems", str(self.stems), "--catalog", str(self.catalog), "--out", str(out)]
        command += ["--samples", str(samples), "--seconds", str(SECONDS), *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, start_new_session=True)

    def run(
        self, out: Path, words: Sequence[str] = ("--workers", "2"), samples: int = SAMPLES
    ) -> tuple[int, str]:
        """Run it to its end; return its status and what it said."""
        process = self.start(out, words, samples)
        _, said = process.communicate(timeout=LONGEST_S)
        return process.returncode, said.decode(errors="replace").strip()


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a dataset, but for the note on where the stems stand, and the lock."""
    paths = (p for p in folder.rglob("*") if p.is_file() and p.name not in (".local.json", ".lock"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def session_members(session: int) -> dict[int, str]:
    """Return the processes of a session with their commands, but for Ray's own agents.

    These look every minute whether their machine is still wanted, and leave then.
    """
    members = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
            command = (stat.parent / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue  # it has just ended
        agent = command.startswith("ray::") and command.endswith("Agent")
        if int(fields[3]) == session and fields[0] != "Z" and not agent:
            members[int(stat.parent.name)] = command
    return members


def wait_until_gone(session: int) -> bool:
    """Return whether all processes of a session end within some seconds."""
    deadline = time.monotonic() + 20
    while session_members(session):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def compared(case: Case, out: Path, wanted: dict[str, bytes]) -> None:
    """Note in what a dataset differs from the undisturbed one."""
    found = content(out)
    differing = sorted(n for n in {*found, *wanted} if found.get(n) != wanted.get(n))
    if differing:
        case.faults.append(f"differs in {', '.join(differing[:4])}")
    manifest = pd.read_parquet(out / "manifest.parquet", columns=["key"])
    plan = pd.read_parquet(out / "plan.parquet", columns=["key"])
    if list(manifest["key"]) != list(plan["key"]):
        case.faults.append("keys are not the plan's")


def killed(
    case: Case, factory: Factory, out: Path, way: Way, number: signal.Signals, usual_s: float,
    chance: random.Random,
) -> None:  # fmt: skip
    """Kill a run, or a process below it, at a random moment, and wait for its end."""
    processes = [factory.start(out, words) for words in way.runs]
    case.runs += len(processes)
    victim, moment = chance.choice(processes), time.monotonic() + chance.uniform(0.2, usual_s)
    while time.monotonic() < moment and victim.poll() is None:
        time.sleep(0.01)
    below = [
        process
        for process, command in session_members(victim.pid).items()
        if process != victim.pid and any(aim in command for aim in way.aims)
    ]
    aim = chance.choice(below) if below and chance.random() < 0.4 else victim.pid
    if victim.poll() is None:
        try:
            os.kill(aim, number)
            case.kills += 1
        except ProcessLookupError:
            pass  # it has just ended
    for process in processes:
        try:
            process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            case.faults.append(f"hung after {number.name}")
            os.killpg(process.pid, signal.SIGKILL)
        if not wait_until_gone(process.pid):
            left = [command[-60:] for command in session_members(process.pid).values()]
            case.faults.append(f"left over after {number.name}: {', '.join(left)}")
            os.killpg(process.pid, signal.SIGKILL)


def finished(case: Case, factory: Factory, out: Path, words: Sequence[str]) -> None:
    """Run once more, undisturbed."""
    status, said = factory.run(out, words)
    case.runs += 1
    if status != 0:
        case.faults.append(f"exit status {status}: {said[-200:]}")
