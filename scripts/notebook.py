"""Run a notebook from its beginning and store it with what it shows, small and without traces.

python scripts/notebook.py docs/notebooks/first_look.ipynb          in its place
python scripts/notebook.py NOTEBOOK --out OTHER                     elsewhere
"""

import argparse
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Execute all cells in a folder of their own; what only tells of when and where goes."""
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
        ).execute()
    notebook.metadata = {"language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", {}
        if cell.cell_type == "code":
            cell.outputs = [made for made in cell.outputs if made.get("name") != "stderr"]
            for made in cell.outputs:
                if "metadata" in made:
                    made.metadata = {}
    return notebook


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("notebook", type=Path)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    ran = run(nbformat.read(chosen.notebook, as_version=4))
    nbformat.write(ran, chosen.out or chosen.notebook)
