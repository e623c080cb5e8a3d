"""A trained run as a folder to give away: weights, ONNX files, and a card that says what it is."""

import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import __version__
from ..audio import STEM_CLASSES, Audio
from ..errors import AssetError, CheckpointError, UsageError
from ..manifests.files import write_atomically
from ..seeds import stream
from .graphs.model_graphs import stage_one_graph, stage_two_graph
from .model_card import ModelFacts, model_card
from .restoring.restoration import Restorer
from .training.checkpoints import load_checkpoint
from .training.runs import read_run

__all__ = ["METADATA", "export_model"]

METADATA = "wetdry_model"
"""Where an ONNX file says as JSON what it is and how long windows are."""

LARGEST_ERROR = 1e-3
"""Of the peak; rounding stays far below, another network far above."""

CHECK_SAMPLES = 20_000


def export_model(run: Path, out: Path, *, licence: str | None = None) -> Path:
    """Write a folder that restores with wetdry, and without it through ONNX.

    Both ONNX files are run and compared with torch before anything is written. The folder holds
    ``stage_one``, ``stage_two`` and, of a run that has one, ``student`` as ``.onnx`` and
    ``.safetensors``, ``run.json``, and the model's card as ``README.md``; `Restorer.load` takes
    it as it takes a run. Stages that were tuned together are exported as they were after that,
    with ``joint.safetensors``.

    Parameters
    ----------
    run : Path
        A complete run of `train`.
    out : Path
        Made if it is absent.
    licence : str, optional
        As Hugging Face writes it, such as ``cc-by-4.0``; "unknown" by default.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    CheckpointError
        If the run cannot be loaded, or ONNX does not say what torch says.
    AssetError
        If onnx or onnxruntime is not installed.
    UsageError
        If ``out`` is the run itself, a licence is no name, or a stage exceeds what one ONNX
        file can hold.
    """
    if licence is not None and not (licence.isprintable() and licence.strip()):
        raise UsageError(f"licence: wanted a name such as cc-by-4.0, found {licence!r}")
    if out.resolve() == run.resolve():
        raise UsageError(f"{out}: wanted another folder than the run's, found it; change --out")
    configuration, about = read_run(run)
    files, errors = _checked(Restorer.load(run, "cpu"))
    if configuration.student is not None:
        more, found = _checked(Restorer.load(run, "cpu", student=True))
        files, errors = files | more, errors | found
    weights = [*files, *(["joint"] if configuration.joint is not None else [])]
    facts = ModelFacts(
        about=about,
        licence=licence or "unknown",
        steps={name: load_checkpoint(run / f"{name}.safetensors")[1] for name in weights},
        errors=errors,
        scores=run / "scores.parquet",
    )
    text = model_card(facts)
    out.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        write_atomically(out / f"{name}.onnx", data)
    for name in weights:
        shutil.copyfile(run / f"{name}.safetensors", out / f"{name}.safetensors")
    shutil.copyfile(run / "run.json", out / "run.json")
    write_atomically(out / "README.md", text.encode())
    return out / "README.md"


def _checked(restorer: Restorer) -> tuple[dict[str, bytes], dict[str, float]]:
    """Return the ONNX files by name, and how far each is from torch."""
    files = _graphs(restorer)
    return files, _errors(restorer, files)


def _graphs(restorer: Restorer) -> dict[str, bytes]:
    """Return the ONNX files by name, in the order in which they are heard."""
    size, grid = restorer.configuration.restoration, restorer.grid
    window, overlap = (
        -(-round(seconds * restorer.sample_rate) // grid) * grid
        for seconds in (size.window_s, size.overlap_s)
    )
    about = {
        "sample_rate": restorer.sample_rate,
        "classes": list(STEM_CLASSES),
        "grid_samples": grid,
        "window_samples": max(window, overlap + grid),
        "overlap_samples": overlap,
        "wetdry": __version__,
    }

    def metadata(stage: str) -> dict[str, str]:
        return {METADATA: json.dumps({"stage": stage, **about})}

    first = restorer.systems[0]  # stage one or a student
    files = {first: stage_one_graph(restorer.generator, metadata(first), first)}
    if restorer.regressor is not None:
        share = size.mixture_share
        files["stage_two"] = stage_two_graph(restorer.regressor, share, metadata("stage_two"))
    return files


def _errors(restorer: Restorer, files: dict[str, bytes]) -> dict[str, float]:
    """Return how far each file is from torch, relative to the peak; refuse what is another."""
    rng = stream(0, "export", "check")
    mixture = 0.1 * rng.standard_normal((2, 1, CHECK_SAMPLES), np.float32)
    said = restorer.hear(torch.from_numpy(mixture)).numpy()
    inputs = {"mixture": mixture, "stage_one": said[0]}
    errors = {}
    for name, wanted in zip(files, said, strict=True):
        found = _run(files[name], inputs)
        errors[name] = float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-9))
        if not errors[name] <= LARGEST_ERROR:
            raise CheckpointError(
                f"{name}: wanted an ONNX file within {LARGEST_ERROR} of torch, found "
                f"{errors[name]:.2g} of the peak; this network has what the export does not know"
            )
    return errors


def _run(data: bytes, inputs: dict[str, Audio]) -> Audio:
    """Run an ONNX file on what it asks for."""
    try:
        runtime: Any = import_module("onnxruntime")
    except ImportError:
        raise AssetError(
            "wanted the package onnxruntime, found none; run `pip install 'wetdry[neural]'`"
        ) from None
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    asked = {end.name: inputs[end.name] for end in session.get_inputs()}
    out: Audio = session.run(None, asked)[0]
    return out
