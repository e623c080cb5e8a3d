import pytest
import torch

from wetdry.cascade.training.checkpoints import (
    VERSION,
    load_checkpoint,
    load_weights,
    save_checkpoint,
)
from wetdry.errors import CheckpointError


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, {"x": torch.arange(3.0)}, {"step": 5})
    tensors, about = load_checkpoint(path)
    assert torch.equal(tensors["x"], torch.arange(3.0))
    assert about["step"] == 5
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "wanted a whole safetensors file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "wanted a whole safetensors file"),
        (lambda path: path.write_bytes(b""), "wanted a whole safetensors file"),
        (lambda path: path.write_bytes(b"\x80\x04pickle."), "wanted a whole safetensors file"),
        (
            lambda path: save_checkpoint(path, {}, {"version": VERSION + 1}),
            "upgrade wetdry",
        ),
        (
            lambda path: save_checkpoint(path, {"x": torch.tensor(float("nan"))}, {}),
            "wanted finite numbers",
        ),
    ],
)
def test_a_damaged_checkpoint_is_refused(tmp_path, damage, words):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, {"x": torch.arange(3.0)}, {})
    damage(path)
    with pytest.raises(CheckpointError, match=words):
        load_checkpoint(path)


def test_another_programs_safetensors_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"x": torch.arange(3.0)}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="found another's"):
        load_checkpoint(tmp_path / "a.safetensors")


def test_weights_of_another_shape_are_refused_by_name():
    with pytest.raises(CheckpointError, match=r"here: weight: wanted shape \(2, 3\), found \(1,\)"):
        tensors = {"weight": torch.zeros(1), "bias": torch.zeros(2)}
        load_weights(torch.nn.Linear(3, 2), tensors, "here")
