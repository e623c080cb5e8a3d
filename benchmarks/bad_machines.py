"""Bad inputs 68 to 89: disks, limits, signals, crashes, clocks, locks."""

import errno
import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bad_bench import CASES, Bench, Case, Outcome, Said, case, judged
from kill_matrix import remount, small_disk
from killing import wait_until_gone

from wetdry.datasets.folder import writer_lock

SAME = "all shards the same once it went on"
EFFECT = """
import os, time
from wetdry.degradations.effect import Effect
class Bad(Effect, kind="bad_one"):
    \"\"\"Nothing is heard.\"\"\"
    label = "dynamics"
    undoable = "not"
    def apply(self, audio, sample_rate):
        {what}
"""


def goes_on(bench: Bench, out: Path, faults: list[str]) -> list[str]:
    """Run the command again, undisturbed, and compare."""
    said = bench.generate(bench.good, out)
    if said.status:
        faults.append(f"does not go on: {said.text[-200:]}")
    return faults + bench.differing(out)


def on_disk(options: str, room: str, words: str, bench: Bench) -> Outcome:
    """Write to a small disk, be told, get room, and finish."""
    calm = bench.calm
    try:
        with small_disk(bench.fresh() / "disk", options) as disk:
            if options == "ro":
                remount(disk, "ro")
            said = bench.generate(bench.good, disk / "set")
            remount(disk, room)
            return judged(said, 1, words, SAME, goes_on(bench, disk / "set", []))
    except (PermissionError, FileNotFoundError) as error:
        return Outcome("-", "-", f"not tried: {error}; {calm.name}"[:80])


for number, what, options, room, words in (
    (68, "a read-only output", "ro", "rw", "cannot be written"),
    (69, "a full disk", "size=40k", "size=4m", "cannot be written"),
    (70, "no inodes left", "nr_inodes=6", "nr_inodes=900", "cannot be written"),
):
    CASES.append(Case(number, what, partial(on_disk, options, room, words)))


def limited(before: str, words: str, bench: Bench) -> Outcome:
    """Run under a limit of the system, be told, and finish without."""
    out = bench.fresh() / "set"
    said = bench.apart(*bench.order(bench.good, out), before=f"import resource, signal\n{before}")
    return judged(said, 1, words, SAME, goes_on(bench, out, []))


FILES = "resource.setrlimit(resource.RLIMIT_{0}, ({1}, {1}))"
IGNORED = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
CASES.append(Case(71, "files of 9 kB at most (ulimit -f)", partial(
    limited, IGNORED + FILES.format("FSIZE", 9000), "File too large"), quick=False))  # fmt: skip
CASES.append(Case(73, "700 MB of memory for everything (RLIMIT_AS)", partial(
    limited, "import pandas, pyarrow, scipy.signal, soundfile\n" + FILES.format("AS", 700 << 20),
    "memory or threads ran out"), quick=False))  # fmt: skip


@case(72, "32 open files at most (ulimit -n)", quick=False)
def few_files(bench: Bench) -> Outcome:
    """Do with so few."""
    out = bench.fresh() / "set"
    before = "import resource\n" + FILES.format("NOFILE", 32)
    return same(bench, bench.apart(*bench.order(bench.good, out), before=before), out)


def killed(number: signal.Signals, times: int, bench: Bench) -> Outcome:
    """Kill the command while it renders, with two workers; nothing is left over; it goes on."""
    out = bench.fresh() / "set"
    process = bench.start(*bench.order(bench.good, out, "--workers", 2))
    while not (out / "plan.parquet").exists() and process.poll() is None:
        time.sleep(0.01)
    for _ in range(times):
        os.kill(process.pid, number)
        time.sleep(0.05)
    said = bench.ended(process)
    faults = [] if wait_until_gone(process.pid) else ["processes are left over"]
    faults = goes_on(bench, out, faults)
    faults += [f"left over: {path.name}" for path in out.rglob(".wetdry-*")]
    if "spawn_main" in said.text:  # Python's own words of a worker that was just being started
        said = Said(said.status, said.text.replace("Traceback", "(traceback of Python's own)"))
    if number == signal.SIGINT and times == 1:
        return judged(said, 130, "stopped", SAME, faults)
    found = judged(said, -number, "", SAME, faults)
    return Outcome("(none: the system ends it)", found.status, found.rest, found.faults)


for place, what, sent, times in (
    (75, "SIGKILL to the command", signal.SIGKILL, 1),
    (76, "SIGTERM", signal.SIGTERM, 1),
    (77, "SIGINT (Ctrl-C)", signal.SIGINT, 1),
    (77, "SIGINT (Ctrl-C) twice", signal.SIGINT, 2),
    (78, "SIGHUP", signal.SIGHUP, 1),
):
    CASES.append(Case(place, what, partial(killed, sent, times), quick=False))


@case(79, "a closed standard output (`| head -1`)", quick=False)
def closed(bench: Bench) -> Outcome:
    """End quietly."""
    ours, theirs = os.pipe()
    os.close(ours)
    import subprocess

    process = bench.start("recipe", "schema", stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    said = Said(process.wait(60), process.stderr.read().decode() if process.stderr else "")
    faults = [f"says {said.text[-200:]}"] if said.text else []
    found = judged(said, 1, "", "-", faults)
    return Outcome("(none)", found.status, "-", found.faults)


def bad_effect(what: str, words: str, before: str, bench: Bench) -> Outcome:
    """Render with an effect that ends or hangs its worker."""
    folder = bench.fresh()
    (folder / "own.py").write_text(EFFECT.format(what=what))
    recipe = folder / "bad.yaml"
    recipe.write_text(bench.recipe.read_text().replace("{gain: {gain_db: [-6, 0]}}", "bad_one"))
    recipe.write_text(recipe.read_text().replace("bad_one", "{bad_one: {}}"))
    order = bench.order(bench.good, folder / "set", "--workers", 2, "--effects", folder / "own.py")
    order[1] = recipe
    process = bench.start(*order, before=before)
    said = bench.ended(process)
    faults = [] if wait_until_gone(process.pid) else ["processes are left over"]
    faults += [f"left over: {path.name}" for path in (folder / "set").rglob(".wetdry-*.tmp")]
    return judged(said, 1, words, "the parent lives and says which shard", faults)


SOON = "import wetdry.datasets.jobs as jobs\njobs.SECONDS_PER_SAMPLE = 2"
for place, what, code, words, before in (
    (74, "a worker that is killed (SIGKILL), each time", "os.kill(os.getpid(), 9)",
     "ended its process (status -9)", "pass"),
    (80, "a crash of native code in an effect", "os.abort()", "(status -6)", "pass"),
    (81, "an effect that hangs", "time.sleep(99)", "took longer than", SOON),
    (82, "LAME's exit() in a worker", "os._exit(255)", "(status 255)", "pass"),
):  # fmt: skip
    CASES.append(Case(place, what, partial(bad_effect, code, words, before), quick=False))


def same(bench: Bench, said: Said, out: Path, words: str = "", status: int = 0) -> Outcome:
    """Compare a whole dataset's shards."""
    return judged(said, status, words, "all shards the same", bench.differing(out))


@contextmanager
def replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    """Put something in the place of a function."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


@case(83, "a clock that jumps by a day, to and fro (time.time replaced)")
def clock(bench: Bench) -> Outcome:
    """Make the same bytes at any time."""
    out, real = bench.fresh() / "set", time.time
    jumps = iter([0, 86_400, -86_400] * 100_000)
    with replaced(time, "time", lambda: real() + next(jumps)):
        said = bench.generate(bench.good, out)
    return same(bench, said, out)


@case(84, "another TZ, LANG, umask, folder and PYTHONHASHSEED", quick=False)
def surroundings(bench: Bench) -> Outcome:
    """Make the same bytes anywhere."""
    out = bench.fresh() / "set"
    odd = {"TZ": "Asia/Kathmandu", "LANG": "tr_TR", "LC_ALL": "C", "PYTHONHASHSEED": "77"}
    environment = {**os.environ, **odd}
    order = bench.order(bench.good, out)
    said = bench.apart(*order, env=environment, umask=0o077, cwd=bench.fresh())
    return same(bench, said, out)


@case(85, "threads in the process that starts workers", quick=False)
def threads(bench: Bench) -> Outcome:
    """Spawn workers, never fork them."""
    out = bench.fresh() / "set"
    busy = threading.Event()
    crowd = [threading.Thread(target=busy.wait) for _ in range(8)]
    for thread in crowd:
        thread.start()
    try:
        from wetdry.datasets import Order, generate, parse_splits, scan
        from wetdry.mixing import load_recipe

        splits = parse_splits(["train=calm", "test=odd"])
        order = Order(load_recipe(bench.recipe), 4, 0, splits)
        generate(order, scan(bench.good), bench.good, out, workers=2)
    finally:
        busy.set()
    return same(bench, Said(0, ""), out)


@case(86, "two generators on one output")
def two(bench: Bench) -> Outcome:
    """Tell the second."""
    out = bench.dataset()
    with writer_lock(out):
        said = bench.generate(bench.good, out)
    return same(bench, said, out, "another process is writing there", 1)


@case(87, "the lock file of a process that is gone")
def stale(bench: Bench) -> Outcome:
    """Go on: the system freed the lock."""
    out = bench.fresh() / "set"
    out.mkdir()
    (out / ".lock").write_text("999999")
    return same(bench, bench.generate(bench.good, out), out)


@case(88, "a file system without locks (flock raises ENOLCK)")
def no_locks(bench: Bench) -> Outcome:
    """Say so, rather than let two write."""
    out = bench.fresh() / "set"

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with replaced(fcntl, "flock", refuse):
        said = bench.generate(bench.good, out)
    return judged(said, 1, "locks", SAME, goes_on(bench, out, []))


@case(89, "a rename that fails (ESTALE, EXDEV)")
def renames(bench: Bench) -> Outcome:
    """Say so, and go on later."""
    out, real, count = bench.fresh() / "set", os.replace, iter(range(1000))

    def fail(*words: Any) -> None:
        if (turn := next(count)) >= 3:
            code = errno.ESTALE if turn % 2 else errno.EXDEV
            raise OSError(code, os.strerror(code))
        real(*words)

    with replaced(os, "replace", fail):
        said = bench.generate(bench.good, out)
    return judged(said, 1, "cannot be written", SAME, goes_on(bench, out, []))
