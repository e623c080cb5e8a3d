"""The notebook: it runs from its beginning, and shows what is stored with it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
NOTEBOOK = REPO / "docs" / "notebooks" / "first_look.ipynb"
DIGITS = re.compile(r"-?\d+(\.\d+)?")


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """Return the notebook as it is stored, and as it is run here, now."""
    for package in ("nbclient", "ipykernel", "matplotlib"):
        pytest.importorskip(package, reason="pip install 'wetdry[docs]'")
    nbformat = pytest.importorskip("nbformat", reason="pip install 'wetdry[docs]'")
    out = tmp_path_factory.mktemp("notebook") / "ran.ipynb"
    command = [sys.executable, str(REPO / "scripts" / "notebook.py"), str(NOTEBOOK), "--out", out]
    done = subprocess.run(command, cwd=out.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [nbformat.read(path, as_version=4) for path in (NOTEBOOK, out)]


def outputs(notebook):
    """Return the kinds of output of each cell, and its text without its numbers."""
    told = []
    for cell in notebook.cells:
        for made in cell.get("outputs", ()):
            text = made.get("text", "") or made.data.get("text/plain", "")
            told.append((sorted(made.get("data", ())), DIGITS.sub("", text).split()))
    return told


def test_it_runs_and_shows_what_is_stored(notebooks):
    stored, ran = notebooks
    assert outputs(ran) == outputs(stored)
    assert sum("image/png" in kinds for kinds, _ in outputs(ran)) == 2


def test_it_is_small_and_says_neither_when_nor_where_it_was_run(notebooks):
    assert NOTEBOOK.stat().st_size < 250_000
    text = NOTEBOOK.read_text()
    assert "iopub" not in text and "/tmp" not in text and "/home" not in text
    assert [cell["metadata"] for cell in notebooks[0].cells] == [{}] * len(notebooks[0].cells)
