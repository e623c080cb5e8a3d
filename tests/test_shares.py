"""Shares: one dataset rendered by several commands at once, or in any order."""

import subprocess
import sys
from dataclasses import replace

import pytest

from wetdry.datasets import (
    Share,
    generate,
    parse_share,
    verify,
    write_catalog,
)
from wetdry.datasets.folder import writer_lock
from wetdry.datasets.shares import share_lock
from wetdry.errors import ShardError, UsageError

from .test_factory import RECIPE, content, dataset, order

__all__ = ["dataset", "order"]  # the fixtures


def started(order, catalog, stems, out, *words):
    """Start the command in a process of its own."""
    folder = out.parent
    (folder / "small.yaml").write_text(RECIPE)
    write_catalog(catalog, folder / "catalog.parquet")
    command = [sys.executable, "-m", "wetdry.cli", "generate", folder / "small.yaml"]
    command += ["--stems", stems, "--catalog", folder / "catalog.parquet", "--out", out]
    command += ["--samples", order.samples, "--workers", 1, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(list(map(str, command)), stdout=pipe, stderr=pipe, text=True)


def test_shares_rendered_at_once_by_several_processes_are_one_dataset(
    order, catalog, stems, tmp_path
):
    sixty = replace(order, samples=60)
    plain, out = tmp_path / "plain", tmp_path / "set"
    processes = [
        started(sixty, catalog, stems, out, "--shard-range", f"{number}/2") for number in (1, 2)
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sum("the last one writes" in text for text, _ in said) == 1
    process = started(sixty, catalog, stems, plain)
    assert process.communicate(timeout=120) and process.returncode == 0
    assert content(out) == content(plain)
    assert verify(out).faults == [] and not list(out.glob(".lock-*"))


@pytest.mark.parametrize("turns", [(1, 2, 3), (3, 1, 2), (2, 3, 3, 1)])
def test_shares_may_come_in_any_order_and_again(order, catalog, stems, dataset, tmp_path, turns):
    out = tmp_path / "set"
    finished = [
        generate(order, catalog, stems, out, share=Share(number, 3)).finished for number in turns
    ]
    assert finished == [False] * (len(turns) - 1) + [True]
    assert content(out) == content(dataset)
    assert generate(order, catalog, stems, out, share=Share(1, 3)).rendered == 0


def test_a_last_plain_run_finishes_what_shares_left(order, catalog, stems, dataset, tmp_path):
    out = tmp_path / "set"
    assert generate(order, catalog, stems, out, share=Share(2, 2)).rendered == 4
    assert not (out / "manifest.parquet").exists()
    (out / "data" / ".wetdry-0.tmp").write_text("of a share that was killed")
    assert generate(order, catalog, stems, out).rendered == 4
    assert content(out) == content(dataset)


def test_a_share_is_written_by_one_process_and_keeps_writers_of_the_whole_out(
    order, catalog, stems, tmp_path, monkeypatch
):
    out = tmp_path / "set"
    with share_lock(out, Share(1, 2)):
        with pytest.raises(ShardError, match="share 1/2: another process"):
            generate(order, catalog, stems, out, share=Share(1, 2))
        with pytest.raises(ShardError, match="another process is writing"):
            generate(order, catalog, stems, out)
        assert not generate(order, catalog, stems, out, share=Share(2, 2)).finished
    monkeypatch.setattr("wetdry.datasets.shares.LONGEST_GATHERING_S", 0.3)
    with writer_lock(out), pytest.raises(ShardError, match="another process is writing"):
        generate(order, catalog, stems, out, share=Share(1, 2))
    assert generate(order, catalog, stems, out, share=Share(1, 2)).finished


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", ""])
def test_a_share_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="wanted 1/N to N/N"):
        parse_share(text)
