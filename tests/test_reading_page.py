"""The page on reading: all of its examples run, each as a script in a folder of its own."""

import ast
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wetdry.datasets import Order, generate
from wetdry.mixing.recipes import parse_recipe

PAGE = (Path(__file__).parents[1] / "docs" / "reading.md").read_text()
EXAMPLES = {
    section.partition("\n")[0]: section.split("```python\n")[1].split("```")[0]
    for section in PAGE.split("\n## ")[1:]
    if "```python\n" in section
}
RECIPE = """
sample_rate: 22050
seconds: 1
severity: [0, 1]
songs: {stems: [2, 4], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{compressor: {threshold_db: [-30, -10], ratio: [2, 4]}}]}
"""


@pytest.fixture(scope="module")
def dataset(catalog, stems, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "dataset"
    order = Order(parse_recipe(RECIPE, "small.yaml", Path(), {}), 8, shard_samples=3)
    generate(order, catalog, stems, out)
    return out


def packages(code):
    """Return what a script imports."""
    nodes = list(ast.walk(ast.parse(code)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)


def test_there_is_an_example_for_each_tool():
    tools = set().union(*map(packages, EXAMPLES.values()))
    assert tools >= {"datasets", "lhotse", "pandas", "polars", "torch", "webdataset", "wetdry"}
    assert PAGE.count("```python") == len(EXAMPLES)


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_runs(title, dataset, stems, tmp_path):
    for package in packages(EXAMPLES[title]):
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{package} is not installed: pip install {package}")
    shutil.copytree(dataset, tmp_path / "dataset")
    shutil.copytree(stems, tmp_path / "stems")
    script = tmp_path / "example.py"  # the folder of the clone holds a `datasets` that is not
    script.write_text(EXAMPLES[title])  # Hugging Face's: scripts run elsewhere
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, env=os.environ | offline,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "halves" in EXAMPLES[title] or done.stdout.strip()
