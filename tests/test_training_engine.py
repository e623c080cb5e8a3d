import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.sizes import OptimiserConfiguration
from wetdry.cascade.training.loader import draw_batch
from wetdry.cascade.training.optimisation import Optimisation
from wetdry.cascade.training.ranks import Ranks
from wetdry.cascade.training.stage_one import StageOne
from wetdry.cascade.training.training import train
from wetdry.errors import UsageError

from .small_training import HERE, PowerCut, cache, configuration, data, log, sizes, weights

__all__ = ["cache", "data"]  # fixtures


@pytest.mark.parametrize(("precision", "stop"), [("float32", 3), ("bfloat16", 7)])
def test_four_steps_are_two_steps_saved_loaded_and_two_more(data, tmp_path, precision, stop):
    curriculum = {"begin": 0.2, "steps": 3}
    asked = configuration(precision=precision, parts=2, patience=9, curriculum=curriculum)

    def cut(done: int, total: int) -> None:
        if done == stop:
            raise PowerCut

    whole = train(asked, data, tmp_path / "whole", device="cpu")
    with pytest.raises(PowerCut):
        train(asked, data, tmp_path / "cut", device="cpu", progress=cut)
    halves = train(asked, data, tmp_path / "cut", device="cpu")
    wanted, found = weights(whole), weights(halves)
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)
    assert log(whole) == log(halves)


def one_step(cache, ranks=HERE, **changes):
    stage = StageOne(configuration(**changes), cache, ranks)
    numbers = [stage.train_step(step) for step in range(3)]
    return numbers, torch.cat([p.detach().flatten() for p in stage.network.parameters()])


def test_parts_hold_the_excerpts_of_the_whole_batch(cache):
    whole = draw_batch(cache, 0, "stage_one", 5, 4, 4_000)
    halves = [draw_batch(cache, 0, "stage_one", 5, 4, 4_000, places=p) for p in ((0, 1), (2, 3))]
    assert torch.equal(whole.mixture, torch.cat([half.mixture for half in halves]))


TWO = """
import json, sys
from pathlib import Path
from typing import Any
from wetdry.cascade.configuration import TrainConfiguration
from wetdry.cascade.training.training import train
asked = TrainConfiguration.model_validate(json.loads(sys.argv[1]))
train(asked, Path(sys.argv[2]), Path(sys.argv[3]), device="cpu")
"""


def together(folder: Path, data: Path, asked: dict[str, Any], out: Path) -> None:
    """Train with two processes that torchrun starts, on CPUs."""
    script = folder / "two.py"
    script.write_text(TWO)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += [str(script), json.dumps(asked), str(data), str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_two_processes_learn_what_one_learns_and_go_on_where_they_stopped(data, tmp_path):
    asked = sizes(parts=2)
    alone = train(TrainConfiguration.model_validate(asked), data, tmp_path / "alone", device="cpu")

    def cut(done: int, total: int) -> None:
        if done == 3:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(TrainConfiguration.model_validate(asked), data, tmp_path / "two", progress=cut)
    together(tmp_path, data, asked, tmp_path / "two")
    wanted, found = weights(alone), weights(tmp_path / "two")
    assert all(torch.allclose(wanted[n], found[n], rtol=1e-3, atol=1e-5) for n in wanted)
    for one, other in zip(log(alone), log(tmp_path / "two"), strict=True):
        assert one.keys() == other.keys()
        assert [*one.values()][1:] == pytest.approx([*other.values()][1:], rel=1e-3, abs=1e-4)


def test_a_batch_that_processes_cannot_share_is_refused(cache):
    with pytest.raises(UsageError, match="multiple of the 2 processes"):
        StageOne(configuration(), cache, Ranks(torch.device("cpu"), 0, 2))


def test_a_batch_that_cannot_be_cut_evenly_is_refused():
    with pytest.raises(ValueError, match="multiples of parts"):
        configuration(parts=3)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_sixteen_bits_learn_nearly_the_same(cache, precision):
    wanted, _ = one_step(cache)
    found, _ = one_step(cache, precision=precision)
    assert found[0] != wanted[0]
    assert [x["loss"] for x in found] == pytest.approx([x["loss"] for x in wanted], rel=0.03)


def test_the_scale_of_losses_is_resumed_with_the_rest():
    def way() -> Optimisation:
        torch.manual_seed(0)
        return Optimisation(torch.nn.Linear(1, 1), OptimiserConfiguration(), 10, HERE, "float16")

    one, other = way(), way()
    for infinite in (1e30, 1.0, 1.0):
        one.gather(one.network(torch.tensor([[1e10]])).sum() * infinite)
        one.descend(0)
    assert one.scaler.get_scale() < 65_536
    other.resume(one.state())
    assert other.scaler.state_dict() == one.scaler.state_dict()
