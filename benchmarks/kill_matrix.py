"""Whether anything can make a dataset come out otherwise than undisturbed.

    python benchmarks/kill_matrix.py [--kills 200] [--stems FOLDER] [--out kill_matrix.json]

A dataset is made once in peace, then again and again with the command or a process below it
killed at random moments (SIGKILL, SIGTERM, SIGINT) and started again until it is whole: with one
to three workers, on a Ray cluster (its command, its node, its workers), as two shares at once,
and while more samples are added to it; then on a disk that is full, has no inodes left or is
read-only, and by two generators at once. Each must end byte-identical to the undisturbed one,
with the plan's keys, no process and no file left over. Exits with 1 otherwise. Disks are small
file systems in memory, which takes root; where that is refused they are listed as not tried.
"""

import argparse
import importlib.util
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from killing import (
    LONGEST_S,
    RAY,
    SAMPLES,
    Case,
    Factory,
    Way,
    compared,
    content,
    finished,
    killed,
    local,
    wait_until_gone,
)  # fmt: skip

from wetdry.datasets import scan, write_catalog, write_songs

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WAYS = (
    *(local(workers) for workers in (1, 2, 3)),
    RAY,
    Way("two shares", (("--shard-range", "1/2"), ("--shard-range", "2/2"))),
    Way("more samples", local(2).runs, begun=SAMPLES // 3),
)
HAS_RAY = importlib.util.find_spec("ray") is not None


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


def full_disk(
    case: Case, factory: Factory, disk: Path, small: str, large: str, words: Sequence[str]
) -> Path:
    """Run into a disk's end, be told so, get room, and finish."""
    with_room = disk / "set"
    status, said = factory.run(with_room, words)
    case.runs += 1
    if status != 1 or "cannot be written" not in said:
        case.faults.append(f"{small}: wanted status 1 and a reason, found {status}: {said[-200:]}")
    remount(disk, large)
    finished(case, factory, with_room, words)
    return with_room


def read_only(case: Case, factory: Factory, disk: Path, words: Sequence[str]) -> Path:
    """Kill a run, make its disk read-only, be told so, and finish on a writable one."""
    out = disk / "set"
    process = factory.start(out, words)
    while not list(out.glob("commits/*.json")) and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    wait_until_gone(process.pid)
    case.kills += 1
    remount(disk, "ro")
    status, said = factory.run(out, words)
    case.runs += 2
    if status != 1 or "cannot be written" not in said:
        case.faults.append(f"wanted status 1 and a reason, found {status}: {said[-200:]}")
    remount(disk, "rw")
    finished(case, factory, out, words)
    return out


def two_at_once(case: Case, factory: Factory, out: Path, words: Sequence[str]) -> None:
    """Start two generators on one folder: one is told so, the other finishes."""
    both = [factory.start(out, words) for _ in range(2)]
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
    usual_s, wanted = calm(factory, folder / "calm", local(2))
    moments = {way.name: usual_s for way in WAYS}
    if HAS_RAY:
        case = Case("nothing, ray")
        moments["ray"], _ = calm(factory, folder / "calm-ray", RAY)
        case.runs, case.seconds = 1, moments["ray"]
        compared(case, folder / "calm-ray", wanted)
        yield case
    chance, combinations = random.Random(0), [(way, n) for way in WAYS for n in SIGNALS]
    for place, (way, number) in enumerate(combinations):
        share = kills // len(combinations) + (place < kills % len(combinations))
        yield killed_case(factory, folder, way, number, share, moments[way.name], wanted, chance)
    for way in (local(2, "local"), RAY):
        yield from fault_cases(factory, folder / f"faults-{way.name}", way, wanted)


def calm(factory: Factory, out: Path, way: Way) -> tuple[float, dict[str, bytes]]:
    """Make the dataset in peace; return how long it took and its files."""
    started = time.monotonic()
    status, said = factory.run(out, way.runs[0])
    if status:
        raise SystemExit(f"the undisturbed run failed: {said}")
    return time.monotonic() - started, content(out)


def killed_case(
    factory: Factory, folder: Path, way: Way, number: signal.Signals, kills: int, usual_s: float,
    wanted: dict[str, bytes], chance: random.Random,
) -> Case:  # fmt: skip
    """Kill so often, three times a dataset at most, and finish each."""
    case, began, attempt = Case(f"{number.name}, {way.name}"), time.monotonic(), 0
    if way is RAY and not HAS_RAY:
        case.not_tried = "ray is not installed"
        return case
    while case.kills < kills:
        out = folder / f"{case.name}-{attempt}"
        if way.begun:
            factory.run(out, way.runs[0], way.begun)
        before = case.kills
        for _ in range(min(3, kills - case.kills)):
            killed(case, factory, out, way, number, usual_s, chance)
        usual_s *= 1.0 if case.kills > before else 0.7  # too late: the machine has become faster
        words = way.runs[0] if len(way.runs) == 1 and attempt % 2 else ("--workers", "2")
        finished(case, factory, out, words)  # now and then by another engine: the same bytes
        compared(case, out, wanted)
        attempt += 1
    case.seconds = time.monotonic() - began
    return case


def fault_cases(
    factory: Factory, folder: Path, way: Way, wanted: dict[str, bytes]
) -> Iterator[Case]:
    """Disturb by disks, and by a second generator."""
    size, words = sum(map(len, wanted.values())), way.runs[0]
    half, room = f"size={size // 2}", f"size={size * 3}"
    few, many = "nr_inodes=9", "nr_inodes=900"
    faults: list[tuple[str, str, Callable[[Case, Path], Path]]] = [
        ("full disk", half, lambda case, disk: full_disk(case, factory, disk, half, room, words)),
        ("no inodes", few, lambda case, disk: full_disk(case, factory, disk, few, many, words)),
        ("read-only disk", room, lambda case, disk: read_only(case, factory, disk, words)),
    ]
    if way is RAY and not HAS_RAY:
        for name, *_ in [*faults, ("two generators",)]:
            yield Case(f"{name}, ray", not_tried="ray is not installed")
        return
    folder.mkdir()
    for name, options, work in faults:
        place = folder / name.replace(" ", "_")
        yield on_disk(f"{name}, {way.name}", options, place, wanted, work)
    case, began = Case(f"two generators, {way.name}"), time.monotonic()
    two_at_once(case, factory, folder / "two", words)
    compared(case, folder / "two", wanted)
    case.seconds = time.monotonic() - began
    yield case


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
