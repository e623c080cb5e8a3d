"""Workers: one that dies or hangs takes nothing with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wetdry.datasets.workers import Lost, alive, run_jobs
from wetdry.errors import AudioError


def double(number):
    """Double; die, hang or fail where the number says so."""
    if number == 13:
        os.abort()
    if number == 17:
        time.sleep(60)
    if number == 19:
        raise AudioError("nineteen")
    return 2 * number


HELD_AT_IMPORT = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def held(_):
    """Tell whether Ctrl-C is kept from this process, and was when it read this file."""
    return HELD_AT_IMPORT, signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def long_but_alive(number):
    """Take long, and say all the while that it goes on."""
    for _ in range(16):
        time.sleep(0.5)
        alive()
    return number


def done_before(path):
    """Return what this process did before; die the first time if the job names a path."""
    if path and not path.exists():
        path.touch()
        os.abort()
    done.append(path)
    return done[:-1]


done: list[object] = []


def test_all_jobs_come_back():
    done = dict(run_jobs(double, range(10), workers=2, timeout_s=30))
    assert done == {n: 2 * n for n in range(10)}


@pytest.mark.parametrize("bad", [13, 17])
def test_a_job_that_kills_or_hangs_its_worker_is_given_up_and_the_rest_goes_on(bad):
    done = dict(run_jobs(double, [1, bad, 2, 3], workers=2, timeout_s=4))
    assert isinstance(done.pop(bad), Lost)
    assert done == {1: 2, 2: 4, 3: 6}


def test_ctrl_c_is_kept_from_workers_from_their_first_import_on_and_from_nobody_else():
    assert [found for _, found in run_jobs(held, [1, 2], workers=2, timeout_s=30)] == [
        (True,) * 2
    ] * 2
    assert held(0)[1] is False


def test_an_error_of_the_work_is_its_result():
    done = dict(run_jobs(double, [19, 4], workers=1, timeout_s=30))
    assert isinstance(done[19], AudioError) and done[4] == 8


def test_one_worker_gives_results_in_order_whatever_is_lost():
    results = list(run_jobs(double, [1, 13, 2], workers=1, timeout_s=30, tries=2))
    assert [job for job, _ in results] == [1, 13, 2]
    assert str(results[1][1]) == "the job ended its process (status -6), 2 times; see its effects"


def test_a_job_is_tried_again_in_a_process_that_did_nothing_before(tmp_path):
    jobs = [0, 0, tmp_path / "tried"]
    results = [found for _, found in run_jobs(done_before, jobs, workers=1, timeout_s=30)]
    assert results == [[], [0], []]


def test_a_job_that_says_that_it_is_alive_is_not_taken_for_hung():
    assert list(run_jobs(long_but_alive, [7], workers=1, timeout_s=6, tries=1)) == [(7, 7)]


SCRIPT = """
import os, sys, time
from pathlib import Path
from wetdry.datasets.workers import run_jobs

def note(folder):
    (folder / str(os.getpid())).touch()
    time.sleep(60)

{guard}for _ in run_jobs(note, [Path(sys.argv[1])], workers=1, timeout_s=60): pass
"""


def running(script: Path, folder: Path, guard: str) -> "subprocess.Popen[bytes]":
    """Start a script that uses workers."""
    script.write_text(SCRIPT.format(guard=guard))
    return subprocess.Popen([sys.executable, str(script), str(folder)], stderr=subprocess.PIPE)


def test_workers_end_with_their_parent_even_in_the_middle_of_a_job(tmp_path):
    (tmp_path / "at").mkdir()
    process = running(tmp_path / "run.py", tmp_path / "at", "if __name__ == '__main__':\n    ")
    while not (at := list((tmp_path / "at").iterdir())) and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    worker = Path("/proc") / at[0].name
    deadline = time.monotonic() + 30
    while worker.exists() and "(zombie)" not in (worker / "status").read_text():
        assert time.monotonic() < deadline, "the worker goes on"
        time.sleep(0.05)


def test_a_script_that_lacks_its_guard_is_told_so(tmp_path):
    said = running(tmp_path / "run.py", tmp_path, "").communicate()[1].decode()
    assert "before its first job, 3 times" in said and "__main__" in said.splitlines()[-1]
