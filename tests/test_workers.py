"""Workers: one that dies or hangs takes nothing with it."""

import os
import time

import pytest

from wetdry.datasets.workers import run_jobs
from wetdry.errors import AudioError, ShardError


def double(number):
    """Double; die, hang or fail where the number says so."""
    if number == 13:
        os.abort()
    if number == 17:
        time.sleep(60)
    if number == 19:
        raise AudioError("nineteen")
    return 2 * number


def test_all_jobs_come_back():
    done = dict(run_jobs(double, range(10), workers=2, timeout_s=30))
    assert done == {n: 2 * n for n in range(10)}


@pytest.mark.parametrize("bad", [13, 17])
def test_a_job_that_kills_or_hangs_its_worker_is_given_up_and_the_rest_goes_on(bad):
    done = dict(run_jobs(double, [1, bad, 2, 3], workers=2, timeout_s=4))
    assert isinstance(done.pop(bad), ShardError)
    assert done == {1: 2, 2: 4, 3: 6}


def test_an_error_of_the_work_is_its_result():
    done = dict(run_jobs(double, [19, 4], workers=1, timeout_s=30))
    assert isinstance(done[19], AudioError) and done[4] == 8
