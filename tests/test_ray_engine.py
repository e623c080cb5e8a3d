"""Ray: the same bytes from several machines, one of which dies; whoever is unfit is named."""

import importlib.util
import json
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from wetdry.datasets import Order, RayEngine, generate, jobs, parse_splits, plan, write_catalog
from wetdry.datasets.commits import committed
from wetdry.datasets.engines import rendered
from wetdry.datasets.folder import RECORD
from wetdry.datasets.ray_engine import carried_with, done_here
from wetdry.datasets.shards import Commit
from wetdry.degradations import use_effects
from wetdry.degradations.own_effects import Origin
from wetdry.errors import ShardError
from wetdry.mixing import load_recipe

RECIPE = """
sample_rate: 22050
seconds: 0.5
lead_in_s: 0.1
songs: {coherent: 0.5, stems: [1, 2], active: {above_dbfs: -60, share: 0.1}}
stems: {all: [{gain: {gain_db: [-6, 0]}}]}
"""
WAITS = '''
import time
from typing import Annotated, ClassVar
from pydantic import Field
from wetdry.degradations import Effect

class Waits(Effect, kind="waits"):
    """Nothing, slowly."""

    label: ClassVar[str] = "level"

    def apply(self, audio, sample_rate):
        """Wait."""
        time.sleep(0.5)
        return audio.copy()
'''
SCRIPT = '''
import json, sys, threading, time
from pathlib import Path
from wetdry.datasets import LocalEngine, Order, RayEngine, generate, parse_splits, read_catalog
from wetdry.datasets.ray_engine import imported_ray
from wetdry.degradations import use_effects
from wetdry.mixing import load_recipe


def renders(raylet):
    """Tell whether a process that renders stands below this one."""
    parents, commands = {}, {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(") ")[2].split()
            commands[int(process.name)] = (process / "cmdline").read_text()
        except OSError:
            continue
        parents[int(process.name)] = int(fields[1])
    for process, command in commands.items():
        above = process
        while "spawn_main" in command and above in parents:
            above = parents[above]
            if above == raylet:
                return True
    return False


def main(folder, stems):
    imported_ray()
    from ray.cluster_utils import Cluster

    use_effects(folder / "waits.py")
    order = Order(load_recipe(folder / "r.yaml"), 6, splits=parse_splits(["a=1"]), shard_samples=1)
    given = (order, read_catalog(folder / "catalog.parquet"), stems)
    node = {"num_cpus": 1, "object_store_memory": 80_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    doomed = cluster.add_node(**node)
    seen = []

    def kill():
        while not renders(doomed.all_processes["raylet"][0].process.pid):
            time.sleep(0.1)
        (folder / "waits.py").unlink()  # its source travels; nobody reads it there
        cluster.remove_node(doomed, allow_graceful=False)
        seen.append(len(list((folder / "ray").glob("commits/*.json"))))

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    built = generate(*given, folder / "ray", engine=RayEngine(cluster.address))
    killer.join(60)
    cluster.shutdown()
    print(json.dumps({"samples": built.samples, "seen": seen, "left_out": built.set_aside}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
'''


needs_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="no ray is installed")


def content(folder):
    """Return every file's bytes, but for the note on where the stems stand."""
    paths = (p for p in folder.rglob("*") if p.is_file() and p.name != ".local.json")
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


@needs_ray
def test_a_node_that_is_killed_on_the_way_changes_no_byte(registry, catalog, stems, tmp_path):
    (tmp_path / "waits.py").write_text(WAITS)
    (tmp_path / "r.yaml").write_text(RECIPE + "master: [{waits: {}}]\n")
    (tmp_path / "run.py").write_text(SCRIPT)  # apart: Ray keeps threads, sockets and signals
    write_catalog(catalog, tmp_path / "catalog.parquet")
    use_effects(tmp_path / "waits.py")
    splits = parse_splits(["a=1"])
    order = Order(load_recipe(tmp_path / "r.yaml"), 6, splits=splits, shard_samples=1)
    generate(order, catalog, stems, tmp_path / "local", workers=2)
    command = [sys.executable, str(tmp_path / "run.py"), str(tmp_path), str(stems)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["samples"] == 6 and not told["left_out"]
    assert told["seen"] and told["seen"][0] < 6  # it died while there was work
    assert content(tmp_path / "ray") == content(tmp_path / "local")


@needs_ray
def test_an_address_at_which_nobody_listens_is_told_at_once(job):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(ShardError, match="no cluster is reached"):
            list(rendered([job], RayEngine(address)))


@pytest.fixture
def job(catalog, stems, tmp_path):
    """Return a shard's order, as a machine gets it."""
    (tmp_path / "r.yaml").write_text(RECIPE)
    order = Order(load_recipe(tmp_path / "r.yaml"), 2, splits=parse_splits(["a=1"]))
    means = jobs.Means(stems, tmp_path, 16, False, ())
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / RECORD).write_text("{}")
    return jobs.jobs_of(plan(order, catalog)[0], tmp_path / "set", means)[0]


def told(job, carried=None):
    """Return what a machine says that is not fit for a job."""
    error = done_here(jobs.render_shard, job, carried or carried_with(job, 60.0, 1))
    assert isinstance(error, ShardError)
    return str(error)


def test_a_machine_that_is_fit_renders_and_says_so_in_a_record(job):
    commit = done_here(jobs.render_shard, job, carried_with(job, 60.0, 1))
    assert isinstance(commit, Commit) and len(commit.keys) == 2
    assert committed(job) == commit


def test_a_machine_with_other_versions_is_named_and_does_nothing(job):
    carried = carried_with(job, 60.0, 1)
    other = replace(carried, versions={**carried.versions, "soxr": "0.0.1"})
    said = told(job, other)
    assert f"{socket.gethostname()}: has soxr" in said and "(wanted 0.0.1)" in said
    assert not any(tar.exists() for tar in job.tars.values())


def test_a_machine_that_does_not_share_the_folders_is_named(job, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    assert "the dataset's folder" in told(replace(job, out=elsewhere))
    assert not elsewhere.exists()
    assert "the stems in" in told(replace(job, means=replace(job.means, stems=elsewhere)))


def test_a_machine_without_the_package_of_an_effect_is_named(job):
    strange = Origin("nowhere-to-be-found", "1.0")
    said = told(replace(job, means=replace(job.means, effects=(strange,))))
    assert "wanted nowhere-to-be-found 1.0 for its effects, found none" in said
