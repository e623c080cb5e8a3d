"""Effects of a user in datasets: recorded, the same bytes, replayed, and refused once changed."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from wetdry.datasets import generate, verify
from wetdry.degradations import use_effects
from wetdry.errors import ShardError, UsageError

from .test_own_effects import FILE, RECIPE, content, folder, generating, order, wetdry

__all__ = ["folder", "wetdry"]  # the fixtures


def test_two_workers_write_the_bytes_of_one_and_a_row_replays(folder, stems, catalog):
    use_effects("fold.py")
    generate(order(), catalog, stems, folder / "one")
    generate(order(), catalog, stems, folder / "two", workers=2)
    assert content(folder / "one") == content(folder / "two")
    assert (verify(folder / "two", replay=4).faults, verify(folder / "two").replayed) == ([], 0)
    recorded = json.loads((folder / "two" / "dataset.json").read_text())["effects"]["fold"]
    assert recorded["file"] == "fold.py" and len(recorded["sha256"]) == 64
    assert str(folder) not in (folder / "two" / "dataset.json").read_text()


def test_what_is_not_used_is_not_recorded(folder, stems, catalog):
    use_effects("fold.py")
    (folder / "r.yaml").write_text(RECIPE.replace("fold: {amount", "gain: {gain_db"))
    generate(order(), catalog, stems, folder / "set")
    assert "effects" not in json.loads((folder / "set" / "dataset.json").read_text())


def test_a_killed_run_goes_on_to_the_same_bytes(wetdry, folder, stems):
    assert wetdry(*generating(stems, "--effects", "fold.py"))[0] == 0
    undisturbed = content(folder / "set")
    os.rename("set", "whole")
    words = map(str, generating(stems, "--effects", "fold.py", workers=2))
    code = "from wetdry.cli import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.DEVNULL)
    while not (folder / "set" / "plan.parquet").exists() and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(20):  # its workers notice that nobody listens, and leave
        if wetdry(*generating(stems, "--effects", "fold.py"))[0] == 0:
            break
        time.sleep(0.2)
    assert content(folder / "set") == undisturbed


def test_a_file_that_was_changed_is_refused_with_the_difference(wetdry, folder, stems):
    assert wetdry(*generating(stems, "--effects", "fold.py"))[0] == 0
    (folder / "fold.py").write_text(FILE.replace("/ 2", "/ 3"))
    status, _, said = wetdry(*generating(stems, "--effects", "fold.py"))
    assert status == 2 and 'effects.fold is {"file": "fold.py"' in said and "wanted" in said
    status, _, said = wetdry("verify", "set", "--replay", 1, "--effects", "fold.py")
    assert status == 1
    assert said.count("fold.py (sha256 ") == 2 and "give that fold.py with --effects" in said


def test_what_a_dataset_names_is_not_run_unless_the_user_names_it(wetdry, folder, stems):
    (folder / "fold.py").write_text(f"{FILE}\nimport pathlib; pathlib.Path('was_run').touch()\n")
    assert wetdry(*generating(stems, "--effects", "fold.py"))[0] == 0
    (folder / "was_run").unlink()
    for place in (folder / "set" / "fold.py", folder / "fold.py"):
        place.write_text((folder / "fold.py").read_text())
    assert wetdry("verify", "set")[0] == 0
    status, _, said = wetdry("verify", "set", "--replay", 1)
    assert status == 1
    assert "wanted effect 'fold' of fold.py (sha256 " in said and "found no such effect" in said
    status, _, said = wetdry("report", "set")
    assert status == 1 and "give that fold.py with --effects" in said
    assert not (folder / "was_run").exists()
    assert wetdry("verify", "set", "--replay", 1, "--effects", "fold.py")[0] == 0
    assert wetdry("report", "set", "--effects", "fold.py")[0] == 0
    assert "Folded." in (folder / "report.html").read_text()


def test_a_file_may_have_another_name_when_a_row_is_replayed(wetdry, folder, stems, catalog):
    use_effects("fold.py")
    generate(order(), catalog, stems, folder / "set")
    os.rename("fold.py", "renamed.py")
    assert wetdry("verify", "set", "--replay", 1, "--effects", "renamed.py")[0] == 0


def test_a_file_that_changes_under_a_worker_is_noticed(folder, stems, catalog):
    use_effects("fold.py")
    (folder / "fold.py").write_text(FILE + "\n")
    with pytest.raises(ShardError, match=r"fold\.py: wanted sha256 .*, found"):
        generate(order(), catalog, stems, folder / "set", workers=2)


def test_what_fails_while_it_works_is_set_aside_with_its_line(wetdry, folder, stems):
    bad = "if audio.shape[0] and self.amount < 0.9: raise KeyError('phase')\n        return"
    (folder / "fold.py").write_text(FILE.replace("return", bad, 1))
    status, _, said = wetdry(*generating(stems, "--effects", "fold.py", workers=2))
    assert status == 3
    assert "fold.py:24: KeyError: 'phase'" in said
    reasons = (folder / "set" / "set_aside.json").read_text()
    assert "fold: {amount: " in reasons and str(folder) not in reasons


@pytest.mark.parametrize("outcome", ["None", "3", "audio[0]", "[[0.0]]"])
def test_what_is_no_audio_is_told(folder, outcome):
    returned = "return audio * np.float32(1 - self.amount / 2)"
    (folder / "fold.py").write_text(FILE.replace(returned, f"return {outcome}"))
    (fold,) = use_effects("fold.py")
    with pytest.raises(ValueError, match=r"fold: \{amount: 1\}: wanted shape"):
        fold.model_validate({"amount": 1})(np.ones((1, 3), np.float32), 48_000)


def test_a_class_that_nobody_could_find_again_is_no_part_of_a_dataset(folder, catalog, stems):
    exec(FILE.replace("from __future__ import annotations", ""), {"__name__": "nowhere"})
    with pytest.raises(UsageError, match=r"'fold'.*use_effects.*class of nowhere"):
        generate(order(), catalog, stems, folder / "set")
    assert not (folder / "set" / "dataset.json").exists()
