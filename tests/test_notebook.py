"""The notebook: it runs from its beginning, and shows what is stored with it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
NOTEBOOK = REPO / "docs" / "notebooks" / "first_look.ipynb"
DIGITS = re.compile(r"-?\d+(\.\d+)?")


def outputs(notebook):
    """Return the kinds of output of each cell, and its text without its numbers."""
    told = []
    for cell in notebook.cells:
        for made in cell.get("outputs", ()):
            text = made.get("text", "") or made.data.get("text/plain", "")
            told.append((sorted(made.get("data", ())), DIGITS.sub("", text).split()))
    return told


def test_it_runs_and_shows_what_is_stored(tmp_path):
    for package in ("nbclient", "ipykernel", "matplotlib"):
        pytest.importorskip(package, reason="pip install 'wetdry[docs]'")
    nbformat = pytest.importorskip("nbformat", reason="pip install 'wetdry[docs]'")
    out = tmp_path / "ran.ipynb"
    command = [sys.executable, str(REPO / "scripts" / "notebook.py"), str(NOTEBOOK), "--out", out]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ran, stored = (outputs(nbformat.read(path, as_version=4)) for path in (out, NOTEBOOK))
    assert ran == stored
    assert sum("image/png" in kinds for kinds, _ in ran) == 2


def test_it_is_small_and_says_neither_when_nor_where_it_was_run():
    assert NOTEBOOK.stat().st_size < 250_000
    text = NOTEBOOK.read_text()
    assert "iopub" not in text and "/tmp" not in text and "/home" not in text
    assert all(cell["metadata"] == {} for cell in json.loads(text)["cells"])
