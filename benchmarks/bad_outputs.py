"""Bad inputs 90 to 93: what stands in the output already."""

import json
import shutil

from bad_bench import Bench, Outcome, case, judged
from bad_machines import SAME, goes_on, same


@case(90, "another seed into the same folder")
def other_seed(bench: Bench) -> Outcome:
    """Refuse it, with the difference."""
    out = bench.dataset()
    said = bench.generate(bench.good, out, "--seed", 5)
    return same(bench, said, out, "seed is 0, wanted 5", 2)


@case(90, "a changed recipe into the same folder")
def other_recipe(bench: Bench) -> Outcome:
    """Refuse it, with the difference."""
    out = bench.dataset()
    said = bench.generate(bench.good, out, "--severity", 0.5)
    return same(bench, said, out, "holds another dataset", 2)


@case(90, "a changed stem into the same folder")
def other_stems(bench: Bench) -> Outcome:
    """Refuse it, with the difference."""
    out, stems = bench.dataset(), bench.stems()
    shutil.copy(stems / "calm/Bass/a.wav", stems / "odd/Bass/c.wav")
    return same(bench, bench.generate(stems, out), out, "stems_sha256", 2)


@case(90, "a dataset of another version of the format")
def other_version(bench: Bench) -> Outcome:
    """Refuse it, with the difference."""
    out = bench.dataset()
    record = json.loads((out / "dataset.json").read_text())
    (out / "dataset.json").write_text(json.dumps({**record, "format": 999, "version": "99"}))
    return same(bench, bench.generate(bench.good, out), out, "holds another dataset", 2)


@case(91, "a commit record that is no JSON")
def commit(bench: Bench) -> Outcome:
    """Tell its path and cure; once it is deleted, render its shard again."""
    out = bench.dataset()
    (out / "commits/test-000000.json").write_text("{")
    said = bench.generate(bench.good, out)
    (out / "commits/test-000000.json").unlink()
    return judged(said, 1, "test-000000.json", SAME, goes_on(bench, out, []))


@case(92, "a shard deleted after its commit")
def deleted(bench: Bench) -> Outcome:
    """Render it again."""
    out = bench.dataset()
    (out / "data/test-000000.tar").unlink()
    return same(bench, bench.generate(bench.good, out), out)


@case(92, "a shard edited after its commit")
def edited(bench: Bench) -> Outcome:
    """Find it by verify."""
    out = bench.dataset()
    data = bytearray((out / "data/test-000000.tar").read_bytes())
    data[2000] ^= 255
    (out / "data/test-000000.tar").write_bytes(data)
    said = bench.run("verify", out)
    (out / "data/test-000000.tar").unlink()
    return judged(said, 1, "not the bytes that were committed", SAME, goes_on(bench, out, []))


@case(93, "files of others in a new output")
def strangers(bench: Bench) -> Outcome:
    """Refuse it, and leave them alone."""
    out = bench.fresh() / "set"
    out.mkdir()
    (out / "thesis.tex").write_text("mine")
    said = bench.generate(bench.good, out)
    left = sorted(path.name for path in out.iterdir() if path.name != ".lock")
    faults = [] if left == ["thesis.tex"] else [f"left {left}"]
    return judged(said, 2, "thesis.tex", "they are untouched", faults)


@case(93, "files of others in a dataset")
def guests(bench: Bench) -> Outcome:
    """Leave them alone."""
    out = bench.dataset()
    (out / "data" / "notes.txt").write_text("mine")
    said = bench.generate(bench.good, out)
    faults = bench.differing(out) + ([] if (out / "data/notes.txt").exists() else ["deleted"])
    return judged(said, 0, "", "all shards the same; they are untouched", faults)
