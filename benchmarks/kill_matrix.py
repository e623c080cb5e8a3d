"""Whether anything can make a dataset come out otherwise than undisturbed.

    python benchmarks/kill_matrix.py [--kills 200] [--stems FOLDER] [--out kill_matrix.json]

A dataset is made once in peace, then again and again with the parent or one of its workers
killed at random moments (SIGKILL, SIGTERM, SIGINT, with one to three workers) and started again
until it is whole; then on a disk that is full, has no inodes left or is read-only, and by two
generators at once. Each must end byte-identical to the undisturbed one, with the plan's keys, no
process and no file left over. Exits with 1 otherwise. Disks are small file systems in memory,
which takes root; where that is refused they are listed as not tried.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from wetdry.datasets import scan, write_catalog, write_songs

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WORKERS = (1, 2, 3)
SAMPLES, SECONDS = 48, 1.0
LONGEST_S = 120.0


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
class Factory:
    """The command that makes the dataset."""

    stems: Path
    catalog: Path

    def start(self, out: Path, workers: int) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that what it leaves behind can be found."""
        command = [sys.executable, "-m", "wetdry.cli", "generate", "msrkit"]
        command += ["--stems", str(self.stems), "--catalog", str(self.catalog), "--out", str(out)]
        command += ["--samples", str(SAMPLES), "--seconds", str(SECONDS)]
        command += ["--workers", str(workers)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, start_new_session=True)

    def run(self, out: Path, workers: int = 2) -> tuple[int, str]:
        """Run it to its end; return its status and what it said."""
        process = self.start(out, workers)
        _, said = process.communicate(timeout=LONGEST_S)
        return process.returncode, said.decode(errors="replace").strip()


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a dataset, but for the note on where the stems stand, and the lock."""
    paths = (p for p in folder.rglob("*") if p.is_file() and p.name not in (".local.json", ".lock"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def session_members(session: int) -> list[int]:
    """Return the processes of a session."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[3]) == session and fields[0] != "Z":
            members.append(int(stat.parent.name))
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
    case: Case, factory: Factory, out: Path, workers: int, number: signal.Signals, kills: int,
    usual_s: float, chance: random.Random,
) -> None:  # fmt: skip
    """Kill a run, or a worker of it, at random moments until it is whole; then compare."""
    for _ in range(kills):
        process = factory.start(out, workers)
        case.runs += 1
        time.sleep(chance.uniform(0.2, usual_s))
        workers_there = [p for p in session_members(process.pid) if p != process.pid]
        aim = process.pid
        if workers_there and chance.random() < 0.3:
            aim = chance.choice(workers_there)
        if process.poll() is None:
            os.kill(aim, number)
            case.kills += 1
        try:
            process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            case.faults.append(f"hung after {number.name}")
            os.killpg(process.pid, signal.SIGKILL)
        if not wait_until_gone(process.pid):
            case.faults.append(f"processes left over after {number.name}")
            os.killpg(process.pid, signal.SIGKILL)


def finished(case: Case, factory: Factory, out: Path, workers: int = 2) -> None:
    """Run once more, undisturbed."""
    status, said = factory.run(out, workers)
    case.runs += 1
    if status != 0:
        case.faults.append(f"exit status {status}: {said[-200:]}")


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system in memory.

    Raises
    ------
    PermissionError
        Without root.
    """
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        raise PermissionError(mounted.stderr.decode().strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change a mounted file system."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def full_disk(case: Case, factory: Factory, disk: Path, small: str, large: str) -> Path:
    """Run into a disk's end, be told so, get room, and finish."""
    with_room = disk / "set"
    status, said = factory.run(with_room)
    case.runs += 1
    if status != 1 or "cannot be written" not in said:
        case.faults.append(f"{small}: wanted status 1 and a reason, found {status}: {said[-200:]}")
    remount(disk, large)
    finished(case, factory, with_room)
    return with_room


def read_only(case: Case, factory: Factory, disk: Path) -> Path:
    """Kill a run, make its disk read-only, be told so, and finish on a writable one."""
    out = disk / "set"
    process = factory.start(out, 2)
    while not list(out.glob("commits/*.json")) and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    wait_until_gone(process.pid)
    case.kills += 1
    remount(disk, "ro")
    status, said = factory.run(out)
    case.runs += 2
    if status != 1 or "cannot be written" not in said:
        case.faults.append(f"wanted status 1 and a reason, found {status}: {said[-200:]}")
    remount(disk, "rw")
    finished(case, factory, out)
    return out


def two_at_once(case: Case, factory: Factory, out: Path) -> None:
    """Start two generators on one folder: one is told so, the other finishes."""
    both = [factory.start(out, 1) for _ in range(2)]
    case.runs += 2
    said = [process.communicate(timeout=LONGEST_S)[1] for process in both]
    statuses = sorted(process.returncode for process in both)
    refused = any(b"another process is writing there" in text for text in said)
    if statuses != [0, 1] or not refused:
        case.faults.append(f"wanted one done and one refused, found statuses {statuses}")


def on_disk(
    name: str, options: str, folder: Path, wanted: dict[str, bytes],
    work: Callable[[Case, Path], Path],
) -> Case:  # fmt: skip
    """Try one fault of a disk."""
    case = Case(name)
    started = time.monotonic()
    try:
        with small_disk(folder, options) as disk:
            compared(case, work(case, disk), wanted)
    except (PermissionError, FileNotFoundError) as error:
        case.not_tried = str(error)
    case.seconds = time.monotonic() - started
    return case


def cases(factory: Factory, folder: Path, kills: int) -> Iterator[Case]:
    """Disturb in every way."""
    started = time.monotonic()
    calm = folder / "calm"
    status, said = factory.run(calm)
    if status:
        raise SystemExit(f"the undisturbed run failed: {said}")
    usual_s, wanted, chance = time.monotonic() - started, content(calm), random.Random(0)
    combinations = [(number, workers) for number in SIGNALS for workers in WORKERS]
    for place, (number, workers) in enumerate(combinations):
        share = kills // len(combinations) + (place < kills % len(combinations))
        case, began, attempt = Case(f"{number.name}, {workers} workers"), time.monotonic(), 0
        while case.kills < share:
            out = folder / f"{number.name}-{workers}-{attempt}"
            several = min(3, share - case.kills)
            killed(case, factory, out, workers, number, several, usual_s, chance)
            finished(case, factory, out, workers)
            compared(case, out, wanted)
            attempt += 1
        case.seconds = time.monotonic() - began
        yield case
    yield from disk_cases(factory, folder, wanted)
    case = Case("two generators at once")
    two_at_once(case, factory, folder / "two")
    compared(case, folder / "two", wanted)
    yield case


def disk_cases(factory: Factory, folder: Path, wanted: dict[str, bytes]) -> Iterator[Case]:
    """Disturb by disks."""
    size = sum(map(len, wanted.values()))
    half, room = f"size={size // 2}", f"size={size * 3}"
    few, many = "nr_inodes=9", "nr_inodes=900"
    for name, options, work in (
        ("full disk", half, lambda case, disk: full_disk(case, factory, disk, half, room)),
        ("no inodes", few, lambda case, disk: full_disk(case, factory, disk, few, many)),
        ("read-only disk", room, lambda case, disk: read_only(case, factory, disk)),
    ):
        yield on_disk(name, options, folder / name.replace(" ", "_"), wanted, work)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--stems", type=Path, help="default: three songs that wetdry composes")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    done: list[Case] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stems = options.stems or folder / "songs"
        if not options.stems:
            write_songs(stems, count=3, seconds=8, seed=0)
        write_catalog(scan(stems, workers=2), folder / "catalog.parquet")
        print(f"{'disturbed by':<26} {'kills':>5} {'runs':>5} {'s':>6}  outcome")
        for case in cases(Factory(stems, folder / "catalog.parquet"), folder, options.kills):
            outcome = "; ".join(case.faults) or (
                f"not tried: {case.not_tried}" if case.not_tried else "identical"
            )
            line = f"{case.name:<26} {case.kills:5d} {case.runs:5d} {case.seconds:6.0f}  {outcome}"
            print(line, flush=True)
            done.append(case)
    kills = sum(case.kills for case in done)
    faults = sum(len(case.faults) for case in done)
    print(f"{kills} kills, {sum(case.runs for case in done)} runs, {faults} faults")
    if options.out:
        options.out.write_text(json.dumps([vars(case) for case in done], indent=1) + "\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
