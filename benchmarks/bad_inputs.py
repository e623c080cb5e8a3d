"""The hundred bad inputs: each beside a good song, through the real command.

    python benchmarks/bad_inputs.py [--page docs/bad_inputs.md]
    python benchmarks/bad_inputs.py 5 47       only these

Exit status 1 if one of them is not told in a line that names it and its cure, ends with another
status than it should, leaves a traceback, or changes a byte of what has nothing to do with it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import bad_files  # noqa: F401  each enters its cases
import bad_machines  # noqa: F401
import bad_outputs  # noqa: F401
import bad_readers  # noqa: F401
import bad_songs  # noqa: F401
from bad_bench import CASES, Bench, Case, Outcome, Said, judged

__all__ = ["Bench", "Said", "judged", "main", "page", "tried"]

NOT_TRIED: dict[int, str] = {
    98: "fewer shards than workers, or ranks: the loader hands out samples by their address, "
    "whatever shard they stand in; tests/test_loader.py",
    99: "training resumed in mid-epoch with other workers: a batch follows from its number alone; "
    "tests/test_loader.py and tests/test_training.py",
}
"""A number that cannot be made by this script, and why."""

HEAD = """# Bad inputs

What comes of a hundred bad inputs. Each was put beside good songs and given to the real command
line; *rest* says what was compared with a run that had no such input. Status 0 is done, 1 failed,
2 wrong usage, 3 done with something set aside; a negative one is the signal that ended it, and a
name is the error that a function raises where no command reads such a file.
`python benchmarks/bad_inputs.py --page docs/bad_inputs.md` writes this page and fails if one is
not as it should be: {count} tried, {bad} not so.

| # | input | message | status | rest of the run |
| --- | --- | --- | --- | --- |
"""


def tried(cases: Iterable[Case], bench: Bench) -> Iterator[tuple[Case, Outcome]]:
    """Try cases in the order of their numbers."""
    for case in sorted(cases, key=lambda case: case.number):
        try:
            outcome = case.work(bench)
        except Exception as error:  # the other ninety-nine are to be tried all the same
            what = f"{type(error).__name__}: {error}"
            outcome = Outcome("", "-", "-", (f"could not be tried: {what}",))
        yield case, outcome


def row(number: int, *texts: object) -> str:
    """Return a line of the table in Markdown."""
    cells = [" ".join(str(text).split()).replace("|", "\\|") for text in texts]
    cells = [cell.replace("<", "&lt;") if len(cell) < 240 else cell[:237] + "..." for cell in cells]
    return f"| {number} | " + " | ".join(cells) + " |"


def page(outcomes: list[tuple[Case, Outcome]]) -> str:
    """Return the page."""
    rows = [(case.number, row(case.number, case.name, *shown(found))) for case, found in outcomes]
    for number, why in NOT_TRIED.items():
        rows.append((number, row(number, *why.split(": ", 1), "-", "not tried")))
    bad = sum(bool(found.faults) for _, found in outcomes)
    lines = [line for _, line in sorted(rows, key=lambda pair: pair[0])]
    return HEAD.format(count=len(outcomes), bad=bad or "none") + "\n".join(lines) + "\n"


def shown(outcome: Outcome) -> tuple[str, object, str]:
    """Return message, status and rest of an outcome; what is wrong stands with the rest."""
    wrong = " ".join(f"WRONG: {fault}" for fault in outcome.faults)
    return outcome.message, outcome.status, f"{outcome.rest} {wrong}".strip()


def main() -> None:
    """Try, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", type=int, help="only these")
    parser.add_argument("--page", type=Path, help="write the table as Markdown")
    options = parser.parse_args()
    chosen = [case for case in CASES if case.number in (options.numbers or range(101))]
    outcomes, started = [], time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        for case, outcome in tried(chosen, Bench(Path(folder))):
            outcomes.append((case, outcome))
            print(f"{case.number:3d} {case.name}: status {outcome.status}: {outcome.message}")
            for fault in outcome.faults:
                print(f"      WRONG: {fault}", flush=True)
    if options.page:
        options.page.write_text(page(outcomes))
    bad = sum(bool(outcome.faults) for _, outcome in outcomes)
    print(f"{len(outcomes)} tried, {bad} wrong, {time.process_time() - started:.0f} s here")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
