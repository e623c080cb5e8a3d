"""What is torn, forged or absurd is told in a line, and costs nothing beside it."""

import importlib.util
import re
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PAGE = BENCHMARKS.parent / "docs" / "bad_inputs.md"


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))  # where python looks when it runs the script
        spec = importlib.util.spec_from_file_location("bad_inputs", BENCHMARKS / "bad_inputs.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def test_bad_inputs_are_told_with_their_cure_and_change_nothing_else(script, tmp_path):
    quick = [case for case in script.CASES if case.quick]
    outcomes = script.tried(quick, script.Bench(tmp_path))
    wrong = {f"{case.number} {case.name}": found.faults for case, found in outcomes if found.faults}
    assert not wrong


def test_what_is_not_told_or_disturbs_others_counts_as_wrong(script, tmp_path):
    bench, judged, said_so = script.Bench(tmp_path), script.judged, "realstic"
    said = bench.run("recipe", "check", "realstic")
    assert not judged(said, 2, said_so, cure=False).faults
    assert judged(said, 0, said_so, cure=False).faults
    assert judged(said, 2, "something else", cure=False).faults
    assert judged(script.Said(1, "x is wrong"), 1, "x").faults
    assert judged(script.Said(1, "Traceback: x; y"), 1, "x").faults
    data = bench.dataset() / "data" / "train-000000.tar"
    assert not bench.differing(data.parents[1])
    data.write_bytes(data.read_bytes()[:-1])
    assert bench.differing(data.parents[1])


def test_every_number_is_tried_or_says_why_not(script):
    numbers = {case.number for case in script.CASES} | set(script.NOT_TRIED)
    assert numbers == set(range(1, 101))


def test_the_page_has_a_row_for_every_number_and_nothing_wrong():
    text = PAGE.read_text()
    rows = re.findall(r"^\| (\d+) \|", text, re.MULTILINE)
    assert set(map(int, rows)) == set(range(1, 101))
    assert "WRONG" not in text
